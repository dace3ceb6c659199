"""Which payloads and images are still needed, and what the others once were for.

Needed are those of all that is offered now, of what was until a short while ago, of the last
releases of each channel and board, and the images that deltas on offer start from, or that a
version.json names. Boards that run an old release need nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from publisher.errors import VerificationError
from publisher.layout import PINS, hashed_path, image_path, parse_offer, version_json_path
from publisher.manifest import Manifest
from publisher.past import past_manifest
from publisher.publish import View
from publisher.repository import Repository
from publisher.upkeep.eras import Era, read_eras

_IMAGE = re.compile(rb"/images/([0-9a-f]{64})\.bin")
_PUT_BACK = "put it back into the store: it tells which payloads are needed"


@dataclass
class Needed:
    """What is needed and what is not, by path below BASE.

    Attributes:
        offered: what the present offers name.
        reasons: why a path is needed, in words; those of `offered` too.
        former: what a path was for that is needed no more, in words.
    """

    offered: set[str] = field(default_factory=set)
    reasons: dict[str, str] = field(default_factory=dict)
    former: dict[str, str] = field(default_factory=dict)

    def add(self, paths: Sequence[str], reason: str) -> None:
        """Need paths; the first reason stands."""
        for path in paths:
            self.reasons.setdefault(path, reason)

    def add_former(self, paths: Sequence[str], words: str) -> None:
        """Say what paths were for, unless they are needed."""
        for path in paths:
            if path not in self.reasons:
                self.former.setdefault(path, words)


@dataclass(frozen=True)
class _Use:
    """A manifest that was offered, until when (None: it is), and whether it is a stone's."""

    manifest: Manifest
    until: datetime | None
    is_stone: bool

    @property
    def words(self) -> str:
        one = self.manifest
        until = f"offered until {self.until:%Y-%m-%d}" if self.until else "offered"
        return f"{one.version} on {one.channel}/{one.board}, {until}"


def read_needed(repository: Repository, view: View, since: datetime, releases: int) -> Needed:
    """Return what is needed.

    Args:
        repository: the product's roles, opened from `view`.
        since: what was offered after it is needed.
        releases: how many releases of each channel and board are needed, however old; those of the
            same image count once.

    Raises:
        VerificationError: a manifest is lost that may still be needed, or past metadata is.
    """
    uses = list(_uses(read_eras(repository, view), repository, view, since))
    needed = Needed()
    for use in uses:
        if use.until is None or use.until > since:
            needed.add(use.manifest.objects, use.words)
    for use in _last(uses, releases):
        needed.add(use.manifest.objects, f"{use.words}; one of the last releases")
    for path, where in _left_behind(repository, view):
        needed.add([path], f"version.json of {where} names it")
    for path, version in _bases(uses):
        needed.add([path], f"an offered delta starts from {version}")
    for use in uses:
        needed.add_former(use.manifest.objects, use.words)
    needed.offered.update(_offered(repository))
    return needed


def _uses(
    eras: Sequence[Era], repository: Repository, view: View, since: datetime
) -> Iterator[_Use]:
    """Yield each manifest that was ever offered once, with the last of its eras; newest first."""
    known: set[str] = set()
    present = repository.targets().version
    for era in eras:
        for name, target in sorted(era.targets.targets.items()):
            path = hashed_path(name, target.hashes["sha256"])
            if name == PINS or path in known:
                continue
            known.add(path)
            manifest = past_manifest(view, name, target)
            is_needed = era.until is None or era.until > since
            if manifest is None and is_needed and era.targets.version <= present:
                raise VerificationError(f"{path} is missing or damaged", _PUT_BACK)
            if manifest is not None:
                yield _Use(manifest, era.until, name.count("/") > 1)


def _last(uses: Sequence[_Use], releases: int) -> Iterator[_Use]:
    """Yield those of the last releases of each channel and board."""
    images: dict[tuple[str, str], set[str]] = {}
    for use in uses:
        whom = (use.manifest.channel, use.manifest.board)
        seen = images.setdefault(whom, set())
        if not use.is_stone and (len(seen) < releases or use.manifest.sha256 in seen):
            seen.add(use.manifest.sha256)
            yield use


def _bases(uses: Sequence[_Use]) -> Iterator[tuple[str, str]]:
    """Yield path and version of each image that an offered delta starts from."""
    known = {use.manifest.image_digest: use.manifest for use in reversed(uses)}
    offered = [use.manifest for use in uses if use.until is None]
    for entry in (entry for manifest in offered for entry in manifest.deltas):
        if entry.base in known:
            yield image_path(known[entry.base].sha256), known[entry.base].version


def _left_behind(repository: Repository, view: View) -> Iterator[tuple[str, str]]:
    """Yield the image that each version.json names: an older one after a run that was cut short."""
    for name in repository.offered():
        channel, board, _ = parse_offer(name)
        found = _IMAGE.search(view.read(version_json_path(channel, board)) or b"")
        if found:
            yield image_path(found[1].decode()), f"{channel}/{board}"


def _offered(repository: Repository) -> Iterator[str]:
    """Yield the objects of the present offers, and of the stones to them."""
    for name in repository.offered():
        channel, board, _ = parse_offer(name)
        manifest = repository.read_manifest(channel, board)
        stones = repository.read_stones(channel, board).values()
        for data in (*([manifest] if manifest else ()), *stones):
            yield from Manifest.from_bytes(data).objects
