"""Certificates: a local authority for demos and tests, and the CDN's roots for real boards.

The local authority keeps nothing on disk. Its keys are EC P-256, which every ESP32 build verifies.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from publisher.errors import SettingsError
from publisher.pins.anchor_keys import USABLE, has_usable_key

# SHA-256 fingerprints of the roots that Amazon Trust Services' chains end in
# (amazontrust.com/repository).
_AMAZON_ROOTS = {
    "Amazon Root CA 1": "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
    "Amazon Root CA 2": "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
    "Amazon Root CA 3": "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
    "Amazon Root CA 4": "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
    "Starfield Services Root G2": (
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5"
    ),
}
_PEM = re.compile("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_Key = ec.EllipticCurvePrivateKey
_Extension = tuple[x509.ExtensionType, bool]
_Span = tuple[datetime, datetime]
_LEAF_DAYS = 90
_AUTHORITY_DAYS = 3650


class _Issuer(NamedTuple):
    name: str
    key: _Key


@dataclass(frozen=True)
class ServerCertificate:
    """What a TLS server shows and keeps.

    Attributes:
        cert_pem: the leaf, then the intermediates between it and the root.
        key_pem: the leaf's private key, unencrypted PKCS#8.
        spki_sha256: SHA-256 of the leaf's SubjectPublicKeyInfo, hex: its pin.
        key: the private key, to issue a renewal that keeps it.
    """

    cert_pem: bytes
    key_pem: bytes = field(repr=False)
    spki_sha256: str
    key: _Key = field(repr=False)


@dataclass(frozen=True)
class Authority:
    """A certificate authority in memory.

    Attributes:
        certificate: its own certificate.
        chain: the certificates from it up to, and without, the root; () for a root.
    """

    certificate: x509.Certificate
    key: _Key = field(repr=False)
    chain: tuple[x509.Certificate, ...] = ()

    @classmethod
    def create(cls, name: str) -> Authority:
        """Create a root named `name`, valid from yesterday for ten years."""
        key = _new_key()
        return cls(_authority_certificate(name, key, _Issuer(name, key)), key)

    @classmethod
    def from_pem(cls, certificate_pem: bytes, key_pem: bytes) -> Authority:
        """Return the root that was kept as `certificate_pem` and `key_pem`.

        Raises:
            SettingsError: these are not a certificate and its EC private key.
        """
        try:
            certificate = x509.load_pem_x509_certificate(certificate_pem)
            key = load_pem_private_key(key_pem, None)
        except (TypeError, ValueError) as error:
            raise SettingsError(f"not a certificate authority: {error}") from error
        if not isinstance(key, _Key) or key.public_key() != certificate.public_key():
            raise SettingsError("the authority's key is not that of its certificate")
        return cls(certificate, key)

    @property
    def certificate_der(self) -> bytes:
        """The certificate as a board takes it for a trust anchor."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def certificate_pem(self) -> bytes:
        """The certificate as `ca = ...` in slotcast.toml takes it."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The private key, unencrypted PKCS#8: of a demo, never of a fleet."""
        return _key_pem(self.key)

    def create_intermediate(self, name: str) -> Authority:
        """Create an authority that this one vouches for."""
        key = _new_key()
        certificate = _authority_certificate(name, key, self._issuer())
        return Authority(certificate, key, (certificate, *self.chain))

    def issue(
        self,
        hosts: Sequence[str],
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        key: _Key | None = None,
    ) -> ServerCertificate:
        """Issue a server certificate.

        Args:
            hosts: DNS names and IP addresses that it is for.
            not_before: yesterday by default.
            not_after: 90 days from now by default.
            key: an earlier certificate's, to keep its pin; by default a new one.
        """
        key = key or _new_key()
        begin, end = _days(_LEAF_DAYS)
        valid = (not_before or begin, not_after or end)
        leaf = _certificate(hosts[0], key, self._issuer(), valid, _leaf_extensions(hosts))
        pem = b"".join(one.public_bytes(Encoding.PEM) for one in (leaf, *self.chain))
        return ServerCertificate(pem, _key_pem(key), spki_sha256(leaf), key)

    def _issuer(self) -> _Issuer:
        value = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        return _Issuer(value if isinstance(value, str) else value.decode(), self.key)


def spki_sha256(certificate: x509.Certificate) -> str:
    """Return the pin of a certificate: SHA-256 of its SubjectPublicKeyInfo, hex (RFC 7469, 2.4).

    Raises:
        SettingsError: see `pin_within`.
    """
    return pin_within(certificate.tbs_certificate_bytes, certificate.public_key())


def pin_within(der: bytes, key: PublicKeyTypes) -> str:
    """Return the pin of the public key that was read from `der`.

    Boards hash the bytes that a host shows; `cryptography` can only write the key anew.

    Args:
        der: of a certificate, of the SubjectPublicKeyInfo, or, in PKCS#1, of what is in that.

    Raises:
        SettingsError: the two differ, so that boards would refuse the pin.
    """
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if spki not in der and der not in spki:
        hint = "make a certificate of a plain RSA key, or of an EC key with an uncompressed point"
        raise SettingsError("the public key is written in a form that has no sure pin", hint)
    return hashlib.sha256(spki).hexdigest()


def load_pem_anchors(text: str) -> list[bytes]:
    """Return the authorities' certificates in a PEM file as DER, in its order.

    Raises:
        SettingsError: there is none, or one is broken, no authority's, or of a key not for boards.
    """
    anchors = [_load_anchor(block) for block in _PEM.findall(text)]
    if not anchors:
        raise SettingsError("not a PEM file of certificates")
    return anchors


def _load_anchor(pem: str) -> bytes:
    # OpenSSL tells authorities from others, and takes the old roots' serial number 0, which
    # `cryptography` is about to refuse.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=pem)
    except ssl.SSLError as error:
        raise SettingsError(f"broken certificate in a PEM file: {error}") from error
    authorities = context.get_ca_certs(binary_form=True)
    if not authorities:
        raise SettingsError(
            "a certificate in the PEM file is no authority's",
            "boards take roots for trust anchors, not the server's own certificate",
        )
    if not has_usable_key(authorities[0]):
        hint = "leave it out: boards that cannot read it could use none of the set's roots"
        raise SettingsError(f"a CA root in the PEM file has a key that is not {USABLE}", hint)
    return authorities[0]


def amazon_roots() -> list[bytes]:
    """Return the DER of Amazon Root CA 1 to 4 and Starfield Services Root G2, in this order.

    They are taken out of certifi's bundle.

    Raises:
        SettingsError: the bundle lacks one of them.
    """
    return pick_roots(Path(certifi.where()).read_text("utf-8"), _AMAZON_ROOTS)


def pick_roots(bundle: str, wanted: dict[str, str]) -> list[bytes]:
    """Return the DER of certificates of a PEM bundle.

    Args:
        wanted: names and SHA-256 fingerprints (hex, of the DER), in the order to return.

    Raises:
        SettingsError: one is not in the bundle.
    """
    ders = [ssl.PEM_cert_to_DER_cert(pem) for pem in _PEM.findall(bundle)]
    found = {hashlib.sha256(der).hexdigest(): der for der in ders}
    missing = [name for name, fingerprint in wanted.items() if fingerprint not in found]
    if missing:
        raise SettingsError(
            f"the CA bundle has no {', '.join(missing)}",
            "update certifi, or give the CDN's roots as a PEM file: [edge] ca in slotcast.toml",
        )
    return [found[fingerprint] for fingerprint in wanted.values()]


def _certificate(
    name: str, key: _Key, issuer: _Issuer, valid: _Span, extensions: list[_Extension]
) -> x509.Certificate:
    """Return a certificate for `name` and `key`, signed by `issuer`."""
    subject = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    builder = x509.CertificateBuilder(
        issuer_name=_name(issuer.name),
        subject_name=_name(name),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=valid[0],
        not_valid_after=valid[1],
    )
    for extension, critical in [(subject, False), (authority, False), *extensions]:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer.key, hashes.SHA256())


def _authority_certificate(name: str, key: _Key, issuer: _Issuer) -> x509.Certificate:
    constraint = x509.BasicConstraints(ca=True, path_length=None)
    extensions: list[_Extension] = [(constraint, True), (_usage(authority=True), True)]
    return _certificate(name, key, issuer, _days(_AUTHORITY_DAYS), extensions)


def _leaf_extensions(hosts: Sequence[str]) -> list[_Extension]:
    return [
        (x509.SubjectAlternativeName([_general_name(host) for host in hosts]), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(authority=False), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
    ]


def _days(days: int) -> _Span:
    """Return the span from yesterday, for clocks that are a little late, to `days` from now."""
    now = datetime.now(UTC)
    return now - timedelta(days=1), now + timedelta(days=days)


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _new_key() -> _Key:
    return ec.generate_private_key(ec.SECP256R1())


def _key_pem(key: _Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
