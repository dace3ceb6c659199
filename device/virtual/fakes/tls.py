"""The `tls` module: real mbedTLS, which also holds certificates against the board's own clock.

MicroPython's unix port lets mbedTLS read the host's clock. Here each certificate's validity is
compared with the virtual clock as well, in the verify callback; mbedTLS's own checks stay. What is
not here is the real module's.
"""

import time as _real_time

import tls as _real
from fakes.chip import chip
from fakes.der import validity

_FUTURE = "\nThe certificate validity starts in the future\n"
_EXPIRED = "\nThe certificate validity has expired\n"


class SSLContext:
    """tls.SSLContext: the same methods and attributes."""

    def __init__(self, protocol: int) -> None:
        self._context = _real.SSLContext(protocol)
        self.verify_mode = self._context.verify_mode
        self.verify_callback = None

    def __getattr__(self, name: str) -> object:
        """What is not here is the real context's: load_verify_locations, set_ciphers and so on."""
        return getattr(self._context, name)

    def wrap_socket(self, sock: object, **options: object) -> object:
        """Do the handshake on a connected socket.

        Raises:
            ValueError: a certificate is refused, by mbedTLS or by the virtual clock.
        """
        chip.sample_heap()
        self._context.verify_mode = self.verify_mode
        self._context.verify_callback = _Check(self.verify_mode, self.verify_callback).verify
        return self._context.wrap_socket(sock, **options)


class _Check:
    """One handshake's verify callback; mbedTLS calls it from the root (highest depth) to the leaf.

    As mbedTLS does, it lets the user's callback see the whole chain, and then fails for the dates
    if verification is required. In CERT_NONE it is never called.
    """

    def __init__(self, mode: int, callback: callable) -> None:
        self._required = mode == _real.CERT_REQUIRED
        self._callback = callback
        self._problem = None

    def verify(self, der: object, depth: int) -> int:
        self._problem = self._problem or _date_problem(der)
        refused = self._callback(der, depth) if self._callback else 0
        if depth == 0 and not refused and self._required and self._problem:
            raise ValueError(self._problem)
        return refused


def _date_problem(der: object) -> object:
    year, month, day, hour, minute, second = _real_time.gmtime(chip.clock.rtc_ns() // 1000000000)[
        :6
    ]
    now = "%04d%02d%02d%02d%02d%02d" % (year, month, day, hour, minute, second)
    not_before, not_after = validity(der)
    if now < not_before:
        return _FUTURE
    return _EXPIRED if now > not_after else None
