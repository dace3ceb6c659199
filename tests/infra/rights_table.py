"""Prints who may do what with the stacks, as tried on the emulator, and what that cannot show.

Usage: python -m tests.infra.rights_table [--all]: one line for each action; all: for each attempt.
"""

import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from publisher.doctor.aws.role_rights.row import Right
from publisher.infra.names import ROLE_OUTPUTS
from tests.infra.access_rows import takes, views
from tests.infra.deployment import BUCKET, PRODUCT, Deployment, deploy
from tests.infra.evaluated import evaluator
from tests.infra.gaps import GAPS
from tests.infra.ministack_server import ministack
from tests.infra.rights_rows import ALLOWED, DENIED, NOT_MODELLED, Row, Trial, rights, wrong

WHO = ("release", "refresh", "gc", "administrator", "stranger", "nobody")
_SIGNS = {ALLOWED: "yes", DENIED: "no"}
_SHORT = {
    f"arn:aws:s3:::{BUCKET}/{PRODUCT}-2/": "another product's ",
    f"arn:aws:s3:::{BUCKET}/{PRODUCT}/": "",
    f"arn:aws:s3:::{BUCKET}/": "outside the products: ",
    f"arn:aws:s3:::{BUCKET}": "the bucket",
    "0" * 64: "SHA256",
    "9000001": "N",
    "1.0.0": "VERSION",
    "stable/sensor/": "CHANNEL/BOARD/",
    "stable/": "CHANNEL/",
    "SHA256.sensor": "SHA256.BOARD",
}


def main() -> int:
    """Deploy, try everything, print; 1 if anything is not as wanted."""
    with ministack() as aws, tempfile.TemporaryDirectory() as folder:
        deployment = deploy(aws, Path(folder))
        taken, seen = list(takes(deployment)), list(views(deployment))
        trial = Trial(deployment)
        rows = [trial.row(right) for right in rights(deployment)]
    everything = [*rows, *taken, *seen]
    if "--all" in sys.argv:
        print("\n".join(every(everything, deployment)))
    else:
        parts = (matrix(rows, deployment), roles(taken), looks(seen), gaps())
        print("\n\n".join("\n".join(lines) for lines in parts))
    print(f"\n{counts(everything)}")
    return 1 if wrong(everything) else 0


def matrix(rows: Sequence[Row], deployment: Deployment) -> Iterator[str]:
    """One line for each action and what it is on; "" where nobody asked for somebody."""
    evaluate = evaluator(deployment)
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        is_tried = row.got != NOT_MODELLED
        cell = _cell(row) if is_tried else f"({_cell(Row(row.right, evaluate(row.right)))})"
        found.setdefault(_named(row.right, deployment), {})[row.right.role] = cell
    yield from _head("action", "on", *WHO)
    for (action, on), cells in _merged(found):
        yield _line(action, on, *(cells.get(who, "") for who in WHO))


def _merged(
    found: dict[tuple[str, str], dict[str, str]],
) -> Iterator[tuple[tuple[str, str], dict[str, str]]]:
    """Lines of one action that say the same become one."""
    merged: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] = {}
    for (action, on), cells in found.items():
        merged.setdefault((action, tuple(sorted(cells.items()))), []).append(on)
    for (action, cells), names in merged.items():
        yield (action, ", ".join(names)), dict(cells)


def every(rows: Iterable[Row], deployment: Deployment) -> Iterator[str]:
    """One line for each attempt."""
    yield from _head("who", "action", "on", "wanted", "got")
    for row in rows:
        action, on = _named(row.right, deployment)
        yield _line(row.right.role, action, on, _wanted(row), row.got)


def roles(rows: Iterable[Row]) -> Iterator[str]:
    """Who takes which role."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row.right.role, {})[row.right.resource] = _cell(row)
    yield from _head("who", *(f"takes {role}" for role in ROLE_OUTPUTS))
    for who, cells in found.items():
        yield _line(who, *(cells[role] for role in ROLE_OUTPUTS))


def looks(rows: Iterable[Row]) -> Iterator[str]:
    """Who reads what by which way."""
    yield from _head("who", "asks", "for", "gets it")
    for row in rows:
        on = row.right.resource.replace("0" * 64, "SHA256")
        yield _line(row.right.role, row.right.action, on, _cell(row))


def gaps() -> Iterator[str]:
    """What the emulator cannot show."""
    yield from _head("not modelled", "so")
    for name, so in GAPS.items():
        yield _line(name, so)


def counts(rows: Sequence[Row]) -> str:
    """How many of each there are; what is evaluated is no attempt."""
    got = [row.got for row in rows]
    told = ", ".join(f"{got.count(one)} {one}" for one in (ALLOWED, DENIED))
    evaluated = got.count(NOT_MODELLED)
    tried = f"{len(rows) - evaluated} attempts: {told}; {len(wrong(rows))} not as wanted"
    return f"{tried}. {evaluated} more not tried, but evaluated"


def _named(right: Right, deployment: Deployment) -> tuple[str, str]:
    """The action and what it is on, in short; a condition that decides goes with the action."""
    on = right.resource
    for role, arn in deployment.keys.items():
        on = on.replace(arn, f"key of {role}")
    for long, short in _SHORT.items():
        on = on.replace(long, short)
    how = _how(right)
    return f"{right.action}{how}", on


def _how(right: Right) -> str:
    if right.action == "s3:PutObject" and right.condition:
        return " without condition"
    if right.action == "kms:Sign" and right.condition and not right.wanted:
        return " in another way"
    prefix = right.context.get("s3:prefix")
    return f" of {prefix}" if prefix else ""


def _cell(row: Row) -> str:
    return f"**{row.got}**" if row.is_wrong else _SIGNS[row.got]


def _wanted(row: Row) -> str:
    return ALLOWED if row.right.wanted else DENIED


def _head(*names: str) -> Iterator[str]:
    yield _line(*names)
    yield _line(*("---" for _ in names))


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
