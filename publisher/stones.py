"""Stepping stones: the releases that boards below `min_version` take first.

A stone is the manifest of an older release, kept as the target CHANNEL/BOARD/VERSION.json: offered
to every board, never paused, and withdrawing nothing. A stone may need another one itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from publisher.errors import PublisherError, SettingsError, StoreError, VerificationError
from publisher.layout import image_path, target_name
from publisher.manifest import Manifest
from publisher.past import older_targets, past_manifest
from publisher.publish import View
from publisher.repository import Repository
from publisher.rollout import Rollout

# How many a board follows in one poll (device/slotcast/offer.py).
MAX_STONES = 8

_RELEASE_IT = "release it first, or name a version that boards there were offered"
_PUT_IT_BACK = "put it back into the store, or name another version"
_BRING_IT_BACK = (
    "`slotcast gc` removes what is long out of use. Release the same file under the same version "
    "on a channel of its own, such as attic (the same bytes have the same name): that puts it back "
    "into the store; then run this again, or name another version"
)


def as_stone(manifest: Manifest) -> Manifest:
    """Return what stands at a stone's target: the release, for everybody."""
    rollout = Rollout(manifest.rollout.salt)
    return replace(manifest, paused=False, rollout=rollout, withdrawn=())


def ask_history(channel: str) -> str:
    """Return a hint for who names a version that a channel has never had."""
    return f"`slotcast history --channel {channel}` lists what was released there"


class History:
    """What one channel ever offered a board, as far as the present keys have signed it.

    Args:
        repository: the product's roles.
        view: what is published.
        channel, board: whose offers.

    Attributes:
        warnings: what is to be told of what was asked for.
        missing: versions of targets that are gone, as far as somebody looked back.
    """

    def __init__(self, repository: Repository, view: View, channel: str, board: str) -> None:
        self._repository = repository
        self._view = view
        self._whom = (channel, board)
        self.warnings: list[str] = []
        self.missing: list[int] = []

    def chain(self, min_version: str | None) -> tuple[Manifest, ...]:
        """Return the stones that boards below `min_version` need, the newest first.

        Raises:
            SettingsError: a version was never offered, or is withdrawn; or there are too many.
            StoreError: the firmware of one is gone from the store, or damaged.
            VerificationError: so is the file of a stone, and no older targets offered its version.
        """
        stones: list[Manifest] = []
        while min_version is not None:
            if len(stones) == MAX_STONES:
                way = ", ".join([min_version, *(stone.version for stone in reversed(stones))])
                message = f"boards would need more than {MAX_STONES} releases first: {way}"
                raise SettingsError(message, "name an older --min-version")
            found = self._link(min_version, stones)
            self._note_caution(found)
            stones.append(as_stone(found))
            min_version = found.min_version
        return tuple(stones)

    def release(self, version: str) -> Manifest:
        """Return the newest manifest of a version, whose firmware is all there.

        It has no delta that is lost: boards would ask for it in vain.

        Raises:
            SettingsError: it was never offered, or is withdrawn.
            StoreError: its firmware is gone from the store, or damaged.
            VerificationError: so is its manifest.
        """
        found = self._find(version)
        self._verify_is_whole(found)
        return self._without_lost_deltas(found)

    def offers(self) -> Iterator[Manifest]:
        """Yield what was offered, the newest first; what can be read no more is passed over."""
        present = self._repository.read_manifest(*self._whom)
        if present is not None:
            yield Manifest.from_bytes(present)
        yield from self._older(until_first=True)

    def versions(self) -> set[str]:
        """Return the versions of all that was offered."""
        return {manifest.version for manifest in self.offers()}

    def _link(self, version: str, stones: Sequence[Manifest]) -> Manifest:
        """Return the release that the last stone needs; an error names that, too."""
        try:
            return self.release(version)
        except PublisherError as error:
            if not stones:
                raise
            message = f"{error}; boards would take it first, on their way to {stones[-1].version}"
            raise type(error)(message, error.hint) from error

    def _find(self, version: str) -> Manifest:
        """Return the newest manifest of a version: an offer, or a stone that lies already."""
        where = "/".join(self._whom)
        for manifest in self._newest_first(version):
            if version in manifest.withdrawn:
                raise SettingsError(f"{version} is withdrawn on {where}: no board may take it")
            if manifest.version == version:
                return manifest
        self._repository.read_stone(*self._whom, version)  # raises where only that is at fault
        message = f"version {version} was never released on {where}, so no board can take it"
        raise SettingsError(message, _RELEASE_IT)

    def _newest_first(self, version: str) -> Iterator[Manifest]:
        """Yield what may be the version: a stone that lies already saves reading older targets.

        One that lifts failures does not: it has the number of the release that it was made for.
        """
        present = self._repository.read_manifest(*self._whom)
        if present is not None:
            yield Manifest.from_bytes(present)
        stones = self._stone(version)
        yield from (stone for stone in stones if not stone.retry_failed)
        yield from self._older()
        yield from stones

    def _stone(self, version: str) -> list[Manifest]:
        """Return the one stone that lies already; none where its file is lost, or damaged."""
        with suppress(VerificationError):
            data = self._repository.read_stone(*self._whom, version)
            return [] if data is None else [Manifest.from_bytes(data)]
        return []

    def _older(self, until_first: bool = False) -> Iterator[Manifest]:
        """Yield what older targets have offered, the newest first, each once.

        Args:
            until_first: end where nothing was offered yet, rather than look through all of a
                product's life; an offer is replaced, never taken back.
        """
        name, known = target_name(*self._whom), set()
        for targets in older_targets(self._repository, self._view, self.missing):
            target = targets.targets.get(name)
            if target is None and until_first:
                return
            if target is not None and target.hashes["sha256"] not in known:
                known.add(target.hashes["sha256"])
                manifest = past_manifest(self._view, name, target)
                if manifest is not None:
                    yield manifest

    def _note_caution(self, manifest: Manifest) -> None:
        if not manifest.is_for_all_at(self._repository.now):
            self.warnings.append(
                f"{manifest.version} was not offered to all boards, or was paused; "
                f"as the release to take first it is offered to all below it"
            )

    def _verify_is_whole(self, manifest: Manifest) -> None:
        payload = manifest.full
        image = (image_path(manifest.sha256), manifest.sha256)
        for path, sha256 in ((payload.path, payload.sha256), image):
            trouble = self._trouble(path, sha256)
            if trouble:
                message = f"no board can take {manifest.version}: its {path} is {trouble}"
                hint = _BRING_IT_BACK if trouble == "gone" else _PUT_IT_BACK
                raise StoreError(message, hint)

    def _without_lost_deltas(self, manifest: Manifest) -> Manifest:
        lost = [one for one in manifest.deltas if self._trouble(one.path, one.sha256)]
        if lost:
            self.warnings.append(
                f"{manifest.version} is offered without {len(lost)} of its deltas, which are gone: "
                f"boards that they are for take the full payload"
            )
        left = tuple(one for one in manifest.payloads if one not in lost)
        return replace(manifest, payloads=left)

    def _trouble(self, path: str, sha256: str) -> str:
        """Return what is wrong with an object in the store, in a word; "" where nothing is."""
        data = self._view.read(path)
        if data is None:
            return "gone"
        return "" if hashlib.sha256(data).hexdigest() == sha256 else "damaged"
