"""What goes with a stack and what stays: sorted, refused, and told with what that costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from publisher.infra.cloudformation.stacks import Resource
from publisher.infra.errors import GuardError
from publisher.infra.guard import BUCKET, DISTRIBUTION, KEY, ROLE

_NO_EDGE = (
    "boards can no longer ask: they go on running what they run, until an edge answers again under "
    "the name that they know"
)
_NO_ROLES = (
    "jobs can no longer release or refresh: boards install nothing once the timestamp has expired, "
    "unless somebody else signs it"
)
_NO_KEYS = "AWS deletes what is removed after a while, and until then it can be called off"


@dataclass(frozen=True)
class Removal:
    """What removing a stack does: what goes with it, and what stays outside of it."""

    goes: tuple[Resource, ...]
    stays: tuple[Resource, ...]


def removal(resources: Iterable[Resource], template: Mapping[str, object]) -> Removal:
    """Sort a stack's resources by the DeletionPolicy of the template that it was deployed with."""
    policies = _deletion_policies(template)
    stays: list[Resource] = []
    goes: list[Resource] = []
    for resource in resources:
        kept = policies.get(resource.logical_id, "Delete").startswith("Retain")
        (stays if kept else goes).append(resource)
    return Removal(tuple(goes), tuple(stays))


def verify_removal(found: Removal, holdings: Mapping[str, str]) -> None:
    """Raise GuardError if a bucket that holds anything would go with its stack."""
    full = [
        f"  {item.logical_id}: {item.physical_id} holds {holdings[item.physical_id]}"
        for item in found.goes
        if item.type == BUCKET and holdings[item.physical_id]
    ]
    if full:
        hint = "empty it first if nobody needs that; or give it DeletionPolicy: Retain, and apply"
        raise GuardError("refused: a bucket that holds something would go", hint, tuple(full))


def removal_lines(found: Removal, holdings: Mapping[str, str], region: str) -> list[str]:
    """Return what no longer works without the stack, what stays, and what that costs.

    Args:
        holdings: what each bucket holds, in words; "" for nothing.
        region: where the stack is.
    """
    return list(_lines(found, holdings, region))


def _deletion_policies(template: Mapping[str, object]) -> dict[str, str]:
    resources = template.get("Resources")
    if not isinstance(resources, Mapping):
        return {}
    return {
        name: str(item.get("DeletionPolicy", "Delete"))
        for name, item in resources.items()
        if isinstance(item, Mapping)
    }


def _lines(found: Removal, holdings: Mapping[str, str], region: str) -> Iterator[str]:
    gone = [item.type for item in found.goes]
    if DISTRIBUTION in gone:
        yield _NO_EDGE
    if ROLE in gone:
        yield _NO_ROLES
    if KEY in gone:
        yield f"goes: {_keys(gone.count(KEY))} in KMS; {_NO_KEYS}"
    for item in found.stays:
        if item.type == BUCKET:
            yield from _bucket(item.physical_id, holdings.get(item.physical_id, ""))
    keys = [item.physical_id for item in found.stays if item.type == KEY]
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
