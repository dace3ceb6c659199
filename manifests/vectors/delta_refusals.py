"""Cases of payload.json with tables, instructions and frames of a delta that must be refused."""

from collections.abc import Iterator
from dataclasses import replace

from delta_builder import (
    BLOCK,
    DAMAGED,
    OTHER,
    SHORT,
    P,
    based,
    copy,
    delta,
    joined,
    step,
    stream,
    tail,
)
from delta_reference import svarint, varint
from fixed_huffman import Stream, repeat
from payload_builder import COPY, DELTA, RAW, Block, Board, case, deflated, noise, raw


def cases() -> list[dict[str, object]]:
    """Return all cases."""
    return [*other_boards(), *broken_rows(), *broken_instructions(), *broken_streams()]


def other_boards() -> Iterator[dict[str, object]]:
    """Yield the cases whose base is not what the board runs."""
    good = based(copy(0), delta(P[:50], svarint(-BLOCK) + varint(50)))
    yield case("no base", "nothing can be read", good, "head", Board())
    yield case("other base", "image_digest is another", good, "head", Board(OTHER))
    unlike = "the right digest, and other bytes"
    yield case("copy of a damaged base", unlike, based(copy(0)), "block", Board(DAMAGED))
    read = based(delta(P[:50], svarint(0) + varint(50)))
    yield case("delta of a damaged base", unlike, read, "block", Board(DAMAGED))
    beyond = Block(P[12288:] + b"!", COPY, b"")
    long = based(copy(0), copy(1), copy(2), beyond)
    yield case("copy row beyond the base", "by one byte", long, "head")
    behind = based(raw(noise(BLOCK, "one")), Block(b"far", COPY, b""), base=SHORT)
    yield case("copy row behind the base", "which ends before it", behind, "head")


def broken_rows() -> Iterator[dict[str, object]]:
    """Yield the cases whose table breaks a rule of copy, delta and joined rows."""
    first = delta(P[:BLOCK], svarint(0) + varint(BLOCK))
    longer = delta(P[:BLOCK], svarint(0) + varint(BLOCK + 20))
    last, plain = joined(P[BLOCK : BLOCK + 20]), deflated(b"slotcast ")
    noisy = raw(noise(BLOCK))
    for name, why, payload in (
        ("delta without base", "base_digest is zeros", based(first, base=None)),
        ("copy without base", "base_digest is zeros", based(copy(0), base=None)),
        ("base without use", "no block reads it", based(plain)),
        ("joined first", "no frame goes on", based(last)),
        ("joined behind raw", "no frame goes on", based(noisy, last)),
        ("joined behind deflate", "no frame goes on", based(plain, last)),
        ("joined behind copy", "no frame goes on", based(copy(0), last)),
        ("joined behind copy behind raw", "no frame", based(noisy, copy(1), joined(P[8192:8200]))),
        ("joined behind a raw within", "it ends the frame", based(first, noisy, last)),
        ("copy with bytes", "encoded_length is 1", based(Block(P[:BLOCK], COPY, b"!"))),
        ("joined with bytes", "encoded_length is 1", based(longer, replace(last, encoded=b"!"))),
        ("delta without bytes", "encoded_length is 0", based(Block(P[:BLOCK], DELTA, b""))),
        ("flags with a base", "not 0", based(first, flags=1)),
    ):
        yield case(name, why, payload, "head")


def broken_instructions() -> Iterator[dict[str, object]]:
    """Yield the cases whose instructions break a rule."""
    image, big = P[:300], 2**31
    nothing = varint(0) + b"\0" + varint(0) + svarint(0)
    start, copies = svarint(0), svarint(0) + varint(300)
    nine, rest = tail(9, b""), tail(0, image[9:])
    six = start + varint(299) + b"\0" + b"\x81\x80\x80\x80\x80\0" + image[299:]
    for name, why, said in (
        ("empty stream", "no position", b""),
        ("position alone", "no group", start),
        ("copy too short", "299 bytes, then nothing", start + varint(299)),
        ("literals cut", "299 of 300", start + b"\0\0" + varint(300) + image[:299]),
        ("literals without count", "the stream ends before it", start + varint(9) + b"\0"),
        ("group without jump", "the stream ends before it", start + tail(9, b"")),
        ("number cut", "its last byte is missing", start + b"\x80"),
        ("copy too long", "301 bytes", start + varint(301)),
        ("copy far too long", "2^31-1 bytes", start + varint(big - 1)),
        ("literals too many", "301", start + tail(0, image + b"!")),
        ("literals too many behind a copy", "by one", start + tail(299, image[299:] + b"!")),
        ("change behind the end", "a step too many", start + step(300, 1)),
        ("zero behind the end", "the end of a group", copies + b"\0"),
        ("tail behind the end", "a whole one", copies + b"\0\0\0"),
        ("jump behind the literals", "no group follows", start + tail(0, image) + svarint(0)),
        ("copy of nothing behind", "a varint too many", start + tail(0, image) + b"\0\0"),
        ("byte behind the copy", "any", copies + b"!"),
        ("group of nothing", "the first", start + nothing + varint(300)),
        (
            "second group of nothing",
            "behind one",
            start + nine + svarint(0) + nothing + varint(291),
        ),
        ("number of six bytes", "a copy's", start + b"\xac\x82\x80\x80\x80\0"),
        ("number of 2^31", "a copy's", start + varint(big)),
        ("number of 2^35-1", "a copy's", start + b"\xff\xff\xff\xff\x7f"),
        ("position of six bytes", "the first", b"\x80\x80\x80\x80\x80\0" + varint(300)),
        ("literals of six bytes", "their count", six),
        ("position of 2^31", "the first", varint(big) + varint(300)),
        ("position below 0", "the first", svarint(-1) + varint(300)),
        ("lowest position", "the first", svarint(-(2**30)) + varint(300)),
        ("position below 0 for literals", "nothing is read", svarint(-1) + tail(0, image)),
        ("jump below 0", "by one", start + nine + svarint(-10) + rest),
        ("jump to 2^30", "nothing is read", start + nine + svarint(2**30 - 9) + rest),
        ("copy at the base's end", "a byte", svarint(12500) + varint(1) + tail(0, image[1:])),
        ("copy beyond the base", "by one", svarint(12201) + varint(300)),
        ("change at the base's end", "a byte", svarint(12500) + step(0, 1) + varint(299)),
        ("change beyond the base", "by one", svarint(12201) + step(299, 1)),
        ("jump beyond the base", "and a copy", start + tail(9, b"") + svarint(12492) + varint(291)),
        ("copy far beyond the base", "2^30-1", svarint(2**30 - 1) + varint(300)),
        ("other bytes", "another place of the base", svarint(1) + varint(300)),
        ("other change", "in the last byte", start + step(299, 1)),
    ):
        yield case(name, why, based(delta(image, said)), "block")
    yield from broken_frames()


def broken_frames() -> Iterator[dict[str, object]]:
    """Yield the cases of frames of several blocks whose instructions break a rule."""
    first, good = delta(P[:BLOCK], svarint(0) + varint(BLOCK)), joined(P[4096:4196])
    long = replace(first, encoded=stream(svarint(0) + varint(BLOCK + 101)))
    right = replace(first, encoded=stream(svarint(0) + varint(BLOCK + 100)))
    led = delta(P[8192:12288], svarint(8192) + varint(4200)), copy(1), joined(P[12288:12392])
    far = delta(b"!", svarint(2**30 - BLOCK) + tail(0, b"!"))
    for name, why, blocks in (
        ("frame too short", "the second block has no instructions", (first, good)),
        ("frame too long", "by a byte", (long, good)),
        ("copy row leads a copy outside", "it moves position on", led),
        ("second frame at 2^30", "from its own place in the image", (first, far)),
        ("second block of other bytes", "the first is good", (right, joined(P[4095:4195]))),
    ):
        yield case(name, why, based(*blocks), "block")


def broken_streams() -> Iterator[dict[str, object]]:
    """Yield the cases of frames whose deflate stream is not one, or not the frame's."""
    image = P[:300]
    said = svarint(0) + varint(300)
    good, bomb = stream(said), svarint(0) + step(0, 1)
    endless = Stream().begin(final=False).literals(said).end().to_bytes()
    for name, why, encoded in (
        ("frame cut", "the stream's last byte is missing", good[:-1]),
        ("frame without end", "its block is not the final one", endless),
        ("byte behind the frame's stream", "any", good + b"\0"),
        ("frame of a reserved block type", "deflate block type 3", b"\x07" + good),
        ("frame in zlib's wrapper", "RFC 1950, not RFC 1951", b"\x78\x9c" + good),
        ("frame that is not deflated", "the instructions themselves", said),
        ("bomb of steps", "1 MiB of them", repeat(bomb[1:], 2**20)),
        ("bomb behind a frame", "1 MiB of zeros", bomb_behind(said)),
        ("bomb of continued numbers", "1 MiB of 0x80", repeat(b"\x80", 2**20)),
    ):
        yield case(name, why, based(Block(image, DELTA, encoded)), "block")
    raw_behind = Block(image, RAW, image)
    first = Block(P[:BLOCK], DELTA, stream(svarint(0) + varint(BLOCK)) + b"\0")
    name, why = "byte between frames", "in the first one's bytes"
    yield case(name, why, based(first, raw_behind), "block")


def bomb_behind(said: bytes) -> bytes:
    """Return the stream of instructions, and 1 MiB of zeros behind them."""
    return Stream().begin().literals(said + b"\0").copy(1, 2**20).end().to_bytes()
