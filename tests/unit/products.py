"""A whole product in memory, for tests: store, keys, settings, and a clock that they set."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import esp_images
from securesystemslib.signer import CryptoSigner

from publisher.errors import ConflictError
from publisher.layout import key
from publisher.plan import make_plan
from publisher.publish import View, publish
from publisher.release import ReleaseRequest, prepare_release
from publisher.repository import found_repository, open_repository
from publisher.settings import (
    BoardSettings,
    EdgeSettings,
    ExpirySettings,
    PayloadSettings,
    Settings,
)
from publisher.stores.base import Object, Store, Stored

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
BOARD = BoardSettings("esp32", 0x1E0000)


def quiet(what: str, done: int, total: int) -> None:
    """A progress callback that nobody watches."""


class MemoryStore(Store):
    """A store in a dict; `on_write` is called before each write, by any thread, and may raise."""

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.on_write = lambda item: None

    def read(self, key: str) -> Stored | None:
        if key not in self.objects:
            return None
        data = self.objects[key].data
        return Stored(data, hashlib.sha256(data).hexdigest())

    def create(self, item: Object) -> bool:
        self.on_write(item)
        there = self.objects.setdefault(item.key, item)
        if there.data != item.data:
            raise ConflictError(f"{item.key} already exists with other content")
        return there is item

    def replace(self, item: Object, etag: str | None) -> None:
        self.on_write(item)
        there = self.read(item.key)
        if (there.etag if there else None) != etag:
            raise ConflictError(f"{item.key} has changed since it was read")
        self.objects[item.key] = item

    def list(self, prefix: str = "") -> Iterator[str]:
        return iter(sorted(name for name in self.objects if name.startswith(prefix)))


class Product:
    """A product called sensor that was founded at NOW, with one kind of board, b1."""

    def __init__(self, store: Store | None = None) -> None:
        self.now = NOW
        self.store = MemoryStore() if store is None else store
        generate = CryptoSigner.generate_ed25519
        self.signers = {role: [generate()] for role in ("targets", "snapshot", "timestamp")}
        self.signers["root"] = [generate(), generate(), generate()]
        founded = found_repository(self.signers, 2, ExpirySettings(), NOW)
        self.settings = Settings(
            product="sensor",
            root_sha256=hashlib.sha256(founded.root_bytes()).hexdigest(),
            edge=EdgeSettings("https://updates.example.org/"),
            payload=PayloadSettings(deltas=0),  # test_release_deltas.py has them
            boards={"b1": BOARD},
        )
        self.publish(make_plan("sensor", founded.edited, lambda path: None))

    def view(self) -> View:
        return View(self.store, "sensor")

    def open(self, view: View | None = None):
        view = view or self.view()
        settings = self.settings
        return open_repository(
            view.read,
            settings.root_sha256,
            self.signers.__getitem__,
            settings.expiry_days,
            self.now,
        )

    def prepare(self, version: str, data: bytes | None = None, **request):
        view = self.view()
        request = {"channel": "stable", "board": "b1", "name": "app.bin", **request}
        data = esp_images.app_image(code=version.encode() * 999) if data is None else data
        wanted = ReleaseRequest(data=data, version=version, **request)
        return prepare_release(self.settings, self.open(view), view, wanted, quiet)

    def publish(self, plan):
        fingerprint = self.settings.root_sha256
        return publish(plan, self.store, "sensor", fingerprint, quiet, sleep=lambda wait_s: None)

    def release(self, version: str, data: bytes | None = None, **request):
        prepared = self.prepare(version, data, **request)
        self.publish(prepared.plan)
        return prepared.manifest

    def read(self, path: str) -> bytes | None:
        stored = self.store.read(key("sensor", path))
        return None if stored is None else stored.data

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)
