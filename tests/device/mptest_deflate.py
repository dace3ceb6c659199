"""Streams of the publisher's encoder, read by the deflate module that boards have."""

from binascii import hexlify, unhexlify
from hashlib import sha256
from io import BytesIO

from check import vectors
from deflate import RAW, DeflateIO

FIXED, DYNAMIC = 1, 2


def _case(name):
    for case in vectors("deflate")["cases"]:
        if case["name"] == name:
            return case
    raise KeyError(name)


def _inflated(case):
    return DeflateIO(BytesIO(unhexlify(case["stream"])), RAW, case["window_bits"]).read()


def _same(case):
    data = _inflated(case)
    assert len(data) == case["length"], case["name"]
    assert hexlify(sha256(data).digest()).decode() == case["sha256"], case["name"]


def _type_of_first_block(case):
    return int(case["stream"][:2], 16) >> 1 & 3


def _distance_codes(case):
    # HDIST (RFC 1951, 3.2.7), from 1 on, in the second byte of a stream that begins dynamic.
    return (int(case["stream"][2:4], 16) & 0x1F) + 1


def test_every_stream_gives_its_data():
    for case in vectors("deflate")["cases"]:
        _same(case)


def test_a_dynamic_block_needs_no_distance_code():
    case = _case("dynamic, no distance code")
    assert _type_of_first_block(case) == DYNAMIC
    assert _distance_codes(case) == 1
    _same(case)


def test_a_dynamic_block_may_have_one_distance_code():
    case = _case("dynamic, one distance code")
    assert _type_of_first_block(case) == DYNAMIC
    assert _distance_codes(case) == 1
    _same(case)


def test_an_empty_stream_gives_nothing():
    case = _case("nothing")
    assert _type_of_first_block(case) == FIXED
    assert _inflated(case) == b""


def test_a_match_may_begin_where_the_window_does():
    case = _case("a match at the far end of 2^12 bytes")
    _same(case)
    assert len(case["stream"]) // 2 < 80, "the marker is in the stream twice"
