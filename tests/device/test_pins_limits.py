"""Certificates of the oldest form, with nothing in them, and lengths at the edge of DER."""

from hashlib import sha256

from check import raises

from slotcast.pins import PinCheck, spki_sha256


def der(tag, content):
    """One element in the shortest form."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    octets = 1 if size < 0x100 else 2
    return bytes([tag, 0x80 + octets]) + size.to_bytes(octets, "big") + content


SPKI = der(0x30, b"the key")
BEFORE = der(0x02, b"\1") + der(0x30, b"") * 4


def certificate(before=BEFORE, spki=SPKI, after=b""):
    return der(0x30, der(0x30, before + spki + after) + der(0x30, b"") + der(0x03, b"\0"))


def test_a_certificate_of_version_1_names_no_version():
    assert spki_sha256(certificate()) == sha256(SPKI).digest()


def test_an_empty_certificate_is_refused():
    for data in ("30023000", "3000", "30023000a000"):
        raises(ValueError, spki_sha256, bytes.fromhex(data))


def test_keys_of_any_length_are_found_in_the_shortest_form():
    for size in (0, 1, 0x7F, 0x80, 0xFF, 0x100, 0xFFF):
        spki = der(0x30, bytes(size))
        assert spki_sha256(certificate(spki=spki)) == sha256(spki).digest()


def test_a_key_that_reaches_beyond_the_certificate_is_refused():
    for spki in (b"", b"\x30", b"\x30\1", b"\x30\x81", b"\x30\x82\1", b"\x30\x81\x80"):
        raises(ValueError, spki_sha256, certificate(spki=spki))


def test_what_is_no_certificate_is_refused_whatever_is_pinned():
    # A pin of zeros may stand in a list as a backup still to come.
    check = PinCheck([bytes(32)])
    assert check(b"junk", 0) < 0
    assert not check.passed
    assert check.refused == bytes(32)


def test_a_pin_is_bytes_not_text():
    raises(ValueError, PinCheck, ["a" * 32], says="32 bytes")
