"""What live hosts serve, and what boards make of it: for a person and for a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from publisher.pins.live import Live


def live_lines(live: Sequence[Live]) -> list[str]:
    """Return what a person reads."""
    return [line for found in live for line in _lines(found)]


def live_list(live: Sequence[Live]) -> list[dict[str, object]]:
    """Return what a program reads."""
    return [
        {
            "base_url": found.base_url,
            "ok": found.ok,
            "leaf": None if found.leaf is None else found.leaf.to_dict(),
            "fault": found.fault or None,
            "verdicts": [
                {"serial": verdict.serial, "refusal": verdict.refusal or None}
                for verdict in found.verdicts
            ],
        }
        for found in live
    ]


def _lines(found: Live) -> Iterator[str]:
    yield found.base_url
    if leaf := found.leaf:
        days = f"{leaf.not_before:%Y-%m-%d} to {leaf.not_after:%Y-%m-%d}"
        yield f"  serves {leaf.subject}, issued by {leaf.issuer}, {days}"
        yield f"  pin {leaf.spki_sha256}"
    for verdict in found.verdicts:
        yield f"  set {verdict.serial}: {verdict.refusal or 'accepted'}"
    if found.fault:
        yield f"  {found.fault}"
    elif not all(verdict.refusal for verdict in found.verdicts):
        yield "  gives this product's timestamp.json"
