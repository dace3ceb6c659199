"""Ed25519 signing for tests, on both interpreters: RFC 8032, section 5.1.6, plainly. Not for use.

It shares no code with the verifier that it feeds.
"""

import binascii

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = 37095705934669439343138083508754565189542113879843219016388785533085940283555
_BX = 15112221349535400772501151409588531511454012693041857206046113283949847762202
_BY = 46316835694926478169428394003475163141307993866256225615783033603165251855960


class Signer:
    """A key pair made from a name."""

    _doublings = []  # of the base point: made once a process

    def __init__(self, name: str) -> None:
        digest = _sha512(name.encode())
        self._prefix = digest[32:]
        self._scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | (1 << 254)
        self._public = self._encoded_multiple(self._scalar)
        self.public = binascii.hexlify(self._public).decode()

    def sign(self, message: bytes) -> str:
        """The signature in hex."""
        r = int.from_bytes(_sha512(self._prefix + message), "little") % _L
        point = self._encoded_multiple(r)
        k = int.from_bytes(_sha512(point + self._public + message), "little") % _L
        s = (r + k * self._scalar) % _L
        return binascii.hexlify(point + s.to_bytes(32, "little")).decode()

    def _encoded_multiple(self, scalar: int) -> bytes:
        if not self._doublings:
            point = (_BX, _BY, 1, _BX * _BY % _P)
            for _ in range(256):
                self._doublings.append(point)
                point = _add(point, point)
        total = (0, 1, 1, 0)
        for index in range(256):
            if scalar >> index & 1:
                total = _add(total, self._doublings[index])
        inverse = pow(total[2], _P - 2, _P)
        x, y = total[0] * inverse % _P, total[1] * inverse % _P
        return (y | (x & 1) << 255).to_bytes(32, "little")


def _add(a, b):
    """RFC 8032, section 5.1.4: extended homogeneous coordinates."""
    e = (a[1] - a[0]) * (b[1] - b[0]) % _P
    h = (a[1] + a[0]) * (b[1] + b[0]) % _P
    c = 2 * a[3] * b[3] * _D % _P
    d = 2 * a[2] * b[2] % _P
    return (
        (h - e) * (d - c) % _P,
        (d + c) * (h + e) % _P,
        (d - c) * (d + c) % _P,
        (h - e) * (h + e) % _P,
    )


def _sha512(data: bytes) -> bytes:
    try:
        from hashlib import sha512
    except ImportError:
        from slotcast.sha512 import sha512
    return sha512(data).digest()
