"""Shares of boards: what they are at a time, and what becomes of a ramp that is changed or held."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_manifest import altered, manifest

from publisher.errors import SettingsError, VerificationError
from publisher.manifest import Manifest
from publisher.rollout import BUCKETS, Ramp, Rollout, Share
from publisher.rollout_words import words

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
START = "2026-11-22T10:00:00Z"
HOUR = timedelta(hours=1)
HOURS_48 = 48 * 3600
RAMP = Ramp(10000, START, HOURS_48)
GROWS = Rollout("s", 100, ("canary",), RAMP)


@pytest.fixture(scope="module")
def cases(vectors):
    return json.loads((vectors / "rollout.json").read_text())


def read(rollout):
    return Manifest.from_bytes(altered(rollout=rollout)).rollout


def test_shares_are_those_of_the_vectors(cases):
    assert cases["shares"]
    for case in cases["shares"]:
        found = read(case["rollout"])
        assert found.share_at(datetime.fromisoformat(case["now"])) == case["share"], case


def test_the_boards_that_take_part_are_those_of_the_vectors(cases):
    assert {case["takes_part"] for case in cases["boards"]} == {True, False}
    for case in cases["boards"]:
        now = datetime.fromisoformat(case["now"])
        found = read(case["rollout"]).includes(case["device_id"], case["group"], now)
        assert found is case["takes_part"], case


def test_what_the_vectors_refuse_is_no_rollout(cases):
    assert cases["refused"]
    for rollout in cases["refused"]:
        with pytest.raises(VerificationError, match="rollout"):
            read(rollout)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"groups": ["a", "a"]}, "rollout.groups is .*at most 8 different names"),
        ({"groups": ["No!"]}, "rollout.groups.0 is 'No!'; it must be a name"),
        ({"ramp": {"to": 10001}}, "rollout.ramp.to is 10001"),
        ({"ramp": {"to": 99}}, "rollout.ramp.to is 99; it must be at least basis_points, 100"),
        ({"ramp": {"over_s": 59}}, "rollout.ramp.over_s is 59; it must be seconds"),
        ({"ramp": {"over_s": 31622401}}, "60 to 31622400"),
        ({"ramp": {"start": "2026-02-30T00:00:00Z"}}, "2026-02-30T00:00:00Z; day is out of range"),
        ({"ramp": {"start": "2026-11-22 10:00"}}, "rollout.ramp.start is"),
    ],
)
def test_a_rollout_that_breaks_a_rule_is_refused_with_the_field_and_the_rule(change, says):
    rollout = {"salt": "s", "basis_points": 100}
    if "ramp" in change:
        change = {"ramp": {**RAMP.to_fields(), **change["ramp"]}}
    with pytest.raises(VerificationError, match=says):
        read({**rollout, **change})


def test_groups_and_ramp_survive_a_read_and_a_write_with_what_is_not_known():
    fields = {**GROWS.to_fields(), "later": 1, "ramp": {**RAMP.to_fields(), "curve": "even"}}
    found = read(fields)
    assert (found.groups, found.ramp.over_s) == (("canary",), HOURS_48)
    assert found.to_fields() == fields
    frozen = found.frozen_at(NOW + HOUR).to_fields()
    assert (frozen["later"], frozen["ramp"]["curve"]) == (1, "even")


def test_a_rollout_without_them_is_written_as_before_there_were_any():
    assert Rollout("s", 100).to_fields() == {"salt": "s", "basis_points": 100}


def test_no_more_groups_are_published_than_boards_read():
    for count, fits in ((8, True), (9, False)):
        found = manifest(rollout=Rollout("s", 0, tuple(f"g{n}" for n in range(count))))
        if fits:
            assert len(Manifest.from_bytes(found.to_bytes()).rollout.groups) == 8
        else:
            with pytest.raises(SettingsError, match="at most 8"):
                found.to_bytes()


@given(
    st.integers(0, BUCKETS),
    st.integers(0, BUCKETS),
    st.integers(60, 31622400),
    st.lists(st.integers(-60, 31622460), min_size=2, max_size=5),
)
def test_a_share_never_shrinks_even_where_it_is_paused_on_the_way(start, end, over_s, moments):
    least, most = sorted((start, end))
    found = manifest(rollout=Rollout("s", least, (), Ramp(most, START, over_s)))
    shares = [least]
    for number, moment in enumerate(sorted(moments)):
        now = NOW + timedelta(seconds=moment)
        shares.append(found.share_at(now))
        found = found.resumed_at(now) if found.paused else found.paused_at(now)
        assert found.share_at(now) == shares[-1]
        assert found.paused is (number % 2 == 0)
        Manifest.from_bytes(found.to_bytes())
    assert shares == sorted(shares)
    assert max(shares) <= most


def test_a_ramp_that_is_paused_keeps_what_it_has_reached_and_goes_on_with_the_rest():
    found = manifest(rollout=GROWS)
    paused = found.paused_at(NOW + 18 * HOUR)
    assert paused.paused
    assert paused.rollout.basis_points == 3812
    assert paused.rollout.ramp == Ramp(10000, "2026-11-23T04:00:00Z", 30 * 3600)
    assert paused.rollout.groups == ("canary",)
    much_later = NOW + 500 * HOUR
    assert paused.share_at(much_later) == 3812
    assert not paused.is_for_all_at(much_later)
    resumed = paused.resumed_at(much_later)
    assert (resumed.paused, resumed.share_at(much_later)) == (False, 3812)
    assert resumed.share_at(much_later + 15 * HOUR) == 3812 + (10000 - 3812) // 2
    assert resumed.share_at(much_later + 30 * HOUR) == 10000
    assert resumed.is_for_all_at(much_later + 30 * HOUR)


def test_pausing_and_resuming_twice_is_doing_it_once():
    found = manifest(rollout=GROWS)
    paused = found.paused_at(NOW + HOUR)
    assert paused.paused_at(NOW + 2 * HOUR) == paused
    assert found.resumed_at(NOW + HOUR) == found


def test_a_ramp_that_is_over_is_no_ramp_once_it_is_paused():
    paused = manifest(rollout=GROWS).paused_at(NOW + 48 * HOUR)
    assert paused.rollout == Rollout("s", 10000, ("canary",))


def test_the_last_seconds_of_a_ramp_are_a_minute_where_it_is_paused():
    paused = manifest(rollout=GROWS).paused_at(NOW + 48 * HOUR - timedelta(seconds=1))
    assert paused.rollout.basis_points == 9999
    assert paused.rollout.ramp.over_s == 60


def test_a_ramp_that_lies_ahead_still_does_once_it_is_resumed():
    before = NOW - 2 * HOUR
    found = manifest(rollout=GROWS)
    assert found.paused_at(before).resumed_at(before + HOUR) == found
    late = found.paused_at(before).resumed_at(NOW + HOUR)
    assert late.rollout.ramp == Ramp(10000, "2026-11-22T11:00:00Z", HOURS_48)


def test_a_ramp_that_is_asked_for_again_goes_on_as_it_began():
    share = Share(100, 10000, HOURS_48, ("canary",))
    later = NOW + 20 * HOUR
    begun = Rollout("s").with_share(share, NOW)
    assert begun == GROWS
    assert begun.share == share
    assert begun.with_share(share, later) == begun
    other = begun.with_share(Share(100, 10000, HOURS_48, ("lab",)), later)
    assert (other.groups, other.ramp) == (("lab",), RAMP)
    longer = begun.with_share(Share(100, 10000, 2 * HOURS_48), later)
    assert longer.ramp == Ramp(10000, "2026-11-23T06:00:00Z", 2 * HOURS_48)
    assert begun.with_share(Share(2500), later) == Rollout("s", 2500)


def test_a_larger_share_contains_the_smaller_one():
    devices = [f"240ac4{number:06x}" for number in range(500)]
    taken = [
        {device for device in devices if Rollout("s", points).includes(device, None, NOW)}
        for points in (0, 1000, 2500, 10000)
    ]
    assert taken == sorted(taken, key=len)
    assert all(less <= more for less, more in zip(taken, taken[1:], strict=False))
    assert (len(taken[0]), len(taken[3])) == (0, 500)
    assert 30 < len(taken[1]) < 75


@pytest.mark.parametrize(
    ("rollout", "hours", "told"),
    [
        (Rollout("s"), 0, "100 %"),
        (Rollout("s", 50), 0, "0.5 %"),
        (Rollout("s", 2500, ("canary",)), 0, "25 %; canary first"),
        (Rollout("s", 0, ("canary", "lab")), 0, "canary, lab only"),
        (Rollout("s", 0), 0, "0 %"),
        (GROWS, 0, "1 % .. 100 % by 2026-11-24 10:00 UTC, 1 % now; canary first"),
        (GROWS, 18, "1 % .. 100 % by 2026-11-24 10:00 UTC, 38.12 % now; canary first"),
        (GROWS, 48, "100 %; canary first"),
        (Rollout("s", 0, ("lab",), RAMP), -1, "0 % .. 100 % by 2026-11-24 10:00 UTC, 0 % now; lab"),
    ],
)
def test_a_rollout_in_words(rollout, hours, told):
    assert words(manifest(rollout=rollout), now=NOW + hours * HOUR).startswith(told)


def test_a_rollout_in_words_with_a_noun_and_while_it_stands_still():
    assert words(manifest(rollout=Rollout("s", 1000)), " of boards") == "10 % of boards"
    running = words(manifest(rollout=GROWS), " of boards")
    assert running == "1 % .. 100 % of boards by 2026-11-24 10:00 UTC; canary first"
    for over_s, told in ((HOURS_48, "48 h"), (5400, "1 h 30 min"), (119, "1 min")):
        ramp = Ramp(10000, START, over_s)
        paused = manifest(paused=True, rollout=Rollout("s", 100, (), ramp))
        assert words(paused, now=NOW + 99 * HOUR) == f"1 % .. 100 % over {told}"
