"""A board polls servers that do one thing wrong each: tests/hostile/cases.py is the table."""

import re
from pathlib import Path

import misdeeds as do
import pytest
from cases import CASES
from hostile_board import TIMEOUT_S, HostileBoard
from hostile_case import HEAP_KIB, Case
from hostile_edge import HostileEdge
from hostile_play import Stage, play_all
from offer import BLOCK_BYTES, Offer
from table import HEADER, MARKS
from tls_server import HOST

PAGE = Path(__file__).parents[2] / "docs" / "hostile.md"


@pytest.fixture(scope="module")
def played(request):
    """What came of the cases that are asked for, and what each changed, by name."""
    tests = [item for item in request.session.items if item.path == request.path]
    return play_all([item.callspec.params["case"] for item in tests if "case" in item.fixturenames])


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_hostile_server_costs_no_more_than_it_may_and_changes_nothing(played, case):
    result, changes = played[case.name]
    assert case.is_told(result.reason, result.log), result.log
    assert "current" not in result.reason
    assert changes == []
    assert result.bytes <= case.most_bytes
    assert result.seconds <= case.seconds(TIMEOUT_S)
    assert result.heap <= case.heap_kib * 1024


# The same play with servers that do nothing wrong: what the cases find unchanged does change.


@pytest.fixture(scope="module")
def stage():
    with Stage() as stage:
        yield stage


HARMLESS = {
    "honest, with 403": do.honest,
    "404": do.answer_with(404),
    "404 with an endless page": do.missing_with_endless_page(404),
    "403 in chunks": do.answer_chunked,
    "403 in chunks without an end": do.send_chunks_forever,
}


def test_bytes_after_a_body_cost_another_attempt_and_no_more(stage):
    stray = do.send_and_add(b"{}\r\n\r\n")
    case = Case("bytes after a body", "timestamp", stray, "", fails_at="payload head")
    result = stage.play(case)
    assert any("in vain: not an HTTP/1.1 response" in line for line in result.log)
    assert "arm: 1.5.0 boots next, from app1" in result.log
    assert stage.changes(case, result) == ["otadata", "the other slot"]


@pytest.mark.parametrize("name", HARMLESS)
def test_server_without_a_next_root_is_no_hindrance(stage, name):
    case = Case(name, "root", HARMLESS[name], "", fails_at="payload head")
    result = stage.play(case)
    assert "arm: 1.5.0 boots next, from app1" in result.log
    assert stage.changes(case, result) == ["otadata", "the other slot"]


@pytest.mark.parametrize(
    ("misdeed", "connections"),
    [(do.honest, 1), (do.answer_chunked, 1), (do.send_chunks_forever, 2)],
    ids=["with a length", "in chunks", "in chunks without an end"],
)
def test_an_idle_poll_is_one_connection_where_errors_end(misdeed, connections):
    """S3 answers 403 in chunks for the next root, which every poll asks for."""
    offer = Offer()
    with HostileBoard(offer) as board:
        board.learn(HostileEdge(board.certificate, offer.files, "", do.honest))
        with HostileEdge(board.certificate, offer.files, "root", misdeed) as edge:
            played = board.play({HOST: ["127.0.0.1", edge.port]}, HEAP_KIB)
    assert (played.reason, edge.connections) == ("runs 1.4.3 already", connections)


def test_metadata_that_was_accepted_is_not_what_a_case_before_it_may_leave(stage):
    result = stage.play(Case("honest", "root", do.honest, "", fails_at="payload head"))
    at_once = Case("as if it had failed at once", "root", do.honest, "")
    assert stage.changes(at_once, result) == ["metadata/", "otadata", "the other slot"]


def test_blocks_that_came_before_an_end_stand_and_no_others(stage):
    case = next(case for case in CASES if case.name == "closed inside the blocks")
    result = stage.play(case)
    assert stage.changes(case, result) == []
    image = stage.images["1.5.0"]
    last = (len(image) - 1) // BLOCK_BYTES * BLOCK_BYTES
    assert result.slots[1][:last] == image[:last]
    assert result.slots[1][last:] == stage.before.slots[1][last:]


def test_metadata_that_is_signed_but_bad_can_be_published(stage):
    def with_snapshot_rolled_back(offer):
        offer.timestamp.version += 1
        offer.timestamp.snapshot_meta.version -= 2
        offer.publish_timestamp()

    case = Case(
        "rollback", "timestamp", do.honest, "RepositoryError", publish=with_snapshot_rolled_back
    )
    result = stage.play(case)
    assert case.error in result.reason
    assert stage.changes(case, result) == []


def test_the_page_has_the_cases_of_the_code():
    _, _, rest = PAGE.read_text().partition(MARKS[0])
    table, _, _ = rest.partition(MARKS[1])
    rows = [re.split(r" ?\| ?", line)[1:-1] for line in table.splitlines()]
    assert tuple(rows[0]) == HEADER
    assert [row[:2] for row in rows[2:]] == [[case.name, case.end] for case in CASES]
