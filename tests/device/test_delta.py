"""Instructions of a delta's frame: what they write, and all that is refused."""

import builtins
import io

from check import raises
from deltas import Image, svarint, varint
from inflating import stored

from slotcast import delta_plain
from slotcast.delta import Base, Delta, fastest
from slotcast.errors import PayloadError
from slotcast.inflate import Source
from slotcast.steps import finish

HEAP_KIB = 1024
PLAIN = delta_plain.run, delta_plain.words, delta_plain.pairs
BASE = bytes([i * 7 & 0xFF for i in range(9001)])


class Frame:
    """A delta of `length` bytes at `offset` in the image."""

    def __init__(self, instructions, length, offset=0, base=BASE, loops=PLAIN, trail=b""):
        data = stored(instructions) + trail
        source = Source(io.BytesIO(data), len(data))
        self.delta = Delta(source, 12, Base(Image(base), loops), offset, length, 65536)
        self.length = length

    def write(self, *sizes):
        """Everything, in pieces of those sizes."""
        out = b""
        for size in sizes or (self.length,):
            piece = memoryview(bytearray(size))
            finish(self.delta.fill_steps(piece))
            out += bytes(piece)
        self.delta.verify_ended()
        return out


def each(test):
    """Run a test with the portable loops, and with the fastest ones."""
    for loops in (PLAIN, fastest()):
        test(loops)


def writes(expected, instructions, sizes=(), **how):
    def test(loops):
        frame = Frame(instructions, len(expected), loops=loops, **how)
        assert frame.write(*sizes) == expected

    each(test)


def refuses(says, instructions, length, **how):
    def test(loops):
        raises(PayloadError, Frame(instructions, length, loops=loops, **how).write, says=says)

    each(test)


def test_a_copy_begins_at_the_frames_own_offset():
    writes(BASE[:10], svarint(0) + varint(10))
    writes(BASE[100:110], svarint(0) + varint(10), offset=100)
    writes(BASE[98:108], svarint(-2) + varint(10), offset=100)
    writes(BASE[:5], svarint(-100) + varint(5), offset=100)


def test_a_copy_crosses_rows_and_ends_with_the_base():
    writes(BASE[4090:4100], svarint(4090) + varint(10))
    writes(BASE, svarint(0) + varint(len(BASE)))
    writes(BASE[9000:], svarint(9000) + varint(1))


def test_changes_are_added_modulo_256():
    stream = svarint(0) + varint(2) + b"\x01" + varint(0) + b"\xff" + varint(1)
    expected = bytearray(BASE[:5])
    expected[2] += 1
    expected[3] -= 1
    writes(bytes(expected), stream)


def test_literals_stand_as_they_are_and_do_not_move_the_position():
    stream = svarint(0) + varint(3) + b"\0" + varint(4) + b"\0\1\2\3" + svarint(0) + varint(2)
    writes(BASE[:3] + b"\0\1\2\3" + BASE[3:5], stream)


def test_a_group_may_seek_both_ways():
    stream = svarint(0) + varint(3) + b"\0" + varint(0) + svarint(5000) + varint(2)
    stream += b"\0" + varint(0) + svarint(-5005) + varint(4)
    writes(BASE[:3] + BASE[5003:5005] + BASE[:4], stream)


def test_a_frame_may_end_with_a_change_or_a_literal():
    writes(bytes([BASE[0] + 5]), svarint(0) + varint(0) + b"\5")
    writes(b"z", svarint(0) + varint(0) + b"\0" + varint(1) + b"z")


def test_a_frame_behind_the_bases_end_may_write_literals_and_seek_back():
    stream = svarint(0) + varint(0) + b"\0" + varint(2) + b"ab" + svarint(-20000) + varint(2)
    writes(b"ab" + BASE[:2], stream, offset=20000)


def test_blocks_may_begin_and_end_anywhere_in_an_instruction():
    stream = svarint(4000) + varint(200) + b"\7" + varint(0) + b"\0" + varint(300) + bytes(300)
    stream += svarint(-4200) + varint(300)
    expected = BASE[4000:4200] + bytes([BASE[4200] + 7 & 0xFF]) + bytes(300) + BASE[1:301]
    for size in (1, 7, 100, 200, 201, 267, 400):
        sizes = [size] * (801 // size) + ([801 % size] if 801 % size else [])
        writes(expected, stream, sizes)


def test_many_small_instructions_are_read_in_small_pieces():
    stream, expected = svarint(0), bytearray(BASE[:4000])
    for at in range(1, 4000, 2):
        stream += varint(1) + bytes([at % 255 + 1])
        expected[at] = BASE[at] + at % 255 + 1 & 0xFF
    writes(bytes(expected), stream)


def test_a_block_that_is_copied_moves_the_position():
    stream = svarint(10) + varint(4) + b"\0" + varint(4) + b"abcd" + svarint(0) + varint(2)

    def test(loops):
        frame = Frame(stream, 10, loops=loops)
        out = b""
        for number, size in enumerate((2, 4, 4)):
            if number:
                frame.delta.pass_over(1000)
            piece = memoryview(bytearray(size))
            finish(frame.delta.fill_steps(piece))
            out += bytes(piece)
        frame.delta.verify_ended()
        assert out == BASE[10:12] + BASE[1012:1014] + b"abcd" + BASE[2014:2016]

    each(test)


def test_a_block_copied_in_the_midst_of_a_copy_leaves_it_inside_the_base():
    def test(loops):
        for length, is_good in ((4000, True), (4001, False)):
            frame = Frame(svarint(1) + varint(5000), 5000, loops=loops)
            finish(frame.delta.fill_steps(memoryview(bytearray(100))))
            if is_good:
                frame.delta.pass_over(length)
                finish(frame.delta.fill_steps(memoryview(bytearray(4900))))
            else:
                raises(PayloadError, frame.delta.pass_over, length, says="outside")

    each(test)


def test_a_copied_block_may_move_the_position_outside_while_nothing_is_read():
    stream = svarint(9000) + varint(1) + b"\0" + varint(1) + b"x" + svarint(-5001) + varint(3)

    def test(loops):
        frame = Frame(stream, 5, loops=loops)
        finish(frame.delta.fill_steps(memoryview(bytearray(1))))
        frame.delta.pass_over(4096)
        piece = memoryview(bytearray(4))
        finish(frame.delta.fill_steps(piece))
        assert bytes(piece) == b"x" + BASE[8096:8099]

    each(test)


def test_a_block_copied_in_the_midst_of_literals_may_leave_them_no_room_in_the_base():
    stream = svarint(4900) + varint(0) + b"\0" + varint(9) + b"literally"

    def test(loops):
        frame = Frame(stream, 9, loops=loops)
        finish(frame.delta.fill_steps(memoryview(bytearray(2))))
        frame.delta.pass_over(4096)
        piece = memoryview(bytearray(7))
        finish(frame.delta.fill_steps(piece))
        assert bytes(piece) == b"terally"

    each(test)


def test_a_change_may_be_the_first_of_a_row():
    writes(
        BASE[4090:4096] + bytes([BASE[4096] + 3 & 0xFF]) + BASE[4097:4099],
        svarint(4090) + varint(6) + b"\3" + varint(2),
    )


def test_copies_outside_of_the_base_are_refused():
    refuses("outside", svarint(0) + varint(9002), 9002)
    refuses("outside", svarint(9001) + varint(1), 1)
    refuses("outside", svarint(20000) + varint(1), 1)
    refuses("outside", svarint(-1) + varint(1), 1)
    refuses("outside", svarint((1 << 30) - 1) + varint(1), 1)
    refuses("outside", svarint(-(1 << 30)) + varint(1), 1)


def test_changes_outside_of_the_base_are_refused():
    refuses("outside", svarint(9001) + varint(0) + b"\1", 1)
    refuses("outside", svarint(9000) + varint(1) + b"\1", 2)
    refuses("outside", svarint(20000) + varint(0) + b"\1", 1)


def test_a_position_that_runs_away_is_refused():
    most = svarint((1 << 30) - 1)
    stream = most + (varint(0) + b"\0" + varint(1) + b"x" + most) * 3
    refuses("outside", stream, 9)
    refuses("outside", svarint(1) + varint(0) + b"\0" + varint(1) + b"x" + most, 9)
    refuses("outside", svarint(0) + varint(0) + b"\0" + varint(1) + b"x" + svarint(-1), 9)


def test_more_than_the_frames_blocks_is_refused():
    refuses("more than its blocks", svarint(0) + varint(11), 10)
    refuses("more than its blocks", svarint(0) + varint(0) + b"\0" + varint(11) + bytes(11), 10)
    refuses("more than its blocks", svarint(0) + varint(5) + b"\1" + varint(5), 10)
    refuses("goes on", svarint(0) + varint(10) + b"\1", 10)
    refuses("goes on", svarint(0) + varint(10) + b"\0", 10)
    refuses("goes on", svarint(0) + varint(10), 10, trail=b"\0")


def test_a_group_that_writes_nothing_is_refused():
    refuses("writes nothing", svarint(0) + varint(0) + b"\0" + varint(0) + svarint(0), 1)
    stream = svarint(0) + varint(1) + b"\0" + varint(0) + svarint(0)
    refuses("writes nothing", stream + varint(0) + b"\0" + varint(0) + svarint(0), 2)
    stream = svarint(0) + varint(0) + b"\1" + varint(0) + b"\0" + varint(0) + svarint(0)
    refuses("writes nothing", stream + varint(0) + b"\0" + varint(0) + svarint(0), 2)


def test_numbers_are_below_2_to_the_31():
    refuses("too large", svarint(0) + b"\x80\x80\x80\x80\x08", 1)
    refuses("too large", svarint(0) + b"\xff\xff\xff\xff\x8f\0", 1)
    refuses("too large", b"\x80\x80\x80\x80\x80\0" + varint(1), 1)
    refuses("more than its blocks", svarint(0) + b"\xff\xff\xff\xff\x07", 1)


def test_numbers_may_be_longer_than_they_need():
    writes(BASE[:1], b"\x80\x80\x80\x80\0" + b"\x81\0")


def test_a_stream_that_ends_early_is_refused_wherever_it_ends():
    stream = svarint(300) + varint(200) + b"\7" + varint(0) + b"\0" + varint(3) + b"abc"
    stream += svarint(-200) + varint(200)
    for size in range(len(stream)):
        refuses("ends early", stream[:size], 404)


def test_what_is_no_deflate_stream_is_refused():
    for data in (b"\x07", b"\x06\xff\xff", b"\x01\x05\x00\x00\x00"):

        def test(loops, data=data):
            source = Source(io.BytesIO(data), len(data))
            delta = Delta(source, 12, Base(Image(BASE), loops), 0, 10, 4096)
            raises(PayloadError, finish, delta.fill_steps(memoryview(bytearray(10))))

        each(test)


def test_own_bytes_of_the_base_are_read_inside_of_it_only():
    base = Base(Image(BASE), PLAIN)
    view = memoryview(bytearray(4096))
    base.readinto(4905, view)
    assert view == BASE[4905:]
    raises(PayloadError, base.readinto, 4906, view, says="outside")


def test_where_the_viper_form_cannot_be_loaded_the_portable_one_serves():
    original = builtins.__import__
    for error in (ImportError, SyntaxError, ValueError, MemoryError):

        def importing(name, *args, error=error):
            if name == "slotcast.delta_viper":
                raise error
            return original(name, *args)

        builtins.__import__ = importing
        try:
            assert fastest() == PLAIN
        finally:
            builtins.__import__ = original


def turning(count):
    """Instructions that read `count` bytes, each from another row than the one before."""
    said, position = svarint(0), 0
    for number in range(count - 1):
        following = (number + 1) % 2 * 4096
        said += varint(1) + b"\0" + varint(0) + svarint(following - position - 1)
        position = following
    return said + varint(1)


def test_a_block_turns_to_other_rows_of_the_base_so_often_and_no_more():
    most = 65536 // 32
    writes((BASE[:1] + BASE[4096:4097]) * (most // 2), turning(most))
    refuses("too often", turning(most + 1), most + 1)


def test_turns_are_counted_for_each_block():
    frame = Frame(turning(3000), 3000)
    finish(frame.delta.fill_steps(memoryview(bytearray(2000))))
    frame.delta.begin_block()
    finish(frame.delta.fill_steps(memoryview(bytearray(1000))))
    frame.delta.verify_ended()


def test_other_tasks_have_their_turn_while_rows_are_read():
    frame = Frame(turning(100), 100)
    assert len(list(frame.delta.fill_steps(memoryview(bytearray(100))))) == 3
