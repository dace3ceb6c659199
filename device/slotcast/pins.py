"""SPKI pins: which public key a certificate holds, and the check of it inside the TLS handshake.

A pin is the SHA-256 of the certificate's SubjectPublicKeyInfo (RFC 7469, 2.4), so it outlives the
renewal of a certificate whose key stays.
"""

from hashlib import sha256

from slotcast.der import element

_SEQUENCE = 0x30
_INTEGER = 0x02
_VERSION = 0xA0
# What stands before subjectPublicKeyInfo in a TBSCertificate (RFC 5280, 4.1), but for the version:
# serialNumber, signature, issuer, validity, subject.
_BEFORE = (_INTEGER, _SEQUENCE, _SEQUENCE, _SEQUENCE, _SEQUENCE)

# MBEDTLS_ERR_X509_FATAL_ERROR. It must be negative: a positive value would come out of the
# handshake as a number of bytes written.
_REFUSE = -0x3000


def spki_sha256(der) -> bytes:
    """SHA-256 of the SubjectPublicKeyInfo of a certificate.

    Args:
        der: the certificate, bytes or a memoryview of bytes.

    Raises ValueError when it is not the DER of a certificate that far, or bytes are left over.
    """
    view = memoryview(der)
    at, end = element(view, 0, len(view), _SEQUENCE)
    if end != len(view):
        raise ValueError("bytes after the certificate")
    at, end = element(view, at, end, _SEQUENCE)
    if at < end and view[at] == _VERSION:
        at = element(view, at, end, _VERSION)[1]
    for tag in _BEFORE:
        at = element(view, at, end, tag)[1]
    return sha256(view[at : element(view, at, end, _SEQUENCE)[1]]).digest()


class PinCheck:
    """A verify_callback that lets only a leaf with a pinned key through.

    Only depth 0 is looked at: mbedTLS shows intermediates that do not vouch for the leaf too.

    Args:
        pins: SHA-256 digests of SubjectPublicKeyInfo, 32 bytes each; raises ValueError otherwise.

    Attributes:
        passed: whether a leaf was seen and its key is pinned.
        refused: the leaf's digest where it is not, else None.
    """

    def __init__(self, pins):
        for pin in pins:
            if not isinstance(pin, bytes) or len(pin) != 32:
                raise ValueError("a pin is 32 bytes")
        self._pins = pins
        self.reset()

    def reset(self) -> None:
        """Forget what was seen; call it before a handshake."""
        self.passed = False
        self.refused = None

    def __call__(self, der, depth: int) -> int:
        """0 to go on, else the handshake is aborted."""
        if depth:
            return 0
        try:
            digest = spki_sha256(der)
        except ValueError:
            self.refused = bytes(32)  # the hash of no key
            return _REFUSE
        if digest not in self._pins:
            self.refused = digest
            return _REFUSE
        self.passed = True
        return 0
