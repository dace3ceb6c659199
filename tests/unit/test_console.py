"""What a terminal is given: nothing in it that comes from elsewhere is obeyed."""

import io
import json

import pytest

from publisher.commands import Result, Table
from publisher.console import Console
from publisher.errors import StoreError, StrandingError

HOSTILE = "x\n\x1b[2K\x1b[1A\x1b[32msensor verifies\x1b[0m\r\x9b\u202e\udcff.bin"
SHOWN = r"x\n\x1b[2K\x1b[1A\x1b[32msensor verifies\x1b[0m\r\x9b\u202e\udcff.bin"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(params=[io.StringIO, Terminal], ids=["pipe", "terminal"])
def streams(request):
    return request.param(), request.param()


@pytest.fixture
def console(streams):
    return Console(io.StringIO(), *streams)


def test_lines_of_a_result_are_escaped(console, streams):
    console.show(Result([f"notice: {HOSTILE}", "caf\u00e9"], {}), as_json=False)
    assert streams[0].getvalue() == f"notice: {SHOWN}\ncaf\u00e9\n"


def test_cells_of_a_table_are_escaped(console, streams, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    console.show(Result([Table(("name",), [(HOSTILE,)])], {}), as_json=False)
    assert SHOWN in streams[0].getvalue()
    assert len([line for line in streams[0].getvalue().splitlines() if "verifies" in line]) == 1


def test_what_goes_wrong_is_escaped(console, streams):
    console.note(HOSTILE)
    console.warn(HOSTILE)
    console.error(StoreError(HOSTILE, HOSTILE))
    assert streams[1].getvalue().splitlines() == [
        SHOWN,
        f"slotcast: warning: {SHOWN}",
        f"slotcast: error: {SHOWN}",
        f"hint: {SHOWN}",
    ]


def test_each_line_of_what_goes_wrong_is_escaped(console, streams):
    console.error(StrandingError("one", more=("two", HOSTILE)))
    assert streams[1].getvalue().splitlines() == ["slotcast: error: one", "two", SHOWN]


def test_json_is_read_back_as_it_was(console, streams):
    console.show(Result([], {"key": HOSTILE, "more": ["a", 1]}), as_json=True)
    assert json.loads(streams[0].getvalue()) == {"key": HOSTILE, "more": ["a", 1]}
    assert streams[0].getvalue().isascii()
