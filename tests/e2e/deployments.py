"""Whole deployments on this machine: a product, its directory, an edge; sound or broken.

The edge is as infra/ota.yaml makes CloudFront: headers of its policy, X-Cache, nothing kept.
"""

from __future__ import annotations

import gzip
import json
import os
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from unittest import mock

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from device.virtual.images import build_app
from publisher import cli
from publisher.answer import Answer, Request
from publisher.certificates import Authority, ServerCertificate
from publisher.serve import Edge
from publisher.stores.base import Store
from publisher.stores.directory import DirectoryStore
from tests.e2e.edges import ReadOnly

HEADERS = {
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Cache": "Hit from here",
}
ROOT, OTHER = Authority.create("doctor's root"), Authority.create("another root")
BOARD = ("--board", "b1")
INIT = ("init", "sensor", "--insecure-no-passphrase", *BOARD, "--chip", "esp32", "--slot-size")
PAGE = b"<!doctype html><title>Not found</title>"

Change = Callable[[Request, Answer], Answer]


class BentEdge(Edge):
    """An edge whose store, certificate and answers can be changed while it serves."""

    def __init__(self, store: Store, certificate: ServerCertificate, port: int = 0) -> None:
        super().__init__(store, certificate, port=port)
        self.change: Change = lambda request, answer: answer

    def answer(self, request: Request) -> Answer:
        sound = super().answer(request)
        return self.change(request, replace(sound, headers={**sound.headers, **HEADERS}))

    def serve(self, store: Store) -> None:
        self._store = store

    def speak(self, lowest: ssl.TLSVersion, highest: ssl.TLSVersion, ciphers: str = "") -> None:
        self._context.minimum_version, self._context.maximum_version = lowest, highest
        if ciphers:
            self._context.set_ciphers(ciphers)


class Deployment:
    """The product `sensor` in a folder, with 1.1.0 released, behind an edge.

    Args:
        days_ago: when everything was signed.
    """

    def __init__(self, folder: Path, days_ago: float = 0, **certificate: datetime) -> None:
        self.folder = folder
        self.store = DirectoryStore(folder / "published")
        self.edge = BentEdge(self.store, ROOT.issue(["localhost"], **certificate))
        self.host = f"https://localhost:{self.edge.port}/"
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(ROOT.certificate_pem + Authority.create("spare root").certificate_pem)
        (folder / "app.bin").write_bytes(build_app(version="1.1.0", seed=2))
        with self.as_of(days_ago):
            where = ("--store", str(self.store.location), "--ca", str(self.ca))
            here = Path.cwd()
            os.chdir(folder)  # init writes where it is
            try:
                self._run(*INIT, "0x1E0000", "--base-url", self.host, *where)
            finally:
                os.chdir(here)
            self.release()

    def __enter__(self) -> Deployment:
        self.edge.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.edge.__exit__(None, None, None)

    def release(self) -> None:
        """Release 1.1.0, or once more."""
        whom = ("--version", "1.1.0", "--channel", "stable", *BOARD)
        self.slotcast("release", str(self.folder / "app.bin"), *whom)

    def slotcast(self, *arguments: str) -> None:
        """Run a command that must succeed."""
        self._run(*arguments, "--settings", str(self.folder / "slotcast.toml"))

    def replace_edge(self, certificate: ServerCertificate) -> None:
        """Put an edge with another certificate in the place of this one."""
        port = self.edge.port
        self.edge.__exit__(None, None, None)
        self.edge = BentEdge(self.store, certificate, port)
        self.edge.__enter__()

    @contextmanager
    def as_of(self, days_ago: float) -> Iterator[None]:
        """Let commands take an earlier time for the present."""
        then = datetime.now(UTC) - timedelta(days=days_ago)
        with mock.patch("publisher.cli.datetime", mock.Mock(now=lambda zone: then)):
            yield

    def _run(self, *arguments: str) -> None:
        assert cli.main(list(arguments)) == 0, arguments


# What can be broken, by name.


def expiring_certificate(folder: Path) -> Deployment:
    now = datetime.now(UTC)
    left = {"not_before": now - timedelta(days=194), "not_after": now + timedelta(days=4)}
    return Deployment(folder, **left)


def refused_by_a_pin_set(deployment: Deployment) -> None:
    """Set 1 takes another authority too, set 0 does not; and the edge moves to that."""
    other = deployment.folder / "other.pem"
    other.write_bytes(OTHER.certificate_pem)
    deployment.slotcast("pins", "set", "--ca", str(deployment.ca), "--ca", str(other))
    deployment.replace_edge(OTHER.issue(["localhost"]))


def tls_1_3_alone(deployment: Deployment) -> None:
    deployment.edge.speak(ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3)


def pointer_kept_for_a_day(deployment: Deployment) -> None:
    def change(request: Request, answer: Answer) -> Answer:
        if "timestamp.json" not in request.target:
            return answer
        return _with(answer, {"Cache-Control": "public, max-age=86400", "Age": "41230"})

    deployment.edge.change = change


def page_for_what_is_missing(deployment: Deployment) -> None:
    def change(request: Request, answer: Answer) -> Answer:
        if answer.status != HTTPStatus.FORBIDDEN:
            return answer
        return Answer(HTTPStatus.OK, {**answer.headers, "Content-Type": "text/html"}, PAGE)

    deployment.edge.change = change


def compressed(deployment: Deployment) -> None:
    def change(request: Request, answer: Answer) -> Answer:
        packed = replace(answer, body=gzip.compress(answer.body, mtime=0))
        return _with(packed, {"Content-Encoding": "gzip"})

    deployment.edge.change = change


def without_ranges(deployment: Deployment) -> None:
    edge = deployment.edge
    edge.change = lambda request, answer: (
        edge.answer(replace(request, range="")) if request.range else answer
    )


def keys_in_the_bucket(deployment: Deployment) -> None:
    """One lies there in PEM under a name of its own, another bare under a payload's name."""
    published, keys = deployment.folder / "published/sensor", deployment.folder / "keys"
    (published / "keys").mkdir()
    (published / "keys/targets.txt").write_bytes((keys / "targets.pem").read_bytes())
    key = load_pem_private_key((keys / "timestamp.pem").read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    (published / "payloads" / f"{'5eed' * 16}.slc").write_bytes(key.private_bytes_raw())


def stale_edge(deployment: Deployment) -> None:
    """The edge goes on with an older timestamp, ten minutes after a newer one was published."""
    store = deployment.store
    kept = {name: store.read(name) for name in store.list() if name.endswith("timestamp.json")}
    deployment.edge.serve(ReadOnly(store, lambda name, stored: kept.get(name, stored)))
    deployment.slotcast("pause", "stable", "b1")
    before = time.time() - 600
    os.utime(deployment.folder / "published/sensor/metadata/timestamp.json", (before, before))


def forged_version_json(deployment: Deployment) -> None:
    path = deployment.folder / "published/sensor/stable/b1/version.json"
    says = {"version": "9.9.9", "url": "https://example.net/x.bin", "md5": "0" * 32}
    path.write_text(json.dumps({**says, "mandatory": True}))
    for one in (path, deployment.folder / "published/sensor/metadata/timestamp.json"):
        os.utime(one, (0, 0))  # long ago: no release is under way


def _with(answer: Answer, headers: dict[str, str]) -> Answer:
    return replace(answer, headers={**answer.headers, **headers})
