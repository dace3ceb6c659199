"""The kind of key in an authority's certificate, as boards' TLS has to take it."""

from __future__ import annotations

# AlgorithmIdentifier, whole. RFC 3279, section 2.3.1: rsaEncryption; RFC 5480, section 2.1.1:
# id-ecPublicKey with secp256r1, and with secp384r1.
_USABLE = tuple(
    map(
        bytes.fromhex,
        (
            "300d06092a864886f70d0101010500",
            "301306072a8648ce3d020106082a8648ce3d030107",
            "301006072a8648ce3d020106052b81040022",
        ),
    )
)
USABLE = "RSA, or EC on P-256 or P-384"
_EXPLICIT_VERSION = 0xA0
_FIELDS_BEFORE_KEY = 5


def has_usable_key(der: bytes) -> bool:
    """Return whether boards take a certificate of this key for a trust anchor (see USABLE).

    One that TLS cannot read, as of Ed25519, keeps a board from using the whole set of anchors that
    it is in; EC on other curves depends on the build. It is looked up here, as `cryptography` is
    about to refuse the serial number 0 of old roots.

    Args:
        der: a certificate that OpenSSL has read (RFC 5280, section 4.1).
    """
    at, _ = _content(der, 0)  # Certificate
    at, _ = _content(der, at)  # TBSCertificate
    skipped = _FIELDS_BEFORE_KEY + (der[at : at + 1] == bytes([_EXPLICIT_VERSION]))
    for _ in range(skipped):
        _, at = _content(der, at)
    at, _ = _content(der, at)  # SubjectPublicKeyInfo
    return der.startswith(_USABLE, at)


def _content(der: bytes, at: int) -> tuple[int, int]:
    """Return where the content of the element at `at` begins and ends."""
    size = int.from_bytes(der[at + 1 : at + 2], "big")
    at += 2
    if size & 0x80:
        begin, at = at, at + (size & 0x7F)
        size = int.from_bytes(der[begin:at], "big")
    return at, at + size
