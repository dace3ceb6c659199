"""What the signed manifest alone makes boards do: take another release first, or go back to one."""

from product import BOARD, CHANNEL, Product

from publisher.simulate import Rig


def decisions(rig: Rig) -> list[str]:
    lines = [line for line in rig.poll().lines if line.startswith("slotcast decide: ")]
    return [line.removeprefix("slotcast decide: ") for line in lines]


def test_a_board_below_min_version_goes_by_the_stone_without_help(product: Product) -> None:
    product.release("3.1.1")
    with product.rig() as rig:
        assert decisions(rig) == ["current: runs 3.1.1 already"]
        product.release("3.2.5")
        product.release("3.3.0", "--min-version", "3.2.5")
        assert decisions(rig) == [
            "step: needs 3.2.5 first",
            "install: 3.1.1 -> 3.2.5",
            "install: 3.2.5 -> 3.3.0",
            "current: runs 3.3.0 already",
        ]
    assert product.slotcast("verify") == 0


def test_a_board_goes_back_from_a_withdrawn_release(product: Product) -> None:
    product.release("3.2.5")
    with product.rig("3.2.5") as rig:
        assert decisions(rig) == ["current: runs 3.2.5 already"]
        product.release("3.3.0")
        assert decisions(rig)[-1] == "current: runs 3.3.0 already"
        where = ("--channel", CHANNEL, "--board", BOARD)
        assert product.slotcast("withdraw", "3.3.0", *where, "--to", "3.2.5") == 0
        assert decisions(rig) == [
            "install: 3.3.0 -> 3.2.5, as 3.3.0 is withdrawn",
            "current: runs 3.2.5 already",
        ]
