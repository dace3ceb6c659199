from dataclasses import replace

import esp_images
import pytest
from shop import Shop

from publisher.errors import SettingsError
from publisher.fleet import Fleet
from publisher.offers import plan_offers
from publisher.settings import PayloadSettings
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
    offer, delta = prepare_yank(repository, view, "stable", "b1", base)
    shop.publish(plan_offers(Fleet(shop.settings, repository, view), [offer]))
    return delta


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
    assert all(entry.base[:8] in caught.value.hint for entry in shop.offered().deltas)


def test_a_delta_is_yanked_once(shop):
    yank(shop, "1.1.0")
    with pytest.raises(SettingsError, match=r"no delta from 1\.1\.0"):
        yank(shop, "1.1.0")


def test_where_nothing_is_offered_there_is_nothing_to_yank():
    with pytest.raises(SettingsError, match="nothing is offered"):
        yank(Shop(), "1.0.0")
