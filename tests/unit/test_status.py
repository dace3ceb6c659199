from dataclasses import replace

import pytest
from products import Product
from shop import Shop

from publisher.layout import key
from publisher.rollout import Share
from publisher.settings import ExpirySettings
from publisher.stores.base import Object
from publisher.upkeep.status import read_status


def status(product):
    return read_status(product.open(), product.read, product.now)


def since(product):
    return {offer.manifest.channel: offer.since for offer in status(product).offers}


def test_a_new_product_offers_nothing_and_its_roles_have_their_days():
    product = Product()
    product.later(hours=1)
    found = status(product)
    assert found.offers == ()
    assert {role.state.role: role.days for role in found.roles} == {
        "root": 364,
        "targets": 179,
        "snapshot": 29,
        "timestamp": 6,
    }


def test_days_below_zero_say_how_long_a_role_has_been_expired():
    product = Product()
    product.later(days=10)
    assert status(product).roles[-1].days == -3


def test_the_role_that_expires_first_needs_a_signature_next():
    product = Product()
    assert status(product).next_signature.state.role == "timestamp"
    product.settings = replace(product.settings, expiry_days=ExpirySettings(timestamp=400))
    product.release("1.0.0")
    assert status(product).next_signature.state.role == "snapshot"


def test_an_offer_says_what_and_how_many():
    product = Product()
    manifest = product.release("1.0.0")
    (offer,) = status(product).offers
    assert offer.manifest == manifest
    told = offer.to_dict()
    assert (told["basis_points"], told["basis_points_now"]) == (10000, 10000)
    assert (told["groups"], told["ramp"]) == ([], None)


def test_an_offer_says_how_many_take_part_now_and_who_comes_first():
    product = Product()
    product.release("1.0.0", share=Share(100, 10000, 7200, ("canary",)))
    product.later(hours=1)
    (offer,) = status(product).offers
    told = offer.to_dict()
    assert (told["basis_points"], told["basis_points_now"]) == (100, 5050)
    assert told["groups"] == ["canary"]
    assert told["ramp"] == {"to": 10000, "start": "2026-11-22T07:00:00Z", "over_s": 7200}


@pytest.mark.parametrize("others", [0, 1, 2, 3, 7, 8])
def test_an_offer_stands_since_it_was_first_signed_however_many_came_after(others):
    product = Product()
    product.release("0.9.0", channel="stable")
    product.later(days=1)
    product.release("1.0.0", channel="stable")
    for n in range(others):
        product.later(days=1)
        product.release(f"1.0.{n + 1}", channel="beta")
    assert since(product)["stable"] == "2026-11-23T07:00:00Z"


def test_a_release_stands_since_it_was_released_whatever_was_changed_about_it():
    shop = Shop()
    shop.release("1.0.0")
    shop.later(days=1)
    shop.release("1.1.0")
    shop.later(days=1)
    shop.change(paused=True)
    (offer,) = status(shop).offers
    times = (offer.to_dict()["since"], offer.to_dict()["changed_at"])
    assert times == ("2026-11-23T07:00:00Z", "2026-11-24T07:00:00Z")


def test_gaps_and_rubbish_among_old_versions_do_not_matter():
    product = Product()
    product.release("1.0.0")
    name = key("sensor", "metadata/3.targets.json")
    product.store.objects[name] = Object(name, b"rubbish", "", "")
    for n in range(4):
        product.later(days=1)
        product.release(f"1.0.{n}", channel="beta")
    del product.store.objects[key("sensor", "metadata/4.targets.json")]
    assert since(product) == {"stable": "2026-11-22T07:00:00Z", "beta": "2026-11-26T07:00:00Z"}
