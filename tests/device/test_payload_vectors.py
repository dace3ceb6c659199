"""The board's decoder on all vectors: MicroPython's deflate, and zlib under CPython."""

from hashlib import sha256

import flash
import inflating  # noqa: F401  deflate, where this interpreter has none
from check import raises, vectors
from deltas import Image

from slotcast import delta_plain, inflate, trickle
from slotcast.buffers import Buffers
from slotcast.delta import Base, fastest
from slotcast.errors import ImageError, PayloadError
from slotcast.install import Installer
from slotcast.slots import other_slot
from slotcast.steps import finish

HEAP_KIB = 8192  # the vectors alone are 460 KB of JSON
PLAIN = delta_plain.run, delta_plain.words, delta_plain.pairs


class Told:
    """What a vector's manifest says."""

    chip = "esp32"

    def __init__(self, fields):
        for name in fields:
            setattr(self, name, fields[name])
        self.full = self
        self.path = "payloads/x.slc"
        self.md5 = self.image_digest = ""


class Response:
    """A range of a payload, in short reads."""

    def __init__(self, data):
        self._data = data

    def readinto(self, buffer):
        count = min(len(buffer), len(self._data), 100)
        buffer[:count] = self._data[:count]
        self._data = self._data[count:]
        return count

    def close(self):
        pass


class Case:
    """A vector, and a board for it."""

    def __init__(self, fields, bases, loops):
        self.name = fields["name"]
        self.told = Told(fields["manifest"])
        self.partition = flash.board(slot_sectors=24)
        data = bytes.fromhex(fields["payload"])

        def get(path, start, stop):
            yield
            return Response(data[start : stop + 1])

        base, memory = None, fields.get("memory", 28672)
        if "base" in fields:
            image = Image(bytes.fromhex(bases[fields["base"]]["data"]))
            image.digest = bases[fields["base"]]["digest"]
            base = Base(image, loops)
        sectors = Buffers(memory, False).sectors
        slot = other_slot(self.partition)
        self.installer = Installer(slot, get, sectors, base=base, memory=memory)
        self._at = slot.address

    def prepare(self):
        finish(self.installer.prepare_steps(self.told))

    def fetch(self):
        finish(self.installer.fetch_steps())

    def check(self):
        finish(self.installer.check_steps(self.told))

    def image(self):
        return self.partition.flash[self._at : self._at + self.told.size]


def cases(expect, stage=None):
    """Each with the portable loops and with the fastest; without a base there are none."""
    content = vectors("payload")
    found = [c for c in content["cases"] if c["expect"] == expect and c.get("stage") == stage]
    assert found
    for fields in found:
        for loops in (PLAIN, fastest()) if "base" in fields else (PLAIN,):
            yield Case(fields, content["bases"], loops)


def test_good_payloads_give_their_image():
    for case in cases("ok"):
        case.prepare()
        case.fetch()
        assert sha256(case.image()).digest().hex() == case.told.sha256, case.name


def test_bad_heads_are_refused_before_anything_is_written():
    for case in cases("refuse", "head"):
        try:
            case.prepare()
        except PayloadError:
            assert not case.partition.writes, case.name
            continue
        raise AssertionError(case.name)


def test_bad_blocks_are_refused_and_not_written():
    for case in cases("refuse", "block"):
        case.prepare()
        try:
            case.fetch()
        except PayloadError:
            written = sum(count for _, count in case.partition.writes)
            assert written < case.told.size, case.name
            continue
        raise AssertionError(case.name)


def test_a_payload_of_another_image_is_found_by_the_check():
    for case in cases("refuse", "image"):
        case.prepare()
        case.fetch()
        raises(ImageError, case.check)


def _without_a_ring(test, most):
    pump, limit = inflate._pump, trickle._MAX_HELD_BYTES
    inflate._pump = lambda source: (trickle.held(source), lambda: None)
    trickle._MAX_HELD_BYTES = most
    try:
        test()
    finally:
        inflate._pump, trickle._MAX_HELD_BYTES = pump, limit


def test_without_a_ring_the_same_blocks_are_decoded():
    _without_a_ring(test_good_payloads_give_their_image, 1 << 20)
    _without_a_ring(test_bad_blocks_are_refused_and_not_written, 1 << 20)


def test_without_a_ring_long_input_is_read_when_it_is_due():
    _without_a_ring(test_good_payloads_give_their_image, 0)
    _without_a_ring(test_bad_blocks_are_refused_and_not_written, 0)
