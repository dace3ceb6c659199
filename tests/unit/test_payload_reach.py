"""Streams that reach further back than their header promises, which boards cannot decode."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.errors import PayloadError
from publisher.payload import Base, Head, cut_full, decode, encode_delta, verify_reach

NOISE = Random(7).randbytes(6000)


def narrowed(payload, window_bits):
    """The same streams under a header that promises less."""
    head = Head.from_bytes(payload)
    return replace(head, window_bits=window_bits), payload


@given(st.integers(9, 15), st.integers(-1, 1))
def test_a_match_is_seen_to_reach_to_the_byte(window_bits, beyond):
    distance = (1 << window_bits) + beyond
    image = (Random(window_bits).randbytes(distance) * 2)[: distance + 300]
    payload = cut_full(image, 65536, 15)
    assert decode(payload) == image
    head, payload = narrowed(payload, window_bits)
    if beyond > 0 and window_bits < 15:
        with pytest.raises(PayloadError, match="block 0 reaches back further than"):
            verify_reach(head, payload)
    elif beyond < 1:
        verify_reach(head, payload)


@pytest.mark.parametrize("window_bits", range(9, 16))
def test_what_is_encoded_keeps_to_its_window(window_bits):
    payload = cut_full(NOISE * 3, 16384, window_bits)
    verify_reach(Head.from_bytes(payload), payload)


def test_the_streams_of_a_delta_are_looked_at_too():
    base = Base(NOISE + bytes(range(32)), bytes(range(32)))
    image = NOISE[:3000] + Random(8).randbytes(2000) * 2 + NOISE[3000:]
    payload = encode_delta(base, image, 65536)
    head = Head.from_bytes(payload)
    assert head.window_bits > 9
    verify_reach(head, payload)
    with pytest.raises(PayloadError, match="reaches back"):
        verify_reach(*narrowed(payload, 9))


def test_raw_blocks_reach_nowhere():
    payload = cut_full(NOISE, 4096, 9)
    verify_reach(Head.from_bytes(payload), payload)
