"""What a TLS client may offer, as a context of `ssl`, and what came of it.

Whoever answers is taken, trusted or not: here it is asked what an edge speaks, not who it is.
"""

from __future__ import annotations

import ssl
import warnings
from dataclasses import dataclass


class CannotAskError(Exception):
    """This machine's TLS library does not offer what was to be offered."""


@dataclass(frozen=True)
class Offer:
    """What a client's hello offers; "" for ciphers (OpenSSL's words) and curve: the library's."""

    lowest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    highest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    ciphers: str = ""
    curve: str = ""
    alpn: tuple[str, ...] = ()


@dataclass(frozen=True)
class Handshake:
    """What came of an offer: version, cipher suite and protocol; or why there is no connection."""

    version: str = ""
    cipher: str = ""
    alpn: str = ""
    refusal: str = ""


def trusting_context() -> ssl.SSLContext:
    """Return a context that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def offering(offer: Offer) -> ssl.SSLContext:
    """Return a context that offers just that; CannotAskError where the library has it not."""
    context = trusting_context()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of TLS 1.1: to be refused
            context.minimum_version = offer.lowest
            context.maximum_version = offer.highest
        # Level 0: it is for the edge to refuse what is weak.
        context.set_ciphers(f"{offer.ciphers or 'DEFAULT'}:@SECLEVEL=0")
        if offer.curve:
            context.set_ecdh_curve(offer.curve)
        if offer.alpn:
            context.set_alpn_protocols(list(offer.alpn))
    except (ValueError, ssl.SSLError) as error:
        raise CannotAskError("this machine's TLS library does not offer it") from error
    return context


def refusal_of(error: OSError) -> str:
    """Return why a handshake failed; CannotAskError where it was this machine that would not."""
    reason = str(getattr(error, "reason", None) or getattr(error, "strerror", None) or error)
    if "NO_PROTOCOLS_AVAILABLE" in reason or "NO_CIPHERS_AVAILABLE" in reason:
        raise CannotAskError("this machine's TLS library does not offer it") from error
    return reason
