"""What the release engineer decides without a new image, as boards meet it."""

from product import BOARD, CHANNEL, Product

WHERE = ("--channel", CHANNEL, "--board", BOARD)


def test_a_release_is_kept_from_boards_until_it_is_withdrawn(product: Product) -> None:
    product.release("3.1.1")
    product.release("3.2.5")
    with product.rig("3.1.1") as rig:
        assert product.slotcast("pause", CHANNEL, BOARD) == 0
        assert rig.poll().outcome == "wait: 3.2.5 is paused"
        assert product.slotcast("resume", CHANNEL, BOARD) == 0
        assert product.slotcast("rollout", CHANNEL, BOARD, "0%") == 0
        assert rig.poll().outcome == "wait: 3.2.5 has not reached this board yet"
        # It never will: withdrawn from it, and from those that run it (test_stones.py).
        assert product.slotcast("withdraw", "3.2.5", *WHERE, "--to", "3.1.1") == 0
        assert rig.poll().outcome == "current: runs 3.1.1 already"


def test_a_promoted_release_reaches_the_boards_of_its_channel(product: Product) -> None:
    product.release("3.1.1")
    assert product.slotcast("promote", "3.1.1", "--from", CHANNEL, "--to", "late") == 0
    product.release("3.2.5")
    with product.rig("3.1.1", "late") as rig:
        assert rig.poll().outcome == "current: runs 3.1.1 already"
        assert product.slotcast("promote", "3.2.5", "--from", CHANNEL, "--to", "late") == 0
        assert rig.poll().outcome == "current: runs 3.2.5 already"
