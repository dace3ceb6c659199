"""A stolen online machine and a root ceremony, as a virtual board meets them."""

import pytest
from drills.owner import Owner
from drills.thief import Thief
from product import BOARD, CHANNEL, Product
from small_fleet import HEAP_KIB, NEW, OLD, release

from publisher.image import read_image
from publisher.simulate import Order, Rig


def test_a_board_that_met_a_thief_of_the_online_machine_comes_back_by_itself(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLOTCAST_PASSPHRASE", "of the new keys")
    release(product, "1.0.0", OLD)
    owner = Owner(product.folder)
    stolen = {role: owner.signers(role) for role in ("snapshot", "timestamp")}
    order = Order(CHANNEL, BOARD, read_image(OLD, "factory"), heap_kib=HEAP_KIB)
    with Rig(product.settings, product.store, order) as rig:
        assert rig.poll().outcome == "current: runs 1.0.0 already"
        thief = Thief(owner.base, stolen, f"{CHANNEL}/{BOARD}")
        thief.offer(version="6.6.6", image_digest=NEW[-32:].hex())
        assert "targets is signed by 0 of 1 keys" in rig.poll().outcome
        thief.set_clocks_ahead(300)
        thief.fast_forward()
        rig.poll()
        owner.replace(("snapshot", "timestamp"), targets=2)
        (owner.base / "metadata/3.targets.json").unlink()  # the thief's; slotcast asks for that
        release(product, "1.1.0", NEW)
        said = [rig.poll().outcome for _ in range(2)]
        assert said[1] == "current: runs 1.1.0 already"
