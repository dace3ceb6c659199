"""Which seeded defects are caught by Slotcast's rules, and which by cfn-lint: a table in Markdown.

    python -m tests.infra.defects [--write]

`--write` puts it into docs/infra-defects.md, between the marks. Exits with 1 if a defect is caught
by neither, or not by the rule that it names.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from cfnlint.api import lint
from cfnlint.core import get_rules
from cfnlint.rules import RulesCollection

from publisher.infra.rules import broken
from tests.marked import write_between
from tests.unit.infra_defects import DEFECTS, SPELLING, Defect, sound_templates

PAGE = Path(__file__).parents[2] / "docs" / "infra-defects.md"
MARKS = ("<!-- defects -->\n", "<!-- end of defects -->\n")
Row = tuple[Defect, str, str]


def main() -> int:
    sound = sound_templates()
    linter = get_rules([], [], [])  # once: to make them takes most of the time
    assert not any(_linted(template, linter) for template in sound.values())
    seeded = ((one, one.seeded(sound[one.template])) for one in (*DEFECTS, *SPELLING))
    rows = [(one, _ours(template), _linted(template, linter)) for one, template in seeded]
    text = "".join(f"{line}\n" for line in _lines(rows))
    print(text, end="")
    if "--write" in sys.argv:
        write_between(PAGE, MARKS, text)
    return 0 if all(_is_caught(*row) for row in rows) else 1


def _lines(rows: list[Row]) -> Iterator[str]:
    yield "| template | seeded defect | Slotcast | cfn-lint |"
    yield "|---|---|---|---|"
    for defect, ours, theirs in rows:
        yield f"| {defect.template} | {defect.what} | {ours or '-'} | {theirs or '-'} |"
    yield ""
    yield _summary(rows)


def _ours(template: dict) -> str:
    return ", ".join(dict.fromkeys(breach.rule for breach in broken(template)))


def _linted(template: dict, linter: RulesCollection) -> str:
    found = lint(json.dumps(template, indent=1), linter)
    return ", ".join(dict.fromkeys(match.rule.id for match in found))


def _is_caught(defect: Defect, ours: str, theirs: str) -> bool:
    return defect.rule in ours.split(", ") if defect.rule else bool(theirs)


def _summary(rows: list[Row]) -> str:
    count = Counter((bool(ours), bool(theirs)) for _, ours, theirs in rows)
    return (
        f"{len(rows)} defects: {count[True, False]} caught by Slotcast alone, {count[True, True]} "
        f"by both, {count[False, True]} by cfn-lint alone, {count[False, False]} by neither"
    )


if __name__ == "__main__":
    sys.exit(main())
