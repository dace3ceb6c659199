"""DER elements: only the shortest form, only what is there."""

from check import raises

from slotcast.der import element, natural


def _content(der, tag=0x30):
    at, end = element(memoryview(der), 0, len(der), tag)
    return der[at:end]


def _number(der):
    return natural(memoryview(der), 0, len(der))


def test_an_element_of_each_form_of_length():
    assert _content(b"\x30\x00") == b""
    assert _content(b"\x30\x02ab") == b"ab"
    assert _content(b"\x30\x81\x80" + bytes(128)) == bytes(128)
    assert _content(b"\x30\x82\x01\x00" + bytes(256)) == bytes(256)


def test_an_element_may_be_followed_by_another():
    der = memoryview(b"\x04\x01a\x30\x01b")
    assert element(der, 0, 6, 0x04) == (2, 3)
    assert element(der, 3, 6, 0x30) == (5, 6)


def test_another_tag_is_refused():
    raises(ValueError, _content, b"\x31\x00", says="must stand here")


def test_longer_forms_of_a_length_are_refused():
    for head in (b"\x30\x81\x7f", b"\x30\x82\x00\xff", b"\x30\x83\x01\x00\x00", b"\x30\x80"):
        raises(ValueError, _content, head + bytes(300), says="length is not DER")


def test_an_element_ends_within_what_holds_it():
    for der in (b"", b"\x30", b"\x30\x01", b"\x30\x81\x80" + bytes(127)):
        raises(ValueError, _content, der)
    raises(ValueError, _content, b"\x30\x82\x01", says="length is not DER")
    view = memoryview(b"\x30\x02ab")
    raises(ValueError, element, view, 0, 3, 0x30, says="cut short")


def test_naturals():
    for der, value in ((b"\x02\x01\x00", 0), (b"\x02\x01\x7f", 127), (b"\x02\x02\x00\x80", 128)):
        assert _number(der) == (value, len(der))
    assert _number(b"\x02\x02\x01\x00") == (256, 4)


def test_naturals_that_are_negative_empty_or_not_the_shortest_are_refused():
    for der in (b"\x02\x00", b"\x02\x01\x80", b"\x02\x02\xff\x7f"):
        raises(ValueError, _number, der, says="negative")
    for der in (b"\x02\x02\x00\x00", b"\x02\x02\x00\x7f", b"\x02\x03\x00\x00\x80"):
        raises(ValueError, _number, der, says="shortest")
