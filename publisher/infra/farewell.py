"""What is to be said when a stack goes: what no longer works, what stays, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from publisher.infra.guard import BUCKET, DISTRIBUTION, KEY, ROLE, Removal

_NO_EDGE = (
    "boards can no longer ask: they go on running what they run, until an edge answers again under "
    "the name that they know"
)
_NO_ROLES = (
    "jobs can no longer release or refresh: boards install nothing once the timestamp has expired, "
    "unless somebody else signs it"
)
_NO_KEYS = "AWS deletes what is removed after a while, and until then it can be called off"


def farewell_lines(removal: Removal, holdings: Mapping[str, str], region: str) -> list[str]:
    """Return the lines.

    Args:
        holdings: what each bucket holds, in words; "" for nothing.
        region: where the stack is.
    """
    return list(_lines(removal, holdings, region))


def _lines(removal: Removal, holdings: Mapping[str, str], region: str) -> Iterator[str]:
    gone = [item.type for item in removal.goes]
    if DISTRIBUTION in gone:
        yield _NO_EDGE
    if ROLE in gone:
        yield _NO_ROLES
    if KEY in gone:
        yield f"goes: {_keys(gone.count(KEY))} in KMS; {_NO_KEYS}"
    for item in removal.stays:
        if item.type == BUCKET:
            yield from _bucket(item.physical_id, holdings.get(item.physical_id, ""))
    keys = [item.physical_id for item in removal.stays if item.type == KEY]
    if keys:
        yield (
            f"stays: {_keys(len(keys))} in KMS, about $1 a month each, so that nothing that root "
            "names is lost; when root names them no more:"
        )
        for key in keys:
            yield f"  aws kms schedule-key-deletion --region {region} --key-id {key}"


def _bucket(name: str, held: str) -> Iterator[str]:
    what = f"with {held}, at S3's price for what is stored (about $0.023 per GB and month)"
    yield f"stays: bucket {name} {what if held else '(empty)'}; a new stack takes it over by"
    yield "  slotcast infra apply --import-existing"


def _keys(count: int) -> str:
    return "1 key" if count == 1 else f"{count} keys"
