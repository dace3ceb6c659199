"""What goes wrong for one kind of board of several names it."""

from dataclasses import replace

import esp_images
import pytest
from shop import Shop

from publisher.errors import SettingsError, StoreError
from publisher.withdrawal import prepare_withdrawals


@pytest.fixture
def shop():
    """b1 and b2 have 1.0.0 and 1.1.0 on stable, and b2 cannot go back."""
    shop = Shop()
    board = shop.settings.boards["b1"]
    for number, boards in enumerate(({}, {"b2": replace(board, security_version=1)})):
        known = {"b1": board, "b2": board, **boards}
        shop.settings = replace(shop.settings, boards=known)
        for name in known:
            image = esp_images.app_image(code=f"{name} 1.{number}.0".encode() * 999)
            shop.release(f"1.{number}.0", image, board=name)
    return shop


def test_a_withdrawal_that_one_board_cannot_follow_names_that(shop):
    view = shop.view()
    with pytest.raises(SettingsError, match=r"^stable/b2: 1\.0\.0 has security_version 0: boards"):
        prepare_withdrawals(shop.open(view), view, "stable", None, "1.1.0", "1.0.0")


def test_a_promotion_that_one_board_cannot_follow_names_that(shop):
    with pytest.raises(SettingsError, match=r"^beta/b2: 1\.0\.0 has security_version 0, but board"):
        shop.promote("1.0.0", source="stable", to="beta")


def test_a_promotion_of_what_is_gone_for_one_board_names_that(shop):
    gone = shop.offered(board="b2").full.path
    shop.release("1.2.0", board="b2")
    del shop.store.objects[f"sensor/{gone}"]
    with pytest.raises(StoreError, match=rf"^stable/b2: no board can take 1\.1\.0: its {gone}"):
        shop.promote("1.1.0", source="stable", to="beta")


def test_a_share_that_one_board_s_manifest_has_no_room_for_names_that(shop):
    with pytest.raises(SettingsError, match=r"^stable/b1: this manifest cannot be published: "):
        shop.change(notes="x" * 9000)


def test_an_error_that_names_the_board_already_says_it_once(shop):
    shop.change(paused=True)
    with pytest.raises(SettingsError) as caught:
        shop.withdrawal("3.0.0")
    assert str(caught.value) == "version 3.0.0 was never released on stable/b1"
