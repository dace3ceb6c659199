"""Trust anchors: what a CA's certificate says of itself."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from publisher.pins.anchor_keys import USABLE, has_usable_key


@dataclass(frozen=True)
class Anchor:
    """One authority's certificate.

    Attributes:
        der: the certificate.
        subject: its name, shortened to what people call it.
        expires: the end of its validity, in UTC.
        is_root: whether it names itself as its issuer; an intermediate does not.
    """

    der: bytes
    subject: str
    expires: datetime
    is_root: bool

    @property
    def sha256(self) -> str:
        """The fingerprint: SHA-256 of the DER, hex."""
        return hashlib.sha256(self.der).hexdigest()

    @classmethod
    def from_der(cls, der: bytes) -> Anchor:
        """Read a certificate; ValueError if it is none, no authority's, or of a key not for boards.

        OpenSSL reads it, as `cryptography` is about to refuse the serial number 0 of old roots.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(cadata=der)
        except ssl.SSLError as error:
            raise ValueError(f"a trust anchor is no certificate: {error.reason}") from error
        found = context.get_ca_certs(binary_form=True)
        if found != [der]:
            raise ValueError("a trust anchor is no authority's certificate")
        if not has_usable_key(der):
            raise ValueError(f"a trust anchor's key is not {USABLE}, as boards need")
        known: dict[str, Any] = context.get_ca_certs()[0]
        expires = datetime.fromtimestamp(ssl.cert_time_to_seconds(known["notAfter"]), UTC)
        is_root = known["subject"] == known["issuer"]
        return cls(der, _short_name(known["subject"]), expires, is_root)


def _short_name(parts: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    """Return the common name, or else the last part: some old roots have no common name."""
    named = dict(pair for part in parts for pair in part)
    last = next(reversed(named.values()), "")
    return named.get("commonName", last)
