"""What the outputs of the stacks are for: lines for slotcast.toml, and what to do next."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping

from publisher.infra.names import KEY_OUTPUTS, KEY_SCHEME


def settings_lines(region: str, ota: Mapping[str, str], ci: Mapping[str, str]) -> list[str]:
    """Return [store], [edge] and [keys] as far as the outputs of the stacks tell them."""
    return list(_lines(region, ota, ci))


def name_lines(parameters: Mapping[str, str], ota: Mapping[str, str]) -> list[str]:
    """Return the DNS record to enter where the stack `ota` makes none.

    Args:
        parameters: those that the stack was deployed with.
        ota: its outputs.
    """
    domain, edge = parameters.get("DomainName"), ota.get("DistributionDomainName")
    if not domain or not edge or parameters.get("HostedZoneId"):
        return []
    return [
        "boards find the edge by this record: enter it at your DNS, if it is not there",
        f"  CNAME {domain} -> {edge}",
    ]


def next_step(product: str, region: str, ota: Mapping[str, str], is_founded: bool) -> list[str]:
    """Return what to do once the stacks are there.

    Args:
        is_founded: whether slotcast.toml is there.
    """
    if is_founded:
        return ["next: see that slotcast.toml says this; `slotcast doctor` looks at it all"]
    if not ota:
        return []
    where = f"--store s3://{ota.get('BucketName', '')} --region {region}"
    return [
        "next: found the product, with a board (--board, --chip, --slot-size) if you like:",
        f"  slotcast init {product} {where} --base-url {ota.get('BaseUrl', '')}",
    ]


def ceremony_lines(ci: Mapping[str, str], named: Mapping[str, Collection[str]]) -> list[str]:
    """Return how keys in KMS come to sign; nothing of those that slotcast.toml names already.

    Args:
        named: the URIs in [keys] of slotcast.toml, by role.
    """
    keys = {role: uri for role, uri in _keys(ci).items() if uri not in _bare(named.get(role, ()))}
    if not keys:
        return []
    replaced = " ".join(f"--replace {role}=KEYID:{uri}" for role, uri in keys.items())
    return [
        "keys in KMS sign once root lists them (`slotcast root show` has each role's KEYID, and "
        "root's version, to which N is the next):",
        f"  slotcast root propose {replaced} --out root-N.json",
        "sign that, write [keys] as above into slotcast.toml, then `slotcast root apply`",
    ]


def _bare(uris: Iterable[str]) -> set[str]:
    """Return URIs without what may follow, such as ?region=us-east-1."""
    return {uri.partition("?")[0] for uri in uris}


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
    uris = {role: ci.get(output, "") for role, output in KEY_OUTPUTS.items()}
    return {
        role: uri if uri.startswith(KEY_SCHEME) else f"{KEY_SCHEME}{uri}"
        for role, uri in uris.items()
        if uri
    }


def _quoted(text: str) -> str:
    return json.dumps(text)  # a JSON string is a TOML string
