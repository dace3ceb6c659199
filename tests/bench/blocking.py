"""How long a poll that finds nothing keeps an asyncio application's other tasks waiting."""

import json
import tempfile
from pathlib import Path
from statistics import median

from delta_pairs import VERSIONS
from tables import render
from workshop import Workshop

from publisher.simulate import Rig

HERE = Path(__file__).parent
BOOTS = 3
HANDSHAKE, REST = "handshake", "all else"
# What blocking_on_board.py names, in the order of a poll; what else it names are states.
TITLES = {
    "connect": "connect, and make a TLS context",
    HANDSHAKE: "handshake, its longest chunk",
    "verify root": "verify root (two signatures)",
    "verify timestamp": "verify timestamp (one)",
    "verify snapshot": "verify snapshot (one)",
    "verify targets": "verify targets (one)",
    REST: REST,
}
IN_C = ("connect", HANDSHAKE)
# On an ESP32 of 160 MHz, by instructions counted in an emulator (8 ns each): estimates.
ESP32_PRODUCT_S = 133e-6
HEADER = (
    "What blocks in a poll without news?",
    "first of a boot",
    "of a handshake",
    "later",
    "of a handshake",
    "first, ESP32 (estimate)",
)
NOTES = """\
The longest chunk of computing between two yields, in CPU time of MicroPython's unix port; medians
of several boots. A handshake is all that the board computes in one, in the same polls: mostly in
one chunk, as MicroPython gives none smaller. 0 ms: less than the clock tells, or not done at all.
Not in these figures is the waiting of two calls that MicroPython only has as blocking ones: the
look-up of a name, and ntptime's for an answer (a second at most). The estimate takes a chunk of
Python, with its share of collecting garbage, by what a 256-bit product with its reduction takes on
an ESP32 of 160 MHz: 133 us in an emulator. The handshake there is C, and not estimated: 1.2 s were
measured (micropython/micropython-esp32#131)."""

Chunks = list[tuple[str, float]]


def table() -> str:
    """The figures of a run, for people."""
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(Path(folder))
        workshop.release(VERSIONS[0])
        with workshop.rig(VERSIONS[0]) as rig:
            rig.poll()  # the metadata is kept from here on
            rig.board.copy_in({"/main.py": (HERE / "blocking_on_board.py").read_bytes()})
            boots = [measured(rig) for _ in range(BOOTS)]
    return render(HEADER, rows(boots), NOTES)


def measured(rig: Rig) -> dict:
    """What one boot of the board printed."""
    rig.board.power_cycle()
    said = rig.board.run()[-1].lines
    return json.loads(said[-1])


def rows(boots: list[dict]) -> list[tuple[str, ...]]:
    """A row for each thing that is done, and one for all else."""
    first = [boot["polls"][0] for boot in boots]
    later = [poll for boot in boots for poll in boot["polls"][1:]]
    scale = ESP32_PRODUCT_S / median(boot["product_s"] for boot in boots)
    handshake_s = median(sum(named(HANDSHAKE, poll)) for poll in first + later)
    found = [("one whole handshake", *cells(handshake_s, handshake_s), "", "", "")]
    for name, title in TITLES.items():
        of_first, of_later = longest_s(name, first), longest_s(name, later)
        estimate = "" if name in IN_C else f"{of_first * scale * 1000:.0f} ms"
        row = (title, *cells(of_first, handshake_s), *cells(of_later, handshake_s), estimate)
        found.append(row)
    return found


def longest_s(name: str, polls: list[Chunks]) -> float:
    """Seconds of the longest chunk of this name in a poll, the median of polls; 0 for none."""
    return median(max(named(name, poll), default=0.0) for poll in polls)


def cells(seconds: float, handshake_s: float) -> tuple[str, str]:
    """A time, and the part of a handshake that it is."""
    return f"{seconds * 1000:.0f} ms", f"{seconds / handshake_s:.2f}"


def named(name: str, chunks: Chunks) -> list[float]:
    """Seconds of the chunks of this name; REST are those that have none of the other TITLES."""
    return [s for done, s in chunks if (done if done in TITLES else REST) == name]


if __name__ == "__main__":
    print(table())
