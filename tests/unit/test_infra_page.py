"""docs/infra.md has each rule, parameter and output of the templates, in their own words."""

import re
from pathlib import Path

import pytest
from infra_defects.edits import sound_templates

from publisher.doctor.aws.role_rights.table import wanted
from publisher.infra.rules import RULES

DOCS = Path(__file__).parents[2] / "docs"
SOUND = sound_templates()
PAGE = (DOCS / "infra.md").read_text()
ROLES = ("release", "refresh", "gc")
KEYS = {
    role: f"arn:aws:kms:eu-west-1:123456789012:key/{role}"
    for role in ("targets", "snapshot", "timestamp")
}


def rows(text, columns):
    """The cells of table rows that begin with a name in backticks."""
    pattern = r"^\| `([^`]+)` " + r"\| (.*?) ?" * (columns - 1) + r"\|$"
    return re.findall(pattern, text, re.MULTILINE)


def section(name):
    """What is told of one template, up to the next heading."""
    return PAGE.partition(f"\n### {name}.yaml\n")[2].partition("\n##")[0]


def test_rules_are_told_in_their_own_words_and_order():
    told = rows(PAGE.partition("| rule | what holds |")[2], 2)
    assert told == [(rule.name, rule.asserts) for rule in RULES]


@pytest.mark.parametrize("name", SOUND)
def test_parameters_are_told_with_their_defaults(name):
    told = {row[0]: row[1:] for row in rows(section(name).partition("| output |")[0], 3)}
    declared = SOUND[name]["Parameters"]
    assert list(told) == list(declared)
    for key, one in declared.items():
        default = str(one.get("Default", "(needed)")) or "empty"
        assert told[key][0].strip("`") == default, key
        assert one["Description"], key
        assert told[key][1].startswith(one["Description"]), key
        assert all(f"`{value}`" in told[key][1] for value in one.get("AllowedValues", ())), key


@pytest.mark.parametrize("name", SOUND)
def test_outputs_are_told(name):
    told = dict(rows(section(name).partition("| output |")[2], 2))
    outputs = SOUND[name]["Outputs"]
    assert list(told) == list(outputs)
    for key, one in outputs.items():
        assert told[key].startswith(one.get("Description", "")), key


def test_the_doctor_s_page_counts_what_roles_are_asked_for():
    counts = [sum(row.role == role for row in wanted("sensor", "acme", KEYS)) for role in ROLES]
    text = "{} requests as the release role, {} as refresh, {} as gc".format(*counts)
    assert text in (DOCS / "doctor.md").read_text()
