"""What the signed manifest alone makes boards do: take another release first, or go back to one."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from product import BOARD, CHANNEL, Product

from publisher.keys import Passphrases, load_signers
from publisher.layout import manifest_path
from publisher.manifest import Manifest
from publisher.plan import File, Kind, make_plan
from publisher.publish import View, publish
from publisher.repository import open_repository
from publisher.simulate import Rig


def decisions(rig: Rig) -> list[str]:
    lines = [line for line in rig.poll().lines if line.startswith("slotcast decide: ")]
    return [line.removeprefix("slotcast decide: ") for line in lines]


def withdraw(product: Product, version: str, older: Manifest) -> None:
    """Offer an older release again, to the boards that run `version` too."""
    settings, view = product.settings, View(product.store, "sensor")
    passphrases = Passphrases(lambda text: "", {})
    load = partial(load_signers, directory=settings.directory, passphrases=passphrases)

    def signers(role: str) -> tuple[object, ...]:
        return load(settings.keys.of(role))

    root, now = settings.root_sha256, datetime.now(UTC)
    repository = open_repository(view.read, root, signers, settings.expiry_days, now)
    data = replace(older, release=9, withdrawn=(version,)).to_bytes()
    repository.offer(CHANNEL, BOARD, data)
    sha256 = repository.offered()[f"{CHANNEL}/{BOARD}.json"].hashes["sha256"]
    file = File(Kind.MANIFEST, manifest_path(CHANNEL, BOARD, sha256), data)
    plan = make_plan("sensor", [file, *repository.edited], view.stored)
    publish(plan, product.store, "sensor", root, lambda *_: None)


def offered(product: Product) -> Manifest:
    """What is offered first, by the only manifest that was published yet."""
    folder = product.folder / "published" / "sensor" / "targets" / CHANNEL
    (path,) = folder.glob(f"*.{BOARD}.json")
    return Manifest.from_bytes(path.read_bytes())


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
    older = offered(product)
    with product.rig("3.2.5") as rig:
        assert decisions(rig) == ["current: runs 3.2.5 already"]
        product.release("3.3.0")
        assert decisions(rig)[-1] == "current: runs 3.3.0 already"
        withdraw(product, "3.3.0", older)
        assert decisions(rig) == [
            "install: 3.3.0 -> 3.2.5, as 3.3.0 is withdrawn",
            "current: runs 3.2.5 already",
        ]
