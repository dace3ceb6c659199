"""Offers that change without a new image: pausing, sharing out, taking back, promoting."""

from dataclasses import replace

import esp_images
import pytest
from products import BOARD
from shop import Shop

from publisher.errors import SettingsError, StoreError
from publisher.layout import key
from publisher.rollout import Ramp, Rollout, Share
from publisher.withdrawal import prepare_withdrawal


def test_a_paused_release_stays_the_release_that_it_is():
    shop = Shop()
    before = shop.release("1.0.0")
    assert shop.change(paused=True).is_new
    assert shop.offered() == replace(before, paused=True)
    assert not shop.change(paused=True).is_new
    shop.change(paused=False)
    assert shop.offered() == before


def test_what_does_not_change_is_not_signed_again():
    shop = Shop()
    shop.release("1.0.0")
    version = shop.targets_version()
    shop.change(paused=False)
    assert shop.targets_version() == version


def test_a_change_keeps_the_stones_that_older_boards_need():
    shop = Shop()
    shop.release("1.0.0")
    shop.release("2.0.0", min_version="1.0.0")
    shop.change(paused=True)
    assert shop.stones() == ["1.0.0"]
    shop.change(paused=False)
    assert shop.stones() == ["1.0.0"]


def test_nothing_that_is_not_offered_can_be_changed():
    shop = Shop()
    with pytest.raises(SettingsError, match="nothing is offered on stable/b1"):
        shop.change(paused=True)
    with pytest.raises(SettingsError, match="nothing is offered on stable/b1"):
        shop.withdraw("1.0.0")


def test_boards_go_back_to_what_takes_the_place_of_a_withdrawn_release():
    shop = Shop()
    first = shop.release("1.0.0")
    second = shop.release("1.1.0")
    offered = shop.withdraw("1.1.0", to="1.0.0")
    assert shop.offered() == offered
    assert (offered.version, offered.image_digest) == ("1.0.0", first.image_digest)
    assert offered.withdrawn == ("1.1.0",)
    assert offered.release == second.release + 1
    assert offered.rollout.basis_points == 10000
    assert offered.payloads == first.payloads


def test_a_withdrawal_that_is_run_again_is_there_already():
    shop = Shop()
    shop.release("1.0.0")
    shop.release("1.1.0")
    offered = shop.withdraw("1.1.0", to="1.0.0")
    version = shop.targets_version()
    assert shop.withdraw("1.1.0", to="1.0.0") == offered
    assert shop.targets_version() == version


def test_a_second_version_is_withdrawn_beside_the_first():
    shop = Shop()
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        shop.release(version)
    shop.withdraw("1.2.0", to="1.1.0")
    assert shop.withdraw("1.1.0", to="1.0.0").withdrawn == ("1.2.0", "1.1.0")
    assert shop.last.warnings == ()


def test_a_version_that_was_offered_before_the_withdrawal_can_be_withdrawn_too():
    shop = Shop()
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        shop.release(version)
    shop.withdraw("1.2.0", to="1.0.0")
    assert shop.last.warnings == (
        "boards that run 1.1.0 keep it: withdraw that too, if they are not to",
    )
    assert shop.withdraw("1.1.0").withdrawn == ("1.2.0", "1.1.0")


def test_a_release_above_what_is_withdrawn_follows_as_ever():
    shop = Shop()
    for version in ("1.0.0", "1.1.0"):
        shop.release(version)
    shop.withdraw("1.1.0", to="1.0.0")
    with pytest.raises(SettingsError, match=r"1\.1\.0 is withdrawn"):
        shop.prepare("1.1.0")
    assert shop.release("1.0.1").withdrawn == ("1.1.0",)
    assert shop.release("1.2.0").withdrawn == ("1.1.0",)


def test_what_was_withdrawn_once_stays_so_whatever_is_withdrawn_later():
    shop = Shop()
    for version in ("1.0.0", "1.1.0"):
        shop.release(version)
    shop.withdraw("1.1.0", to="1.0.0")
    shop.release("1.2.0")
    assert shop.withdraw("1.2.0", to="1.0.0").withdrawn == ("1.2.0", "1.1.0")
    with pytest.raises(SettingsError, match=r"1\.1\.0 is withdrawn on stable/b1"):
        shop.release("1.1.0")
    shop.release("1.1.0", channel="beta")
    with pytest.raises(SettingsError, match=r"1\.1\.0 is withdrawn on stable/b1"):
        shop.promote("1.1.0")


def test_so_many_versions_are_withdrawn_at_a_time():
    shop = Shop()
    shop.release("0.9.0")
    for number in range(17):
        shop.release(f"1.{number}.0")
    for number in range(16):
        shop.withdraw(f"1.{number}.0")
    assert shop.offered().withdrawn == tuple(f"1.{number}.0" for number in range(15, -1, -1))
    with pytest.raises(SettingsError, match="more than 16 versions"):
        shop.withdraw("1.16.0", to="0.9.0")
    # None of those below the release has to stay.
    assert shop.release("2.0.0").withdrawn == shop.offered().withdrawn
    shop.release("3.0.0")
    assert shop.withdraw("3.0.0", to="2.0.0").withdrawn[0] == "3.0.0"
    assert len(shop.offered().withdrawn) == 16


def test_boards_need_to_be_told_where_to_go():
    shop = Shop()
    shop.release("1.0.0")
    shop.release("1.1.0")
    for to, says in {
        None: "where shall boards go",
        "1.1.0": "not older",
        "1.2.0": "not older",
        "0.9.0": "never released",
        "1.0": "X.Y.Z",
        "latest": "X.Y.Z",
    }.items():
        with pytest.raises(SettingsError, match=says):
            shop.withdraw("1.1.0", to=to)
    assert shop.offered().version == "1.1.0"


def test_what_was_never_released_cannot_be_withdrawn():
    shop = Shop()
    shop.release("1.0.0")
    with pytest.raises(SettingsError, match=r"1\.1\.0 was never released on stable/b1"):
        shop.withdraw("1.1.0", to="1.0.0")


def test_what_is_not_offered_any_more_can_be_marked_for_good():
    shop = Shop()
    shop.release("1.0.0", channel="beta")
    shop.release("1.1.0", channel="beta")
    shop.promote("1.0.0")
    shop.promote("1.1.0")
    before = shop.offered()
    assert shop.withdraw("1.0.0") == replace(before, withdrawn=("1.0.0",))
    shop.change(paused=True)
    shop.withdraw("1.0.0")
    assert "1.1.0 is paused" in shop.last.warnings[0]
    rollout = replace(before.rollout, basis_points=500)
    shop.change(paused=False, rollout=rollout)
    shop.withdraw("1.0.0")
    assert "goes to 5 %" in shop.last.warnings[0]
    with pytest.raises(SettingsError, match=r"go to 1\.1\.0, which is offered"):
        shop.withdraw("1.0.0", to="0.9.0")


def test_a_stone_cannot_be_withdrawn_from_under_the_boards_that_need_it():
    shop = Shop()
    shop.release("1.0.0")
    shop.release("2.0.0", min_version="1.0.0")
    with pytest.raises(SettingsError, match=r"take 1\.0\.0 first"):
        shop.withdraw("1.0.0")
    assert shop.stones() == ["1.0.0"]


def test_the_stones_of_what_boards_go_back_to_come_with_it():
    shop = Shop()
    shop.release("1.0.0")
    shop.release("2.0.0", min_version="1.0.0")
    shop.release("3.0.0")
    assert shop.stones() == []
    shop.withdraw("3.0.0", to="2.0.0")
    assert shop.offered().min_version == "1.0.0"
    assert shop.stones() == ["1.0.0"]


def test_nothing_lowers_what_a_board_has_confirmed_of_security():
    shop = Shop()
    shop.release("1.0.0")
    raised = replace(BOARD, security_version=1)
    shop.settings = replace(shop.settings, boards={"b1": raised})
    shop.release("1.1.0")
    with pytest.raises(SettingsError, match="security_version 0"):
        shop.withdraw("1.1.0", to="1.0.0")


def test_boards_cannot_go_back_to_firmware_that_is_gone():
    shop = Shop()
    first = shop.release("1.0.0")
    shop.release("1.1.0")
    del shop.store.objects[key("sensor", first.full.path)]
    with pytest.raises(StoreError):
        shop.withdraw("1.1.0", to="1.0.0")


def test_what_was_held_back_is_for_all_boards_when_it_takes_the_place():
    shop = Shop()
    shop.release("1.0.0")
    shop.change(paused=True)
    shop.release("1.1.0")
    assert shop.withdraw("1.1.0", to="1.0.0").paused is False
    assert shop.last.warnings == (
        "1.0.0 was paused, or not for all boards, when it was offered; it is now",
    )


def test_what_is_paused_is_not_promoted():
    shop = Shop()
    shop.release("1.0.0")
    shop.change(paused=True)
    with pytest.raises(SettingsError, match=r"1\.0\.0 is paused on stable/b1"):
        shop.promote("1.0.0", source="stable", to="late")


def test_nothing_below_the_security_version_of_the_settings_is_promoted():
    shop = Shop()
    shop.release("1.0.0", channel="beta")
    shop.settings = replace(shop.settings, boards={"b1": replace(BOARD, security_version=2)})
    with pytest.raises(SettingsError, match="security_version 0"):
        shop.promote("1.0.0")


def test_a_promotion_tells_of_steps_that_older_boards_skip_and_of_those_that_were_held_back():
    shop = Shop()
    for version in ("1.0.0", "3.0.0"):
        shop.release(version, channel="beta")
    shop.release("1.0.0")
    shop.change(paused=True)
    shop.release("2.0.0", min_version="1.0.0")
    [offer] = shop.promote("3.0.0")
    assert "boards below 1.0.0" in offer.warnings[0]
    shop.release("4.0.0", channel="beta", min_version="1.0.0")
    [offer] = shop.promote("4.0.0")
    assert any("1.0.0 was not offered to all boards" in one for one in offer.warnings)


def test_as_many_stones_as_boards_follow_can_be_promoted_too():
    shop = Shop()
    least = None
    for number in range(9):
        version = f"0.{number}.0"
        for channel in ("beta", "stable"):
            shop.release(version, channel=channel, min_version=least)
        least = version
    assert len(shop.stones()) == 8
    shop.release("0.9.0", channel="stable")
    shop.withdraw("0.9.0", to="0.8.0")
    assert len(shop.stones()) == 8


def test_a_promoted_release_is_the_same_bytes():
    shop = Shop()
    beta = shop.release("1.0.0", channel="beta")
    before = set(shop.store.objects)
    [offer] = shop.promote("1.0.0")
    stable = shop.offered()
    assert stable == offer.manifest
    assert (stable.channel, stable.release) == ("stable", 1)
    for name in ("version", "sha256", "image_digest", "payloads", "size", "notes"):
        assert getattr(stable, name) == getattr(beta, name)
    added = {name for name in set(shop.store.objects) - before if "/payloads/" in name}
    assert not added


def test_a_promotion_counts_releases_and_draws_boards_of_its_own_channel():
    shop = Shop()
    shop.release("0.9.0")
    for version in ("0.9.1", "1.0.0"):
        shop.release(version, channel="beta")
    shop.promote("1.0.0", share=Share(1000))
    offered = shop.offered()
    assert (offered.release, offered.rollout.salt) == (2, "stable/b1/2")
    assert offered.rollout.basis_points == 1000


def test_an_older_version_of_the_first_channel_can_be_promoted():
    shop = Shop()
    shop.release("1.0.0", channel="beta")
    shop.release("1.1.0", channel="beta")
    shop.promote("1.0.0")
    assert shop.offered().version == "1.0.0"


def test_what_is_withdrawn_is_promoted_nowhere():
    shop = Shop()
    shop.release("1.0.0", channel="beta")
    shop.release("1.1.0", channel="beta")

    def prepare(repository, view):
        return [prepare_withdrawal(repository, view, "beta", "b1", "1.1.0", "1.0.0")]

    shop.apply(prepare)
    with pytest.raises(SettingsError, match=r"1\.1\.0 is withdrawn"):
        shop.promote("1.1.0")


def test_all_kinds_of_boards_are_promoted_in_one_edit_or_those_that_are_named():
    shop = Shop()
    shop.settings = replace(shop.settings, boards={"b1": BOARD, "b2": BOARD, "b3": BOARD})
    for board in ("b1", "b2"):
        shop.release("1.0.0", channel="beta", board=board)
    version = shop.targets_version()
    assert [offer.manifest.board for offer in shop.promote("1.0.0")] == ["b1", "b2"]
    assert shop.targets_version() == version + 1
    [offer] = shop.promote("1.0.0", to="late", boards=["b2"])
    assert offer.manifest.board == "b2"
    with pytest.raises(SettingsError, match="never released on beta/b3"):
        shop.promote("1.0.0", to="late", boards=["b1", "b3"])


def test_a_promotion_that_is_run_again_is_there_already():
    shop = Shop()
    shop.release("1.0.0", channel="beta")
    share = Share(1000, 10000, 3600, ("canary",))
    shop.promote("1.0.0", share=share)
    before, version = shop.offered(), shop.targets_version()
    shop.later(minutes=10)
    [offer] = shop.promote("1.0.0", share=share)
    assert (offer.is_new, offer.warnings) == (False, ())
    [offer] = shop.promote("1.0.0")
    assert not offer.is_new
    assert offer.warnings == ("stable/b1 keeps its share: `slotcast rollout` changes that",)
    assert shop.targets_version() == version
    assert shop.offered() == before
    assert before.rollout.ramp == Ramp(10000, "2026-11-22T07:00:00Z", 3600)


def test_a_promotion_begins_its_own_rollout_and_takes_none_along():
    shop = Shop()
    shop.release("1.0.0", channel="beta", share=Share(100, 10000, 3600, ("canary",)))
    shop.later(minutes=30)
    [offer] = shop.promote("1.0.0")
    assert offer.manifest.rollout == Rollout("stable/b1/1")
    [offer] = shop.promote("1.0.0", to="late", share=Share(0, 5000, 7200, ("lab",)))
    ramp = Ramp(5000, "2026-11-22T07:30:00Z", 7200)
    assert offer.manifest.rollout == Rollout("late/b1/1", 0, ("lab",), ramp)


def test_a_ramp_is_for_all_once_it_is_over_and_not_before():
    shop = Shop()
    shop.release("1.0.0", share=Share(100, 10000, 3600))
    shop.release("1.1.0")
    shop.later(minutes=59)
    held_back = "1.0.0 was paused, or not for all boards, when it was offered; it is now"
    stone = "1.0.0 was not offered to all boards, or was paused"
    assert held_back in shop.withdrawal("1.1.0", to="1.0.0").warnings
    assert any(stone in one for one in shop.prepare("2.0.0", min_version="1.0.0").warnings)
    shop.later(minutes=1)
    assert shop.withdrawal("1.1.0", to="1.0.0").warnings == ()
    assert not any(stone in one for one in shop.prepare("2.0.0", min_version="1.0.0").warnings)


def test_a_withdrawal_says_which_boards_wait_for_a_ramp():
    shop = Shop()
    shop.release("1.0.0")
    shop.release("1.1.0", share=Share(100, 10000, 3600, ("canary",)))
    shop.later(minutes=30)
    assert shop.withdrawal("1.0.0").warnings == (
        "1.1.0 goes to 1 % .. 100 % of boards by 2026-11-22 08:00 UTC, 50.5 % now; canary first: "
        "other boards keep what is withdrawn",
    )
    shop.later(minutes=30)
    assert shop.withdrawal("1.0.0").warnings == ()


def test_what_takes_the_place_of_a_withdrawn_version_is_for_everybody():
    shop = Shop()
    shop.release("1.0.0", share=Share(0, groups=("canary",)))
    shop.release("1.1.0", share=Share(0, groups=("canary",)))
    assert shop.withdraw("1.1.0", to="1.0.0").rollout == Rollout("stable/b1/3")


def test_a_promotion_does_not_go_backwards_nor_over_another_image():
    shop = Shop()
    shop.release("1.0.0", channel="beta")
    shop.release("1.1.0")
    with pytest.raises(SettingsError, match=r"1\.0\.0 does not follow 1\.1\.0"):
        shop.promote("1.0.0")
    other = Shop()
    other.release("1.0.0", channel="beta")
    other.release("1.0.0", data=esp_images.app_image(code=b"another" * 99))
    with pytest.raises(SettingsError, match="is another image"):
        other.promote("1.0.0")


def test_a_promotion_needs_the_stones_of_its_own_channel():
    shop = Shop()
    shop.release("1.0.0", channel="beta")
    shop.release("2.0.0", channel="beta", min_version="1.0.0")
    with pytest.raises(SettingsError, match=r"1\.0\.0 was never released on stable/b1"):
        shop.promote("2.0.0")
    shop.promote("1.0.0")
    shop.promote("2.0.0")
    assert shop.stones() == ["1.0.0"]


@pytest.mark.parametrize(
    ("version", "source", "to", "says"),
    [
        ("9.9.9", "beta", "stable", r"9\.9\.9 was never released on beta"),
        ("1.0.0", "gamma", "stable", "never released on gamma"),
        ("1.0.0", "beta", "beta", "is the channel that it comes from"),
        ("1.0.0", "beta", "metadata", "cannot be called"),
        ("1.0.0", "beta", "No!", "channel"),
    ],
)
def test_what_cannot_be_promoted(version, source, to, says):
    shop = Shop()
    shop.release("1.0.0", channel="beta")
    with pytest.raises(SettingsError, match=says):
        shop.promote(version, source, to)
