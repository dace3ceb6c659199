"""Publishers race for one product on a real S3 server while some are killed: `make race`.

Each publisher runs one command of `slotcast` after the other, and is killed with SIGKILL at random;
readers verify all that is offered all the time. With --restart-server there is a second race, in
which the server is killed too. Prints a table; ends with 1 if anything does not hold (audit.py).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.race.course import Finish, Plan, race
from tests.race.report import refusals, table, violations


def main() -> int:
    """Run the races that are asked for."""
    arguments = _arguments()
    finishes = [_race(plan, arguments.keep) for plan in _plans(arguments)]
    print(table(finishes), flush=True)
    for finish in finishes:
        if arguments.verbose:
            print(f"\n{refusals(finish)}")
        if finish.violations:
            print(f"\n{violations(finish)}", file=sys.stderr)
    took_s = sum(finish.took_s for finish in finishes)
    print(f"\nseed {arguments.seed}; {took_s:.0f} s with founding and audit")
    return 1 if any(finish.violations for finish in finishes) else 0


def _plans(arguments: argparse.Namespace) -> Iterator[Plan]:
    plan = Plan(
        publishers=arguments.publishers,
        readers=arguments.readers,
        seconds=arguments.seconds,
        kill_every_s=arguments.kill_every,
        whole=min(arguments.whole, arguments.publishers),
        seed=arguments.seed,
    )
    yield plan
    if arguments.restart_server:
        kills = max(1, round(arguments.seconds / arguments.server_every))
        yield replace(plan, server_kills=kills)


def _race(plan: Plan, keep: Path | None) -> Finish:
    if keep is not None:
        folder = keep / ("server" if plan.server_kills else "publishers")
        folder.mkdir(parents=True)
        return race(folder, plan)
    with tempfile.TemporaryDirectory(prefix="slotcast-race-") as name:
        return race(Path(name), plan)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--publishers", type=int, default=4)
    parser.add_argument("--readers", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=45.0, help="of each race")
    parser.add_argument("--kill-every", type=float, default=1.0, help="mean seconds between kills")
    parser.add_argument("--restart-server", action="store_true", help="a second race: it is killed")
    parser.add_argument("--server-every", type=float, default=8.0, help="seconds between its kills")
    parser.add_argument(
        "--whole", type=int, default=1, help="publishers that start a process for each command"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="keep all files in this folder, which is made")
    parser.add_argument("--verbose", action="store_true", help="what publishers were told, too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
