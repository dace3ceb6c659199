"""The loops in viper, which only MicroPython compiles, against the portable ones."""

from array import array

from check import VECTORS
from deltas import Image, relocation, svarint, varint
from inflating import stored

from slotcast import delta, delta_plain, delta_viper
from slotcast.delta import Base, Delta
from slotcast.errors import PayloadError
from slotcast.inflate import Source
from slotcast.relocation_fields import read_relocation
from slotcast.steps import finish

HEAP_KIB = 2048
PLAIN = delta_plain.run, delta_plain.words, delta_plain.pairs
VIPER = delta_viper.run, delta_viper.words, delta_viper.pairs
FIRMWARE = VECTORS + "../../.cache/firmware/micrOS-%s-1.28.0-3.3.0-0.bin"
ROW = 4096


class Dice:
    """Numbers that look random, and are the same in each run."""

    def __init__(self, seed):
        self._state = seed

    def below(self, limit):
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) & ((1 << 64) - 1)
        return (self._state >> 33) % limit

    def data(self, count):
        return bytes([self.below(256) for _ in range(count)])


def test_viper_serves_where_it_can():
    assert delta.fastest() == VIPER


def a_map(dice, count, low, high):
    """`count` entries from low on; those of shift 0 and the largest ones are among them."""
    start, entries = low, []
    for _ in range(count):
        shifts = (0, 4, -4, dice.below(1 << 20), -dice.below(1 << 29), (1 << 28), -(1 << 28))
        entries.append((start, shifts[dice.below(7)]))
        start += 1 + dice.below(2 * (high - low) // count)
        if start >= 1 << 31:
            break
    return entries


def agree_on(row, offset, ranges, entries):
    """Whether both forms of a relocation change a row, and to the same."""
    moved = read_relocation(relocation(ranges, entries), 0)
    rows = bytearray(row), bytearray(row)
    moved.apply(rows[0], offset, len(row), PLAIN[1], PLAIN[2])
    moved.apply(rows[1], offset, len(row), VIPER[1], VIPER[2])
    assert rows[0] == rows[1]
    return rows[0] != row


def test_rows_of_random_words():
    dice, changed = Dice(1), 0
    for count in (1, 2, 3, 100, 512):
        entries = a_map(dice, count, dice.below(1 << 30), 1 << 31)
        changed += agree_on(dice.data(ROW), 0, (), entries)
        changed += agree_on(dice.data(ROW - count % 4), 0, ((8, 400), (1000, 1000)), entries)
    assert changed > 5


def test_rows_of_random_pairs():
    dice, changed = Dice(2), 0
    kinds = (0x37, 0x37, 0x13, 0x03, 0x67, 0x23, 0x33)
    for _ in range(12):
        row = bytearray(dice.data(ROW))
        for at in range(0, ROW - 4, 4):
            kind = dice.below(9)
            if kind < 7:  # of few registers, so that they meet
                row[at] = kinds[kind] | dice.below(2) << 7
                row[at + 1] = row[at + 1] & (0xF1 if kind == 0 else 0x81)
                row[at + 2] = row[at + 2] & 0xF0
        entries = a_map(dice, 1 + dice.below(512), dice.below(1 << 31), 1 << 31)
        changed += agree_on(row, 0, ((4 * dice.below(300), 4096),), entries)
    assert changed > 8


def test_words_at_the_edges_of_32_bits():
    edges = (0, 1, 0x7FFFFFFE, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFE, 0xFFFFFFFF)
    row = b"".join([edge.to_bytes(4, "little") for edge in edges])
    for start in (0, 1, 0x7FFFFFFF):
        for shift in (1, -1, (1 << 30) - 1, -(1 << 30)):
            agree_on(row, 0, (), ((start, shift),))


def rows_of(chip, count):
    """Rows of real firmware, spread over it; (offset, row)."""
    with open(FIRMWARE % chip, "rb") as file:
        size = file.seek(0, 2)
        for number in range(count):
            offset = size // ROW * number // count * ROW
            file.seek(offset)
            yield offset, bytearray(file.read(ROW))


def test_rows_of_real_firmware():
    entries = [(0x3C000000, 0x40), (0x3FC80000, -0x10), (0x40380000, 0), (0x42000000, 0x2468)]
    changed = 0
    for offset, row in rows_of("esp32c3", 40):
        changed += agree_on(row, offset, ((354604, 393240), (393248, 1693664)), entries)
    assert changed > 30
    entries = [(0x3F400000, 0x40), (0x3FF80000, -0x10), (0x40080000, 0), (0x400D0000, -0x2468)]
    changed = sum(agree_on(row, offset, (), entries) for offset, row in rows_of("esp32", 40))
    assert changed > 20


def a_stream(dice, length, size):
    """Instructions that write `length` bytes from a base of `size`."""
    at, out, left = 0, b"", length

    def up_to(limit):
        return min(limit, dice.below(1 << dice.below(13)))

    target = dice.below(size)
    out += svarint(target)
    at = target
    while left:
        count = up_to(min(left, size - at))
        out += varint(count)
        left -= count
        at += count
        if not left:
            break
        if at < size and dice.below(4):
            out += bytes([1 + dice.below(255)])
            left -= 1
            at += 1
            if not left:
                break
            continue
        count = min(left, 1 + up_to(600))
        out += b"\0" + varint(count) + dice.data(count)
        left -= count
        if left:
            target = dice.below(size)
            out += svarint(target - at)
            at = target
    return out


class Taken:
    """What a form makes of a stream, in pieces of those sizes."""

    def __init__(self, stream, sizes, loops, base):
        import io

        data = stored(stream)
        self.out, self.error = [], None
        source = Source(io.BytesIO(data), len(data))
        found = Delta(source, 12, Base(Image(base), loops), 0, sum(sizes), 65536)
        try:
            for size in sizes:
                piece = bytearray(size)
                finish(found.fill_steps(memoryview(piece)))
                self.out.append(piece)
            found.verify_ended()
        except PayloadError as error:
            self.error = str(error)


def test_random_instructions():
    dice = Dice(3)
    base = dice.data(10007)
    for _ in range(30):
        length = 1 + dice.below(9000)
        first = dice.below(length)
        stream = a_stream(dice, length, len(base))
        plain, viper = (
            Taken(stream, (first, length - first), loops, base) for loops in (PLAIN, VIPER)
        )
        assert plain.error is None and viper.error is None
        assert plain.out == viper.out


def test_damaged_instructions():
    dice, errors = Dice(4), set()
    base = dice.data(5000)
    for number in range(300):
        length = 1 + dice.below(1 << dice.below(12))
        stream = bytearray(a_stream(dice, length, len(base)))
        for _ in range(1 + dice.below(3)):
            at = dice.below(len(stream))
            change = number % 3
            if change == 0:
                stream[at] ^= 1 << dice.below(8)
            elif change == 1:
                stream = stream[:at] + stream[at + 1 :] + b"\0"
            else:
                stream = stream[:at] + dice.data(2) + stream[at:]
        plain, viper = (Taken(bytes(stream), (length,), loops, base) for loops in (PLAIN, VIPER))
        assert (plain.out, plain.error) == (viper.out, viper.error)
        errors.add(plain.error)
    assert len(errors) > 5


def test_the_state_is_the_same_wherever_a_loop_comes_back():
    dice = Dice(5)
    row, tokens, out = dice.data(ROW), dice.data(256), bytearray(100)
    for number in range(3000):
        fields = [dice.below(6), dice.below(257), 256, dice.below(101), 100, dice.below(6000)]
        fields += [dice.below(300), 0, 0, dice.below(2), 100 + dice.below(400), 0, 5000]
        if number % 2:
            fields[7:9] = [dice.below(1 << 28), 28]
        if fields[0] == 2:  # a copy at hand is inside of the base
            fields[5] = min(fields[5], 5000 - fields[6])
        states = array("i", fields), array("i", fields)
        outs = bytearray(out), bytearray(out)
        found = delta_plain.run(states[0], memoryview(tokens), row, memoryview(outs[0]))
        assert found == delta_viper.run(states[1], tokens, row, outs[1]), fields
        assert outs[0] == outs[1], (fields, found)
        if found < 3:
            assert states[0] == states[1], (fields, found)
