import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifests.vectors import delta_reference
from publisher.errors import PayloadError
from publisher.payload.numbers import LIMIT, Numbers, svarint, varint

SAID = [
    (0, "00"),
    (127, "7f"),
    (128, "8001"),
    (16383, "ff7f"),
    (16384, "808001"),
    (LIMIT - 1, "ffffffff07"),
]
SIGNED = [(0, "00"), (-1, "01"), (1, "02"), (-2, "03"), (2, "04"), (-64, "7f"), (64, "8001")]
EDGES = [(2**30 - 1, "feffffff07"), (-(2**30), "ffffffff07")]


@pytest.mark.parametrize(("value", "said"), SAID)
def test_a_varint_has_seven_bits_a_byte_the_lowest_first(value, said):
    assert varint(value).hex() == said
    assert Numbers(bytes.fromhex(said)).varint() == value


@pytest.mark.parametrize(("value", "said"), SIGNED + EDGES)
def test_an_svarint_counts_to_both_sides(value, said):
    assert svarint(value).hex() == said
    assert Numbers(bytes.fromhex(said)).svarint() == value


@pytest.mark.parametrize("value", [-1, LIMIT, 2**40])
def test_there_is_no_varint_of_other_numbers(value):
    with pytest.raises(ValueError, match="no number of the format"):
        varint(value)


@pytest.mark.parametrize("value", [2**30, -(2**30) - 1])
def test_there_is_no_svarint_of_numbers_farther_from_zero(value):
    with pytest.raises(ValueError, match="no number of the format"):
        svarint(value)


@given(st.integers(0, LIMIT - 1))
def test_numbers_are_written_as_the_page_says(value):
    assert varint(value) == delta_reference.varint(value)
    assert svarint(value - 2**30) == delta_reference.svarint(value - 2**30)


def test_numbers_may_be_longer_than_they_need():
    numbers = Numbers(bytes.fromhex("8000 ac82808000"))
    assert (numbers.varint(), numbers.varint(), numbers.left) == (0, 300, 0)


@pytest.mark.parametrize("said", ["8080808008", "ffffffff7f", "808080808000"])
def test_numbers_that_are_too_large_or_have_six_bytes_are_refused(said):
    with pytest.raises(PayloadError, match="a number that the format does not have"):
        Numbers(bytes.fromhex(said)).varint()


@pytest.mark.parametrize("said", ["", "80", "ffffffff"])
def test_numbers_that_are_cut_are_refused(said):
    with pytest.raises(PayloadError, match="end early"):
        Numbers(bytes.fromhex(said)).varint()


def test_bytes_are_taken_in_order_and_none_behind_the_end():
    numbers = Numbers(b"abc")
    assert (numbers.take(2), numbers.left, numbers.take(0)) == (b"ab", 1, b"")
    with pytest.raises(PayloadError, match="end early"):
        numbers.take(2)
    assert numbers.take(1) == b"c"
