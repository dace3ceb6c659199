"""Deltas encoded and decoded: synthetic images, odd ones, and a real release."""

import hashlib

import pytest
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from linked_images import link, noise

from publisher.errors import PayloadError
from publisher.payload import (
    COPY,
    DEFAULT_MEMORY,
    DELTA,
    JOINED,
    NO_BASE,
    RAW,
    Base,
    Head,
    decode,
    delta,
    encode_delta,
    encode_full,
)
from publisher.payload.full import quick_deflate
from publisher.payload.linker import Linker
from publisher.payload.matching import find_matches

DIGEST = hashlib.sha256(b"the base").digest()
OLD = noise(30_000, "old")


@pytest.fixture
def quickly(monkeypatch):
    """Streams as zlib makes them: the search for shorter ones has tests of its own."""
    monkeypatch.setattr(delta, "deflate", lambda data, bits, effort: quick_deflate(data, bits))


def encoded(base, image, memory=DEFAULT_MEMORY):
    """The head of a delta that decodes to its image, within the memory."""
    payload = encode_delta(Base(base, DIGEST), image, memory)
    head = Head.from_bytes(payload)
    assert head.memory <= memory
    assert decode(payload, Base(base, DIGEST)) == image
    return head


def encodings(head):
    return [row.encoding for row in head.rows]


def test_an_image_like_its_base_is_copied():
    head = encoded(OLD, OLD)
    assert (encodings(head), head.base_digest) == ([COPY, COPY], DIGEST)
    assert head.payload_length == head.length == 80 + 2 * 20


def test_the_start_of_the_base_is_copied():
    assert encodings(encoded(OLD, OLD[:20_000])) == [COPY, COPY]


def test_an_image_with_nothing_of_its_base_needs_none():
    head = encoded(OLD, noise(20_000, "other"))
    assert (set(encodings(head)), head.base_digest) == ({RAW}, NO_BASE)


def test_a_change_takes_one_frame_for_all_blocks():
    image = b"!" + OLD[1:29_000] + b"!" + OLD[29_000:]
    head = encoded(OLD, image)
    assert encodings(head) == [DELTA, DELTA | JOINED]
    assert head.payload_length < 200


def test_a_copied_block_lies_within_a_frame(quickly):
    base = noise(50_000, "long")
    head = encoded(base, b"!" + base[1:40_000] + b"!" + base[40_001:])
    assert encodings(head) == [DELTA, COPY, DELTA | JOINED, COPY]


def test_what_is_new_stands_alone_where_that_is_shorter(quickly):
    head = encoded(OLD, OLD[:16_384] + noise(16_384, "new"))
    assert encodings(head) == [COPY, RAW]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 4095, 4096, 4097, 8191, 16383, 16385])
def test_images_of_any_size(size, quickly):
    encoded(OLD, OLD[-size:])
    encoded(OLD[-size:], OLD)
    encoded(OLD[:size], OLD[1 : size + 1])


@pytest.mark.parametrize("base", [b"", b"\xe9", bytes(40_000), b"\xe9\x10" + bytes(9000)])
def test_any_bytes_are_a_base(base, quickly):
    encoded(base, OLD)
    encoded(base, base[:-1] + b"!")


def test_what_moved_is_foretold_by_a_relocation(quickly):
    old, new = link(), link(64, 400, b"two")
    head = encoded(old.data, new.data)
    assert head.relocation.shift(old.functions[-1]) == 64
    assert head.relocation.shift(old.items[-1]) == 400
    assert head.payload_length < 700 < len(new.data) // 4


def test_a_relocation_is_left_out_where_no_frame_reads_it(monkeypatch):
    monkeypatch.setattr(delta, "_encode_frame", alone)
    old, new = link(), link(64, 400, b"two")
    behind = noise(16_384, "behind")
    base = Base(old.data.ljust(16_384, b"\xff") + behind, DIGEST)
    image = new.data.ljust(16_384, b"\xff") + behind
    assert Linker(base.data, image).relocation(find_matches(base.data, image)).entries
    payload = encode_delta(base, image)
    head = Head.from_bytes(payload)
    assert (encodings(head), head.relocation.entries) == ([RAW, COPY], ())
    assert decode(payload, base) == image


def alone(cut, frame):
    return [(index, RAW, cut.block(index)) for index in cut.wanted(frame)]


def edited(draw, image):
    """An image after some edits of any kind."""
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(image)))
        cut = draw(st.sampled_from([0, 0, 1, 4, 500]))
        new = noise(draw(st.sampled_from([0, 1, 4, 30, 5000])), draw(st.integers(0, 9)))
        image = image[:at] + new + image[at + cut :]
    return image or b"!"


@examples(40)
@given(st.data())
def test_what_is_encoded_decodes(data):
    numbers = st.sampled_from([0, 4, 32, 400])
    base = link(data.draw(numbers), data.draw(numbers)).data
    image = edited(data.draw, link(data.draw(numbers), data.draw(numbers), b"two").data)
    base = edited(data.draw, base)
    memory = data.draw(st.sampled_from([8704, 9000, 13_000, DEFAULT_MEMORY, 131_072]))
    quick, delta.deflate = delta.deflate, lambda data, bits, effort: quick_deflate(data, bits)
    try:
        encoded(base, image, memory)
    finally:
        delta.deflate = quick


def test_the_same_input_gives_the_same_bytes():
    old, new = link(), link(64, 400, b"two")
    one, two = (encode_delta(Base(old.data, DIGEST), new.data) for _ in range(2))
    assert one == two


def test_memory_is_kept_to_and_least_memory_is_enough(quickly):
    image = OLD[100:] + OLD[:100]
    assert encoded(OLD, image, 8704).memory == 8704
    assert encoded(OLD, image, 131_072).block_size == 65536
    with pytest.raises(PayloadError, match="no delta can be decoded in 8703 bytes"):
        encode_delta(Base(OLD, DIGEST), image, 8703)


def test_without_memory_for_the_map_there_is_none(quickly):
    old, new = link(), link(64, 400, b"two")
    entries = len(encoded(old.data, new.data).relocation.entries)
    assert entries > 1
    assert encoded(old.data, new.data, 8704 + 8 * entries).relocation.entries
    without = encoded(old.data, new.data, 8704 + 8)
    assert len(without.relocation.entries) <= 1


def test_encoding_says_how_far_it_is(quickly):
    old, new = link(), link(64, 400, b"two")
    steps = []
    encode_delta(Base(old.data, DIGEST), new.data, progress=lambda *step: steps.append(step))
    done = [done for done, _ in steps]
    assert {total for _, total in steps} == {len(new.data)}
    assert done == sorted(done)
    assert done[-1] == len(new.data)


def test_a_base_has_a_digest():
    with pytest.raises(PayloadError, match="image_digest that is not zero"):
        encode_delta(Base(OLD, NO_BASE), OLD)


@pytest.mark.parametrize("size", [0, 16 * 1024 * 1024 + 1])
def test_an_image_that_the_format_has_not_is_refused_before_any_work(size, monkeypatch):
    monkeypatch.setattr(delta, "find_edits", None)
    with pytest.raises(PayloadError, match=f"image_size is {size}"):
        encode_delta(Base(OLD, DIGEST), bytes(size))


def test_a_delta_without_its_base_is_refused():
    payload = encode_delta(Base(OLD, DIGEST), OLD[:9000] + b"!" + OLD[9000:])
    with pytest.raises(PayloadError, match=DIGEST.hex()) as caught:
        decode(payload)
    assert caught.value.hint == "name that image as the base"
    with pytest.raises(PayloadError, match="the delta is against"):
        decode(payload, Base(OLD, bytes(32)))
    with pytest.raises(PayloadError, match="hash of its row"):
        decode(payload, Base(b"?" + OLD, DIGEST))


def test_a_full_payload_takes_no_notice_of_a_base():
    assert decode(encode_full(OLD), Base(b"other", DIGEST)) == OLD


def test_the_full_payload_keeps_to_the_memory_as_well():
    for memory in (4608, 8192, 16_896, DEFAULT_MEMORY, 131_072):
        assert Head.from_bytes(encode_full(OLD, memory)).memory <= memory
    with pytest.raises(PayloadError, match="no payload can be decoded in 4607 bytes"):
        encode_full(OLD, 4607)


def test_a_real_release_takes_less_than_12_kilobytes(firmware, quickly):
    old, new = (
        (firmware / f"micrOS-esp32c3-1.28.0-{version}-0.bin").read_bytes()[0x10000:]
        for version in ("3.2.5", "3.3.0")
    )
    head = encoded(old, new)
    assert head.payload_length < 12_000
    assert head.relocation.ranges
