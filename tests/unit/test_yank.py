from dataclasses import replace

import esp_images
import pytest
from shop import Shop

from publisher.errors import SettingsError
from publisher.fleet import Fleet
from publisher.offers import plan_offers
from publisher.settings import PayloadSettings
from publisher.upkeep.history import read_events
from publisher.yank import prepare_yank


@pytest.fixture
def shop():
    """1.2.0 has deltas from the two releases before it."""
    shop = Shop()
    shop.settings = replace(shop.settings, payload=PayloadSettings(deltas=2))
    for number in range(3):
        code = b"common" * 5000 + bytes([number]) * 3000
        shop.release(f"1.{number}.0", esp_images.app_image(code=code))
    assert len(shop.offered().deltas) == 2
    return shop


def yank(shop, base):
    view = shop.view()
    repository = shop.open(view)
    found = prepare_yank(repository, view, "stable", "b1", base)
    shop.publish(plan_offers(Fleet(shop.settings, repository, view), [found.offer]))
    return found.delta


def test_one_delta_goes_and_nothing_else(shop):
    before = shop.offered()
    gone = yank(shop, "1.0.0")
    after = shop.offered()
    assert len(after.deltas) == 1
    assert gone not in after.deltas
    assert replace(after, payloads=before.payloads) == before
    assert after.full == before.full


def test_a_delta_can_be_named_by_the_digest_of_its_base(shop):
    [first, second] = shop.offered().deltas
    assert yank(shop, second.base[:12].upper()) == second
    assert shop.offered().deltas == (first,)


@pytest.mark.parametrize("base", ["1.2.0", "9.9.9", "", "abc", "00000000"])
def test_what_no_delta_starts_from_is_refused(shop, base):
    with pytest.raises(SettingsError, match="no delta from") as caught:
        yank(shop, base)
    assert caught.value.hint == "it has deltas from: 1.1.0, 1.0.0"


def test_a_base_that_was_never_released_there_is_named_by_its_digest(shop):
    [first, second] = shop.offered().deltas
    elsewhere = replace(second, base="ab" * 32)
    payloads = (shop.offered().full, first, elsewhere)
    shop.change(payloads=payloads)
    with pytest.raises(SettingsError) as caught:
        yank(shop, "9.9.9")
    assert caught.value.hint == "it has deltas from: 1.1.0, abababab"


def test_a_delta_that_is_out_already_is_left_out(shop):
    gone = yank(shop, "1.1.0")
    after = shop.offered()
    assert yank(shop, "1.1.0") == gone
    assert yank(shop, gone.base[:12]) == gone
    assert shop.offered() == after


def test_what_was_taken_out_of_an_older_release_is_no_delta_of_this_one(shop):
    yank(shop, "1.0.0")
    shop.release("1.3.0", esp_images.app_image(code=b"common" * 5000 + b"3" * 3000))
    with pytest.raises(SettingsError, match=r"no delta from 1\.0\.0"):
        yank(shop, "1.0.0")


def test_what_was_taken_out_is_in_the_history_by_its_version(shop):
    yank(shop, "1.0.0")
    view = shop.view()
    last = read_events(shop.open(view), view)[-1].to_dict()
    assert (last["event"], last["what"]) == ("yanked", "delta from 1.0.0 taken out")
    assert last["version"] == "1.2.0"


def test_a_base_that_no_history_knows_is_told_by_its_digest(shop):
    elsewhere = replace(shop.offered().deltas[0], base="ab" * 32)
    before = shop.offered().payloads
    shop.change(payloads=(*before, elsewhere))
    shop.change(payloads=before)
    view = shop.view()
    told = [event.what for event in read_events(shop.open(view), view)[-2:]]
    assert told == ["delta from abababab added", "delta from abababab taken out"]


@pytest.fixture
def promoted():
    """2.1.0 on stable comes from beta, with a delta from 2.0.0, which stable never had."""
    shop = Shop()
    shop.settings = replace(shop.settings, payload=PayloadSettings(deltas=1))
    for number in range(2):
        code = b"common" * 5000 + bytes([number]) * 3000
        shop.release(f"2.{number}.0", esp_images.app_image(code=code), channel="beta")
    shop.promote("2.1.0")
    return shop


def test_a_delta_that_came_with_a_promotion_is_named_by_its_base_s_version_elsewhere(promoted):
    [entry] = promoted.offered().deltas
    assert yank(promoted, "2.0.0") == entry
    assert promoted.offered().deltas == ()
    assert yank(promoted, "2.0.0") == entry
    assert len(promoted.offered("beta").deltas) == 1


def test_the_bases_of_deltas_that_came_with_a_promotion_are_told_by_version(promoted):
    with pytest.raises(SettingsError) as caught:
        yank(promoted, "9.9.9")
    assert caught.value.hint == "it has deltas from: 2.0.0"


def test_what_came_with_a_promotion_and_was_taken_out_is_in_the_history_by_its_version(promoted):
    yank(promoted, "2.0.0")
    view = promoted.view()
    assert read_events(promoted.open(view), view)[-1].what == "delta from 2.0.0 taken out"


def test_that_there_are_no_deltas_is_said():
    shop = Shop()
    shop.release("1.0.0")
    with pytest.raises(SettingsError, match="1.0.0 on stable/b1 has no deltas") as caught:
        yank(shop, "0.9.0")
    assert caught.value.hint == "all boards take its full payload already"


def test_where_nothing_is_offered_there_is_nothing_to_yank():
    with pytest.raises(SettingsError, match="nothing is offered"):
        yank(Shop(), "1.0.0")
