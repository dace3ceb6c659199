"""From which images a release has deltas: those of the last releases, and those that are given."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from publisher.errors import SettingsError
from publisher.image import Image, verify_same_chip
from publisher.layout import image_path
from publisher.manifest import MAX_DELTAS, Manifest
from publisher.payload import Base
from publisher.published import Read
from publisher.versions import Version

_GIVE_IT = "if boards run it, give its firmware file with --base"


@dataclass(frozen=True)
class Origin:
    """An image that boards may run, from which a delta can start.

    Attributes:
        name: what messages call it: its version, or its file.
        digest: its image_digest, in hex.
    """

    name: str
    digest: str
    data: bytes = field(repr=False)

    @property
    def base(self) -> Base:
        """The same, for the encoder."""
        return Base(self.data, bytes.fromhex(self.digest))


class Origins:
    """What deltas to one image may start from; `warnings` tell what cannot be read any more.

    Args:
        image: the image that is released.
        given: images that the release engineer names, by what messages call them.
        offered: returns what was offered to the board, the newest first.
        read: returns the bytes at a path below BASE, or None.

    Raises:
        ImageError: a given image is for another chip.
        SettingsError: more are given than a manifest has room for.
    """

    def __init__(
        self,
        image: Image,
        given: Mapping[str, Image],
        offered: Callable[[], Iterator[Manifest]],
        read: Read,
    ) -> None:
        self.warnings: list[str] = []
        self._image = image
        self._given = _given_origins(image, given)
        self._offered = offered
        self._read = read
        self._manifests: dict[str, Manifest] = {}

    def choose(self, count: int, min_version: str | None) -> list[Origin]:
        """Return the given images, and those of the last `count` releases.

        Args:
            min_version: boards that run less take another release first, and need no delta.
        """
        chosen = list(self._given)
        for manifest in islice(self._releases(min_version), count):
            self._manifests[manifest.image_digest] = manifest
            if manifest.image_digest not in self._given and len(chosen) < MAX_DELTAS:
                chosen.append(manifest.image_digest)
        return [origin for origin in map(self.load, chosen) if origin]

    def look_up(self, digests: Sequence[str]) -> None:
        """Find out which releases had the images of these digests."""
        unknown = set(digests) - set(self._given)
        for manifest in self._offered() if unknown else ():
            if manifest.image_digest in unknown:
                self._manifests[manifest.image_digest] = manifest
                unknown.remove(manifest.image_digest)
            if not unknown:
                break

    def name_of(self, digest: str) -> str:
        """Return what messages call an image that was looked up."""
        known = self._given.get(digest)
        if known:
            return known.name
        manifest = self._manifests.get(digest)
        return manifest.version if manifest else f"an image of digest {digest[:16]}..."

    def load(self, digest: str) -> Origin | None:
        """Return a given image, or one that was looked up; None, with a warning, if it is lost."""
        if digest in self._given:
            return self._given[digest]
        manifest, trouble = self._manifests.get(digest), "it is not known"
        if manifest is not None:
            path = image_path(manifest.sha256)
            data = self._read(path)
            if data is not None and hashlib.sha256(data).hexdigest() == manifest.sha256:
                return Origin(manifest.version, digest, data)
            trouble = f"its {path} is {'gone' if data is None else 'damaged'}"
        message = f"there can be no delta from {self.name_of(digest)}: {trouble}; {_GIVE_IT}"
        self.warnings.append(message)
        return None

    def note_given(self, digests: Sequence[str]) -> None:
        """Warn of given images that a release, which is published already, has no delta from."""
        self.warnings += [
            f"the release is published without a delta from {origin.name}, and stays so"
            for digest, origin in self._given.items()
            if digest not in digests
        ]

    def _releases(self, min_version: str | None) -> Iterator[Manifest]:
        """Yield a manifest of each other image for this chip that was offered, newest first."""
        known = {self._image.image_digest}
        for manifest in self._offered():
            fits = manifest.chip == self._image.chip and not _is_below(manifest, min_version)
            if fits and manifest.image_digest not in known:
                known.add(manifest.image_digest)
                yield manifest


def _given_origins(image: Image, given: Mapping[str, Image]) -> dict[str, Origin]:
    """Return images by digest, each once; the one that is released is no base."""
    origins: dict[str, Origin] = {}
    for name, one in given.items():
        message = f"{name} is for {one.chip}, the image to release for {image.chip}"
        verify_same_chip(one.chip, image.chip, message)
        if one.image_digest != image.image_digest:
            origin = Origin(name, one.image_digest, one.data)
            origins.setdefault(one.image_digest, origin)
    if len(origins) > MAX_DELTAS:
        message = f"--base names {len(origins)} different images"
        raise SettingsError(message, f"a release has room for {MAX_DELTAS} deltas")
    return origins


def _is_below(manifest: Manifest, version: str | None) -> bool:
    return version is not None and Version.parse(manifest.version) < Version.parse(version)
