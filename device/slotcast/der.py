"""DER (X.690), as much of it as certificates, public keys and ECDSA signatures need."""

_INTEGER = 0x02


def element(view, at: int, end: int, tag: int) -> tuple:
    """Begin and end of the content of the element at `at`, which must be within `end`.

    Args:
        view: a memoryview of bytes.

    Raises ValueError for another tag, a length that is not the shortest form, or lack of bytes.
    """
    if end - at < 2 or view[at] != tag:
        raise ValueError("not the DER element that must stand here")
    length = view[at + 1]
    at += 2
    if length >= 0x80:
        octets = length - 0x80
        # X.690, 10.1: the shortest form. Two octets are 64 KiB, more than TLS has room for.
        if not 1 <= octets <= 2 or end - at < octets:
            raise ValueError("length is not DER")
        length = int.from_bytes(view[at : at + octets], "big")
        if length < (0x80, 0x100)[octets - 1]:
            raise ValueError("length is not DER")
        at += octets
    if length > end - at:
        raise ValueError("DER element is cut short")
    return at, at + length


def natural(view, at: int, end: int) -> tuple:
    """Value and end of the INTEGER at `at`, which must not be negative.

    Raises ValueError for what is not the DER of such an integer: as `element`, or no content, the
    sign bit set, or a leading zero that no sign bit calls for (X.690, 8.3.2).
    """
    at, end = element(view, at, end, _INTEGER)
    if at == end or view[at] & 0x80:
        raise ValueError("integer is empty or negative")
    if view[at] == 0 and end - at > 1 and not view[at + 1] & 0x80:
        raise ValueError("integer is not in its shortest form")
    return int.from_bytes(view[at:end], "big"), end
