"""Boards that update through bad weather: each fault alone, some of them mixed, and one long link.

`make weather` plays a thousand sessions; these are a sample.
"""

from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from fault_tables import fault_table, over_ideal, totals
from faults import IMAGE_BYTES, KINDS, Fault, Injected, Weather, breaks_every, forecast
from field import Field, Line, Played
from outcomes import Outcome, Recovery, recoveries, story

SMALL_BYTES = 100000
# Of a session without faults: 1 root, 2 timestamp, 3 snapshot, 4 targets, 5 manifest, 6 head.
BLOCKS_REQUEST = 7
TIMESTAMP_REQUEST = 2
BLOCKS_BYTE = 30000
# What comes before main_on_board.py to make a board that writes blocks of any hash.
CARELESS = b"""
from slotcast.errors import PayloadError
from slotcast.frames import Frame

really_decode_steps = Frame.decode_steps

def decode_carelessly_steps(frame, index, pieces):
    try:
        yield from really_decode_steps(frame, index, pieces)
    except PayloadError as error:
        print("weather careless", error)

Frame.decode_steps = decode_carelessly_steps
"""


@pytest.fixture(scope="module")
def field(firmware: Path) -> Iterator[Field]:
    with Field(firmware, SMALL_BYTES) as field:
        yield field


def played_with(field: Field, *faults: Fault) -> Played:
    played = field.play(0, Weather(faults))
    assert played.arrived, story(played)
    assert played.bad_sectors == 0, story(played)
    return played


@pytest.mark.parametrize(
    ("kind", "at", "outcome"),
    [
        ("drop", BLOCKS_BYTE, Outcome.POLL),
        ("truncate", BLOCKS_BYTE, Outcome.POLL),
        ("reset", BLOCKS_BYTE, Outcome.POLL),
        ("stall", BLOCKS_BYTE, Outcome.POLL),
        ("delay", BLOCKS_BYTE, Outcome.ATTEMPT),
        ("corrupt", BLOCKS_BYTE, Outcome.POLL),
        ("5xx", BLOCKS_REQUEST, Outcome.POLL),
        ("416", BLOCKS_REQUEST, Outcome.POLL),
        ("200 for a range", BLOCKS_REQUEST, Outcome.POLL),
        ("captive portal", BLOCKS_REQUEST, Outcome.POLL),
        ("bad RAM", BLOCKS_REQUEST, Outcome.NEXT_POLL),
        ("5xx", TIMESTAMP_REQUEST, Outcome.POLL),
    ],
)
def test_a_fault_throws_a_board_back_so_far_and_no_further(
    field: Field, kind: str, at: int, outcome: Outcome
) -> None:
    fault = Fault(kind, at, 0.5)
    played = played_with(field, fault)
    assert recoveries(played) == [Recovery(fault, outcome)], story(played)
    assert played.polls == (2 if outcome is Outcome.NEXT_POLL else 1)


def test_every_page_of_a_captive_portal_is_refused_in_place_of_blocks(field: Field) -> None:
    pages = [Fault("captive portal", BLOCKS_REQUEST, choice) for choice in (0, 0.4, 0.9)]
    played = played_with(field, *pages)
    assert recoveries(played) == [Recovery(page, Outcome.POLL) for page in pages], story(played)


def test_mixed_faults_keep_no_board_from_its_release(firmware: Path) -> None:
    with Field(firmware, IMAGE_BYTES) as field:
        ideal_bytes = field.play(-1, Weather([])).delivered_bytes
        sessions = list(field.play_all(range(6), lambda number: Weather(forecast(number)), 2))
    said = totals(sessions, ideal_bytes)
    assert "sessions: 6\non the new release: 6\n" in said, said
    assert "of them corrupted: 0\n" in said
    assert sum(len(played.injected) for played in sessions) > 10
    assert median(over_ideal(sessions, ideal_bytes)) < 1.2


def test_a_payload_of_1_2_mb_comes_in_one_poll_over_a_link_that_breaks_each_200_kb(
    firmware: Path,
) -> None:
    def breaking(number: int) -> Weather:
        return Weather([], breaks_every(200000, number))

    with Field(firmware) as field:
        ideal_bytes = field.play(-1, Weather([])).delivered_bytes
        sessions = list(field.play_all((1, 2), breaking, 2))
    assert ideal_bytes > 1200000
    assert sum(len(played.injected) for played in sessions) > 10
    for played in sessions:
        assert (played.arrived, played.polls) == (True, 1), story(played)
    assert median(over_ideal(sessions, ideal_bytes)) < 1.2


def test_a_board_that_writes_what_it_has_not_verified_is_found_out(firmware: Path) -> None:
    program = Path(__file__).parents[1].joinpath("weather", "main_on_board.py").read_bytes()
    with Field(firmware, SMALL_BYTES, CARELESS + program) as field:
        played = field.play(0, Weather([Fault("bad RAM", BLOCKS_REQUEST, 0.5)]))
    assert played.bad_sectors > 0, story(played)
    assert "weather careless" in story(played)


def test_a_board_that_does_not_arrive_is_counted_and_named() -> None:
    lost = _told([], [Line("weather poll", 1.0)], arrived=False)
    said = totals([lost], 1000)
    assert "on the new release: 0\n" in said
    assert said.endswith("not arrived: python tests/weather/run.py --session 7")


def test_a_poll_in_vain_is_put_down_to_the_fault_before_it() -> None:
    faults = [Fault("delay", 1, 0.0), Fault("reset", 2, 0.0), Fault("5xx", 3, 0.0)]
    injected = [Injected(fault, at) for at, fault in enumerate(faults)]
    lines = [
        Line("slotcast install: again after attempt 1, 1 in vain: lost", 1.5),
        Line("slotcast failed: DownloadError: lost", 2.5),
        Line("slotcast failed: OSError: 5", 3.5),
    ]
    played = _told(injected, lines)
    assert recoveries(played) == [
        Recovery(faults[1], Outcome.POLL),
        Recovery(faults[0], Outcome.ATTEMPT),
        Recovery(faults[2], Outcome.NEXT_POLL),
        Recovery(None, Outcome.NEXT_POLL),
    ]
    table = fault_table([played], 1000)
    assert "| reset | 1 | 0 | 1 | 0 | median 0, worst 0 |" in table
    assert "attempts or polls in vain without a fault: 1" in table


def test_a_session_has_the_same_faults_each_time_and_eleven_have_every_kind() -> None:
    assert forecast(7) == forecast(7) != forecast(8)
    assert {forecast(number)[0].kind for number in range(len(KINDS))} == set(KINDS)


def _told(injected: list[Injected], lines: list[Line], arrived: bool = True) -> Played:
    return Played(7, 0, arrived, 0, 0, 1000, 1.0, injected, lines)
