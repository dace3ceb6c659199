import hashlib
import json
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.errors import PayloadError
from publisher.payload import (
    DEFAULT_MEMORY,
    DEFLATE,
    RAW,
    Base,
    Head,
    cut_full,
    decode,
    decode_blocks,
    encode_full,
)

VECTORS = Path(__file__).parents[2] / "manifests" / "vectors" / "payload.json"
CONTENT = json.loads(VECTORS.read_text())
CASES = CONTENT["cases"]
GOOD = [case for case in CASES if case["expect"] == "ok"]
BAD = [case for case in CASES if case["expect"] == "refuse"]
IMAGE = b"slotcast " * 2000 + bytes(range(256))


def running(case):
    """The base that a case's board runs, or None."""
    if "base" not in case:
        return None
    base = CONTENT["bases"][case["base"]]
    return Base(bytes.fromhex(base["data"]), bytes.fromhex(base["digest"]))


def take(case, reached):
    """Decode as a board does, in stages; each stage is appended to `reached` as it begins."""
    payload, manifest = bytes.fromhex(case["payload"]), case["manifest"]
    reached.append("head")
    data = payload[: manifest["head_length"]]
    head = Head.from_bytes(data)
    here = {
        "length": head.payload_length,
        "head_length": head.length,
        "head_sha256": hashlib.sha256(data).hexdigest(),
        "size": head.image_size,
        "sha256": head.image_sha256.hex(),
    }
    if here != manifest:
        raise PayloadError("the manifest says otherwise")
    if head.memory > case.get("memory", DEFAULT_MEMORY):
        raise PayloadError("the board has not the memory")
    blocks = decode_blocks(head, payload, running(case))
    reached.append("block")
    image = b"".join(blocks)
    reached.append("image")
    assert decode(payload, running(case)) == image
    return image


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case["name"])
def test_a_good_vector_decodes(case):
    image = take(case, [])
    assert len(image) == case["manifest"]["size"]
    assert hashlib.sha256(image).hexdigest() == case["manifest"]["sha256"]
    assert image.hex() == case.get("image", image.hex())


@pytest.mark.parametrize("case", BAD, ids=lambda case: case["name"])
def test_a_broken_vector_is_refused_at_its_stage(case):
    reached = []
    with pytest.raises(PayloadError):
        take(case, reached)
    assert reached[-1] == case["stage"]


@pytest.mark.parametrize("name", ["decodes to more", "decodes to far more"])
def test_a_stream_that_goes_on_is_cut_one_byte_behind_the_block(name):
    (case,) = (case for case in BAD if case["name"] == name)
    with pytest.raises(PayloadError, match="block 1 decodes to more than 4096 bytes"):
        take(case, [])


@given(
    st.lists(st.sampled_from([b"\xff" * 997, b"ab", zlib.compress(bytes(range(256)))])),
    st.sampled_from([4096, 8192]),
    st.integers(9, 15),
)
def test_what_is_encoded_decodes(parts, block_size, window_bits):
    image = b"\xe9" + b"".join(parts)
    assert decode(cut_full(image, block_size, window_bits)) == image


def test_a_block_is_deflated_where_that_is_shorter_and_raw_elsewhere():
    noise = b"".join(hashlib.sha256(bytes([n])).digest() for n in range(128))
    head = Head.from_bytes(cut_full(b"\xff" * 4096 + noise, 4096))
    assert [row.encoding for row in head.rows] == [DEFLATE, RAW]


def test_encoding_says_how_far_it_is():
    steps = []
    cut_full(IMAGE, 16384, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(16384, 18256), (18256, 18256)]


def test_a_head_is_written_as_it_was_read():
    payload = cut_full(IMAGE, 4096)
    head = Head.from_bytes(payload)
    assert head.to_bytes() == payload[: head.length]


def test_no_stream_reaches_back_further_than_the_window():
    far = hashlib.sha256(b"far").digest() * 64
    image = far[:600] + bytes(600) + far[:600]
    narrow, wide = (len(cut_full(image, window_bits=bits)) for bits in (9, 12))
    assert wide < narrow


@pytest.mark.parametrize(
    "data", [b"", b"SLC\x01", encode_full(IMAGE)[:-1], encode_full(IMAGE) + b"!"]
)
def test_a_payload_that_is_cut_or_goes_on_is_refused(data):
    with pytest.raises(PayloadError):
        decode(data)


@pytest.mark.parametrize(
    ("image", "block_size", "window_bits"),
    [(b"", 4096, 12), (b"x", 5000, 12), (b"x", 4096, 8), (b"x", 4096, 16)],
)
def test_sizes_that_the_format_does_not_have_are_refused(image, block_size, window_bits):
    with pytest.raises(PayloadError, match="it must be"):
        cut_full(image, block_size, window_bits)


@given(st.data())
def test_a_flipped_bit_never_decodes_to_another_image(data):
    payload = bytearray(cut_full(IMAGE, 4096))
    at = data.draw(st.integers(0, len(payload) - 1))
    payload[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        decoded = decode(bytes(payload))
    except PayloadError:
        return
    assert decoded == IMAGE  # window_bits, or spare bits of a stream: nothing that the image sees
