"""Plays sessions of bad weather and prints the tables: `python tests/weather/run.py`.

`--session N` replays one and tells all of it. Ends with 1 if a board does not arrive, if it writes
a corrupted sector, or if a breaking link costs more than 1.2 times the bytes of a whole one.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from fault_tables import broken_link_table, fault_table, over_ideal
from faults import IMAGE_BYTES, Weather, breaks_every, forecast
from field import Field, Played
from outcomes import story, summary

FIRMWARE = Path(__file__).parents[2] / ".cache" / "firmware"
MEAN_BYTES = 200000
MOST_OVER_IDEAL = 1.2


def main() -> int:
    arguments = _arguments()
    if arguments.session is not None:
        return replay(arguments.session, arguments.breaks_only)
    arrived = mixed(arguments.sessions, arguments.jobs)
    return 0 if breaking(arguments.breaking, arguments.jobs) and arrived else 1


def mixed(count: int, jobs: int) -> bool:
    """Play sessions of mixed faults; whether all went well."""
    with Field(FIRMWARE, IMAGE_BYTES) as one:
        ideal_bytes = one.play(-1, Weather([])).delivered_bytes
        sessions = told(one.play_all(range(count), lambda n: Weather(forecast(n)), jobs))
    print(fault_table(sessions, ideal_bytes), flush=True)
    return all(map(went_well, sessions))


def breaking(count: int, jobs: int) -> bool:
    """Play sessions of real firmware over a link that breaks; whether all went well."""
    if not count:
        return True
    with Field(FIRMWARE) as one:
        ideal_bytes = one.play(-1, Weather([])).delivered_bytes
        sessions = told(one.play_all(range(count), _breaks, jobs))
    print(f"\nA link that breaks once per {MEAN_BYTES:,} bytes\n")
    print(broken_link_table(sessions, ideal_bytes), flush=True)
    fits = median(over_ideal(sessions, ideal_bytes)) <= MOST_OVER_IDEAL
    return fits and all(map(went_well, sessions))


def replay(session: int, breaks_only: bool) -> int:
    """Play one session and tell all of it."""
    with Field(FIRMWARE, None if breaks_only else IMAGE_BYTES) as one:
        weather = _breaks(session) if breaks_only else Weather(forecast(session))
        played = one.play(session, weather)
    print(story(played))
    return 0 if went_well(played) else 1


def told(sessions: Iterable[Played]) -> list[Played]:
    """The sessions, each that fails being told as soon as it has ended."""
    played = []
    for one in sessions:
        played.append(one)
        if not went_well(one):
            print(summary(one), file=sys.stderr, flush=True)
    return played


def went_well(played: Played) -> bool:
    """Whether the board arrived and wrote nothing that it should not have written."""
    return played.arrived and not played.bad_sectors


def _breaks(session: int) -> Weather:
    return Weather([], breaks_every(MEAN_BYTES, session))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=1000, help="of mixed faults")
    parser.add_argument("--breaking", type=int, default=40, help="sessions over a breaking link")
    parser.add_argument("--session", type=int, help="replay this one")
    parser.add_argument("--breaks-only", action="store_true", help="it is one of a breaking link")
    # One more than there are cores: some of a session is waiting.
    parser.add_argument("--jobs", type=int, default=(os.cpu_count() or 1) + 1)
    return parser.parse_args()


if __name__ == "__main__":
    began = time.monotonic()
    code = main()
    print(f"\n{time.monotonic() - began:.0f} s")
    sys.exit(code)
