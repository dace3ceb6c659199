"""A board whose clock is wrong, or whose network lies about the time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hostile_board import HostileBoard, Played
from hostile_edge import HostileEdge
from misdeeds import honest
from offer import Offer
from product import Product
from tls_server import HOST

from publisher.simulate import Order, Rig

DAY_S = 86400
# Of timestamps; the edge's certificate is valid for longer.
PAST_A_TIMESTAMP_S = 8 * DAY_S
TEN_YEARS_S = 3653 * DAY_S
ARMED = "arm: 1.5.0 boots next, from app1"


class TimedBoard(HostileBoard):
    """A board that is powered on for each poll, so in the year 2000, in a world of its own."""

    def __init__(self, offer: Offer, built_at: datetime | None = None) -> None:
        super().__init__(offer)
        self._built_at = built_at

    def poll(self, offer: Offer, keep: bool = False, **world: object) -> Played:
        """What a poll brings; with `keep` the next one goes on from there."""
        self._board.power_cycle()
        for name, value in ({"ntp": True, "clock_offset_s": 0} | world).items():
            self.world[name] = value
        edge = HostileEdge(self.certificate, offer.files, "", honest)
        if keep:
            return self.learn(edge)
        with edge:
            return self.play({HOST: ["127.0.0.1", edge.port]})

    def kept(self) -> dict[str, bytes]:
        """Everything below /etc/slotcast."""
        folder = "/etc/slotcast"
        names = [name for name in self._board.listdir(folder) if not name.endswith("/")]
        names += ["metadata/" + name for name in self._board.listdir(folder + "/metadata")]
        return {name: self._board.copy_out(f"{folder}/{name}") for name in names}

    def _ota(self) -> dict[str, object]:
        ota = super()._ota()
        if self._built_at:
            ota["built_at"] = self._built_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        return ota


@pytest.fixture
def offer() -> Offer:
    """What is published: 1.4.3."""
    return Offer()


@pytest.fixture
def board(offer: Offer) -> Iterator[TimedBoard]:
    """A board that runs 1.4.3 and has polled once; 1.5.0 is published since."""
    with TimedBoard(offer) as board:
        assert board.poll(offer, keep=True).reason == "runs 1.4.3 already"
        offer.release("1.5.0")
        yield board


def test_each_clock_installs_or_waits_and_is_forgotten(board: TimedBoard, offer: Offer) -> None:
    for world, end in (
        # No clock at all: it is 2000-01-01, and nobody answers.
        ({"ntp": False}, ARMED),
        ({"clock_offset_s": -TEN_YEARS_S}, ARMED),
        ({"clock_offset_s": PAST_A_TIMESTAMP_S}, "failed: ExpiredError: timestamp expired at"),
        ({"clock_offset_s": TEN_YEARS_S}, "failed: CertificateError: "),
    ):
        log = board.poll(offer, **world).log
        assert any(line.startswith(end) for line in log), (world, log)


def test_a_forged_future_leaves_nothing_behind(board: TimedBoard, offer: Offer) -> None:
    before = board.kept()
    for forged_s in (PAST_A_TIMESTAMP_S, TEN_YEARS_S):
        played = board.poll(offer, keep=True, clock_offset_s=forged_s)
        assert "expired" in played.reason
        assert board.kept() == before
    assert ARMED in board.poll(offer).log


def test_expiry_stops_installing_and_not_the_fetching_of_newer_metadata(
    board: TimedBoard, offer: Offer
) -> None:
    offer.root.version += 1
    root = offer.sign_root()
    late = {"keep": True, "clock_offset_s": PAST_A_TIMESTAMP_S}
    played = board.poll(offer, **late)
    assert played.reason.startswith("ExpiredError: timestamp expired")
    assert board.kept()["metadata/root.json"] == root
    assert not any(line.startswith("install") for line in played.log)
    offer.timestamp.version += 1
    offer.date(offer.timestamp, datetime.now(UTC) + timedelta(seconds=PAST_A_TIMESTAMP_S))
    offer.publish_timestamp()
    assert ARMED in board.poll(offer, **late).log


def test_a_frozen_edge_is_refused_by_a_floor_where_there_is_no_other_time(offer: Offer) -> None:
    now = datetime.now(UTC)
    offer.date(offer.timestamp, now - timedelta(days=8))
    offer.publish_timestamp()
    offer.release("1.5.0")
    offer.date(offer.timestamp, now - timedelta(days=8))
    offer.publish_timestamp()
    with TimedBoard(offer, built_at=now) as board:
        played = board.poll(offer, keep=True, ntp=False)
        assert played.reason.startswith("ExpiredError: timestamp expired")
        assert board.kept().keys() == {"ota.json", "ca.der", "metadata/root.json"}
        offer.timestamp.version += 1
        offer.date(offer.timestamp)
        offer.publish_timestamp()
        assert ARMED in board.poll(offer, ntp=False).log


def test_a_signing_time_that_was_accepted_is_the_floor_of_later_polls(offer: Offer) -> None:
    with TimedBoard(offer) as board:
        offer.date(offer.timestamp, datetime.now(UTC) + timedelta(days=20))
        offer.publish_timestamp()
        assert board.poll(offer, keep=True).reason == "runs 1.4.3 already"
        offer.timestamp.version += 1
        offer.date(offer.timestamp)
        offer.publish_timestamp()
        played = board.poll(offer)
        assert played.reason.startswith("ExpiredError: timestamp expired")


def test_a_trial_ends_well_though_all_metadata_has_expired(product: Product) -> None:
    product.release("3.2.5")
    order = Order("stable", "sensor-r2", product.image("3.1.1"))

    def turn_the_clock(_: int, line: str) -> None:
        if line.startswith("slotcast arm: "):
            rig.board.world["clock_offset_s"] = PAST_A_TIMESTAMP_S

    rig = Rig(product.settings, product.store, order, turn_the_clock)
    with rig:
        poll = rig.poll()
        assert poll.outcome.startswith("ExpiredError: ")
        assert "slotcast confirm: 3.2.5 is kept" in poll.lines
        assert poll.boots[-1].image_digest == product.image("3.2.5").image_digest
