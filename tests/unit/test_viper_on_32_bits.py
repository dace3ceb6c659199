"""The loops in viper as a board computes them, with words of 32 bits; MicroPython's tests have 64.

The source is carried out by Python, each result cut to a signed word, each load signed.
"""

import ast
from array import array
from pathlib import Path

import deltas
import pytest
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st

import slotcast
from slotcast import delta_plain
from slotcast.delta import Base, Delta
from slotcast.errors import PayloadError
from slotcast.inflate import Source
from slotcast.relocation_fields import read_relocation
from slotcast.steps import finish

SOURCE = Path(slotcast.__file__).with_name("delta_viper.py")
PLAIN = delta_plain.run, delta_plain.words, delta_plain.pairs
EDGES = st.sampled_from([0, 1, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 0x42000FFF, 0x42001800])
WORDS = EDGES | st.integers(0, (1 << 32) - 1) | st.integers(0x42000000, 0x42010000)


def word(value):
    return (value + (1 << 31)) % (1 << 32) - (1 << 31)


class Pointer:
    """ptr8, ptr16 or ptr32 of a buffer."""

    def __init__(self, size, buffer):
        held = buffer._bytes if isinstance(buffer, Pointer) else memoryview(buffer)
        self._size, self._bytes = size, held.cast("B")

    def __getitem__(self, index):
        piece = self._bytes[index * self._size : (index + 1) * self._size]
        assert len(piece) == self._size
        return int.from_bytes(piece, "little", signed=self._size == 4)

    def __setitem__(self, index, value):
        data = (value % (1 << 8 * self._size)).to_bytes(self._size, "little")
        assert len(self._bytes[index * self._size :]) >= self._size
        self._bytes[index * self._size : (index + 1) * self._size] = data


class Cut(ast.NodeTransformer):
    """Cuts the result of each operation, and makes pointers of what is declared as one."""

    def visit_BinOp(self, node):
        self.generic_visit(node)
        return ast.Call(ast.Name("word", ast.Load()), [node], [])

    def visit_AugAssign(self, node):
        self.generic_visit(node)
        target = ast.Name(node.target.id, ast.Load())
        result = ast.Call(
            ast.Name("word", ast.Load()), [ast.BinOp(target, node.op, node.value)], []
        )
        return ast.Assign([node.target], result)

    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        node.decorator_list, node.returns = [], None
        for argument in node.args.args:
            kind, argument.annotation = argument.annotation.id, None
            if kind != "int":
                size = int(kind.removeprefix("ptr")) // 8
                made = ast.parse(f"{argument.arg} = Pointer({size}, {argument.arg})").body
                node.body[:0] = made
        return node


@pytest.fixture(scope="module")
def viper():
    """(run, words, pairs)."""
    tree = ast.parse(SOURCE.read_text())
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    tree = ast.fix_missing_locations(Cut().visit(tree))
    names = {"word": word, "Pointer": Pointer, "ptr32": lambda pointer: Pointer(4, pointer)}
    exec(compile(tree, str(SOURCE), "exec"), names)
    return names["run"], names["words"], names["pairs"]


def test_literals_are_small_integers_of_a_board():
    for node in ast.walk(ast.parse(SOURCE.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            assert node.value < 1 << 30


@st.composite
def maps(draw):
    starts = sorted(draw(st.sets(st.integers(0, (1 << 31) - 1) | EDGES, min_size=1, max_size=9)))
    starts = [start for start in starts if start < 1 << 31]
    limit = (1 << 29) - 1
    shifts = st.integers(-limit, limit) | st.sampled_from([0, 4, -limit, limit])
    return [(start, draw(shifts)) for start in starts or [0]]


@examples(150)
@given(entries=maps(), values=st.lists(WORDS, min_size=1, max_size=20))
def test_words(viper, entries, values):
    agree(viper, b"".join(value.to_bytes(4, "little") for value in values), (), entries)


def pair(values):
    """A lui and an instruction that may use it."""
    upper, code, immediate, registers = values
    lui = (upper & 0xFFFFF000 | registers[0] << 7 | 0x37).to_bytes(4, "little")
    use = (immediate & 0xFFF0007F) | registers[1] << 15 | registers[2] << 7
    return lui + (use & ~0x7F | code).to_bytes(4, "little")


CODES = st.sampled_from([0x13, 0x03, 0x67, 0x23, 0x33])
REGISTERS = st.tuples(*[st.sampled_from([0, 1, 31])] * 3)


@examples(150)
@given(entries=maps(), pairs=st.lists(st.tuples(WORDS, CODES, WORDS, REGISTERS), max_size=12))
def test_pairs(viper, entries, pairs):
    row = b"".join(pair(values) for values in pairs)
    agree(viper, row, [(0, len(row))], entries)


def agree(viper, row, ranges, entries):
    moved = read_relocation(deltas.relocation(ranges, entries), 0)
    found = []
    for loops in (PLAIN, viper):
        held = bytearray(row)
        moved.apply(held, 0, len(held), loops[1], loops[2])
        found.append(held)
    assert found[0] == found[1]


BASE = bytes(i * 5 % 256 for i in range(5000))
COUNTS = st.integers(0, 30) | st.sampled_from([4096, 5000, (1 << 31) - 1])
STEPS = st.tuples(COUNTS, st.binary(max_size=9), st.integers(-900, 900) | st.just((1 << 30) - 1))


@examples(150)
@given(begins=COUNTS, groups=st.lists(STEPS, max_size=6), cut=st.integers(0, 99))
def test_instructions(viper, begins, groups, cut):
    stream = deltas.svarint(begins >> 1)
    length = 1
    for count, literals, seek in groups:
        stream += deltas.varint(count) + b"\5" + deltas.varint(1) + b"\0"
        stream += deltas.varint(len(literals)) + literals + deltas.svarint(seek)
        length += count + 2 + len(literals)
    stream = (stream + deltas.varint(1))[: len(stream) + 1 - cut if cut < 9 else None]
    size = min(length, 20000)
    assert written(stream, size, PLAIN) == written(stream, size, viper)


def written(stream, size, loops):
    data = deltas.stored(stream)
    found = Delta(
        Source(Stream(data), len(data)), 12, Base(deltas.Image(BASE), loops), 0, size, 65536
    )
    piece = bytearray(size)
    try:
        finish(found.fill_steps(memoryview(piece)))
        found.verify_ended()
    except PayloadError as error:
        return str(error)
    return piece


class Stream:
    def __init__(self, data):
        self._data = data

    def readinto(self, view):
        count = min(len(view), len(self._data))
        view[:count], self._data = self._data[:count], self._data[count:]
        return count


@examples(100)
@given(fields=st.lists(st.integers(0, (1 << 30) - 1), min_size=3, max_size=3))
def test_numbers_of_31_bits(viper, fields):
    value, position, size = fields
    for phase in (0, 1, 4):
        tokens = deltas.varint(value)
        state = [phase, 0, len(tokens), 0, 1, position, 0, 0, 0, 0, size, 0, size]
        states = array("i", state), array("i", state)
        row = bytes(4096)
        reasons = [
            loops[0](held, memoryview(tokens), row, memoryview(bytearray(1)))
            for loops, held in zip((PLAIN, viper), states, strict=True)
        ]
        assert reasons[0] == reasons[1]
        assert reasons[0] > 2 or states[0] == states[1]
