"""`make powercut`: cuts the power at every point of a real update, and prints what boards then do.

python -m tests.powercut.run                      all of it
python -m tests.powercut.run --sample             a few of each kind
python -m tests.powercut.run --delta              the same update by a delta
python -m tests.powercut.run --point 956p17       one point, with all that the board prints
"""

import argparse
import os
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path

from tests.powercut.ambiguous import ambiguous_table, cases, endings
from tests.powercut.bench import open_workshop
from tests.powercut.points import Point, flash_at
from tests.powercut.recording import Recording, load, record
from tests.powercut.report import report
from tests.powercut.sweep import Sizes, Sweeper, live_twice
from tests.powercut.trees import look_at
from tests.powercut.verdict import Judge

SAMPLE = Sizes(classes=1, bytes=16, members=3, old_edges=2, doubles=2)


def main() -> int:
    """Parse, sweep, print; 1 where something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path(".cache/powercut"))
    parser.add_argument("--firmware", type=Path, default=Path(".cache/firmware"))
    parser.add_argument("--boards", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--delta", action="store_true", help="update by a delta, not in full")
    parser.add_argument("--point", metavar="NAME", help="of the last recording")
    chosen = parser.parse_args()
    folder, firmware = chosen.folder.absolute(), chosen.firmware.absolute()
    if chosen.point:
        return _show(load(folder, firmware), chosen.point)
    with redirect_stdout(sys.stderr):
        recording = record(folder, firmware, {}, int(chosen.delta))
    began = time.monotonic()
    with open_workshop(recording, chosen.boards) as workshop:
        sweeper = Sweeper(recording, workshop, chosen.seed, _tell)
        sweep = sweeper.sweep(SAMPLE if chosen.sample else Sizes())
        print(f"\n{report(recording, sweep)}\n", flush=True)
        if not chosen.sample:
            print("What a cut during a trial leaves in doubt:\n")
            print("\n".join(ambiguous_table(list(endings(recording, workshop, cases())))))
    print(f"{time.monotonic() - began:.0f} s, seed {chosen.seed}, {chosen.boards} boards at a time")
    return 0 if sweep.is_good else 1


def _show(recording: Recording, name: str) -> int:
    """Run one job loudly: a point, a point cut again (#seed), or one with an old edge (@old)."""
    rest, _, seed = name.partition("#")
    place, old, _ = rest.partition("@")
    flash = flash_at(recording.base, recording.operations, Point.parse(place))

    def hear(boot: int, line: str) -> None:
        print(f"{boot}: {line}")

    with open_workshop(recording, 1) as workshop, workshop.bench() as bench:
        if seed:
            lives = live_twice(bench, flash, int(seed), hear)
        else:
            lives = (bench.live(flash, is_edge_old=bool(old), on_line=hear),)
    for access in (access for life in lives for access in life.requests):
        print(access.status, access.sent_bytes, access.range or "-", access.path)
    verdict = Judge(recording, look_at(recording.end)).judge(look_at(flash), *lives)
    print("\n".join(verdict.problems) or "as it should be")
    return 1 if verdict.problems and not old else 0


def _tell(done: int, total: int, failures: int) -> None:
    end = "\n" if done == total else ""
    print(f"\r{done} of {total} boards, {failures} failed", end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
