"""Cases of payload.json with blocks that read a base as it is."""

from collections.abc import Iterator
from itertools import pairwise

from delta_builder import (
    BLOCK,
    PLAIN,
    SHORT,
    P,
    based,
    copy,
    delta,
    frame,
    joined,
    step,
    stream,
    tail,
)
from delta_reference import svarint, varint
from payload_builder import DELTA, Block, Board, Payload, case, deflated, noise, raw


def cases() -> list[dict[str, object]]:
    """Return all cases."""
    good = [*copied_rows(), *frames(), *frames_with_copies(), *instructions(), *outside()]
    return good + [*limits()]


def copied_rows() -> Iterator[dict[str, object]]:
    """Yield good cases without a frame."""
    whole = based(copy(0), copy(1), copy(2), copy(3))
    yield case("the base again", "copy rows alone, and a short one", whole)
    start = based(copy(0), copy(1, length=100))
    yield case("start of the base", "a short copy row within the base", start)
    mixed = based(raw(noise(BLOCK, "mixed")), copy(1), deflated(b"between "), copy(3))
    yield case("copy between others", "raw, copy, deflate, copy", mixed)


def frames() -> Iterator[dict[str, object]]:
    """Yield good cases of frames without copy rows."""
    one = frame(P[100:9000], svarint(100) + varint(8900))
    yield case("one frame", "a delta and two joined blocks, from position 100", based(*one))
    two = (
        delta(P[5:4101], svarint(5) + varint(4096)),
        delta(P[:4096], svarint(-4096) + varint(4096)),
    )
    yield case("two frames", "each position begins at its own first block", based(*two))
    last = delta(P[:BLOCK], svarint(0) + varint(BLOCK)), delta(P[4097:4098], svarint(1) + varint(1))
    yield case("last block of one byte", "in a frame of its own", based(*last))
    said = svarint(-BLOCK) + varint(2 * BLOCK)
    between = deflated(b"mixed "), *frame(P[: 2 * BLOCK], said), raw(noise(904, "tail"))
    yield case("frame between others", "deflate, frame, raw", based(*between))
    large = P[:12000] + P[:4384]
    long = svarint(0) + tail(12000, b"") + svarint(-12000) + varint(4384)
    default = based(Block(large, DELTA, stream(long)), block_size=16384)
    yield case("frame of a default block", "16384 bytes", default)
    narrow = based(delta(P[:200], svarint(0) + varint(200)), window_bits=9)
    yield case("frame within 9 bits", "the narrowest window", narrow)


def frames_with_copies() -> Iterator[dict[str, object]]:
    """Yield good cases of frames that go on behind copy rows."""
    blocks = delta(P[10:4106], svarint(10) + varint(5096)), copy(1), joined(P[8202:9202])
    yield case("copy row within a copy", "position moves on by the row's length", based(*blocks))
    text = noise(146, "literals")
    said = svarint(0) + tail(4000, text) + svarint(5) + varint(100)
    blocks = delta(P[:4000] + text[:96], said), copy(1), joined(text[96:] + P[8101:8201])
    yield case("copy row within literals", "position moves on all the same", based(*blocks))
    said = svarint(0) + tail(4000, text[:96]) + svarint(-8000) + varint(500)
    blocks = delta(P[:4000] + text[:96], said), copy(1), joined(P[96:596])
    yield case("copy row before a jump", "which begins behind the row", based(*blocks))
    said = svarint(0) + step(4096, 7) + varint(99)
    change = bytes([(P[8192] + 7) % 256])
    blocks = delta(P[:4096], said), copy(1), joined(change + P[8193:8292])
    yield case("copy row before a change", "which is of a byte behind the row", based(*blocks))
    said = svarint(1) + varint(4096 + 200)
    blocks = delta(P[1:4097], said), copy(1), copy(2), joined(P[12289:12489])
    yield case("two copy rows within a copy", "one behind the other", based(*blocks))
    said = svarint(-4096) + varint(4096)
    blocks = copy(0), delta(P[:4096], said), copy(2), copy(3)
    yield case("copy rows around a frame", "those behind it are no part of it", based(*blocks))
    second = delta(P[8000:8212], svarint(8000 - 12288) + varint(212))
    yield case("frame behind copy rows", "has its own stream", based(*blocks[:3], second))
    twice = svarint(3) + varint(8192)
    blocks = delta(P[3:4099], twice), copy(1), joined(P[8195:12291]), copy(3)
    yield case("copy rows in and behind a frame", "one each", based(*blocks))


def instructions() -> Iterator[dict[str, object]]:
    """Yield good cases of what instructions can say."""
    every = b"".join(step(0, change) for change in range(1, 256))
    changed = bytes((P[at] + at + 1) % 256 for at in range(255))
    yield case("all changes", "1 to 255, modulo 256", based(delta(changed, svarint(0) + every)))
    steps = b"".join(step(at, 1) for at in range(1, 40))
    places = {sum(range(1, at + 2)) + at for at in range(39)}
    image = bytes((P[at] + (at in places)) % 256 for at in range(819))
    ends = svarint(0) + steps
    yield case("copies and changes", "ends with a change", based(delta(image, ends)))
    jumps, image = svarint(9000), b""
    position = 9000
    for length, to in ((100, 300), (5, 12400), (100, 8190), (10, 0), (1, 4090), (20, 4090)):
        image += P[position : position + length]
        jumps += tail(length, b"") + svarint(to - position - length)
        position = to
    image, jumps = image + P[4090:4100], jumps + varint(10)
    yield case("jumps", "to and fro, to the base's end, over rows", based(delta(image, jumps)))
    text = noise(300, "text")
    said = svarint(0) + tail(0, text)
    yield case("literals alone", "nothing of the base is read", based(delta(text, said)))
    said = svarint(0) + tail(0, text[:1]) + svarint(0) + tail(0, text[1:])
    yield case("groups of literals", "two groups, the first of a byte", based(delta(text, said)))
    said = svarint(2) + step(0, 255) + tail(0, b"") + svarint(-3) + varint(1)
    image = bytes([(P[2] - 1) % 256, P[0]])
    yield case(
        "group of a change", "and a jump to the base's first byte", based(delta(image, said))
    )
    yield case("numbers of five bytes", "more than they need", based(wasteful(60)))


def wasteful(count: int) -> Block:
    """Return a block each byte of which takes a group of 22 bytes."""
    group = varint(0, 5) + b"\1" + varint(0, 5) + b"\0" + varint(0, 5) + svarint(0, 5)
    said = svarint(0, 5) + group * (count - 1) + varint(0, 5) + b"\1"
    return delta(bytes((byte + 1) % 256 for byte in P[:count]), said)


def outside() -> Iterator[dict[str, object]]:
    """Yield good cases in which position stands outside of the base while nothing is read."""
    text, short = noise(5000, "outside"), SHORT.data
    said = svarint(0) + tail(24, text) + svarint(-24) + varint(24)
    longer = based(*frame(short + text + short, said), base=SHORT)
    yield case("image longer than its base", "literals from its end on, then back", longer)
    said = svarint(0) + tail(0, text[:100]) + svarint(-BLOCK) + varint(24)
    blocks = raw(text[:BLOCK]), delta(text[:100] + short, said)
    yield case("frame behind the base's end", "begins with literals", based(*blocks, base=SHORT))
    farthest = 2**30 - 1
    said = svarint(farthest) + tail(0, b"far") + svarint(-farthest) + varint(24)
    far = delta(b"far" + short, said)
    yield case("position 2^30-1", "the highest, then back", based(far, base=SHORT))
    said = svarint(24) + tail(0, b"!") + svarint(-24) + varint(24)
    end = delta(b"!" + short, said)
    yield case("position at the base's end", "and back", based(end, base=SHORT))
    said = svarint(8192) + tail(4096, text[:50]) + svarint(-16384) + varint(9)
    blocks = delta(P[8192:12288], said), copy(1), joined(text[:50] + P[:9])
    yield case("copy row leads outside", "literals follow, and a jump back", based(*blocks))


def limits() -> Iterator[dict[str, object]]:
    """Yield cases at the edge of a board's memory."""
    small = based(delta(P[:100], svarint(0) + varint(100)))
    for memory, stage in ((12288, ""), (12287, "head")):
        name, board = f"delta in {memory} bytes", Board(PLAIN, memory)
        yield case(name, "4096 for block, window and row each", small, stage, board)
    wide = Payload((deflated(b"wide "),), {"window_bits": 15})
    for memory, stage in ((36864, ""), (36863, "head")):
        name = f"window of 32768 in {memory} bytes"
        yield case(name, "4096 and 32768", wide, stage, Board(memory=memory))
    narrow = Payload((deflated(b"slot", 16384),), {"block_size": 16384, "window_bits": 9})
    for memory, stage in ((16896, ""), (16895, "head")):
        name, why = f"block of 16384 in {memory} bytes", "16384 and 512"
        yield case(name, why, narrow, stage, Board(memory=memory))
    large = based(Block(P[:9000], DELTA, stream(svarint(0) + varint(9000))), block_size=32768)
    yield case("delta of the largest block", "65536", widest(), "", Board(PLAIN, 131072))
    yield case("delta of a large block", "32768, and the board has 28672", large, "head")
    for count, stage in ((128, ""), (129, "block")):
        image, said = turning(count)
        yield case(f"{count} turns", "in 4096 bytes", based(delta(image, said)), stage)
        name = f"{count} turns in the second block"
        yield case(name, "behind 128 in the first", based(*turning_twice(count)), stage)


def turning(count: int) -> tuple[bytes, bytes]:
    """Return bytes that are read from two rows in turn, and the instructions."""
    places = [at // 2 + at % 2 * BLOCK for at in range(count)]
    said = svarint(0)
    for place, following in pairwise(places):
        said += tail(1, b"") + svarint(following - place - 1)
    return bytes(P[place] for place in places), said + varint(1)


def turning_twice(count: int) -> tuple[Block, ...]:
    """Return two blocks that begin so, the first with 128 turns."""
    (one, first), (two, second) = turning(128), turning(count)
    text = noise(BLOCK - len(one), "turning")
    # Behind the first's last byte, which was read at 4096 + 63: a group's end, and back to 0.
    said = first + b"\0" + varint(len(text)) + text + svarint(-4160) + second[len(svarint(0)) :]
    return delta(one + text, said), joined(two)


def widest() -> Payload:
    """Return a delta in one block of 65536 at most, with the widest window."""
    said = svarint(0) + tail(12500, b"") + svarint(-12500) + varint(4000)
    block = Block(P + P[:4000], DELTA, stream(said))
    return based(block, block_size=65536, window_bits=15)
