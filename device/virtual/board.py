"""The virtual ESP32: a folder with its flash, and a supervisor that lets it boot and run."""

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from device.virtual.boot import RESTARTS, Boot, ResetCause
from device.virtual.errors import VirtualBoardError
from device.virtual.fakes import otadata, state
from device.virtual.fakes.image import CHIP_IDS
from device.virtual.flash import DEFAULT_SIZE, create_flash
from device.virtual.flash_time import FlashWork, read_work
from device.virtual.images import bootloader_offset, build_flash_file
from device.virtual.prelude import compile_prelude
from device.virtual.process import Watch
from device.virtual.supervisor import Order, Supervisor
from device.virtual.table import (
    DATA,
    DEFAULT_TABLE,
    OTADATA,
    TABLE_OFFSET,
    TABLE_SIZE,
    Partition,
    find,
    ota_slots,
    table_from_bytes,
    table_to_bytes,
)
from device.virtual.world import World


class Board:
    """A board that was created in `directory`; `Board.create` makes one.

    Attributes:
        directory: of the board; `flash.bin` in it is the whole flash.
        world: what its radio, clock and images meet; may change while it runs.
        heap_kib: MicroPython's heap for user code; what the fakes take comes on top. Objects are
            twice as large as on a chip of 32 bits.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self._settings = json.loads((self.directory / "board.json").read_text())
        cache = compile_prelude(self.directory / "cache")
        self._supervisor = Supervisor(self.directory, cache, self.chip)
        self._supervisor.code_in_flash = self.code_in_flash
        self.world = World(self.directory / "world.json")
        self.heap_kib = 128
        if not self.prelude_heap():
            self._supervisor.measure_prelude(self.world)

    @classmethod
    def create(
        cls,
        directory: Path,
        chip: str = "esp32",
        flash_size: int = DEFAULT_SIZE,
        table: tuple[Partition, ...] = DEFAULT_TABLE,
    ) -> "Board":
        """Make a board with blank flash but for its partition table; no image is on it yet.

        Raises:
            ValueError: there is no model of that chip.
        """
        if chip not in CHIP_IDS:
            raise ValueError(f"no virtual {chip}; there are {', '.join(CHIP_IDS)}")
        directory.mkdir(parents=True, exist_ok=True)
        create_flash(directory / "flash.bin", flash_size)
        (directory / "state.bin").write_bytes(bytes(state.STATE_SIZE))
        settings = {
            "chip": chip,
            "boots": 0,
            "next_cause": ResetCause.POWER_ON,
            "last_slot": "",
            "code_in_flash": False,
        }
        (directory / "board.json").write_text(json.dumps(settings))
        board = cls(directory)
        with board._supervisor.flash() as flash:
            flash.rewrite(TABLE_OFFSET, table_to_bytes(table))
        return board

    @property
    def chip(self) -> str:
        """esptool's name of the chip."""
        return str(self._settings["chip"])

    @property
    def code_in_flash(self) -> bool:
        """Whether frozen modules run from flash, as in a real build; else they are in the heap.

        From flash as ROMFS does it: the heap holds the objects that modules make, and MicroPython's
        tables of their names and constants. For this it needs Linux.
        """
        return bool(self._settings["code_in_flash"])

    @code_in_flash.setter
    def code_in_flash(self, is_in_flash: bool) -> None:
        self._remember(code_in_flash=is_in_flash)
        self._supervisor.code_in_flash = is_in_flash
        self._supervisor.measure_prelude(self.world)  # the fakes stand beside them

    @property
    def table(self) -> tuple[Partition, ...]:
        """The partition table in flash."""
        with self._supervisor.flash() as flash:
            return table_from_bytes(flash.read(TABLE_OFFSET, TABLE_SIZE))

    def flash_serial(self, app: bytes) -> None:
        """Flash bootloader, table and app over the serial port; that blanks nvs and otadata.

        The filesystem is left alone, as a serial flasher leaves it.
        """
        slot = ota_slots(self.table)[0]
        if len(app) > slot.size:
            raise ValueError(f"the app has {len(app)} bytes, {slot.label} {slot.size}")
        with self._supervisor.flash() as flash:
            file = build_flash_file(self.chip, self.table, app)
            flash.rewrite(bootloader_offset(self.chip), file)

    def freeze(self, modules: Mapping[str, bytes]) -> None:
        """Let the firmware have frozen modules: path below the import path -> .py or .mpy content.

        They take none of the filesystem's room. They are read from the host and load into the heap,
        unless `code_in_flash` is set.
        """
        for path, content in modules.items():
            target = self._supervisor.frozen / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        if self.code_in_flash:
            self._supervisor.measure_prelude(self.world)  # their names come with it

    def slot_bytes(self, number: int) -> bytes:
        """All of OTA slot `number`."""
        return self._partition_bytes(ota_slots(self.table)[number])

    def flash_work(self, slot: int | None = None) -> FlashWork:
        """What flash did in all boots so far, or what of that in one OTA slot.

        That is all that the bootloader and the firmware asked for; serial flashing, and files that
        are copied in, are not counted.
        """
        path = self._supervisor.operations
        if slot is None:
            return read_work(path)
        partition = ota_slots(self.table)[slot]
        return read_work(path, partition.offset, partition.offset + partition.size)

    def otadata(self) -> list[otadata.Entry]:
        """The two otadata entries."""
        partition = find(self.table, DATA, OTADATA)
        if partition is None:
            raise VirtualBoardError("the partition table has no otadata")
        data = self._partition_bytes(partition)
        return [otadata.Entry.from_bytes(data[at:]) for at in (0, otadata.SECTOR_SIZE)]

    def copy_in(self, files: Mapping[str, bytes]) -> None:
        """Write files into the board's filesystem: path -> content; folders are made."""
        with tempfile.TemporaryDirectory() as folder:
            for path, content in files.items():
                target = Path(folder) / path.lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            self._supervisor.files(self.world, "put", folder)

    def copy_out(self, path: str) -> bytes:
        """The content of a file on the board; VirtualBoardError if there is none."""
        return self._answer("get", path)

    def remove(self, path: str) -> None:
        """Delete a file on the board; VirtualBoardError if there is none."""
        self._supervisor.files(self.world, "remove", path)

    def listdir(self, path: str = "/") -> list[str]:
        """Names in a folder on the board, sorted; those of folders end in a slash."""
        return sorted(self._answer("list", path).decode().splitlines())

    def prelude_heap(self) -> int:
        """Bytes of heap that the fakes take before any user code runs."""
        with self._supervisor.state() as chip_state:
            return chip_state.get(state.PRELUDE_HEAP)

    def power_cycle(self) -> None:
        """Take the power away and give it back: the next run is a power-on."""
        self._remember(next_cause=ResetCause.POWER_ON)

    def run(
        self,
        until: Callable[[str], bool] | None = None,
        timeout_s: float = 60.0,
        on_line: Callable[[int, str], None] | None = None,
    ) -> list[Boot]:
        """Let the board boot, again after each reset, until it stops or is stopped.

        Args:
            until: called with each line that the board prints; True stops the board there.
            timeout_s: real seconds after which the board is stopped.
            on_line: called with the boot's number and each line, the bootloader's too.

        Returns:
            The boots of this run. The last one's outcome tells why it ended: REPL, ASLEEP,
            NO_IMAGE, UNTIL or TIMEOUT. The board stays powered; another run is a hard reset.

        Raises:
            VirtualBoardError: MicroPython itself failed.
        """
        watch = Watch(time.monotonic() + timeout_s, until, on_line)
        boots = []
        while True:
            boots.append(self._boot(watch))
            if boots[-1].outcome not in RESTARTS:
                return boots

    def _answer(self, command: str, path: str) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            answer = Path(folder) / "answer"
            self._supervisor.files(self.world, command, path, str(answer))
            return answer.read_bytes()

    def _boot(self, watch: Watch) -> Boot:
        number = self._settings["boots"] + 1
        cause = ResetCause(self._settings["next_cause"])
        order = Order(number, cause, self._settings["last_slot"], self.heap_kib)
        self._remember(boots=number)
        boot = self._supervisor.boot(order, self.world, watch)
        next_cause = RESTARTS.get(boot.outcome, ResetCause.HARD)
        self._remember(last_slot=boot.slot, next_cause=next_cause)
        return boot

    def _remember(self, **settings: object) -> None:
        self._settings.update(settings)
        (self.directory / "board.json").write_text(json.dumps(self._settings))

    def _partition_bytes(self, partition: Partition) -> bytes:
        with self._supervisor.flash() as flash:
            return flash.read(partition.offset, partition.size)
