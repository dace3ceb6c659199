"""Small images, published for one virtual board that many tests share: what it was is put back."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from product import BOARD, CHANNEL, INIT, Product

import device
from device.virtual.board import Board
from device.virtual.boot import Boot, Outcome
from device.virtual.images import build_app
from publisher import cli
from publisher.image import read_image
from publisher.simulate import Order, Rig

EXAMPLES = Path(device.__file__).parent / "examples"
OLD = build_app(seed=1)
NEW = build_app(seed=2)
NEW_DIGEST = NEW[-32:].hex()
CURRENT = "slotcast decide: current: runs 1.1.0 already"
HEAP_KIB = 320  # with the code in it
BUILT_HEAP_KIB = 208  # with the code in flash
KEPT = "slotcast confirm: 1.1.0 is kept"
REFUSED = "slotcast decide: refuse: 1.1.0 was rolled back here"

# How an application joins the network.
JOIN = """
import network, time
wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.connect("workshop", "secret")
for _ in range(9):
    if not wlan.isconnected():
        time.sleep(1)
"""
# An application: %s is what it does between that and confirming.
APPLICATION = f"""
import machine
from esp32 import Partition
from slotcast.updater import Updater
{JOIN}
updater = Updater.open()
is_new = Partition(Partition.RUNNING).info()[4] == "app1"
checks = [("wifi", wlan.isconnected)]
%s
updater.confirm(checks)
while True:
    updater.poll()
    time.sleep(60)
"""


class Fleet:
    """A rig whose board is set back to how it was when this was made.

    Args:
        product: where 1.0.0, which the board runs, and 1.1.0 are published.
        rig: entered.
    """

    def __init__(self, product: Product, rig: Rig) -> None:
        self.product = product
        self.rig = rig
        self._kept = rig.board.directory.with_name("kept")
        for folder in self._folders():
            shutil.copytree(folder, self._kept / folder.name)

    @property
    def board(self) -> Board:
        """The board."""
        return self.rig.board

    def reset(self) -> None:
        """Put the board, its world, and what is published back."""
        for folder in self._folders():
            restore(self._kept / folder.name, folder)
        self.rig.board = Board(self.board.directory)
        self.board.heap_kib = BUILT_HEAP_KIB

    def _folders(self) -> tuple[Path, Path]:
        return self.board.directory, self.product.folder

    def install(self, does: str = "", boot: str = "boot.py") -> None:
        """Give the board its application, and boot.py: an example's name, or "" for none."""
        self.board.copy_in({"/main.py": (APPLICATION % does).encode()})
        if boot:
            self.board.copy_in({"/boot.py": (EXAMPLES / boot).read_bytes()})
        else:
            self.board.remove("/boot.py")

    def rewrite(self, address: int, data: bytes) -> None:
        """Change flash behind the board's back."""
        with (self.board.directory / "flash.bin").open("r+b") as file:
            file.seek(address)
            file.write(data)

    def sicken(self, **sickness: bool) -> None:
        """Make 1.1.0 sick."""
        self.board.world.sicken(NEW_DIGEST, **sickness)

    def run(self, until: str | Callable[[str], bool], timeout_s: float = 30.0) -> list[Boot]:
        """Power the board on until it prints the line `until`."""
        self.board.power_cycle()
        return self.go_on(until, timeout_s)

    def go_on(self, until: str | Callable[[str], bool], timeout_s: float = 30.0) -> list[Boot]:
        """Let the board run after a reset by hand."""
        condition = until if callable(until) else lambda line: line == until
        boots = self.board.run(condition, timeout_s)
        assert boots[-1].outcome == Outcome.UNTIL, "\n".join(lines(boots))
        return boots


def restore(kept: Path, folder: Path) -> None:
    """Make `folder` what it was when it was copied to `kept`."""
    for path in folder.rglob("*"):
        if path.is_file() and not (kept / path.relative_to(folder)).exists():
            path.unlink()
    shutil.copytree(kept, folder, dirs_exist_ok=True)


def lines(boots: list[Boot]) -> list[str]:
    """All that was printed."""
    return [line for boot in boots for line in boot.lines]


def release(product: Product, version: str, image: bytes, *more: str) -> None:
    """Publish an image."""
    Path("app.bin").write_bytes(image)
    where = ("--channel", CHANNEL, "--board", BOARD)
    assert product.slotcast("release", "app.bin", "--version", version, *where, *more) == 0


@contextmanager
def fleet_in(folder: Path, confirm_within_s: int = 300) -> Iterator[Fleet]:
    """A fleet of one, of a product that is founded in an empty folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert cli.main(list(INIT)) == 0
        settings = folder / "slotcast.toml"
        default, wanted = (f"\nconfirm_within_s = {seconds}" for seconds in (300, confirm_within_s))
        assert default in settings.read_text()
        settings.write_text(settings.read_text().replace(default, wanted))
        product = Product(folder, folder)
        product.set_deltas(0)  # images of noise have nothing in common
        with open_fleet(product) as fleet:
            yield fleet


@contextmanager
def open_fleet(product: Product) -> Iterator[Fleet]:
    """A board that ran 1.0.0 once and knows its channel; 1.1.0 is published since."""
    release(product, "1.0.0", OLD)
    order = Order(CHANNEL, BOARD, read_image(OLD, "factory"), heap_kib=BUILT_HEAP_KIB)
    with Rig(product.settings, product.store, order) as rig:
        rig.board.code_in_flash = True  # as in a real build
        rig.poll()
        release(product, "1.1.0", NEW)
        yield Fleet(product, rig)
