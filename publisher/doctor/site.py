"""What is looked at: one product at one edge, the store behind it, and what slotcast.toml says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from tuf.api.metadata import Timestamp

from publisher.doctor.exchange import Ask
from publisher.doctor.handshakes import CannotAskError, Handshake, Offer
from publisher.doctor.replies import Reply
from publisher.doctor.visitor import Visitor
from publisher.errors import PublisherError, StoreError, VerificationError
from publisher.layout import key, metadata_path, parse_offer
from publisher.manifest import Manifest
from publisher.pins.live import Live, survey
from publisher.pins.sets import PinSets
from publisher.provision import edge_sets
from publisher.published import Read, verify_role
from publisher.repository import Repository, open_repository
from publisher.settings import Settings
from publisher.stores.base import Listed, Store

TIMESTAMP = metadata_path("timestamp", 0)
_AT_ONCE = 50


class Meeting(NamedTuple):
    """Why nobody is there, and why who is there is not trusted; "" where that is not so."""

    away: str = ""
    distrust: str = ""


class Pins(NamedTuple):
    """Pin sets; of [edge] alone where none is published, or `unread` says why that is not known."""

    sets: PinSets
    unread: str = ""


@dataclass(frozen=True)
class Site:
    """The product as the checks see it; what is read once is kept for the next check.

    Attributes:
        visitor: asks the edge.
        open_origin: opens the store; StoreError where that cannot be.
        hosts: BASE URLs to ask by every pin set; none: those that the sets name.
        now: the time here, in UTC.
    """

    settings: Settings
    visitor: Visitor
    open_origin: Callable[[], Store]
    hosts: tuple[str, ...]
    now: datetime
    _kept: dict[str, Reply] = field(default_factory=dict, repr=False)

    @cached_property
    def meeting(self) -> Meeting:
        """How the first connection to the edge went."""
        try:
            return Meeting(distrust=self.visitor.trust())
        except StoreError as error:
            return Meeting(away=str(error))

    @cached_property
    def origin(self) -> Store:
        """The store; StoreError where it cannot be opened."""
        return self.open_origin()

    @cached_property
    def listed(self) -> list[Listed]:
        """All that lies under the product's prefix; StoreError where it cannot be listed."""
        return list(self.origin.listing(key(self.settings.product, "")))

    @cached_property
    def at_edge(self) -> Repository:
        """What the edge serves, verified as a new board does; VerificationError, StoreError."""
        return self._open(self.read)

    @property
    def in_store(self) -> Repository:
        """What is in the store, verified so; VerificationError, StoreError."""
        if isinstance(self._stored, PublisherError):
            raise self._stored
        return self._stored

    @property
    def repository(self) -> Repository:
        """What the edge serves; or what is in the store, where the edge has nothing that verifies.

        Raises:
            VerificationError, StoreError: neither is to be had; it tells of the edge.
        """
        if isinstance(self._tried, PublisherError):
            raise self._tried
        return self._tried

    @cached_property
    def _tried(self) -> Repository | PublisherError:
        """The repository, or why there is none."""
        try:
            return self.at_edge
        except PublisherError as at_edge:
            return at_edge if isinstance(self._stored, PublisherError) else self._stored

    @cached_property
    def _stored(self) -> Repository | PublisherError:
        """What is in the store, or why not; tried once, as a store may take long to fail."""
        try:
            return self._open(self.read_origin)
        except PublisherError as error:
            return error

    @cached_property
    def manifests(self) -> dict[str, Manifest]:
        """The manifests on offer by target name, verified; VerificationError, StoreError."""
        found = {}
        for name in self.repository.offered():
            channel, board, _ = parse_offer(name)
            data = self.repository.read_manifest(channel, board)
            if data is not None:
                found[name] = Manifest.from_bytes(data)
        return found

    @cached_property
    def pins(self) -> Pins:
        """Every set that boards may have; SettingsError where [edge] cannot be used."""
        try:
            published = self.repository.read_pins()
            if published is None:
                return Pins(edge_sets(self.settings))
            sets = PinSets.from_bytes(published)
            sets.verify_product(self.settings.product)
        except (StoreError, VerificationError) as error:
            return Pins(edge_sets(self.settings), str(error))
        return Pins(sets)

    @cached_property
    def lives(self) -> tuple[Live, ...]:
        """What each host serves, asked by every set as boards do; SettingsError as `pins`."""
        return survey(self.pins.sets, self._judge, self.hosts)

    @property
    def offered(self) -> dict[str, Manifest]:
        """The manifests on offer by target name; none where they cannot be told."""
        with suppress(StoreError, VerificationError):
            return self.manifests
        return {}

    def reply(self, path: str) -> Reply:
        """Return the edge's first answer for a path below BASE; StoreError where it gives none."""
        if path not in self._kept:
            self._kept[path] = self.visitor.ask(path)
        return self._kept[path]

    def heads(self, paths: Sequence[str]) -> list[Reply]:
        """Return the answers to HEAD, over as few connections as the edge allows."""
        asks = [Ask(path, "HEAD") for path in paths]
        replies: list[Reply] = []
        while len(replies) < len(asks):
            replies += self.visitor.ask_all(asks[len(replies) :][:_AT_ONCE])
        return replies

    def try_offer(self, offer: Offer) -> Handshake | None:
        """Return what comes of an offer; None where this machine cannot make it."""
        try:
            return self.visitor.shake_hands(offer)
        except CannotAskError:
            return None

    def read(self, path: str) -> bytes | None:
        """Return what the edge serves, None where it says that there is none."""
        reply = self.reply(path)
        if reply.is_missing:
            return None
        if not reply.is_there:
            raise StoreError(f"{path} is answered with status {reply.status}")
        if reply.coding:
            raise StoreError(f"{path} comes compressed ({reply.coding})", "see compression")
        if reply.is_html:
            raise StoreError(f"{path} is a web page, with status 200", "see missing-names")
        return reply.body

    def read_origin(self, path: str) -> bytes | None:
        """Return what the store has below BASE, or None."""
        stored = self.origin.read(key(self.settings.product, path))
        return None if stored is None else stored.data

    def written(self, path: str) -> datetime | None:
        """Return when what the store has below BASE was written, where the store tells."""
        name = key(self.settings.product, path)
        with suppress(StoreError):
            times = (one.modified for one in self.origin.listing(name) if one.key == name)
            return next(times, None)
        return None

    def _judge(self, timestamp: bytes) -> None:
        """Raise VerificationError for a timestamp that is not this product's."""
        with suppress(StoreError):
            verify_role(Timestamp, self.repository.root(), TIMESTAMP, timestamp)

    def _open(self, read: Read) -> Repository:
        settings = self.settings
        expiry = settings.expiry_days
        return open_repository(read, settings.root_sha256, _nobody, expiry, self.now)


def _nobody(role: str) -> tuple[()]:
    """No signers: the doctor signs nothing."""
    raise VerificationError(f"{role} is not to be signed")
