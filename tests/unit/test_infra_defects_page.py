"""docs/infra-defects.md has the defects that are seeded, each with the rule that is to catch it."""

import re
from pathlib import Path

from infra_defects import DEFECTS, SPELLING

PAGE = Path(__file__).parents[2] / "docs" / "infra-defects.md"
ROW = re.compile(r"\| (ota|ci|logs) \| (.+) \| (.+) \| (.+) \|")


def test_the_page_lists_each_defect_and_no_other():
    listed = [row.groups()[:2] for row in map(ROW.fullmatch, PAGE.read_text().splitlines()) if row]
    assert listed == [(one.template, one.what) for one in (*DEFECTS, *SPELLING)]


def test_the_page_has_the_rule_of_each_defect_and_the_number_of_them():
    text = PAGE.read_text()
    rows = [row for row in map(ROW.fullmatch, text.splitlines()) if row]
    for row, defect in zip(rows, (*DEFECTS, *SPELLING), strict=True):
        assert (defect.rule or "-") in row[3].split(", ") or (not defect.rule and row[4] != "-")
    assert f"\n{len(rows)} defects: " in text
    assert text.rstrip().splitlines()[-2].endswith("0 by neither")
