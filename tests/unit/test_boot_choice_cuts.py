"""Power that fails while the boot choice is changed, byte by byte: something sound always boots.

What is swept here are the two writes that are Slotcast's own idea; those of every update are swept
with the whole board in tests/powercut.
"""

import io
from collections.abc import Callable, Iterator

import pytest

from device.virtual.bootloader import Bootloader
from device.virtual.fakes import otadata
from device.virtual.fakes.otadata import ABORTED, NEW, PENDING, UNDEFINED, VALID, Entry
from device.virtual.flash import SECTOR_SIZE, Flash
from device.virtual.images import build_app
from device.virtual.table import DEFAULT_TABLE

OTADATA = 0xE000
SLOTS = (0x10000, 0x1F0000)
APPS = (build_app(size=4096, seed=1), build_app(size=4096, seed=2))
BLANK = Entry.from_bytes(b"\xff" * 32)


class Recorder(Flash):
    """A flash that also keeps what was done to it."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content))
        self.content = content
        self.done: list[tuple[int, bytes | None]] = []

    def erase(self, address: int, size: int = SECTOR_SIZE) -> None:
        self.done.append((address, None))
        super().erase(address, size)

    def program(self, address: int, data: bytes) -> None:
        self.done.append((address, data))
        super().program(address, data)


def board(*entries: Entry, rotten: bool = False) -> bytes:
    flash = Flash(io.BytesIO(b"\xff" * 0x210000))
    for offset, app in zip(SLOTS, APPS, strict=True):
        flash.program(offset, app)
    if rotten:
        flash.program(SLOTS[1] + 0x200, bytes(8))
    for index, entry in enumerate(entries):
        flash.program(OTADATA + SECTOR_SIZE * index, entry.to_bytes())
    return flash.read(0, 0x210000)


def entry(seq: int, state: int) -> Entry:
    return Entry(seq, state, otadata.sequence_crc(seq))


def entries(content: bytes) -> list[Entry]:
    return [Entry.from_bytes(content[OTADATA + at :][:32]) for at in (0, SECTOR_SIZE)]


def start(content: bytes) -> tuple[str, Recorder]:
    flash = Recorder(content)
    started = Bootloader(flash, DEFAULT_TABLE, "esp32").start()
    return started.partition.label if started else "", flash


def set_boot(slot: int) -> Callable[[Flash], None]:
    def change(flash: Flash) -> None:
        sector, new = otadata.arm(entries(flash.read(0, 0x210000)), slot, 2)
        flash.rewrite(OTADATA + sector * SECTOR_SIZE, new.to_bytes())

    return change


def confirm(flash: Flash) -> None:
    sector, new = otadata.confirm(entries(flash.read(0, 0x210000)))
    if new:
        flash.rewrite(OTADATA + sector * SECTOR_SIZE, new.to_bytes())


def instants(content: bytes, change: Callable[[Flash], None]) -> Iterator[bytes]:
    """Flash at each instant of a change: before it, within each operation, and after it."""
    recorder = Recorder(content)
    change(recorder)
    flash = Flash(io.BytesIO(content))
    for address, data in recorder.done:
        yield flash.read(0, len(content))
        if data is None:
            half = bytearray(flash.read(0, len(content)))
            half[address : address + 16] = b"\xff" * 16
            yield bytes(half)
            flash.erase(address)
        for count in range(1, len(data or b"")):
            partly = Flash(io.BytesIO(flash.read(0, len(content))))
            partly.program(address, data[:count])
            yield partly.read(0, len(content))
        flash.program(address, data or b"")
    yield flash.read(0, len(content))


def boot_changes(flash: Flash) -> None:
    Bootloader(flash, DEFAULT_TABLE, "esp32").start()


@pytest.mark.parametrize("other", [entry(1, VALID), entry(1, ABORTED), BLANK])
def test_a_cut_while_the_running_slot_becomes_the_boot_slot_changes_nothing(other: Entry) -> None:
    kept = entry(2, VALID)
    for armed in instants(board(other, kept, rotten=True), set_boot(0)):
        assert entries(armed)[1].to_bytes() == kept.to_bytes()
        for booted in instants(armed, boot_changes):
            label, after = start(booted)
            assert label == "app0"
            for again in instants(booted, boot_changes):
                assert start(again)[0] == "app0"
            for confirmed in instants(after.read(0, len(booted)), confirm):
                assert start(confirmed)[0] == "app0"


def test_the_slot_that_was_left_can_boot_on() -> None:
    """It may have been a bad read: its entry stays, and a trial that fails leads back to it."""
    chosen = list(instants(board(entry(1, VALID), entry(2, VALID)), set_boot(0)))
    label, flash = start(chosen[-1])
    assert label == "app0"
    tried = flash.read(0, len(chosen[-1]))
    assert [one.state for one in entries(tried)] == [PENDING, VALID]
    label, flash = start(tried)
    assert label == "app1"
    for content in chosen[:-1]:
        assert start(content)[0] == "app1"


def test_what_is_disarmed_leaves_the_choice_of_before_at_any_instant() -> None:
    before = board(entry(1, VALID), entry(2, UNDEFINED))

    def disarm(flash: Flash) -> None:
        flash.erase(OTADATA + SECTOR_SIZE)

    first, *others = instants(before, disarm)
    assert start(first)[0] == "app1"
    for content in others:
        label, flash = start(content)
        assert label == "app0"
        assert entries(flash.read(0, len(content)))[0].state == VALID


def test_a_bootloader_without_rollback_starts_what_is_new_and_leaves_it_so() -> None:
    for state in (NEW, PENDING):
        flash = Recorder(board(entry(1, VALID), entry(2, state)))
        started = Bootloader(flash, DEFAULT_TABLE, "esp32", rollback=False).start()
        assert started
        assert started.partition.label == "app1"
        assert not flash.done
