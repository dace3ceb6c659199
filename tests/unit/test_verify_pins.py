"""A published pins.json, as the reviewer's tool judges it."""

import pytest
from published_product import NOW, PublishedProduct
from verify_reports import errors, only_error, report_of

from publisher.certificates import Authority
from publisher.pins.sets import PinSets


@pytest.fixture
def product():
    return PublishedProduct()


@pytest.fixture(scope="module")
def roots():
    """The DER of two CA roots, one of them the backup."""
    return [Authority.create(name).certificate_der for name in ("One", "Two")]


def pins_for(product, roots):
    base_url = f"https://updates.example.com/{product}/"
    factory = PinSets.of_factory(product, base_url, (), roots)
    return factory.with_next([base_url], (), roots, NOW).to_bytes()


def test_pins_that_targets_name_are_trusted_now_and_as_history(product, roots):
    product.publish_pins(pins_for("sensor", roots))
    assert errors(product) == []
    (pins,) = [o for o in report_of(product).objects if o.key.endswith("pins.json")]
    assert pins.reason == "set 1 of 2: length and SHA-256 are in 2.targets.json, as pins.json"
    assert pins.current
    product.publish_next("1.5.0")
    assert errors(product) == []
    (pins,) = [o for o in report_of(product).objects if o.key.endswith("pins.json")]
    assert not pins.current


def test_pins_for_another_product_are_refused(product, roots):
    product.publish_pins(pins_for("other", roots))
    only_error(product, ".pins.json: it is for other")


def test_pins_that_break_a_rule_are_refused(product):
    product.publish_pins(b"{}")
    only_error(product, "this is no pins.json: it has no product")


def test_changed_pins_are_refused(product, roots):
    product.publish_pins(pins_for("sensor", roots))
    (key,) = (key for key in product.files if key.endswith("pins.json"))
    product.files[key] = product.files[key].replace(b'"serial":1', b'"serial":2')
    only_error(product, "pins.json: ")
