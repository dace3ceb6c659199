"""The installer with payloads that have a base: frames, copies, resuming, and what is refused."""

from hashlib import sha256

import flash
from check import raises
from deltas import (
    BLOCK,
    COPY,
    DEFLATE,
    DELTA,
    JOINED,
    RAW,
    Image,
    copied,
    payload,
    relocation,
    svarint,
    varint,
)
from inflating import stored
from test_install import Edge, Told, check, fetch, fetch_again_and_again, prepare

from slotcast.delta import Base
from slotcast.errors import DownloadError, PayloadError
from slotcast.install import Installer
from slotcast.slots import other_slot

HEAP_KIB = 4096
OLD = flash.app_image(body=bytes([i * i % 251 for i in range(10 * BLOCK)]))
NEW = flash.app_image(body=OLD[100:BLOCK] + b"changed" * 9 + OLD[BLOCK : 10 * BLOCK + 100])
COUNT = 11  # blocks of either
# A block of "a", as zlib deflates it.
LETTERS = bytes.fromhex("edc1010d000000c2a0acef5fc21e0e28000000e0dd00")


def edited(start, length):
    """Instructions for NEW[start:][:length] on OLD, none of it a copy."""
    piece = NEW[start : start + length]
    return svarint(-start) + varint(0) + b"\0" + varint(len(piece)) + piece


def whole():
    """NEW as one frame."""
    return [(DELTA, stored(edited(0, len(NEW))))] + [(JOINED, b"")] * (COUNT - 1)


def raw(image=NEW):
    """An image in raw blocks."""
    return [(RAW, image[at : at + BLOCK]) for at in range(0, len(image), BLOCK)]


class Rig:
    """A board that runs `old`, and an edge that serves `image` as a payload of `rows`.

    Args:
        stands: blocks that the other slot holds already.
    """

    def __init__(self, rows, image=NEW, old=OLD, stands=(), edit=None, base=OLD, **how):
        head, data = payload(image, rows, base, **how)
        self.told = Told(image, head, data)
        self.edge = Edge(bytearray(head + data))
        if edit:
            edit(self.told, self.edge.data)
        self.image = image
        self.partition = flash.board(12)
        self.slot = other_slot(self.partition)
        for index in stands:
            self._put(index)
        self.base = old and Base(Image(old))
        self.seen = []
        self.installer = self.new_installer()

    def _put(self, index):
        at = self.slot.address + index * BLOCK
        block = self.image[index * BLOCK : (index + 1) * BLOCK]
        self.partition.flash[at : at + BLOCK] = block + b"\xff" * (BLOCK - len(block))

    def new_installer(self, sectors=1, memory=28672):
        buffers = [bytearray(BLOCK) for _ in range(sectors)]
        tell = self.seen.append
        return Installer(
            self.slot,
            self.edge.get_steps,
            buffers,
            lambda done, total: tell(done),
            self.base,
            memory,
        )

    def run(self):
        prepare(self.installer, self.told)
        fetch(self.installer, self.told)
        start = self.slot.address
        assert self.partition.flash[start : start + len(self.image)] == self.image

    def is_refused(self, says):
        raises(PayloadError, prepare, self.installer, self.told, says=says)
        assert not self.partition.writes

    def ranges(self):
        """Those asked for behind the head, as offsets in the data."""
        start = self.told.head_length
        return [(first - start, last - start) for first, last in self.edge.ranges[1:]]

    def written(self):
        return [block for block, _ in self.partition.writes]


def test_an_image_of_one_frame_takes_two_requests():
    rig = Rig(whole())
    rig.run()
    check(rig.installer, rig.told)
    assert len(rig.edge.ranges) == 2 and rig.written() == list(range(COUNT))
    assert all(response.is_closed for response in rig.edge.responses)
    assert rig.seen[0] == BLOCK and rig.seen[-1] == len(NEW)


def test_an_image_that_is_moved_as_a_whole():
    image = OLD[-32:] + OLD
    stream = svarint(0) + varint(0) + b"\0" + varint(32) + OLD[-32:] + svarint(0)
    rows = [(DELTA, stored(stream + varint(len(OLD))))] + [(JOINED, b"")] * (COUNT - 1)
    Rig(rows, image).run()


def test_blocks_larger_than_a_sector():
    rows = [(DELTA, stored(edited(0, len(NEW)))), (JOINED, b""), (JOINED, b"")]
    rig = Rig(rows, block=16384)
    rig.installer = rig.new_installer(sectors=4)
    rig.run()
    assert rig.written() == list(range(COUNT))


class Eraser:
    """Notes what it is asked to erase, and what is written by then."""

    def __init__(self, partition):
        self.asked = []
        self._partition = partition

    def erase_ahead(self, offset, sectors, stop, image_size):
        written = len(self._partition.writes)
        self.asked.append(
            (offset, [bytes(sector) for sector in sectors], stop, image_size, written)
        )


def test_an_eraser_is_told_of_each_block_before_it_is_written():
    end = len(NEW) % BLOCK
    last = NEW[-end:] + b"\xff" * (BLOCK - end)
    for stands, stops in (((), [COUNT] * COUNT), ((3, 4), [3] * 3 + [0] * 2 + [COUNT] * 6)):
        rig = Rig(whole(), stands=stands)
        eraser = Eraser(rig.partition)
        buffers = [bytearray(BLOCK), bytearray(BLOCK)]
        rig.installer = Installer(
            rig.slot, rig.edge.get_steps, buffers, base=rig.base, eraser=eraser
        )
        rig.run()
        asked = [index for index in range(COUNT) if index not in stands]
        assert [offset for offset, _, _, _, _ in eraser.asked] == [BLOCK * i for i in asked]
        for number, (offset, sectors, stop, size, written) in enumerate(eraser.asked):
            index = offset // BLOCK
            assert sectors == [NEW[offset : offset + BLOCK] if index < COUNT - 1 else last]
            assert stop == min(stops[index] * BLOCK, len(NEW)) and size == len(NEW)
            assert written == number


def test_every_encoding_in_one_payload():
    image = bytearray(OLD)
    at = 5 * BLOCK
    for changed in (BLOCK + 5, at + 9, at + BLOCK + 1):
        image[changed] = OLD[changed] + 1 & 0xFF
    rows = [(COPY, b"")] * COUNT
    rows[1] = RAW, image[BLOCK : 2 * BLOCK]
    stream = svarint(0) + varint(9) + b"\1" + varint(BLOCK - 9) + b"\1" + varint(BLOCK - 2)
    rows[5:7] = [(DELTA, stored(stream)), (JOINED, b"")]
    rows[8] = DEFLATE, LETTERS
    image[8 * BLOCK : 9 * BLOCK] = b"a" * BLOCK
    rig = Rig(rows, bytes(image))
    rig.run()
    assert rig.ranges() == [(0, BLOCK + len(rows[5][1]) + len(LETTERS) - 1)]
    assert rig.written() == list(range(COUNT))


def test_an_image_of_copies_alone_fetches_the_head_alone():
    rig = Rig([(COPY, b"")] * COUNT, image=OLD)
    rig.run()
    assert len(rig.edge.ranges) == 1 and rig.written() == list(range(COUNT))


def test_a_copy_is_not_relocated_and_a_delta_is():
    old = b"\x00\x10\x00\x42" * 3072
    image = old[: 2 * BLOCK] + b"\x04\x10\x00\x42" * 1024
    rows = [(COPY, b""), (COPY, b""), (DELTA, copied(BLOCK))]
    moved = relocation((), [(0x42000000, 4)])
    Rig(rows, image, old, base=old, moved=moved).run()


def test_a_frame_goes_on_behind_a_copied_block():
    image = OLD[: 2 * BLOCK] + OLD[2 * BLOCK - 9 : 3 * BLOCK - 9]
    stream = svarint(0) + varint(BLOCK) + b"\0" + varint(0) + svarint(-9) + varint(BLOCK)
    rows = [(DELTA, stored(stream)), (COPY, b""), (JOINED, b"")]
    for stands in ((), (0,), (1,), (0, 1), (0, 2), (2,), (1, 2), (0, 1, 2)):
        rig = Rig(rows, image, stands=stands)
        rig.run()
        assert rig.written() == [index for index in range(3) if index not in stands]
        needs_bytes = 0 not in stands or 2 not in stands
        assert len(rig.ranges()) == needs_bytes, stands


def test_blocks_that_stand_are_decoded_and_not_written():
    rig = Rig(whole(), stands=(0, 2, 3))
    rig.run()
    assert rig.written() == [1] + list(range(4, COUNT)) and len(rig.ranges()) == 1


def test_a_download_ends_with_the_last_block_that_is_missing():
    rig = Rig(whole(), stands=range(2, COUNT))
    rig.run()
    assert rig.written() == [0, 1] and rig.edge.responses[-1].is_closed
    assert rig.edge.responses[-1]._at < 3 * BLOCK


def test_a_short_rest_of_the_last_frame_is_not_read_either():
    rig = Rig(whole(), stands=(COUNT - 2, COUNT - 1))
    rig.run()
    assert rig.edge.responses[-1]._at < len(rig.edge.data) - rig.told.head_length - 1000


def test_nothing_is_asked_for_before_the_blocks_that_are_copied_are_written():
    rig = Rig([(COPY, b""), (COPY, b""), (RAW, OLD[2 * BLOCK : 3 * BLOCK])], OLD[: 3 * BLOCK])
    prepare(rig.installer, rig.told)
    steps, seen = rig.installer.fetch_steps(), []
    for _ in steps:
        seen.append((len(rig.ranges()), len(rig.written())))
    assert seen == [(0, 1), (0, 2), (1, 2), (1, 3)]


def two_frames():
    half = 5 * BLOCK
    stream = edited(half, len(NEW) - half)
    rows = [(DELTA, stored(edited(0, half)))] + [(JOINED, b"")] * 4
    return rows + [(DELTA, stored(stream))] + [(JOINED, b"")] * (COUNT - 6)


def test_frames_that_are_not_needed_are_not_fetched():
    rows = two_frames()
    first = len(rows[0][1])
    rig = Rig(rows, stands=range(5))
    rig.run()
    assert rig.ranges() == [(first, first + len(rows[5][1]) - 1)]
    rig = Rig(rows, stands=range(5, COUNT))
    rig.run()
    assert rig.ranges() == [(0, first - 1)]


def test_a_long_rest_of_a_frame_is_not_read_for_the_next():
    rows = two_frames()
    first, both = len(rows[0][1]), len(rows[0][1]) + len(rows[5][1])
    for stands, expected in (((1, 2, 3, 4), 2), ((4,), 1)):
        rig = Rig(rows, stands=stands)
        rig.run()
        assert rig.ranges() == [(0, both - 1), (first, both - 1)][:expected]


def test_a_frame_of_which_only_a_copied_block_is_missing_is_read_over():
    image = OLD[: 5 * BLOCK]
    rows = [(RAW, image[:BLOCK]), (DELTA, copied(2 * BLOCK)), (COPY, b""), (JOINED, b"")]
    rows.append((RAW, image[4 * BLOCK :]))
    for stands, requests in (((1, 3), 1), ((0, 1, 3, 4), 0), ((0, 1, 3), 1), ((1, 3, 4), 1)):
        rig = Rig(rows, image, stands=stands)
        rig.run()
        assert len(rig.ranges()) == requests
        assert rig.written() == [index for index in range(5) if index not in stands]


def test_a_broken_link_resumes_at_the_frames_beginning():
    rows = two_frames()
    rig = Rig(rows)
    prepare(rig.installer, rig.told)
    first, both = len(rows[0][1]), len(rows[0][1]) + len(rows[5][1])
    rig.edge.breaks = [4 * BLOCK + 500, first + BLOCK + 1000]
    pauses = []
    fetch_again_and_again(rig.installer, rig.told, pauses, [])
    check(rig.installer, rig.told)
    assert rig.ranges() == [(0, both - 1), (0, both - 1), (first, both - 1)]
    assert rig.written() == list(range(COUNT)) and pauses == [1, 1]


def test_a_frame_that_never_comes_through_is_given_up():
    rig = Rig(whole())
    prepare(rig.installer, rig.told)
    rig.edge.breaks = [3 * BLOCK + 3000] * 20
    raises(DownloadError, fetch_again_and_again, rig.installer, rig.told, [], [])
    assert rig.written() == [0, 1, 2]


def test_each_block_of_a_frame_is_a_step_and_each_sector_written():
    rig = Rig(whole(), stands=(0, 3))
    steps = len(list(rig.installer.prepare_steps(rig.told)))
    assert steps == 1 + COUNT + 8  # the answer, blocks hashed, blank sectors behind the last
    assert len(list(rig.installer.fetch_steps())) == 1 + COUNT


def test_a_payload_of_another_base_is_refused():
    rig = Rig(whole(), old=None)
    rig.is_refused("another base")
    rig = Rig(whole(), old=OLD[:-1] + b"\0")
    rig.is_refused("another base")


def test_a_payload_without_a_base_is_taken_whatever_runs():
    Rig(raw(), base=bytes(32)).run()
    Rig(raw(), base=bytes(32), old=None).run()


def test_an_entry_of_the_manifest_may_be_named():
    rig = Rig(whole())
    other = Told(NEW, b"", b"")
    other.full = None
    rig.told.size, rig.told.sha256 = len(NEW), sha256(NEW).digest().hex()
    list(rig.installer.prepare_steps(other, rig.told))
    fetch(rig.installer, rig.told)
    check(rig.installer, rig.told)


def test_a_copy_from_outside_of_the_base_is_refused_before_anything_is_written():
    old = OLD[: 5 * BLOCK + 100]
    rows = raw()
    rows[5] = COPY, b""
    Rig(rows, old=old, base=old).is_refused("block 5 is copied from outside")
    old = OLD[: 6 * BLOCK]
    rig = Rig(rows, old=old, base=old)
    prepare(rig.installer, rig.told)


def test_more_memory_than_there_is_is_refused():
    rig = Rig(whole())
    rig.installer = rig.new_installer(memory=3 * 4096 - 1)
    rig.is_refused("memory")


def test_blocks_larger_than_the_sectors_are_refused():
    rows = [(DELTA, stored(edited(0, len(NEW))))] + [(JOINED, b"")] * 5
    Rig(rows, block=8192).is_refused("sectors")


def test_a_head_may_be_longer_than_a_table_but_not_without_limit():
    moved = relocation((), [(8 * i, i) for i in range(1, 513)])
    Rig(whole(), moved=moved).run()
    rig = Rig(whole())
    rig.told.head_length = 80 + COUNT * 20 + 5 * (2 + 16 + 1024) + 1
    rig.is_refused("impossible")
    assert not rig.edge.ranges
    rig.told.head_length -= 1
    rig.is_refused("wrong hash")


def refused_at(rows, block, says, **how):
    """The payload is refused at a block, and nothing of this or a later one is written."""
    rig = Rig(rows, **how)
    prepare(rig.installer, rig.told)
    raises(PayloadError, fetch, rig.installer, rig.told, says="block %d" % block)
    raises(PayloadError, fetch, rig.installer, rig.told, says=says)
    assert rig.written() == list(range(block))
    assert all(response.is_closed for response in rig.edge.responses)


def test_a_frame_that_lies_is_refused_and_nothing_of_that_block_is_written():
    rest = [(JOINED, b"")] * (COUNT - 1)
    wrong = bytearray(edited(0, len(NEW)))
    wrong[2 * BLOCK + 50] ^= 1
    refused_at([(DELTA, stored(wrong))] + rest, 2, "wrong hash")
    refused_at([(DELTA, stored(edited(0, 3 * BLOCK)))] + rest, 3, "ends early")
    refused_at([(DELTA, stored(edited(0, len(NEW)) + b"\0"))] + rest, COUNT - 1, "goes on")
    refused_at([(DELTA, stored(edited(0, len(NEW))) + b"\0")] + rest, COUNT - 1, "goes on")
    more = svarint(0) + varint(0) + b"\0" + varint(len(NEW) + 1) + NEW + b"x"
    refused_at([(DELTA, stored(more))] + rest, 0, "more than its blocks")
    far = svarint(0) + varint(len(OLD) + 1)
    refused_at([(DELTA, stored(far))] + rest, 0, "outside")


def test_a_copied_block_with_another_hash_is_refused():
    rows = [(COPY, b"")] * COUNT
    refused_at(rows, 1, "wrong hash", image=OLD[: BLOCK + 1] + b"x" + OLD[BLOCK + 2 :])


def test_frames_in_another_order_are_refused():
    rows = two_frames()

    def edit(told, data):
        first, second = rows[0][1], rows[5][1]
        data[told.head_length :] = second + first

    refused_at(rows, 0, "", edit=edit)


def test_a_deflated_block_goes_with_a_base_as_well():
    rows = [(COPY, b"")] + [(DEFLATE, b"\3\0")] * (COUNT - 1)
    refused_at(rows, 1, "ends early", image=OLD)
