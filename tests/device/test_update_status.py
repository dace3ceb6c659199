"""What an application may show or send, and the graph of states."""

import json

from slotcast.decision import FAILED, WAIT, Decision
from slotcast.states import IDLE, RESETS, SETTLE, STATES, transitions
from slotcast.status import Status


def reachable(start):
    found, ahead = set(), [start]
    while ahead:
        state = ahead.pop()
        if state not in found:
            found.add(state)
            ahead.extend(transitions()[state])
    return found


def test_every_state_has_followers_that_are_states():
    assert len(set(STATES)) == len(STATES)
    assert set(transitions()) == set(STATES)
    for state in STATES:
        followers = transitions()[state]
        assert followers and set(followers) <= set(STATES)
        assert len(set(followers)) == len(followers) and state not in followers


def test_every_state_is_reached_from_the_first():
    assert Status().state == SETTLE
    assert reachable(SETTLE) == set(STATES)


def test_there_is_no_state_that_a_board_cannot_come_to_rest_from():
    for state in STATES:
        assert IDLE in reachable(state)


def test_within_a_poll_failure_leads_to_rest_at_once():
    for state in ("guard", "time", "connect", "refresh", "decide", "install", "check", "arm"):
        assert IDLE in transitions()[state]


def test_nothing_is_armed_that_was_not_installed_and_checked():
    assert [state for state in STATES if "arm" in transitions()[state]] == ["check"]
    assert [state for state in STATES if "check" in transitions()[state]] == ["install"]
    assert [state for state in STATES if "install" in transitions()[state]] == ["decide"]
    assert [state for state in STATES if "decide" in transitions()[state]] == ["refresh"]


def test_states_that_may_end_in_a_reset_are_states():
    assert set(RESETS) <= set(STATES)


def test_a_status_takes_every_state_and_refuses_none():
    status = Status()
    for state in STATES + ("unheard of",):
        status.enter(state)
        assert status.state == state


def test_a_status_is_json_before_anything_happened():
    fields = Status("1.4.2", "ab" * 32).as_dict()
    assert json.loads(json.dumps(fields)) == {
        "state": "settle",
        "version": "1.4.2",
        "digest": "ab" * 32,
        "action": "",
        "reason": "",
        "error": "",
        "received_bytes": 0,
        "attempts": 0,
    }


def test_the_last_decision_and_the_last_error_stay_beside_each_other():
    status = Status()
    status.decided(Decision(FAILED, "DownloadError: stalled", None))
    status.failed("DownloadError: stalled")
    status.decided(Decision(WAIT, "1.4.3 is paused", None))
    fields = status.as_dict()
    assert (fields["action"], fields["reason"]) == (WAIT, "1.4.3 is paused")
    assert fields["error"] == "DownloadError: stalled"


def test_the_traffic_is_that_of_one_poll():
    status = Status()
    status.begin()
    status.attempts = 2
    status.received_bytes = 4711
    status.enter("idle")
    assert status.as_dict()["received_bytes"] == 4711
    status.begin()
    fields = status.as_dict()
    assert (fields["state"], fields["received_bytes"], fields["attempts"]) == ("guard", 0, 0)


def test_a_status_fits_into_512_bytes_however_long_an_error_is():
    status = Status("65535.99.99", "ab" * 32)
    status.decided(Decision(FAILED, "r" * 5000, None))
    status.failed("e" * 5000)
    status.received_bytes = 2**31
    status.attempts = 1000
    assert len(json.dumps(status.as_dict())) < 512
