"""TLS and connections, against what boards speak: 1.2, AES with ECDHE, HTTP/1.1 kept alive."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence

from publisher.doctor.exchange import Ask
from publisher.doctor.findings import Finding, fail, ok, unknown, warn
from publisher.doctor.handshakes import Handshake, Offer
from publisher.doctor.replies import Reply
from publisher.doctor.site import TIMESTAMP, Site
from publisher.errors import StoreError
from publisher.layout import root_path

_POLICY = (
    "choose CloudFront's security policy TLSv1.2_2025 (never TLSv1.3_2025: MicroPython's mbedTLS "
    "speaks 1.2 alone)"
)
_OLD = (
    "choose TLSv1.2_2025, which needs a host name and certificate of your own; with the default "
    "*.cloudfront.net certificate the policy is always TLSv1"
)
_HTTP = "serve HTTP/1.1 to clients without ALPN, as boards are"
_CIPHERS = f"allow ECDHE with AES-GCM: {_POLICY}"

# A board's hello: captured from MicroPython 1.29's mbedTLS, in OpenSSL's names and its order.
GCM = (
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
    ":ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
)
CBC = (
    "ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA"
    ":ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA"
)
RSA = "AES256-GCM-SHA384:AES256-SHA256:AES256-SHA:AES128-GCM-SHA256:AES128-SHA256:AES128-SHA"
# No board offers these, and nobody should take them.
BROKEN = "eNULL:aNULL:3DES:RC4"
CURVES = ("prime256v1", "secp384r1", "secp521r1")

_V = ssl.TLSVersion


def check_versions(site: Site) -> list[Finding]:
    """Check that TLS 1.2 is spoken, and nothing older."""
    modern = site.try_offer(Offer(_V.TLSv1_3, _V.TLSv1_3))
    return judge_versions(
        site.visitor.shake_hands(Offer()), modern, site.try_offer(Offer(_V.TLSv1, _V.TLSv1_1))
    )


def check_ciphers(site: Site) -> list[Finding]:
    """Check that a board's hello is answered, and by what."""
    if site.visitor.shake_hands(Offer()).refusal:
        return [unknown("tls-ciphers", "it refuses TLS 1.2, so there is nothing to choose from")]
    groups = {"CBC": CBC, "RSA": RSA, "broken": BROKEN}
    tried = {name: site.try_offer(Offer(ciphers=group)) for name, group in groups.items()}
    return judge_ciphers(_as_board(site), tried)


def check_keep_alive(site: Site) -> list[Finding]:
    """Check that HTTP/1.1 is spoken without ALPN, and the connection kept."""
    asks = [Ask(TIMESTAMP), Ask(root_path(1)), Ask(TIMESTAMP, "HEAD")]
    modern = site.try_offer(Offer(highest=_V.TLSv1_3, alpn=("h2", "http/1.1")))
    try:
        replies = site.visitor.ask_all(asks)
    except StoreError as error:
        return [fail("keep-alive", f"a client without ALPN gets no HTTP/1.1: {error}", _HTTP)]
    return [judge_keep_alive(replies, len(asks), modern is not None and modern.alpn == "h2")]


def judge_versions(
    board: Handshake, modern: Handshake | None, old: Handshake | None
) -> list[Finding]:
    """Judge which versions are spoken; None is what this machine cannot offer."""
    name = "tls-versions"
    has_modern = modern is not None and not modern.refusal
    if board.refusal:
        alone = "speaks TLS 1.3 alone" if has_modern else "refuses TLS 1.2"
        says = f"it {alone}, and boards speak 1.2 alone: none of them can connect ({board.refusal})"
        return [fail(name, says, _POLICY)]
    spoken = "TLS 1.2 is spoken, 1.3 too" if has_modern else "TLS 1.2 is spoken"
    if old is None:
        why = "whether 1.1 is refused cannot be asked: the TLS library of this machine offers none"
        return [ok(name, spoken), unknown(name, why)]
    if not old.refusal:
        says = f"it accepts {old.version} too, which RFC 8996 forbids; boards do not use it"
        return [ok(name, spoken), warn(name, says, _OLD)]
    return [ok(name, f"{spoken}; 1.1 and older are refused")]


def judge_ciphers(board: Handshake, groups: Mapping[str, Handshake | None]) -> list[Finding]:
    """Judge what a board's hello is answered with, and what else is accepted.

    Args:
        board: of a board's own suites and curves.
        groups: of each group of suites alone, "CBC", "RSA", "broken"; None: cannot be asked here.
    """
    name = "tls-ciphers"
    if board.refusal:
        says = f"it accepts none of the cipher suites and curves that boards have ({board.refusal})"
        return [fail(name, says, _CIPHERS)]
    others = [group for group in ("CBC", "RSA") if _is_accepted(groups.get(group))]
    more = f"; {' and '.join(others)} suites are accepted too" if others else ""
    found = [ok(name, f"boards get {board.cipher}{more}")]
    if board.cipher not in GCM.split(":"):
        says = f"boards get {board.cipher}: it accepts no ECDHE with AES-GCM"
        found = [warn(name, says, _CIPHERS)]
    broken = groups.get("broken")
    if broken is not None and not broken.refusal:
        says = f"it accepts {broken.cipher}, which is broken; boards do not offer it"
        found.append(warn(name, says, _POLICY))
    return found


def judge_keep_alive(replies: Sequence[Reply], asked: int, has_2: bool = False) -> Finding:
    """Judge the answers to several requests over one connection; `has_2`: HTTP/2 is spoken too."""
    name = "keep-alive"
    if replies[0].version < 11:
        return fail(name, "it answers a client without ALPN by HTTP/1.0", _HTTP)
    if len(replies) < asked:
        says = f"it closes the connection after {len(replies)} of {asked} answers"
        return warn(name, says, "keep connections open: each new one costs a board a handshake")
    more = "; HTTP/2 is spoken too, to others" if has_2 else ""
    return ok(name, f"HTTP/1.1: {asked} answers over one connection{more}")


def _as_board(site: Site) -> Handshake:
    """Return what a board's hello comes to: its suites, with any of its curves."""
    suites = f"{GCM}:{CBC}:{RSA}"
    tried = Handshake(refusal="this machine offers none of them")
    for curve in CURVES:
        tried = site.try_offer(Offer(ciphers=suites, curve=curve)) or tried
        if not tried.refusal:
            break
    return tried


def _is_accepted(tried: Handshake | None) -> bool:
    return tried is not None and not tried.refusal
