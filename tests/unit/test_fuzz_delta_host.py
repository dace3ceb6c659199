"""Deltas that were tampered with: the host's decoder gives the image or a PayloadError.

Heads are vouched for by the manifest, so that these are the publisher's own mistakes, or a hostile
one's payloads; a decoder must end all the same, soon and within its memory.
"""

import hashlib
import struct
import tracemalloc

from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from linked_images import link, noise

from manifests.vectors.delta_reference import svarint, varint
from publisher.errors import PayloadError
from publisher.payload import COPY, DEFLATE, DELTA, RAW, Base, Head, decode, encode_delta
from publisher.payload.full import quick_deflate
from publisher.payload.relocation import Relocation

JOINED = DELTA | 0x80
DIGEST = hashlib.sha256(b"running").digest()
SAME = noise(9000, "same")
OLD, NEW = link(), link(64, 400, b"two")
BASE = Base(OLD.data.ljust(8192, b"\xff") + SAME, DIGEST)
IMAGE = NEW.data.ljust(8192, b"\xff") + SAME[:5000] + b"!" + SAME[5001:]
PAYLOAD = encode_delta(BASE, IMAGE, 12_287)
HEAD = Head.from_bytes(PAYLOAD)
MOST_BYTES = 2_000_000  # for a payload of a few blocks


def is_refused(payload):
    """Whether a payload is refused; if not, its image has the hash that its header has."""
    tracemalloc.start()
    try:
        image = decode(payload, BASE)
    except PayloadError:
        return True
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < MOST_BYTES
    assert hashlib.sha256(image).digest() == payload[16:48]
    return False


def test_the_delta_that_is_tampered_with_has_all_that_there_is():
    assert not is_refused(PAYLOAD)
    assert [row.encoding for row in HEAD.rows] == [DELTA, COPY, COPY, JOINED, COPY]
    assert HEAD.relocation.ranges


@st.composite
def changes(draw, data, start, end):
    """Bytes of which some between two places are others."""
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(start, end - 1))
        cut = draw(st.integers(0, 2))
        new = draw(st.binary(min_size=cut, max_size=cut)) or bytes([changed[at] ^ 1])
        changed[at : at + len(new)] = new
    return bytes(changed[: len(data)])


@examples(120)
@given(changes(PAYLOAD, 80, HEAD.length))
def test_a_changed_table_or_relocation_is_refused_or_makes_no_difference(payload):
    is_refused(payload)


@examples(100)
@given(changes(PAYLOAD, 0, 16))
def test_a_changed_header_is_refused_or_makes_no_difference(payload):
    is_refused(payload)


@examples(150)
@given(changes(PAYLOAD, HEAD.length, len(PAYLOAD)))
def test_changed_data_is_refused_or_makes_no_difference(payload):
    is_refused(payload)


@examples(50)
@given(st.integers(0, len(PAYLOAD) - 1), st.binary(max_size=3))
def test_a_payload_that_is_cut_or_goes_on_is_refused(at, behind):
    assert is_refused(PAYLOAD[:at] + behind)
    assert is_refused(PAYLOAD + b"!" + behind)


@st.composite
def heads(draw):
    """A sound head, or nearly, and as many bytes of data as it says."""
    block = draw(st.sampled_from([4096, 8192]))
    size = draw(st.integers(1, 5 * block))
    rows, data = b"", b""
    for start in range(0, size, block):
        decoded = min(block, size - start)
        encoding = draw(st.sampled_from([RAW, DEFLATE, COPY, COPY, DELTA, JOINED, 0x81]))
        encoded = draw(encoded_blocks(encoding, decoded))
        digest = draw(st.sampled_from([bytes(16), sha(BASE.data[start : start + decoded])]))
        rows += digest + bytes([encoding]) + len(encoded).to_bytes(3, "little")
        data += encoded
    relocation = draw(st.sampled_from([b"", HEAD.relocation.to_bytes()]) | st.binary(max_size=12))
    base = draw(st.sampled_from([DIGEST, DIGEST, bytes(32)]))
    sizes = struct.pack("<BBHII", 0, draw(st.integers(9, 15)), len(relocation), block, size)
    return b"SLC\x01" + sizes + bytes(32) + base + rows + relocation + data


@st.composite
def encoded_blocks(draw, encoding, decoded):
    """What a row of such an encoding may have for its bytes."""
    if encoding in (COPY, JOINED):
        return draw(st.sampled_from([b"", b"", b"", b"!"]))
    if encoding == RAW:
        return bytes(decoded)
    said = draw(st.binary(max_size=12) | st.just(svarint(0) + varint(decoded)))
    many = draw(st.sampled_from([0, 0, 100, 1_000_000]))
    return quick_deflate(said + draw(st.binary(max_size=2)) * many, 15)


def sha(data):
    return hashlib.sha256(data).digest()[:16]


@examples(200)
@given(heads())
def test_any_head_and_streams_end_in_an_image_or_are_refused(payload):
    is_refused(payload)


@examples(300)
@given(st.binary(max_size=30))
def test_any_bytes_are_a_relocation_that_is_written_so_or_are_refused(data):
    try:
        relocation = Relocation.from_bytes(data)
    except PayloadError:
        return
    assert Relocation.from_bytes(relocation.to_bytes()) == relocation
    moved = relocation.relocate(BASE.data[-5000:])
    assert len(moved) == 5000


def test_a_frame_is_never_inflated_without_end():
    """All of 16 MiB of instructions, in 16 KB, for a block of 4096 bytes."""
    stream = quick_deflate(svarint(0) + b"\x80\x80\x80\x80\0" * 3_000_000, 15)
    row = bytes(16) + bytes([DELTA]) + len(stream).to_bytes(3, "little")
    sizes = struct.pack("<BBHII", 0, 15, 0, 4096, 4096)
    payload = b"SLC\x01" + sizes + bytes(32) + DIGEST + row + stream
    assert is_refused(payload)
