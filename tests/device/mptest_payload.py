"""The board's decoder on all vectors, with MicroPython's own deflate."""

from hashlib import sha256

import flash
from check import raises, vectors

from slotcast import payload
from slotcast.errors import ImageError, PayloadError
from slotcast.install import Installer
from slotcast.slot import other_slot
from slotcast.steps import finish

HEAP_KIB = 4096  # the vectors alone are 76 KB of JSON


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


def _installer(data):
    partition = flash.board(slot_sectors=8)

    def get(path, start, stop):
        yield
        return Response(data[start : stop + 1])

    return partition, Installer(other_slot(partition), get, [bytearray(4096) for _ in range(4)])


def _cases(expect, stage=None):
    found = [
        case
        for case in vectors("payload")["cases"]
        if case["expect"] == expect and case.get("stage") == stage
    ]
    assert found
    for case in found:
        yield case["name"], bytes.fromhex(case["payload"]), Told(case["manifest"])


def test_good_payloads_give_their_image():
    for name, data, told in _cases("ok"):
        partition, installer = _installer(data)
        finish(installer.prepare_steps(told))
        finish(installer.fetch_steps(told))
        at = other_slot(partition).address
        image = partition.flash[at : at + told.size]
        assert sha256(image).digest().hex() == told.sha256, name


def test_bad_heads_are_refused_before_anything_is_written():
    for name, data, told in _cases("refuse", "head"):
        partition, installer = _installer(data)
        try:
            finish(installer.prepare_steps(told))
        except PayloadError:
            assert not partition.writes, name
            continue
        raise AssertionError(name)


def test_bad_blocks_are_refused_and_not_written():
    for name, data, told in _cases("refuse", "block"):
        partition, installer = _installer(data)
        finish(installer.prepare_steps(told))
        try:
            finish(installer.fetch_steps(told))
        except PayloadError:
            written = sum(count for _, count in partition.writes)
            assert written < told.size, name
            continue
        raise AssertionError(name)


def test_a_payload_of_another_image_is_found_by_the_check():
    for _, data, told in _cases("refuse", "image"):
        _, installer = _installer(data)
        finish(installer.prepare_steps(told))
        finish(installer.fetch_steps(told))
        raises(ImageError, finish, installer.check_steps(told))


def test_without_a_ring_the_same_blocks_are_decoded():
    pump = payload._pump
    payload._pump = lambda source: (payload._held(source), lambda: None)
    try:
        test_good_payloads_give_their_image()
        test_bad_blocks_are_refused_and_not_written()
    finally:
        payload._pump = pump
