"""A real update of a virtual board, recorded: the flash before it and every operation on it.

The update replaces all that an update can: the image (3.1.1 by 3.2.5, into a slot that holds a
third one), root, timestamp, snapshot, targets, the manifest and the pin sets.
"""

import json
import shutil
from base64 import b64encode
from collections.abc import Mapping
from contextlib import ExitStack, chdir
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization.json import JSONSerializer

from device.virtual.flash import Flash
from device.virtual.programs import compile_mpy
from device.virtual.supervisor import open_journal
from device.virtual.table import DEFAULT_TABLE, ota_slots
from publisher import cli
from publisher.certificates import Authority, ServerCertificate
from publisher.image import Image, read_image
from publisher.layout import pins_path
from publisher.payload import Head
from publisher.plan import File, Kind, make_plan
from publisher.publish import View, publish
from publisher.repository import open_repository
from publisher.serve import Access, Edge
from publisher.signers import Passphrases, load_signers
from publisher.simulate import Rig
from publisher.stores.directory import DirectoryStore
from tests.e2e.product import INIT, Product
from tests.powercut.journal import Mark, Operation, read_journal

OLD, NEW = "3.1.1", "3.2.5"
END = "powercut end: "
# Enough for the marks and the log that are not the product's own: memory has tests of its own.
HEAP_KIB = 144
# A third application, bootable too, stands where the new one goes; all its blocks differ.
_OCCUPANT = "esp32-20251209-v1.27.0.bin"
_OCCUPANT_AT = 0xF000
# Files and values written so often that LittleFS has to compact its folders during the update, and
# NVS to take its other pages.
_AGING = b"""
import os
from esp32 import NVS
def replace(path, times):
    for number in range(times):
        with open(path + ".new", "w") as file:
            file.write(str(number))
        os.rename(path + ".new", path)
replace("/etc/slotcast/metadata/aged", 14)
replace("/etc/slotcast/aged", 16)
nvs = NVS("aged")
for number in range(418):
    nvs.set_i32("n", number)
"""
_MAIN = Path(__file__).parent / "on_board" / "main.py"


@dataclass(frozen=True)
class Recording:
    """A recorded update, kept in `folder`.

    Attributes:
        base: all of flash before the update.
        end: all of flash after it.
        operations: what led from one to the other, in order.
        marks: where in its life the board was.
        old: the image that ran before.
        new: the image that runs after.
    """

    folder: Path
    base: bytes
    end: bytes
    operations: list[Operation]
    marks: list[Mark]
    old: Image
    new: Image

    @property
    def board(self) -> Path:
        """Folder of the board, as it was before the update."""
        return self.folder / "board"

    @property
    def store(self) -> DirectoryStore:
        """What is published."""
        return DirectoryStore(self.folder / "product" / "published")

    @property
    def old_store(self) -> DirectoryStore:
        """What was published before the update."""
        return DirectoryStore(self.folder / "before")

    @cached_property
    def head(self) -> Head:
        """Head of the new image's payload that the board takes: the shortest."""
        keys = self.store.list("sensor/payloads/")
        heads = [Head.from_bytes(self.store.read(key).data) for key in keys]
        return min(filter(self._is_new, heads), key=lambda head: head.payload_length)

    def certificate(self) -> ServerCertificate:
        """What the edges of this recording show."""
        kept = json.loads((self.folder / "server.json").read_text())
        key = load_pem_private_key(kept["key"].encode(), None)
        return ServerCertificate(kept["cert"].encode(), kept["key"].encode(), "", key)

    def _is_new(self, head: Head) -> bool:
        return head.image_sha256 == sha256(self.new.data).digest()


def record(
    folder: Path, firmware: Path, patches: Mapping[str, tuple[str, str]], deltas: int = 0
) -> Recording:
    """Found a product in `folder`, update a board, and keep all that a sweep needs.

    Args:
        folder: is emptied first.
        firmware: the folder of real firmware files.
        patches: module of Slotcast -> (what stands there, what is to stand there); to see that a
            sweep finds what is wrong.
        deltas: of how many releases the update has one; with none there is more to fetch.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "product").mkdir(parents=True)
    with chdir(folder / "product"):
        assert cli.main([*INIT]) == 0
    product = Product(folder / "product", firmware)
    product.set_deltas(deltas)
    product.release(OLD)
    shutil.copytree(folder / "product" / "published", folder / "before")
    with product.rig(OLD) as rig, ExitStack() as stack:
        rig.board.heap_kib = HEAP_KIB
        _prepare(rig, firmware, patches)
        _run(rig, stack, folder, "")
        _publish_update(product, rig.authority)
        (folder / "base.bin").write_bytes((rig.board.directory / "flash.bin").read_bytes())
        shutil.copytree(rig.board.directory, folder / "board")
        _run(rig, stack, folder, str(folder / "journal.bin"))
        (folder / "end.bin").write_bytes((rig.board.directory / "flash.bin").read_bytes())
    return load(folder, firmware)


def load(folder: Path, firmware: Path) -> Recording:
    """A recording that `record` has made before."""
    product = Product(folder / "product", firmware)
    operations, marks = read_journal(folder / "journal.bin")
    return Recording(
        folder,
        (folder / "base.bin").read_bytes(),
        (folder / "end.bin").read_bytes(),
        operations,
        marks,
        product.image(OLD),
        product.image(NEW),
    )


def _prepare(rig: Rig, firmware: Path, patches: Mapping[str, tuple[str, str]]) -> None:
    """An aged board, the sweep's application, a third image in the other slot, the patches."""
    rig.board.copy_in({"/main.py": _AGING})
    rig.board.run()
    rig.board.copy_in({"/main.py": _MAIN.read_bytes()})
    occupant = read_image((firmware / _OCCUPANT).read_bytes()[_OCCUPANT_AT:], "1.27.0").data
    with (rig.board.directory / "flash.bin").open("r+b", buffering=0) as file:
        Flash(file).rewrite(ota_slots(DEFAULT_TABLE)[1].offset, occupant)
    for module, patch in patches.items():
        rig.board.freeze({f"slotcast/{module}.mpy": _patched(module, *patch)})


def _patched(module: str, good: str, bad: str) -> bytes:
    """A module of Slotcast with something else in it, compiled."""
    source = (_MAIN.parents[3] / "device" / "slotcast" / f"{module}.py").read_text()
    assert source.count(good) == 1, f"{module}.py no longer has: {good}"
    with TemporaryDirectory() as folder:
        (Path(folder) / f"{module}.py").write_text(source.replace(good, bad))
        (made,) = compile_mpy(Path(folder), Path(folder))
        return made.read_bytes()


def _run(rig: Rig, stack: ExitStack, folder: Path, journal: str) -> None:
    """One life of the board; an access is marked in the journal before its answer has arrived."""
    certificate = rig.authority.issue([rig.host])
    kept = {"cert": certificate.cert_pem.decode(), "key": certificate.key_pem.decode()}
    (folder / "server.json").write_text(json.dumps(kept))
    rig.board.world["journal"] = journal
    marks = open_journal(rig.board.world, stack)

    def log(access: Access) -> None:
        if marks:
            marks.mark(f"sent {access.sent_bytes} {access.range or '-'} {access.path}")

    store = DirectoryStore(folder / "product" / "published")
    rig.connect(stack.enter_context(Edge(store, certificate, log=log)))
    rig.board.power_cycle()
    boots = rig.board.run(lambda line: line.startswith(END), 120)
    lines = [line for boot in boots for line in boot.lines]
    assert lines[-1].startswith(END + "current"), lines[-20:]
    assert not any(line.startswith("slotcast failed") for line in lines), lines


def _publish_update(product: Product, authority: Authority) -> None:
    """The next root, signed by the same keys; a pin set; the new release."""
    metadata = product.folder / "published" / "sensor" / "metadata"
    root = Metadata[Root].from_file(str(metadata / "1.root.json"))
    root.signed.version = 2
    root.signatures.clear()
    for signer in _signers(product, "root"):
        root.sign(signer, append=True)
    root.to_file(str(metadata / "2.root.json"), JSONSerializer(compact=True))
    _publish_pins(product, authority)
    product.release(NEW)


def _signers(product: Product, role: str) -> tuple:
    settings = product.settings
    words = Passphrases(lambda prompt: "", {})
    return load_signers(settings.keys.of(role), settings.directory, words)


def _publish_pins(product: Product, authority: Authority) -> None:
    settings, store = product.settings, product.store
    view = View(store, settings.product)
    now = datetime.now(UTC)
    repository = open_repository(
        view.read,
        settings.root_sha256,
        lambda role: _signers(product, role),
        settings.expiry_days,
        now,
    )
    pins = _pins(authority, Authority.create("the backup"))
    repository.publish_pins(pins)
    file = File(Kind.PINS, pins_path(sha256(pins).hexdigest()), pins)
    plan = make_plan(settings.product, [file, *repository.edited], view.stored)
    publish(plan, store, settings.product, settings.root_sha256, lambda what, done, total: None)


def _pins(*authorities: Authority) -> bytes:
    ders = {sha256(one.certificate_der).hexdigest(): one.certificate_der for one in authorities}
    one = {
        "serial": 1,
        "base_urls": ["https://updates.test/sensor/"],
        "pins": [],
        "trust_anchors": list(ders),
    }
    anchors = {name: b64encode(der).decode() for name, der in ders.items()}
    values = {"product": "sensor", "sets": [one], "trust_anchors": anchors}
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode()
