"""What the release engineer decides without a new image, as boards meet it."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from product import BOARD, CHANNEL, Product

import publisher.cli
from device.virtual.world import DEFAULTS
from publisher.rollout import BUCKETS, Rollout

WHERE = ("--channel", CHANNEL, "--board", BOARD)
NOT_YET = "wait: 3.2.5 has not reached this board yet"
ARRIVED = "current: runs 3.2.5 already"
DAYS_S = 4 * 86400
AN_HOUR_S = 3600


def test_a_release_is_kept_from_boards_until_it_is_withdrawn(product: Product) -> None:
    product.release("3.1.1")
    product.release("3.2.5")
    with product.rig("3.1.1") as rig:
        assert product.slotcast("pause", CHANNEL, BOARD) == 0
        assert rig.poll().outcome == "wait: 3.2.5 is paused"
        assert product.slotcast("resume", CHANNEL, BOARD) == 0
        assert product.slotcast("rollout", CHANNEL, BOARD, "0%") == 0
        assert rig.poll().outcome == "wait: 3.2.5 has not reached this board yet"
        # It never will: withdrawn from it, and from those that run it (test_stones.py).
        assert product.slotcast("withdraw", "3.2.5", *WHERE, "--to", "3.1.1") == 0
        assert rig.poll().outcome == "current: runs 3.1.1 already"


def test_a_promoted_release_reaches_the_boards_of_its_channel(product: Product) -> None:
    product.release("3.1.1")
    assert product.slotcast("promote", "3.1.1", "--from", CHANNEL, "--to", "late") == 0
    product.release("3.2.5")
    with product.rig("3.1.1", "late") as rig:
        assert rig.poll().outcome == "current: runs 3.1.1 already"
        assert product.slotcast("promote", "3.2.5", "--from", CHANNEL, "--to", "late") == 0
        assert rig.poll().outcome == "current: runs 3.2.5 already"


def test_a_ramp_reaches_canaries_at_once_and_others_in_their_time(product: Product) -> None:
    product.release("3.2.5", "--ramp", "0%..100%", "--over", "4d", "--group", "canary")
    before = published(product)
    with product.rig("3.1.1", group="canary") as rig:
        assert rig.poll().outcome == ARRIVED
    with product.rig("3.1.1") as rig:
        assert rig.poll().outcome == NOT_YET
        # Virtual time passes more quickly than ours, but not by an hour.
        rig.board.world["clock_offset_s"] = turn_s() - AN_HOUR_S
        assert rig.poll().outcome == NOT_YET
        rig.board.world["clock_offset_s"] = turn_s()
        assert rig.poll().outcome == ARRIVED
    assert published(product) == before


def test_a_ramp_reaches_a_board_without_a_clock_by_the_newest_signature(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    product.release("3.2.5", "--ramp", "0%..100%", "--over", "4d")
    with product.rig("3.1.1") as rig:
        rig.board.world["ntp"] = False
        assert rig.poll().outcome == NOT_YET
        let_pass(monkeypatch, DAYS_S)
        assert product.slotcast("refresh") == 0
        assert rig.poll().outcome == ARRIVED


def turn_s() -> int:
    """Seconds from the beginning of a ramp of DAYS_S to the turn of the virtual board."""
    rollout = Rollout(f"{CHANNEL}/{BOARD}/1")  # the salt of a first release
    place = rollout.bucket(DEFAULTS["unique_id"])
    return (place + 1) * DAYS_S // BUCKETS + 1


def published(product: Product) -> dict[Path, bytes]:
    """All that lies in the store."""
    folder = product.folder / "published"
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def let_pass(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """Let the commands believe that it is later."""

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(seconds=seconds)

    monkeypatch.setattr(publisher.cli, "datetime", Later)
