"""Virtual boards of released versions take what their channel offers now, each by its own way.

Each leaves the factory with the very image of its version, and knows of it what boards in the field
do. The way that it takes is held against the one that was proved (journeys.py).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from publisher.errors import SettingsError, StoreError
from publisher.image import Image, read_image
from publisher.journeys import Journey, State, travel
from publisher.layout import image_path, key
from publisher.manifest import Manifest
from publisher.offers import Offer
from publisher.settings import FILE_NAME, Settings
from publisher.simulate import Order, Poll, simulate
from publisher.stores.base import Store
from publisher.supported import Supported
from publisher.waiting import is_waiting

# In place of versions: all that are supported, and a board from the factory.
ALL = "all"
# What a board says when it installs (device/slotcast/decide.py).
_INSTALL = re.compile(r"slotcast decide: install: .+? -> ([0-9]+\.[0-9]+\.[0-9]+)")
_STEP_S = 120.0


@dataclass(frozen=True)
class Start:
    """A board, and the release that it leaves the factory with; None of a version of our own."""

    state: State
    release: Manifest | None = None


@dataclass(frozen=True)
class Trip:
    """What became of one virtual board; `predicted` is its way as it was proved."""

    predicted: Journey
    poll: Poll

    @property
    def taken(self) -> tuple[str, ...]:
        """The versions that it installed."""
        found = map(_INSTALL.match, self.poll.lines)
        return tuple(match[1] for match in found if match)

    @property
    def arrives(self) -> bool:
        """Whether it ended with what is offered."""
        return self.poll.outcome.startswith("current: ")

    @property
    def waits(self) -> bool:
        """Whether it ended with waiting for its turn."""
        return is_waiting(self.poll.outcome, self.predicted.goal)

    @property
    def is_as_predicted(self) -> bool:
        """Whether it went the way that was proved; on from where it waits, it has not gone yet."""
        if self.waits:
            return self.taken == self.predicted.taken[: len(self.taken)]
        return (self.taken, self.arrives) == (self.predicted.taken, self.predicted.arrives)

    @property
    def way(self) -> str:
        """The versions that it ran."""
        return " -> ".join([self.predicted.start.name, *self.taken])

    def to_dict(self) -> dict[str, object]:
        """Return what a program reads."""
        start, poll = self.predicted.start, self.poll
        return {
            "from": start.version,
            "image_digest": start.digest or None,
            "security_version": start.security_version,
            "taken": list(self.taken),
            "predicted": list(self.predicted.taken),
            "as_predicted": self.is_as_predicted,
            "arrives": self.arrives,
            "waits": self.waits,
            "outcome": poll.outcome,
            "boots": len(poll.boots),
            "requests": len(poll.requests),
            "sent_bytes": poll.sent_bytes,
            "seconds": round(poll.seconds, 3),
        }


def choose(supported: Supported, versions: Sequence[str]) -> list[Start]:
    """Return the boards to start from: of each image of the versions, or of ALL; oldest first.

    Raises SettingsError for a version that these boards were never offered.
    """
    starts = [Start(supported.state(release), release) for release in supported.releases][::-1]
    if ALL in versions:
        return [*starts, *([Start(supported.fresh)] if supported.fresh else [])]
    known = {start.state.version for start in starts}
    for version in versions:
        if version not in known:
            message = f"version {version} was never released there, or is supported no more"
            raise SettingsError(message, "`slotcast history` tells what was")
    return [start for start in starts if start.state.version in versions]


@dataclass(frozen=True)
class Road:
    """What lies before the boards: the product, and what it offers them.

    Attributes:
        settings: the product's.
        store: where it is published.
        offer: what is offered now.
        group: the boards' group, where they are in one.
    """

    settings: Settings
    store: Store
    offer: Offer
    group: str | None = None

    def travel(self, start: Start, on_line: Callable[[int, str], None]) -> Trip:
        """Let a virtual board take what is offered, over stepping stones if need be.

        Args:
            start: the board.
            on_line: called with the boot's number and each line that the board prints.

        Raises:
            StoreError: its image is gone from the store, or damaged.
            PublisherError: there is no such virtual board, or it does not come to an end.
        """
        offer, factory = self.offer, self._image(start)
        predicted = travel(start.state, offer.manifest, {one.version: one for one in offer.stones})
        order = Order(
            offer.manifest.channel,
            offer.manifest.board,
            factory,
            timeout_s=_STEP_S * (1 + len(predicted.taken)),
            group=self.group,
            state=start.state,
        )
        return Trip(predicted, simulate(self.settings, self.store, order, on_line))

    def _image(self, start: Start) -> Image | None:
        """Return what the board leaves the factory with, as it was released."""
        release = start.release
        if release is None:
            return None
        path = image_path(release.sha256)
        stored = self.store.read(key(self.settings.product, path))
        if stored is None or hashlib.sha256(stored.data).hexdigest() != release.sha256:
            trouble = "is gone" if stored is None else "is damaged"
            message = f"no virtual board can start from {release.version}: its {path} {trouble}"
            raise StoreError(message, "name another version")
        if release.size > start.state.kind.slot_size:
            message = f"{release.version} has {release.size} bytes, and a slot"
            what = f"{message} {start.state.kind.slot_size} in {FILE_NAME}: no board runs that"
            raise SettingsError(what, "name another version")
        return read_image(stored.data, release.version)
