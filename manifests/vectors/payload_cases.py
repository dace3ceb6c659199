"""The cases of payload.json: what a decoder must accept, and what it must refuse at which stage."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace

import delta_builder
import delta_cases
import delta_refusals
import relocation_cases
from fixed_huffman import Stream, repeat
from payload_builder import (
    DEFLATE,
    RAW,
    Block,
    Payload,
    case,
    deflated,
    noise,
    periodic,
    raw,
)

ABOUT = (
    'Payloads (manifests/payload.md). A decoder accepts each case whose "expect" is "ok", and gives'
    ' "manifest.size" bytes of image with SHA-256 "manifest.sha256": the bytes of "image", where'
    ' the case has one. It refuses each other case at its "stage": "head" before it asks for any'
    ' data, "block" before it writes the bad block, "image" after the last one; "why" is for'
    ' people. "manifest" is what the signed release manifest says: length, head_length and'
    ' head_sha256 of the payload, size and sha256 of the image. "base" names what the board runs,'
    ' one of "bases": its bytes, and what the board takes for its image_digest; where it is'
    ' missing, the board can read nothing that it runs. "memory" is the payload_memory of the'
    " board's ota.json, 28672 where it is missing: for decoders that have to keep to one."
)

# dynamic_block() in dynamic codes, with a window of 9 bits: recorded from zlib.
DYNAMIC = base64.b64decode(
    "fY9hbsUgDIOvwtUoDW30aJkgWrXbry82E52m/aElMfbnLJb2oEfcJCylplfoup2hVYsm44NFky4Wrqb3RFrswmcU"
    "5RL7HlI9s7bj5wv5Q4K32YN7qTa2q27SjSJekLBLLDYohzOHH7WUsNTbhoNPaZq/MHq+YM4/1ESbMFGaYiY4tOdi"
    "C+W9XIdwWiINp8WlCJ533U78/aJbSk2vmf6BSwJYz02zWNrHmos/K3owPFfdpBsTr6YD3LFY3E8KcWGJt83wRPhD"
    "OxeWFrtwTUJkgmx+7dG3ZkUrqqHwiQO6AK7+60MGQ4v4uQMmOF0/x85yoF1NTR6Y6IL/Vi3e667bSQ1J4ewaeLKi"
    "n14ANjQgMx+jkZsyzBF94D1TPbO2Axc/gAk1ns9VZkxGwRLSN/k3"
)
WORDS = (
    "boot slot flash erase write verify sign rotate reset confirm health poll fetch block table"
    " head image digest"
)


def cases() -> list[dict[str, object]]:
    """Return all cases; their names are unique."""
    full = [*accepted(), *broken_headers(), *broken_tables(), *other_manifests(), *broken_blocks()]
    deltas = delta_cases.cases() + delta_refusals.cases()
    return full + deltas + relocation_cases.cases()


def bases() -> dict[str, dict[str, str]]:
    """Return what the cases' boards run, by name."""
    return {
        base.name: {"digest": base.digest.hex(), "data": base.data.hex()}
        for base in [*delta_builder.BASES, *relocation_cases.bases()]
    }


def accepted() -> Iterator[dict[str, object]]:
    """Yield the cases that decode."""
    yield case(
        "one raw block", "incompressible, shorter than block_size", Payload((raw(noise(300)),))
    )
    yield case("one byte", "the smallest image", Payload((raw(b"\xe9"),)))
    yield case("one deflate block", "a full one", Payload((deflated(b"slotcast "),)))
    full = (deflated(b"\xff"), deflated(b"ab"))
    yield case("last block full", "image_size is a multiple of block_size", Payload(full))
    four = (deflated(b"one "), deflated(b"two "), deflated(b"three "), deflated(b"end", 905))
    yield case("last block short", "three blocks and what remains", Payload(four))
    mixed = (deflated(b"a"), raw(noise(4096)), deflated(b"b"), raw(noise(33, "tail")))
    yield case("mixed", "deflate, raw, deflate, and a short raw block", Payload(mixed))
    yield case("equal blocks", "two rows alike", Payload((deflated(b"same "),) * 2))
    narrow = Payload((dynamic_block(),), {"window_bits": 9})
    yield case("dynamic codes", "one dynamic block, a window of 9 bits", narrow)
    yield case("several deflate blocks", "stored and fixed in one stream", Payload((several(),)))
    wide = Payload((farthest(),), {"block_size": 16384})
    yield case("farthest reach", "distances of exactly 2^window_bits", wide)
    usual = Payload((deflated(b"slot", 16384), raw(noise(50))), {"block_size": 16384})
    yield case("default block size", "16384, and a short block", usual)


def broken_headers() -> Iterator[dict[str, object]]:
    """Yield the cases with a header that breaks a rule, though the manifest vouches for it."""
    good = Payload((raw(noise(20)),))
    for name, why, header in (
        ("bad magic", "not SLC", {"magic": b"SLD\x01"}),
        ("format 2", "a later format", {"magic": b"SLC\x02"}),
        ("flags", "not 0", {"flags": 1}),
        ("highest flag", "not 0", {"flags": 0x80}),
        ("relocation_length", "256, and none is there", {"relocation_length": 256}),
        ("window_bits 8", "below 9", {"window_bits": 8}),
        ("window_bits 16", "above 15", {"window_bits": 16}),
        ("block_size 0", "no power of two", {"block_size": 0}),
        ("block_size 6144", "no power of two", {"block_size": 6144}),
        ("block_size 2048", "below 4096", {"block_size": 2048}),
        ("block_size 131072", "above 65536", {"block_size": 131072}),
        ("image_size 2^32-1", "above 16777216, and rows are missing", {"image_size": 0xFFFFFFFF}),
    ):
        yield case(name, why, replace(good, header=header), "head")
    yield case("image_size 0", "no image, and no rows", Payload(()), "head")
    rows = (Block(periodic(b"\xff", 65536), DEFLATE, b"\0"),) * 256
    large = Payload((*rows, raw(b"!")), {"block_size": 65536})
    yield case("image_size 2^24+1", "one byte too large, with a row for each block", large, "head")


def broken_tables() -> Iterator[dict[str, object]]:
    """Yield the cases whose table does not fit the image, or has a row that breaks a rule."""
    first, last = deflated(b"slotcast "), raw(noise(20))
    size = {"image_size": 4116}
    yield case("table short", "one row for two blocks", Payload((first,), size), "head")
    yield case("table long", "three rows for two", Payload((first, last, last), size), "head")
    stored = Stream().stored(last.image).to_bytes()
    for name, why, bad in (
        ("encoding 4", "unknown", replace(last, row={"encoding": 4})),
        ("encoding 0x80", "no joined raw", replace(last, row={"encoding": 0x80})),
        ("encoding 0x81", "no joined deflate", Block(last.image, 0x81, b"\x03\0")),
        ("encoding 0x82", "no joined copy", Block(last.image, 0x82, b"")),
        ("raw too short", "shorter than the block", Block(last.image, RAW, noise(19))),
        ("raw too long", "longer than the block", Block(last.image, RAW, noise(21))),
        ("deflate of 0 bytes", "encoded_length is 0", Block(last.image, DEFLATE, b"")),
        ("deflate as long", "as long as the block", Block(last.image, DEFLATE, stored[:20])),
        ("deflate longer", "a good stream, but too long", Block(last.image, DEFLATE, stored)),
    ):
        yield case(name, why, Payload((first, bad)), "head")


def other_manifests() -> Iterator[dict[str, object]]:
    """Yield the cases that are not what the manifest vouches for, before any block is looked at."""
    good = Payload((deflated(b"slotcast "), raw(noise(20))))
    head, data = good.head(), good.to_bytes()
    for name, why, manifest in (
        ("object short", "the rows add up to more than length", {"length": len(data) - 1}),
        ("object long", "the rows add up to less than length", {"length": len(data) + 1}),
        ("other head", "head_sha256 is of another head", {"head_sha256": "00" * 32}),
        ("other size", "image_size is not size", {"size": len(good.image) - 1}),
        ("other image", "image_sha256 is not sha256", {"sha256": "00" * 32}),
        ("head cut in its table", "head_length is a row short", vouch(head[:-20])),
        ("head cut in its header", "head_length is 79", vouch(head[:79])),
        ("head with data", "head_length is a byte too long", vouch(data[: len(head) + 1])),
    ):
        yield case(name, why, good, "head", **manifest)


def broken_blocks() -> Iterator[dict[str, object]]:
    """Yield the cases with a good head, and data that is not what it promises."""
    first, good, last = deflated(b"first "), deflated(b"slotcast "), raw(noise(20))
    for name, why, bad in (
        ("raw byte changed", "the hash differs", replace(last, encoded=last.image[:-1] + b"!")),
        ("block hash wrong", "in its last byte", replace(good, row={"hash": wrong_hash(good)})),
        ("other content", "a good stream of another block", stored(repeat(b"slotcase ", 4096))),
        ("stream cut", "half of the stream is missing", stored(good.encoded[:40])),
        ("stream without end", "all bytes, but no end of block", stored(pieces())),
        ("stream goes on", "all bytes, but the block is not the final one", stored(pieces(0))),
        ("decodes to less", "to 4095 bytes", stored(repeat(b"slotcast ", 4095))),
        ("decodes to more", "to 4097 bytes", stored(repeat(b"slotcast ", 4097))),
        ("decodes to far more", "to 131072 bytes", stored(repeat(b"slotcast ", 131072))),
        ("byte behind the stream", "the stream ends before", stored(good.encoded + b"\0")),
        ("reserved block type", "deflate block type 3", stored(b"\x07" + good.encoded)),
        ("reach before the block", "distance 9 after 8 bytes", stored(early_reach())),
        ("stored length wrong", "LEN is not the complement of NLEN", stored(b"\x01\x04\0\0\0abcd")),
        ("zlib wrapper", "RFC 1950, not RFC 1951", stored(b"\x78\x9c" + good.encoded)),
    ):
        yield case(name, why, Payload((first, bad)), "block")
    other = Payload((good, last), {"image_sha256": noise(32)})
    why = "each block is good, and header and manifest agree, but on another image"
    yield case("image_sha256 wrong", why, other, "image", sha256=noise(32).hex())


def vouch(head: bytes) -> dict[str, int | str]:
    """Return the manifest's words for a head cut elsewhere."""
    return {"head_length": len(head), "head_sha256": hashlib.sha256(head).hexdigest()}


def stored(encoded: bytes) -> Block:
    """Return the block of 4096 times "slotcast ", stored as other bytes."""
    return Block(periodic(b"slotcast ", 4096), DEFLATE, encoded)


def wrong_hash(block: Block) -> bytes:
    """Return the block's hash, its last byte changed."""
    digest = hashlib.sha256(block.image).digest()[:16]
    return digest[:-1] + bytes([digest[-1] ^ 1])


def pieces(end: int | None = None) -> bytes:
    """Return the stream of 4096 times "slotcast ": not final where it has an end, else endless."""
    stream = Stream().begin(final=end is None).literals(b"slotcast ").copy(9, 4087)
    return stream.to_bytes() if end is None else stream.end().to_bytes()


def early_reach() -> bytes:
    """Return a stream that copies from before its first byte."""
    return Stream().begin().literals(b"slotcast").copy(9, 4088).end().to_bytes()


def dynamic_block() -> Block:
    """Return the block of 1024 bytes of words, drawn by a linear congruence."""
    words, state, drawn = WORDS.split(), 12345, ""
    while len(drawn) < 1024:
        state = (state * 1103515245 + 12345) % 2**31
        drawn += words[(state >> 16) % len(words)] + " "
    return Block(drawn[:1024].encode(), DEFLATE, DYNAMIC)


def several() -> Block:
    """Return a block whose stream is a stored, an empty stored and a fixed deflate block."""
    stream = Stream().stored(b"stored, ", final=False).stored(b"", final=False)
    stream.begin().literals(b"fixed, ").copy(15, 985).end()
    return Block(periodic(b"stored, fixed, ", 1000), DEFLATE, stream.to_bytes())


def farthest() -> Block:
    """Return a block of 16384 that repeats its first 4096 bytes from exactly 4096 bytes back."""
    start = periodic(b"0123456789abcdef-", 4096)
    stream = Stream().begin().literals(start[:17]).copy(17, 4079).copy(4096, 12288).end()
    return Block(start * 4, DEFLATE, stream.to_bytes())
