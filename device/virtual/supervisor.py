"""What surrounds the CPU: it runs the bootloader, then MicroPython, and sees how that ends."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from device.virtual.boot import OUTCOMES, Boot, Outcome, ResetCause
from device.virtual.bootloader import Bootloader, Started
from device.virtual.errors import VirtualBoardError
from device.virtual.fakes import state
from device.virtual.fakes.journal import Journal
from device.virtual.fakes.meter import Meter
from device.virtual.fakes.state import ROM_MOUNT
from device.virtual.flash import Flash
from device.virtual.process import Process, Program, Watch, follow, run_to_end
from device.virtual.rom import build_rom, names_file, read_tree
from device.virtual.table import TABLE_OFFSET, TABLE_SIZE, table_from_bytes
from device.virtual.world import World

_YEAR_2000_NS = 946684800 * 10**9
_KILLED = {"until": Outcome.UNTIL, "timeout": Outcome.TIMEOUT, "wdt": Outcome.WDT}
# After these the bootloader starts what ran before, and leaves otadata alone.
_SAME_IMAGE = (ResetCause.SOFT, ResetCause.DEEP_SLEEP)


@dataclass(frozen=True)
class Order:
    """What to boot: the boot's number and cause, the slot that ran last, the user's heap."""

    number: int
    cause: ResetCause
    last_slot: str
    heap_kib: int


class Supervisor:
    """Boots the board in `directory`, whose chip is `chip`, with the fakes compiled in `cache`.

    Attributes:
        frozen: folder of the modules that are frozen into the firmware.
        code_in_flash: whether these, and the fakes, run from flash.
        operations: file of the meter that counts what flash did in all boots.
    """

    def __init__(self, directory: Path, cache: Path, chip: str) -> None:
        self._directory = directory
        self._cache = cache
        self._chip = chip
        self.frozen = directory / "frozen"
        self.operations = directory / "operations.bin"
        self.code_in_flash = False

    @contextmanager
    def flash(self, journal: Journal | None = None, meter: Meter | None = None) -> Iterator[Flash]:
        """The board's flash, for as long as the context lasts."""
        with (self._directory / "flash.bin").open("r+b", buffering=0) as file:
            yield Flash(file, journal, meter)

    @contextmanager
    def state(self) -> Iterator[state.State]:
        """What the chip's RTC domain holds, for as long as the context lasts."""
        with (self._directory / "state.bin").open("r+b", buffering=0) as file:
            yield state.State(file)

    def boot(self, order: Order, world: World, watch: Watch) -> Boot:
        """One boot, from the bootloader to its end.

        Raises:
            VirtualBoardError: MicroPython failed by itself.
        """
        with ExitStack() as stack:
            journal = open_journal(world, stack)
            started, lines = self._start(order, journal, world["bootloader_rollback"])
        for line in lines:
            if watch.on_line:
                watch.on_line(order.number, line)
        if started is None:
            return Boot(order.number, order.cause, "", "", lines, Outcome.NO_IMAGE, 0)
        slot, digest = started.partition.label, started.image.digest.hex()
        boot_file = self._write_boot_file(world, order.cause, slot, digest)
        with self.state() as chip_state:
            heap_bytes = order.heap_kib * 1024 + chip_state.get(state.PRELUDE_HEAP)
            program = self._program(boot_file, heap_bytes)
            _prepare(chip_state, order.cause)
            printed, outcome = _run(program, order.number, watch, chip_state)
            peak = max(0, chip_state.get(state.PEAK_HEAP) - chip_state.get(state.PRELUDE_HEAP))
        return Boot(order.number, order.cause, slot, digest, lines + printed, outcome, peak)

    def measure_prelude(self, world: World) -> None:
        """Have the fakes loaded once, so that PRELUDE_HEAP is known before the first boot."""
        boot_file = self._write_boot_file(world, ResetCause.POWER_ON, "", "")
        run_to_end(self._program(boot_file))

    def files(self, world: World, *command: str) -> None:
        """Run a command of fakes/files.py on the board's filesystem.

        Raises:
            VirtualBoardError: it failed; the message is what it printed.
        """
        boot_file = self._write_boot_file(world, ResetCause.POWER_ON, "", "")
        run_to_end(Program(self._cache, "files", [str(boot_file), *command]))

    def _program(self, boot_file: Path, heap_bytes: int = Program.heap_bytes) -> Program:
        """What runs the board."""
        rom = self._build_rom() if self.code_in_flash else None
        return Program(self._cache, "run", [str(boot_file)], heap_bytes, rom)

    def _build_rom(self) -> Path:
        """A file with the fakes and the frozen modules, as they are now."""
        rom = self._directory / "rom.bin"
        fakes = {f"fakes/{name}": data for name, data in read_tree(self._cache / "fakes").items()}
        modules = {**fakes, **read_tree(self.frozen)}
        modules[".names"] = names_file(modules)
        rom.write_bytes(build_rom(modules))
        return rom

    def _start(
        self, order: Order, journal: Journal | None, rollback: bool
    ) -> tuple[Started | None, list[str]]:
        if journal:
            journal.mark(f"boot {order.number}")
        with (
            self.operations.open("ab", buffering=0) as operations,
            self.flash(journal, Meter(operations)) as flash,
        ):
            table = table_from_bytes(flash.read(TABLE_OFFSET, TABLE_SIZE))
            bootloader = Bootloader(flash, table, self._chip, rollback)
            same = order.cause in _SAME_IMAGE
            started = bootloader.restart(order.last_slot) if same else bootloader.start()
        return started, bootloader.messages

    def _write_boot_file(self, world: World, cause: ResetCause, slot: str, digest: str) -> Path:
        path = self._directory / "boot.json"
        settings = {
            "flash": str(self._directory / "flash.bin"),
            "state": str(self._directory / "state.bin"),
            "world": str(self._directory / "world.json"),
            "frozen": self._frozen(),
            "chip": self._chip,
            "running": slot,
            "image_digest": digest,
            "reset_cause": cause,
            "speed": world["speed"],
            "network_speed": world["network_speed"],
            "measure_heap": world["measure_heap"],
            "journal": world["journal"],
            "operations": str(self.operations) if slot else "",
            "flash_times_ns": world["flash_times_ns"],
            "unique_id": world["unique_id"],
        }
        path.write_text(json.dumps(settings))
        return path

    def _frozen(self) -> str:
        """Where the board finds them: in ROM, or a folder of the host; "" for nowhere."""
        if self.code_in_flash:
            return ROM_MOUNT
        return str(self.frozen) if self.frozen.is_dir() else ""


def open_journal(world: World, stack: ExitStack) -> Journal | None:
    """The journal that the world asks for, until the stack is closed; None if it does not."""
    if not world["journal"]:
        return None
    return Journal(stack.enter_context(Path(world["journal"]).open("ab", buffering=0)))


def _prepare(chip_state: state.State, cause: ResetCause) -> None:
    chip_state.put(state.OUTCOME, state.RUNNING)
    chip_state.put(state.PEAK_HEAP, 0)
    chip_state.put(state.HEARTBEAT_NS, time.time_ns())
    if cause != ResetCause.SOFT:
        chip_state.put(state.WDT_DEADLINE_NS, 0)
    if cause == ResetCause.POWER_ON:
        virtual_ns = time.time_ns() + chip_state.get(state.SKIPPED_NS)
        chip_state.put(state.RTC_SKEW_NS, _YEAR_2000_NS - virtual_ns)
        chip_state.put_memory(b"")


def _run(
    program: Program, number: int, watch: Watch, chip_state: state.State
) -> tuple[list[str], Outcome]:
    def wdt_expired() -> bool:
        chip_state.put(state.HEARTBEAT_NS, time.time_ns())
        deadline_ns = chip_state.get(state.WDT_DEADLINE_NS)
        return 0 < deadline_ns < time.time_ns()

    with Process(program) as process:
        lines, why = follow(process, number, watch, wdt_expired)
    if why:
        return lines, _KILLED[why]
    outcome = OUTCOMES.get(chip_state.get(state.OUTCOME))
    if outcome is None:
        raise VirtualBoardError("MicroPython failed: " + "\n".join(lines[-20:]))
    if outcome == Outcome.REPL and chip_state.get(state.WDT_DEADLINE_NS):
        outcome = Outcome.WDT  # nobody feeds it there
    return lines, outcome
