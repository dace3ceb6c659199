"""What a live host serves, and whether boards would accept it by each pin set.

Each set is tried as a board would: TLS 1.2, with the set's own trust anchors and nobody else's, and
with any of them as the end of the chain, as mbedTLS has it. Nothing secret is sent.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from http.client import HTTPException

from cryptography import x509

from publisher.certificates import spki_sha256
from publisher.errors import PublisherError, SettingsError, StoreError
from publisher.https import connecting, get
from publisher.iso_time import iso
from publisher.layout import metadata_path
from publisher.pins.sets import PinSet, PinSets

TIMEOUT_S = 10.0
_MAX_BYTES = 65536
# X509_V_ERR_... of OpenSSL's x509_vfy.h
_DATE = {9: "not valid yet", 10: "expired"}
_NAME = {62: "the certificate is for another host", 64: "the certificate is for another address"}

# Raises PublisherError for what is not this product's timestamp.json.
Judge = Callable[[bytes], None]


@dataclass(frozen=True)
class Leaf:
    """The certificate that a host shows for itself."""

    spki_sha256: str
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime

    @classmethod
    def from_der(cls, der: bytes) -> Leaf:
        """Read a certificate; ValueError if it is none, SettingsError if it has no pin."""
        certificate = x509.load_der_x509_certificate(der)
        return cls(
            spki_sha256(certificate),
            certificate.subject.rfc4514_string(),
            certificate.issuer.rfc4514_string(),
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
        )

    def to_dict(self) -> dict[str, object]:
        """Return what a program reads."""
        return {
            "spki_sha256": self.spki_sha256,
            "subject": self.subject,
            "issuer": self.issuer,
            "not_before": iso(self.not_before),
            "not_after": iso(self.not_after),
        }


@dataclass(frozen=True)
class Verdict:
    """What boards with one set make of a host: `refusal` is "", or KIND: WHY.

    KIND is chain, name, date or pin; or tls, where it does not come to a certificate.
    """

    serial: int
    refusal: str = ""


@dataclass(frozen=True)
class Live:
    """What one base URL serves now.

    Attributes:
        leaf: what the host shows, whether or not a set accepts it; None if nothing was shown.
        verdicts: one of each set that was asked for, in its order.
        fault: why the host cannot be reached, or does not give the product; "" where all is well.
    """

    base_url: str
    leaf: Leaf | None
    verdicts: tuple[Verdict, ...]
    fault: str = ""

    def refusal(self, serial: int) -> str:
        """Return why boards with one set would not get the product here, or ""."""
        found = [verdict.refusal for verdict in self.verdicts if verdict.serial == serial]
        return self.fault or (found[0] if found else "the set does not name it")

    @property
    def ok(self) -> bool:
        """Whether every set accepts it, and the product is there."""
        return not self.fault and not any(verdict.refusal for verdict in self.verdicts)


class _Refused(Exception):
    """A set does not accept the host; the message is the Verdict's."""


@dataclass(frozen=True)
class Host:
    """What stands behind a base URL, and how long to wait for it.

    Args:
        timeout_s: for each connection as a whole, however slowly the host sends.
    """

    base_url: str
    timeout_s: float = TIMEOUT_S

    def ask(self, sets: Sequence[tuple[PinSet, Sequence[bytes]]], judge: Judge) -> Live:
        """Connect once by each set, and ask for timestamp.json by the first that accepts.

        Args:
            sets: each with the DER of its trust anchors.
            judge: is shown the timestamp.
        """
        verdicts: list[Verdict] = []
        leaf, fault, asked = None, "", False
        try:
            for pin_set, anchors in sets:
                verdict, shown = self._try(pin_set, anchors)
                verdicts.append(verdict)
                leaf = shown or leaf
                if not verdict.refusal and not asked:
                    fault, asked = self._product(anchors, judge), True
            return Live(self.base_url, leaf or self._unverified(), tuple(verdicts), fault)
        except (OSError, ValueError) as error:  # ValueError: a name that DNS cannot have
            return Live(self.base_url, leaf, tuple(verdicts), f"not reached: {_why(error)}")

    def _try(self, pin_set: PinSet, anchors: Sequence[bytes]) -> tuple[Verdict, Leaf | None]:
        try:
            with self._connected(_context(anchors)) as connection:
                leaf = _leaf(connection)
        except _Refused as error:
            return Verdict(pin_set.serial, str(error)), None
        if pin_set.pins and leaf.spki_sha256 not in pin_set.pins:
            return Verdict(pin_set.serial, "pin: the leaf's key is not one of the set"), leaf
        return Verdict(pin_set.serial), leaf

    def _unverified(self) -> Leaf | None:
        """Return what is shown where no set accepts it: for the report, and for nothing else."""
        context = _context(())
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with suppress(_Refused), self._connected(context) as connection:
            return _leaf(connection)
        return None

    def _product(self, anchors: Sequence[bytes], judge: Judge) -> str:
        """Return why this host does not give the product, or ""."""
        path = metadata_path("timestamp", 0)
        try:
            with self._connected(_context(anchors)) as connection:
                data = _get(connection, self.base_url + path)
        except (HTTPException, OSError, StoreError, _Refused) as error:
            return f"{path} cannot be read: {error}"
        try:
            judge(data)
        except PublisherError as error:
            return str(error)
        return ""

    @contextmanager
    def _connected(self, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
        """Connect and shake hands; _Refused unless that succeeds, OSError if nobody is there."""
        with connecting(self.base_url, context, self.timeout_s) as connection:
            _shake_hands(connection)
            yield connection


def survey(
    sets: PinSets, judge: Judge, base_urls: Sequence[str] = (), timeout_s: float = TIMEOUT_S
) -> tuple[Live, ...]:
    """Ask each host by the sets that name it, or by every set those at `base_urls`."""
    named = dict.fromkeys(url for pin_set in sets.sets for url in pin_set.base_urls)
    found = []
    for url in base_urls or named:
        asked = [one for one in sets.sets if base_urls or url in one.base_urls]
        by = [(pin_set, sets.anchors(pin_set)) for pin_set in asked]
        found.append(Host(url, timeout_s).ask(by, judge))
    return tuple(found)


def _context(anchors: Sequence[bytes]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Boards speak no other version, so that an edge of 1.3 alone cuts them off.
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    for der in anchors:
        context.load_verify_locations(cadata=der)
    return context


def _shake_hands(connection: ssl.SSLSocket) -> None:
    try:
        connection.do_handshake()
    except ssl.SSLCertVerificationError as error:
        raise _Refused(_refusal(error)) from error
    except ssl.SSLError as error:
        raise _Refused(f"tls: {_why(error)}") from error


def _refusal(error: ssl.SSLCertVerificationError) -> str:
    code, message = error.verify_code, error.verify_message
    if code in _DATE:
        return f"date: a certificate is {_DATE[code]}"
    return f"name: {_NAME[code]}" if code in _NAME else f"chain: {message}"


def _leaf(connection: ssl.SSLSocket) -> Leaf:
    der = connection.getpeercert(binary_form=True)
    try:
        return Leaf.from_der(der or b"")
    except (ValueError, SettingsError) as error:
        raise _Refused(f"chain: the leaf cannot be read: {error}") from error


def _get(connection: ssl.SSLSocket, url: str) -> bytes:
    """Return the body of an answer 200; StoreError for any other."""
    status, data = get(connection, url, _MAX_BYTES)
    if status != HTTPStatus.OK:
        raise StoreError(f"the host answers {status}")
    return data


def _why(error: Exception) -> str:
    return str(getattr(error, "reason", None) or getattr(error, "strerror", None) or error)
