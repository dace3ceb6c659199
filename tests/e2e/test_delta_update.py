"""Boards that take what has changed, and the whole image where that does not serve."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random

import esp_images
import pytest
from edges import flip, without
from faults import Fault, Weather
from product import BOARD, CHANNEL, INIT, Product
from proxy import Proxy

from publisher import cli
from publisher.image import read_image
from publisher.layout import manifest_path
from publisher.manifest import Manifest
from publisher.plan import File, Kind, make_plan
from publisher.publish import View, publish
from publisher.repository import Offering, Repository, open_repository
from publisher.serve import Access
from publisher.signers import Passphrases, load_signers
from publisher.simulate import Order, Poll, Rig

NOISE = Random(5).randbytes(80000)


def image(number: int) -> bytes:
    """A small image, two thirds of which all have in common."""
    return esp_images.app_image(code=NOISE + Random(number).randbytes(40000))


OLD, NEW, OTHER = image(1), image(2), image(3)


def found(folder: Path, firmware: Path) -> Product:
    with chdir(folder):
        # Of signatures, which take a board most of its time, no more than need be.
        assert cli.main([*INIT, "--root-keys", "1", "--threshold", "1"]) == 0
    return Product(folder, firmware)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, firmware: Path) -> Product:
    """Three consecutive releases of real firmware; only the newest has deltas."""
    product = found(tmp_path_factory.mktemp("real"), firmware)
    product.set_deltas(0)
    product.release("3.1.1")
    product.release("3.2.5")
    product.set_deltas(2)
    product.release("3.3.0")
    return product


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, firmware: Path) -> Product:
    """Two releases of small images, the second with a delta from the first."""
    folder = tmp_path_factory.mktemp("small")
    product = found(folder, firmware)
    for version, data in (("1.0.0", OLD), ("2.0.0", NEW)):
        file = folder / f"{version}.bin"
        file.write_bytes(data)
        where = ("--version", version, "--channel", CHANNEL, "--board", BOARD)
        assert product.slotcast("release", str(file), *where) == 0
    return product


@pytest.fixture
def rig(small: Product) -> Iterator[Rig]:
    """A board that runs 1.0.0, and an edge."""
    with board_with(small, OLD) as rig:
        yield rig


def board_with(product: Product, data: bytes) -> Rig:
    order = Order(CHANNEL, BOARD, read_image(data, "factory"))
    return Rig(product.settings, product.store, order)


def manifest_of(product: Product) -> Manifest:
    view = View(product.store, "sensor")
    data = open_of(product, view).read_manifest(CHANNEL, BOARD)
    assert data is not None
    return Manifest.from_bytes(data)


def open_of(product: Product, view: View) -> Repository:
    settings = product.settings
    passphrases = Passphrases(lambda text: "", {})
    load = partial(load_signers, directory=settings.directory, passphrases=passphrases)

    def signers(role: str) -> tuple[object, ...]:
        return load(settings.keys.of(role))

    expiry, now = settings.expiry_days, datetime.now(UTC)
    return open_repository(view.read, settings.root_sha256, signers, expiry, now)


def name_base(product: Product, digest: str) -> None:
    """Offer the release anew, with another base for its delta."""
    view = View(product.store, "sensor")
    repository, manifest = open_of(product, view), manifest_of(product)
    payloads = (manifest.full, replace(manifest.deltas[0], base=digest))
    data = replace(manifest, payloads=payloads).to_bytes()
    repository.offer_all([Offering(CHANNEL, BOARD, data, {})])
    path = manifest_path(CHANNEL, BOARD, hashlib.sha256(data).hexdigest())
    plan = make_plan("sensor", [File(Kind.MANIFEST, path, data), *repository.edited], view.stored)
    publish(plan, product.store, "sensor", product.settings.root_sha256, lambda *_: None)


def payload_bytes(requests: tuple[Access, ...]) -> int:
    """Bytes of HTTP that carried payloads, heads included."""
    return sum(access.sent_bytes for access in requests if "/payloads/" in access.path)


def chosen(poll: Poll) -> list[str]:
    """Which payloads the board tried."""
    lines = [line.removeprefix("slotcast install: ") for line in poll.lines]
    return [line for line in lines if " payload of " in line]


def given_up(poll: Poll) -> str:
    """Why the board did without the delta, which it said once."""
    (line,) = (line for line in poll.lines if "the delta is given up" in line)
    return line


def assert_fell_back(poll: Poll, product: Product, says: str) -> None:
    manifest = manifest_of(product)
    delta, full = manifest.deltas[0].length, manifest.full.length
    assert poll.outcome == "current: runs 2.0.0 already"
    assert len(poll.boots) == 2, poll.lines
    assert chosen(poll) == [f"delta payload of {delta} bytes", f"full payload of {full} bytes"]
    assert says in given_up(poll)


@pytest.mark.parametrize("version", ["3.2.5", "3.1.1"])
def test_a_board_takes_the_delta_from_what_it_runs(real: Product, version: str) -> None:
    manifest = manifest_of(real)
    digest = real.image(version).image_digest
    (delta,) = (entry for entry in manifest.deltas if entry.base == digest)
    with real.rig(version) as rig:
        poll = rig.poll()
    assert poll.outcome == "current: runs 3.3.0 already"
    assert chosen(poll) == [f"delta payload of {delta.length} bytes"]
    assert delta.length <= payload_bytes(poll.requests) < delta.length + 2000
    assert delta.length < manifest.full.length / 50
    if version == "3.2.5":
        assert poll.sent_bytes < 20000


def test_a_delta_goes_on_where_the_link_broke(small: Product, rig: Rig) -> None:
    weather = Weather([Fault("drop", 35000, 0.5)])
    with Proxy(rig.edge.port, weather) as proxy:
        rig.board.world["hosts"] = {rig.host: ["127.0.0.1", proxy.port]}
        poll = rig.poll()
    delta = manifest_of(small).deltas[0].length
    assert poll.outcome == "current: runs 2.0.0 already"
    assert len(weather.injected) == 1
    assert chosen(poll) == [f"delta payload of {delta} bytes"]
    assert any("again after attempt 1, 1 in vain" in line for line in poll.lines), poll.lines
    ranges = [access for access in poll.requests if "/payloads/" in access.path]
    assert len(ranges) == 3  # the head; the data; the frame that broke off, which is all of it


def test_a_board_that_runs_something_else_takes_the_full_payload(small: Product) -> None:
    with board_with(small, OTHER) as rig:
        poll = rig.poll()
    assert poll.outcome == "current: runs 2.0.0 already"
    assert chosen(poll) == [f"full payload of {manifest_of(small).full.length} bytes"]


@pytest.mark.parametrize(
    ("at", "says"), [(20, "head has the wrong hash"), (-8, "given up, PayloadError: block ")]
)
def test_a_damaged_delta_is_replaced_by_the_full_payload(
    small: Product, rig: Rig, at: int, says: str
) -> None:
    path = manifest_of(small).deltas[0].path
    rig.connect(rig.open_edge(flip(small.store, path, at)))
    assert_fell_back(rig.poll(), small, says)


def test_a_missing_delta_is_replaced_by_the_full_payload(small: Product, rig: Rig) -> None:
    path = manifest_of(small).deltas[0].path
    rig.connect(rig.open_edge(without(small.store, path)))
    assert_fell_back(rig.poll(), small, "NotFoundError")


def test_a_delta_that_is_signed_for_another_base_is_replaced_by_the_full_payload(
    small: Product, tmp_path: Path
) -> None:
    """The board runs what the manifest names, but the delta itself starts from something else."""
    copy = Product(Path(shutil.copytree(small.folder, tmp_path / "copy")), tmp_path)
    name_base(copy, OTHER[-32:].hex())
    with board_with(copy, OTHER) as rig:
        assert_fell_back(rig.poll(), copy, "another base")
