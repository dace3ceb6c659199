"""Where each rule of decide begins to hold: the last value on either side."""

from test_decide import config, facts, manifest

from slotcast.decide import bucket, decide, share
from slotcast.decision import INSTALL, REFUSE, STEP, WAIT


def test_an_image_may_fill_the_slot():
    assert decide(manifest(size=65536), facts(slot_bytes=65536)).action == INSTALL
    assert decide(manifest(size=65537), facts(slot_bytes=65536)).action == REFUSE


def test_another_build_of_the_running_version_is_installed():
    assert decide(manifest(version="1.4.2"), facts(version="1.4.2")).action == INSTALL
    assert decide(manifest(version="1.4.1"), facts(version="1.4.2")).action == REFUSE


def test_the_minimum_version_itself_will_do():
    assert decide(manifest(min_version="1.4.2"), facts(version="1.4.2")).action == INSTALL
    assert decide(manifest(min_version="1.4.3"), facts(version="1.4.2")).action == STEP


def test_the_confirmed_security_version_itself_will_do():
    assert decide(manifest(security_version=3), facts(security_version=3)).action == INSTALL
    assert decide(manifest(security_version=2), facts(security_version=3)).action == REFUSE


def test_a_rollout_reaches_the_boards_below_its_share():
    place = bucket("s", "0011223344")
    for points, action in ((place, WAIT), (place + 1, INSTALL)):
        found = manifest(rollout={"salt": "s", "basis_points": points})
        assert decide(found, facts(device_id="0011223344")).action == action


def test_a_ramp_of_a_year_is_counted_to_the_second():
    """10000 * 31622400 is more than a small integer of a board holds."""
    ramp = {"to": 10000, "start": "2026-11-22T10:00:00Z", "over_s": 31622400}
    place = bucket("s", "0011223344")
    found = manifest(rollout={"salt": "s", "basis_points": 0, "ramp": ramp})
    assert place == 7617
    for now, action in (("2027-08-28T05:39:04Z", WAIT), ("2027-08-28T05:39:05Z", INSTALL)):
        assert decide(found, facts(device_id="0011223344", now=now)).action == action


def test_a_ramp_of_a_single_second_or_of_no_rise_is_one():
    for to, over_s in ((100, 1), (10000, 1)):
        ramp = {"to": to, "start": "2026-11-22T10:00:00Z", "over_s": over_s}
        found = manifest(rollout={"salt": "s", "basis_points": 100, "ramp": ramp})
        assert share(found, "2026-11-22T10:00:00Z") == 100
        assert share(found, "2026-11-22T10:00:01Z") == to


def test_a_board_without_a_group_is_in_none():
    found = manifest(rollout={"salt": "s", "basis_points": 0, "groups": []})
    for board in (config(), config(group=None), config(group="canary")):
        assert decide(found, facts(config=board)).action == WAIT


def test_eight_groups_may_come_first():
    names = ["g%d" % number for number in range(8)]
    found = manifest(rollout={"salt": "s", "basis_points": 0, "groups": names})
    for name in names:
        assert decide(found, facts(config=config(group=name))).action == INSTALL


def test_the_reason_says_when_the_running_version_is_unknown():
    assert decide(manifest(), facts(version="")).reason == "unknown version -> 1.4.3"


def test_a_failure_is_lifted_by_the_next_release_at_the_earliest():
    for failed, action in ((6, INSTALL), (7, REFUSE)):
        found = facts(failed_release=lambda digest, failed=failed: failed)
        assert decide(manifest(retry_failed=True, release=7), found).action == action
