"""What the hostile edge publishes: a release that the board runs, and one that it is offered."""

from __future__ import annotations

import copy
from datetime import UTC, datetime

from published_product import PublishedProduct, sha256

from device.virtual.images import build_app
from publisher.payload import cut_full

BLOCK_BYTES = 4096
IMAGE_BYTES = 24576


class Offer(PublishedProduct):
    """Release 1.4.3, with which the board leaves the factory; `release` publishes another.

    Attributes: `images`, what the board may run, by version.
    """

    def __init__(self) -> None:
        super().__init__()
        self.images: dict[str, bytes] = {}
        self.release("1.4.3")

    def date(self, signed, now=None) -> None:
        super().date(signed, now or datetime.now(UTC))

    def release(self, version: str) -> None:
        """Publish an image of noise, whose blocks are raw ones."""
        seed = len(self.images) + 1
        self.images[version] = self.image = build_app("esp32", version, "", IMAGE_BYTES, seed)
        self.payload = cut_full(self.image, BLOCK_BYTES)
        self.manifest = self.make_manifest() | {"version": version, "release": seed}
        self.raise_versions()
        self.publish_release()

    def raise_versions(self) -> None:
        """Let what is published next be newer than what the board knows."""
        for role in (self.targets, self.snapshot, self.timestamp):
            role.version += 1
            self.date(role)

    def copy(self) -> Offer:
        """One to change and publish, with the same keys."""
        other = copy.copy(self)
        other.files = dict(self.files)
        for role in ("root", "targets", "snapshot", "timestamp", "manifest"):
            setattr(other, role, copy.deepcopy(getattr(self, role)))
        return other

    def trusted_files(self) -> dict[str, str]:
        """SHA-256 of what a board keeps when it has accepted all that is published, by role."""
        paths = {role: f"metadata/{getattr(self, role).version}.{role}.json" for role in VERSIONED}
        paths["timestamp"] = "metadata/timestamp.json"
        return {role: sha256(self.files[f"sensor/{path}"]) for role, path in paths.items()}


VERSIONED = ("root", "snapshot", "targets")
