"""Run a board's MicroPython from reset to its end: `micropython -m fakes.run BOOT_FILE`."""

import builtins
import gc
import os
import sys

from fakes import chip as _chip
from fakes import state

_SECOND_NS = 1000000000
_HOUR_NS = 3600 * _SECOND_NS


def main(boot_file: str) -> None:
    """Become the chip, mount its files, run boot.py and main.py as the ESP32 port does."""
    chip = _chip.power_up(boot_file)
    fall_ill(chip)
    install_modules()
    from fakes import filesystem

    sys.argv[:] = []
    gc.collect()
    chip.host.state.put(state.PRELUDE_HEAP, gc.mem_alloc())
    if not chip.host.boot["running"]:
        return  # only this figure is wanted
    filesystem.mount(chip.host.boot["frozen"])
    outcome = run_user_code(chip)
    if outcome == state.REPL:  # a watchdog and timers run on there
        chip.clock.idle_ns(_HOUR_NS)
    chip.host.end(outcome)


def fall_ill(chip: _chip.Chip) -> None:
    """Panic or hang before any user code, if the image that runs is sick in that way."""
    sickness = chip.host.sickness()
    if sickness.get("panic"):
        chip.panic("Guru Meditation Error: Core  0 panic'ed (LoadProhibited).")
    while sickness.get("hang"):
        chip.clock.sleep_ns(_HOUR_NS)


def install_modules() -> None:
    """Put the fakes where `import` finds them; all are loaded before the first is in place."""
    import select as real_select
    import socket as real_socket

    import tls as real_tls
    from fakes import esp32, machine, network, ntptime, select, socket, time, tls

    complete(select, real_select)
    complete(socket, real_socket)
    complete(tls, real_tls)
    fakes = (esp32, machine, network, ntptime, select, socket, time, tls)
    for fake in fakes:
        sys.modules[fake.__name__.split(".")[-1]] = fake


def complete(fake: object, real: object) -> None:
    """Give a fake module what only the real one has."""
    for name in dir(real):
        if not hasattr(fake, name):
            setattr(fake, name, getattr(real, name))


def fail_at_import(chip: _chip.Chip) -> None:
    """Fail after boot.py, before the first line of main.py, if the image is sick in that way."""
    sickness = chip.host.sickness()
    if sickness.get("crash"):
        raise ImportError("no module named 'missing'")
    if sickness.get("hang_in_c"):
        chip.clock.clear_timers()  # nobody is there to run their callbacks
    while sickness.get("hang_in_c") or sickness.get("hang_in_python"):
        chip.clock.sleep_ns(_SECOND_NS)


def run_user_code(chip: _chip.Chip) -> int:
    """Run boot.py, then main.py in the same namespace; returns how that ends.

    After an uncaught exception the board sits at the REPL, and main.py does not run after a boot.py
    that failed; sys.exit() is a soft reset (ports/esp32/main.c).
    """
    names = {"__name__": "__main__"}
    for file in ("boot.py", "main.py"):
        try:
            if file == "main.py":
                fail_at_import(chip)
            if file in os.listdir("/"):
                builtins.execfile(file, names)
        except SystemExit:
            return state.SOFT_RESET
        except BaseException as error:
            sys.print_exception(error)
            break
    return state.REPL


if __name__ == "__main__":
    main(sys.argv[1])
