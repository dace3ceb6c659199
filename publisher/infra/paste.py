"""What slotcast.toml needs of the stacks: lines to paste, and what to do next."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

_KEYS = {"targets": "TargetsKeyArn", "snapshot": "SnapshotKeyArn", "timestamp": "TimestampKeyArn"}
_SCHEME = "awskms:"


def settings_lines(region: str, ota: Mapping[str, str], ci: Mapping[str, str]) -> list[str]:
    """Return [store], [edge] and [keys] as far as the outputs of the stacks tell them."""
    return list(_lines(region, ota, ci))


def next_step(
    product: str, region: str, ota: Mapping[str, str], ci: Mapping[str, str], is_founded: bool
) -> list[str]:
    """Return what to do once the stacks are there.

    Args:
        is_founded: whether slotcast.toml is there.
    """
    if is_founded:
        lines = ["next: see that slotcast.toml says this; `slotcast doctor` looks at it all"]
    elif ota:
        where = f"--store s3://{ota.get('BucketName', '')} --region {region}"
        lines = [
            "next: found the product, with a board (--board, --chip, --slot-size) if you like:",
            f"  slotcast init {product} {where} --base-url {ota.get('BaseUrl', '')}",
        ]
    else:
        lines = []
    return [*lines, *_handing_over(_keys(ci))]


def _handing_over(keys: Mapping[str, str]) -> Iterator[str]:
    """Yield how keys in KMS come to sign."""
    if not keys:
        return
    replaced = " ".join(f"--replace {role}=KEYID:{uri}" for role, uri in keys.items())
    yield "keys in KMS sign once root lists them (KEYID, of each role: `slotcast root show`):"
    yield f"  slotcast root propose {replaced} --out root-2.json"
    yield "sign that, write [keys] as above into slotcast.toml, then `slotcast root apply`"


def _lines(region: str, ota: Mapping[str, str], ci: Mapping[str, str]) -> Iterator[str]:
    if "BucketName" in ota:
        yield from ("[store]", 'kind = "s3"', f"bucket = {_quoted(ota['BucketName'])}")
        yield f"region = {_quoted(region)}"
    if "BaseUrl" in ota:
        yield from ("[edge]", f"base_url = {_quoted(ota['BaseUrl'])}")
    keys = _keys(ci)
    if keys:
        yield "[keys]"
        yield from (f"{role} = [{_quoted(uri)}]" for role, uri in keys.items())


def _keys(ci: Mapping[str, str]) -> dict[str, str]:
    """Return the URIs of the keys that there are, by role."""
    uris = {role: ci.get(output, "") for role, output in _KEYS.items()}
    return {
        role: uri if uri.startswith(_SCHEME) else f"{_SCHEME}{uri}"
        for role, uri in uris.items()
        if uri
    }


def _quoted(text: str) -> str:
    return json.dumps(text)  # a JSON string is a TOML string
