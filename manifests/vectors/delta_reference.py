"""Deltas a second time, straight from manifests/payload.md: relocation and instructions.

Plain on purpose, and with no code of publisher or device: the vectors and tests hold both to it.
"""

from collections.abc import Sequence

ROW = 4096
LUI, ADDI, LOAD, JALR, STORE = 0x37, 0x13, 0x03, 0x67, 0x23
WRAP = 2**32

Pairs = Sequence[tuple[int, int]]


def varint(value: int, length: int = 1) -> bytes:
    """Return a varint, of `length` bytes at least."""
    out = []
    while value > 127 or len(out) + 1 < length:
        out.append(value % 128 + 128)
        value //= 128
    return bytes([*out, value])


def svarint(value: int, length: int = 1) -> bytes:
    """Return an svarint, of `length` bytes at least."""
    return varint(2 * value if value >= 0 else -2 * value - 1, length)


def relocation_bytes(ranges: Pairs, entries: Pairs) -> bytes:
    """Return the relocation of a head: ranges as (start, end), entries as (start, shift)."""
    out = varint(len(ranges)) + varint(len(entries))
    behind = start = shift = 0
    for begin, end in ranges:
        out += varint(begin - behind) + varint(end - begin)
        behind = end
    for address, by in entries:
        out += varint(address - start) + svarint(by - shift)
        start, shift = address, by
    return out


def relocated(base: bytes, ranges: Pairs, entries: Pairs) -> bytes:
    """Return the relocated base."""
    out = bytearray(base)
    for start in range(0, len(base), ROW):
        end = min(start + ROW, len(base))
        for at in range(start, end - 3, 4):
            if not any(first <= at < last for first, last in ranges):
                word = _word(out, at)
                _put(out, at, word + shift_of(word, entries))
        for first, last in ranges:
            _relocate_pairs(out, max(first, start), min(last, end), entries)
    return bytes(out)


def shift_of(address: int, entries: Pairs) -> int:
    """Return the shift of an address."""
    found = [shift for start, shift in entries if start <= address]
    return found[-1] if found and address < 2**31 else 0


def _relocate_pairs(out: bytearray, at: int, end: int, entries: Pairs) -> None:
    pending: dict[int, tuple[int, int]] = {}
    while end - at >= 4:
        if out[at] % 4 != 3:
            at += 2
            continue
        code = _word(out, at)
        op, rd, rs1 = code % 128, code >> 7 & 31, code >> 15 & 31
        if op == LUI:
            pending[rd] = at, code >> 12
        elif op in (LOAD, JALR, STORE) or (op == ADDI and code >> 12 & 7 == 0):
            if rs1 in pending and at - pending[rs1][0] <= 128:
                _complete(out, at, *pending[rs1], entries)
            if op != STORE:
                pending.pop(rd, None)
        at += 4


def _complete(out: bytearray, at: int, lui: int, upper: int, entries: Pairs) -> None:
    code = _word(out, at)
    is_store = code % 128 == STORE
    low = (code >> 25 << 5) + (code >> 7 & 31) if is_store else code >> 20
    address = ((upper << 12) + low - (4096 if low > 2047 else 0)) % WRAP
    shift = shift_of(address, entries)
    if not shift:
        return
    target = (address + shift) % WRAP
    _put(out, lui, _word(out, lui) % 4096 + ((target + 0x800 >> 12) % 2**20 << 12))
    low = target % 4096
    if is_store:
        _put(out, at, (code & 0x01FFF07F) + (low >> 5 << 25) + (low % 32 << 7))
    else:
        _put(out, at, code % 2**20 + (low << 20))


def _word(data: bytearray, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def _put(data: bytearray, at: int, word: int) -> None:
    data[at : at + 4] = (word % WRAP).to_bytes(4, "little")


def follow(
    stream: bytes,
    base: bytes,
    start: int,
    blocks: Sequence[tuple[int, bool]],
    block_size: int = 65536,
) -> bytes:
    """Return what the instructions of a frame write, without its copy rows.

    Args:
        stream: the instructions.
        base: the relocated base.
        start: where the frame's first block begins in the image.
        blocks: (length, whether it is a copy row) of each.
        block_size: of the payload.

    Raises ValueError or IndexError where the stream is to be refused.
    """
    reader = _Reader(stream)
    frame = _Frame(base, start, blocks, block_size)
    frame.seek(reader.svarint())
    while not frame.is_whole:
        _follow_group(reader, frame)
    reader.verify_end()
    return bytes(frame.out)


def _follow_group(reader: "_Reader", frame: "_Frame") -> None:
    begun = len(frame.out)
    change = 1
    while change and not frame.is_whole:
        for _ in range(reader.varint()):
            frame.copy(0)
        if frame.is_whole:
            return
        change = reader.byte()
        if change:
            frame.copy(change)
    if frame.is_whole:
        return
    for _ in range(reader.varint()):
        frame.write(reader.byte())
    if len(frame.out) == begun:
        raise ValueError("a group that writes nothing")
    if not frame.is_whole:
        frame.seek(reader.svarint())


class _Frame:
    """What a frame has written, and where it stands in the base."""

    def __init__(
        self, base: bytes, start: int, blocks: Sequence[tuple[int, bool]], block_size: int
    ) -> None:
        self.out = bytearray()
        self._row, self._turns, self._most_turns = -1, 0, block_size // 32
        self._ends: set[int] = set()  # where blocks of this frame end, in what it writes
        self._base, self._position = base, start
        self._left_out: dict[int, int] = {}  # behind so many bytes: the length of copy rows
        self._length = 0
        for length, is_copied in blocks:
            if is_copied:
                before = self._left_out.get(self._length, 0)
                self._left_out[self._length] = before + length
            else:
                self._length += length
                self._ends.add(self._length)

    @property
    def is_whole(self) -> bool:
        return len(self.out) == self._length

    def seek(self, distance: int) -> None:
        self._position += distance
        if not 0 <= self._position < 2**30:
            raise ValueError("a position of which there is none")

    def copy(self, change: int) -> None:
        byte = self._base[self._position]
        if self._position // ROW != self._row:
            self._row, self._turns = self._position // ROW, self._turns + 1
        if self._turns > self._most_turns:
            raise ValueError("too many turns")
        self._position += 1
        self.write((byte + change) % 256)

    def write(self, byte: int) -> None:
        if self.is_whole:
            raise ValueError("instructions for more than the frame")
        self.out.append(byte)
        if len(self.out) in self._ends:
            self._turns = 0
        self._position += self._left_out.get(len(self.out), 0)


class _Reader:
    """Reads instructions."""

    def __init__(self, stream: bytes) -> None:
        self._stream = stream
        self._at = 0

    def byte(self) -> int:
        self._at += 1
        return self._stream[self._at - 1]

    def varint(self) -> int:
        value = 0
        for place in range(5):
            byte = self.byte()
            value += byte % 128 << 7 * place
            if byte < 128:
                break
        if byte > 127 or value >= 2**31:
            raise ValueError("a number of which there is none")
        return value

    def svarint(self) -> int:
        value = self.varint()
        return -(value + 1) // 2 if value % 2 else value // 2

    def verify_end(self) -> None:
        if self._at != len(self._stream):
            raise ValueError("instructions for more than the frame")
