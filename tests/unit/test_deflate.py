"""The publisher's deflate: right for every input and window, and smaller than zlib's."""

import heapq
import json
import random
import sys
import zlib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.deflate import FAST, THOROUGH, Effort, deflate
from publisher.deflate.bits import BitWriter
from publisher.deflate.header import Header
from publisher.deflate.huffman import code_lengths, code_words
from publisher.deflate.matches import find_ladders
from publisher.deflate.symbols import (
    DISTANCE_BASE,
    DISTANCE_EXTRA,
    LENGTH_BASE,
    LENGTH_EXTRA,
    distance_index,
    length_index,
)

VECTORS = Path(__file__).parents[2] / "manifests" / "vectors"


def text(seed: int) -> bytes:
    """Words of a small language, the short ones the most frequent."""
    chance = random.Random(seed)
    words = [chance.randbytes(2 + n // 60).translate(bytes(range(64, 96)) * 8) for n in range(300)]
    return b"".join(words[int(300 * chance.random() ** 2)] for _ in range(4000))


NOISE = random.Random(1951).randbytes(1 << 16)
TEXT = text(1)[:8000] + bytes(byte ^ 0x15 for byte in text(2)[:8000])
QUICK = Effort(rounds=2, cuts=8, polish=1)

windows = st.integers(9, 15)
few_letters = st.lists(st.sampled_from(b"\x00\x01\xff"), max_size=400).map(bytes)
repeats = st.lists(st.tuples(st.binary(max_size=6), st.integers(1, 200)), max_size=8).map(
    lambda parts: b"".join(part * count for part, count in parts)
)


def inflated(stream: bytes, window_bits: int) -> bytes:
    """Inflate with no memory but the window: a byte at a time, so that zlib sees every distance."""
    inflater = zlib.decompressobj(-window_bits)
    data = bytearray()
    while not inflater.eof:
        byte = inflater.decompress(stream, 1)
        stream = inflater.unconsumed_tail
        assert byte or stream or inflater.eof, "the stream ends early"
        data += byte
    assert not inflater.unused_data
    return bytes(data)


def length_of_two_at(distance: int, window_bits: int) -> int:
    """How long the stream is of the same 64 bytes twice, so far apart, and zeros between them."""
    data = NOISE[:64] + bytes(distance - 64) + NOISE[:64]
    stream = deflate(data, window_bits, QUICK)
    assert inflated(stream, window_bits) == data
    return len(stream)


def test_the_check_sees_a_distance_beyond_the_window():
    data = NOISE[:600] + NOISE[:100]
    stream = deflate(data, 10)
    with pytest.raises(zlib.error, match="too far back"):
        inflated(stream, 9)


@settings(max_examples=30, deadline=None)
@given(st.one_of(st.binary(max_size=300), few_letters, repeats), windows)
def test_what_is_deflated_comes_back(data, window_bits):
    assert inflated(deflate(data, window_bits, QUICK), window_bits) == data


@pytest.mark.parametrize("window_bits", range(9, 16))
def test_text_comes_back_in_every_window(window_bits):
    assert inflated(deflate(TEXT, window_bits, QUICK), window_bits) == TEXT


def test_nothing_is_one_empty_fixed_block():
    assert deflate(b"", 9) == b"\x03\x00"
    assert inflated(b"\x03\x00", 9) == b""


@pytest.mark.parametrize("byte", [0, 143, 144, 255])
def test_one_byte_takes_three(byte):
    stream = deflate(bytes([byte]), 12)
    assert inflated(stream, 12) == bytes([byte])
    assert len(stream) == 3


@pytest.mark.parametrize("length", [2, 3, 4, 257, 258, 259, 260, 516, 517, 70000])
def test_a_run_is_a_few_bytes(length):
    stream = deflate(bytes(length), 9, QUICK)
    assert inflated(stream, 9) == bytes(length)
    assert len(stream) < 8 + length / 500


@pytest.mark.parametrize("length", [300, 65535, 65536])
def test_noise_is_stored(length):
    stream = deflate(NOISE[:length], 15, QUICK)
    assert inflated(stream, 15) == NOISE[:length]
    assert len(stream) == length + 5 * -(-length // 65535)


def test_noise_between_text_is_stored_and_the_text_is_not():
    data = TEXT[:2000] + NOISE[:2000] + TEXT[2000:4000]
    stream = deflate(data, 12, QUICK)
    assert inflated(stream, 12) == data
    alone = len(deflate(TEXT[:2000], 12, QUICK)) + len(deflate(TEXT[2000:4000], 12, QUICK))
    assert len(stream) < alone + 2000 + 50


@pytest.mark.parametrize("window_bits", range(9, 16))
def test_a_match_reaches_as_far_as_the_window_and_no_further(window_bits):
    window = 1 << window_bits
    within = length_of_two_at(window, window_bits)
    assert within + 40 < length_of_two_at(window + 1, window_bits)


@pytest.mark.parametrize("window_bits", [-15, 0, 8, 16])
def test_a_window_that_the_format_does_not_have_is_refused(window_bits):
    with pytest.raises(ValueError, match="window_bits"):
        deflate(b"data", window_bits)


@pytest.mark.parametrize("effort", [FAST, THOROUGH])
def test_it_is_smaller_than_zlib(effort):
    deflater = zlib.compressobj(9, zlib.DEFLATED, -12, 9)
    theirs = deflater.compress(TEXT) + deflater.flush()
    assert len(deflate(TEXT, 12, effort)) < 0.985 * len(theirs)


def test_the_vectors_for_micropython_are_what_it_writes_now(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(VECTORS), *sys.path])
    import make_deflate

    text = (VECTORS / "deflate.json").read_text()
    assert text == make_deflate.to_json()
    for case in json.loads(text)["cases"]:
        assert len(inflated(bytes.fromhex(case["stream"]), case["window_bits"])) == case["length"]


@given(few_letters, windows)
def test_each_length_has_its_smallest_distance(data, window_bits):
    for position, ladder in enumerate(find_ladders(data, window_bits)):
        shortest = 3
        for length, distance in ladder:
            for some in range(shortest, length + 1):
                needle = data[position : position + some]
                assert data.rfind(needle, 0, position + some - 1) == position - distance
            shortest = length + 1
        if position + shortest <= len(data) and shortest <= 258:
            lowest = max(0, position - (1 << window_bits))
            assert data[position:][:shortest] not in data[lowest : position + shortest - 1]


def test_every_length_and_distance_has_the_symbol_that_covers_it():
    for length in range(3, 258):
        index = length_index(length)
        assert 0 <= length - LENGTH_BASE[index] < 1 << LENGTH_EXTRA[index]
    assert length_index(258) == 28
    for distance in range(1, 32769):
        index = distance_index(distance)
        assert 0 <= distance - DISTANCE_BASE[index] < 1 << DISTANCE_EXTRA[index]


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=40))
def test_code_lengths_are_those_of_huffman_when_the_limit_is_wide(frequencies):
    frequencies[:2] = [max(1, frequencies[0]), max(1, frequencies[1])]
    lengths = code_lengths(frequencies, 32)
    assert sum(map(lambda f, n: f * n, frequencies, lengths)) == huffman_bits(frequencies)
    assert sum(2.0**-n for n in lengths if n) == 1


def huffman_bits(frequencies: list[int]) -> int:
    heap = [frequency for frequency in frequencies if frequency]
    heapq.heapify(heap)
    bits = 0
    while len(heap) > 1:
        both = heapq.heappop(heap) + heapq.heappop(heap)
        bits += both
        heapq.heappush(heap, both)
    return bits


def test_code_lengths_keep_the_limit_and_fill_it():
    fibonacci = [1, 1]
    while len(fibonacci) < 30:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    lengths = code_lengths(fibonacci, 15)
    assert max(lengths) == 15
    assert sum(2.0**-n for n in lengths) == 1
    assert all(first >= second for first, second in pairwise(lengths))


def test_a_lone_symbol_has_one_bit_and_none_has_none():
    assert code_lengths([0, 7, 0], 15) == [0, 1, 0]
    assert code_lengths([0, 0, 0], 15) == [0, 0, 0]


def test_code_words_are_those_of_the_rfc():
    # RFC 1951, 3.2.2: the example with the lengths of A to H; words there have the first bit first.
    words = code_words([3, 3, 3, 3, 3, 2, 4, 4])
    printed = ["010", "011", "100", "101", "110", "00", "1110", "1111"]
    assert words == [int(word[::-1], 2) for word in printed]


def test_a_header_writes_as_many_bits_as_it_says():
    lengths = [8] * 100 + [0] * 150 + [5, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 9]
    header = Header.of(lengths, [0, 0, 3, 3, 3])
    writer = BitWriter()
    header.write(writer)
    assert len(writer.to_bytes()) == -(-header.bits // 8)
    assert header.bits < 200
