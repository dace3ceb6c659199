"""The validity of an X.509 certificate, out of its DER."""

_VERSION = 0xA0  # [0] EXPLICIT, absent in version 1
_UTC_TIME = 0x17


def validity(der: object) -> tuple:
    """(notBefore, notAfter) as YYYYMMDDHHMMSS, in UTC; RFC 5280, 4.1.2.5."""
    at = _enter(der, _enter(der, 0))  # Certificate, tbsCertificate
    if der[at] == _VERSION:
        at = _end(der, at)
    for _ in range(3):  # serialNumber, signature, issuer
        at = _end(der, at)
    first = _enter(der, at)
    return _time(der, first), _time(der, _end(der, first))


def _header(der: object, at: int) -> tuple:
    # (where the content of the element at `at` begins, where it ends)
    length = der[at + 1]
    start = at + 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(bytes(der[at + 2 : start]), "big")
    return start, start + length


def _enter(der: object, at: int) -> int:
    return _header(der, at)[0]


def _end(der: object, at: int) -> int:
    return _header(der, at)[1]


def _time(der: object, at: int) -> str:
    start, end = _header(der, at)
    text = bytes(der[start:end]).decode().rstrip("Z")
    if der[at] != _UTC_TIME:
        return text
    return ("20" if text < "50" else "19") + text
