"""Where each rule of decide begins to hold: the last value on either side."""

from test_decide import facts, manifest

from slotcast.decide import bucket, decide
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
    for share, action in ((place, WAIT), (place + 1, INSTALL)):
        found = manifest(rollout={"salt": "s", "basis_points": share})
        assert decide(found, facts(device_id="0011223344")).action == action


def test_the_reason_says_when_the_running_version_is_unknown():
    assert decide(manifest(), facts(version="")).reason == "unknown version -> 1.4.3"


def test_a_failure_is_lifted_by_the_next_release_at_the_earliest():
    for failed, action in ((6, INSTALL), (7, REFUSE)):
        found = facts(failed_release=lambda digest, failed=failed: failed)
        assert decide(manifest(retry_failed=True, release=7), found).action == action
