"""A simulated board asks what a real one asks, and notices what the fleet's run counts."""

import asyncio

import pytest
from published_product import PublishedProduct

from tests.infra.fleet_board import NO_KEY_YET, STILL_OLD, WENT_BACK, Board, Fleet, keys_of
from tests.infra.fleet_link import Got

ROOT, TIMESTAMP = "metadata/2.root.json", "metadata/timestamp.json"


class Field:
    """A board that runs 1.4.3 of a product, and what it asked for."""

    def __init__(self) -> None:
        self.product = PublishedProduct()
        self.asked: list[str] = []
        keys = keys_of(self.product.files["sensor/metadata/1.root.json"])
        self.fleet = Fleet("/sensor/", "stable/sensor-r2", keys, lambda: 7.0)
        self.board = Board("board", 0, "1.4.3")
        self.poll()

    def poll(self) -> list[str]:
        self.asked.clear()
        asyncio.run(self.fleet.poll(self.board, self._ask))
        return self.asked

    async def _ask(self, target: str) -> Got:
        path = target.partition("?")[0].removeprefix("/sensor/")
        self.asked.append(path)
        data = self.product.files.get(f"sensor/{path}")
        return Got(403, b"") if data is None else Got(200, data)

    def remove(self, part: str) -> None:
        [key] = [key for key in self.product.files if part in key]
        del self.product.files[key]


@pytest.fixture
def field():
    return Field()


def test_a_poll_without_news_is_the_two_requests_of_a_real_board(field):
    """As tests/e2e/test_journey.py has it."""
    assert field.poll() == [ROOT, TIMESTAMP]


def test_a_release_is_followed_from_hash_to_hash_and_a_reset_asks_again(field):
    field.product.publish_next("1.4.4")
    asked = field.poll()
    assert asked[:4] == [ROOT, TIMESTAMP, "metadata/2.snapshot.json", "metadata/2.targets.json"]
    assert asked[4].startswith("targets/stable/")
    assert asked[5] == field.product.manifest["payloads"][0]["path"]
    assert asked[6:] == [ROOT, TIMESTAMP]
    assert (field.board.runs, field.fleet.seen.installs) == ("1.4.4", 1)
    assert field.fleet.seen.offered["1.4.4"] == [7.0]


@pytest.mark.parametrize("part", ["2.snapshot.json", "2.targets.json", "targets/stable/", ".slc"])
def test_what_metadata_names_and_is_not_there_is_noticed(field, part):
    before = set(field.product.files)
    field.product.publish_next("1.4.4")
    [new] = [key for key in set(field.product.files) - before if part in key]
    del field.product.files[new]
    field.poll()
    assert len(field.fleet.seen.incomplete) == 1
    assert field.board.runs == "1.4.3"


def test_what_is_there_but_is_something_else_is_noticed(field):
    field.product.publish_next("1.4.4")
    field.product.files["sensor/metadata/2.targets.json"] += b" "
    field.poll()
    assert "2.targets.json" in field.fleet.seen.incomplete[0]


def test_a_timestamp_that_is_gone_is_noticed(field):
    field.remove("timestamp.json")
    field.poll()
    assert "timestamp.json: 403" in field.fleet.seen.incomplete[0]


def test_an_older_timestamp_is_not_taken(field):
    older = field.product.files["sensor/metadata/timestamp.json"]
    field.product.publish_next("1.4.4")
    field.poll()
    field.product.files["sensor/metadata/timestamp.json"] = older
    field.poll()
    assert field.fleet.seen.failed == {WENT_BACK: 1}


@pytest.mark.parametrize(("late", "why"), [(ROOT, NO_KEY_YET), (TIMESTAMP, STILL_OLD)])
def test_a_new_key_of_which_half_is_served_costs_a_poll_and_no_more(field, late, why):
    new = PublishedProduct().files
    new[f"sensor/{ROOT}"] = new["sensor/metadata/1.root.json"]
    former = field.product.files.get(f"sensor/{late}")
    field.product.files = {**new, f"sensor/{late}": former}
    field.poll()
    field.product.files = new
    field.poll()
    assert field.fleet.seen.failed == {why: 1}
    assert not field.fleet.seen.incomplete
