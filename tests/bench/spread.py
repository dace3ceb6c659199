"""How a fleet of 100,000 boards comes back after a power failure, by the device's own schedule.

`--write` draws docs/spread.svg. The ids are made up with a fixed seed, so the figures and the
picture are the same in each run.
"""

import argparse
import random
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from spread_svg import draw
from tables import render

from device.slotcast.schedule import Schedule
from publisher.settings import BoardSettings

PICTURE = Path(__file__).parents[2] / "docs" / "spread.svg"
BOARDS = 100_000
MINUTES = 13 * 60
POLL_S = 4  # from waking up to the end of a poll that finds nothing
DEFAULTS = BoardSettings("esp32", 0x1E0000)  # what boards are told that nothing is said about
PERIOD_MINUTES = DEFAULTS.poll_every_s // 60
# The first minute from which on every board polls once in each period.
STEADY = (DEFAULTS.settle_s + DEFAULTS.spread_s + DEFAULTS.poll_every_s // 2) // 60 + 2

HEADER = ("How many of 100,000 boards poll in a minute?", "first 6", "then, mean", "most", "chi2")
NOTES = f"""\
Power comes back for all in one moment. first 6: the busiest of the first 6 minutes; then and most:
from minute {STEADY} on, over 6 hours. chi2: of those minutes against equal shares, by degree of
freedom; chance alone gives about 1, and more than 1.25 less than once in a thousand times."""


def table() -> str:
    """The figures of a run, for people."""
    fleets = {
        "all at once, every 6 h": naive(),
        "Slotcast, MACs at random": minutes(random_macs()),
        "Slotcast, MACs in sequence": minutes(sequential_macs()),
        "Slotcast, half of each": mixed_fleet(),
    }
    return render(HEADER, [_row(name, fleet) for name, fleet in fleets.items()], NOTES)


def _row(name: str, fleet: Sequence[int]) -> tuple[str, ...]:
    steady = fleet[STEADY : STEADY + PERIOD_MINUTES]
    mean = sum(steady) / len(steady)
    figures = (
        f"{max(fleet[:6]):,}",
        f"{mean:.0f}",
        f"{max(steady):,}",
        f"{unevenness(steady):.2f}",
    )
    return (name, *figures)


def naive() -> list[int]:
    """Polls in each minute when every board polls as it starts, and then every six hours."""
    return [0 if minute % PERIOD_MINUTES else BOARDS for minute in range(MINUTES)]


@cache
def mixed_fleet() -> tuple[int, ...]:
    """Polls in each minute, half of the boards with MACs at random and half in sequence."""
    half = BOARDS // 2
    return tuple(minutes([*random_macs(half), *sequential_macs(half)]))


def minutes(device_ids: Iterable[str]) -> list[int]:
    """Polls in each minute of boards that are powered on in one moment."""
    counts = [0] * MINUTES
    for device_id in device_ids:
        for time_s in poll_times(device_id, MINUTES * 60):
            counts[time_s // 60] += 1
    return counts


def poll_times(device_id: str, until_s: int) -> Iterator[int]:
    """Seconds after power-on at which one board begins a poll."""
    schedule = Schedule(device_id, DEFAULTS, powered_on=True)
    now_s = schedule.left_s(0)
    while now_s < until_s:
        yield now_s
        schedule.polled(now_s + POLL_S)
        now_s += POLL_S + schedule.left_s(now_s + POLL_S)


def random_macs(boards: int = BOARDS) -> list[str]:
    """Ids of boards of many makers and batches."""
    number = random.Random(5)
    return [f"{number.getrandbits(48):012x}" for _ in range(boards)]


def sequential_macs(boards: int = BOARDS) -> list[str]:
    """Ids of one batch: one maker's prefix; each chip takes four addresses, and has the first."""
    return [f"a4cf12{0x300000 + 4 * number:06x}" for number in range(boards)]


def unevenness(counts: Sequence[int]) -> float:
    """Chi-square of equal shares, by degree of freedom: about 1 for what chance does."""
    mean = sum(counts) / len(counts)
    return sum((count - mean) ** 2 for count in counts) / mean / (len(counts) - 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {PICTURE.name}")
    if parser.parse_args().write:
        PICTURE.write_text(picture())
    print(table())


def picture() -> str:
    """The SVG of docs/spread.svg."""
    return draw(naive(), mixed_fleet())


if __name__ == "__main__":
    main()
