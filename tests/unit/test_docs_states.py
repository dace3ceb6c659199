"""The picture of the states is that of the code."""

import re
from pathlib import Path

from device.slotcast.states import IDLE, RESETS, SETTLE, STATES, TRIAL, transitions

PAGE = Path(__file__).parents[2] / "docs" / "states.md"


def edges() -> set[tuple[str, str]]:
    """The arrows of the diagram."""
    return set(re.findall(r"^    (\S+) --> (\w+|\[\*\])", PAGE.read_text(), re.MULTILINE))


def test_the_diagram_has_the_transitions_of_the_code():
    drawn = {pair for pair in edges() if "[*]" not in pair}
    assert drawn == {(state, after) for state in STATES for after in transitions()[state]}


def test_the_diagram_has_the_resets_and_the_starts_of_the_code():
    assert {before for before, after in edges() if after == "[*]"} == set(RESETS)
    assert {after for before, after in edges() if before == "[*]"} == {SETTLE, TRIAL}


def test_every_state_has_its_row():
    rows = re.findall(r"^\| (\w+) \|", PAGE.read_text(), re.MULTILINE)
    assert sorted(rows) == sorted([*STATES, "state"])
    assert IDLE in rows
