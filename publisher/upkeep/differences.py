"""Where what is published differs from what the working copy asks for: slotcast.toml, or an image.

Each function compares one thing, and yields what differs. Nothing is read here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from tuf.api.metadata import Role

from publisher.image import Image
from publisher.layout import image_path
from publisher.manifest import Manifest, version_json
from publisher.pins.sets import PinSet
from publisher.repository import RoleState
from publisher.settings import BoardSettings, ExpirySettings, Settings

SECTOR_BYTES = 4096


@dataclass(frozen=True)
class Difference:
    """One thing that differs, in words.

    Attributes:
        where: a channel and board, a board, a role, or a file.
        what: the setting or field.
        published, wanted: what either side has.
    """

    where: str
    what: str
    published: str
    wanted: str

    def to_dict(self) -> dict[str, str]:
        """Return what a program reads."""
        return asdict(self)


@dataclass(frozen=True)
class Offered:
    """What a channel offers a board.

    Attributes:
        stones: what boards that are far behind take first.
        memory: bytes that payloads need on a board, by path, as far as their heads can be read.
        version_json: the bytes of version.json; None where it is missing.
    """

    manifest: Manifest
    stones: tuple[Manifest, ...] = ()
    memory: Mapping[str, int] = field(default_factory=dict)
    version_json: bytes | None = None

    @property
    def where(self) -> str:
        """CHANNEL/BOARD."""
        return f"{self.manifest.channel}/{self.manifest.board}"


def compare_boards(boards: Collection[str], offers: Iterable[Offered]) -> Iterator[Difference]:
    """Yield boards that are offered nothing, and offers for boards that are not configured."""
    offers = list(offers)
    offered = {offer.manifest.board for offer in offers}
    for board in sorted(set(boards) - offered):
        yield Difference(f"board {board}", "offers", "none", "one at least")
    for offer in offers:
        if offer.manifest.board not in boards:
            section = f"no [boards.{offer.manifest.board}]"
            yield Difference(offer.where, "board", offer.manifest.version, section)


def compare_offer(settings: Settings, offer: Offered) -> Iterator[Difference]:
    """Yield how one offer differs from what its board would be released now."""
    yield from _compare_url(settings, offer)
    yield from _compare_version_json(offer)
    board = settings.boards.get(offer.manifest.board)
    if board is not None:
        yield from _compare_fields(board, offer)
        yield from _compare_slot(board, offer)
        yield from _compare_memory(board, offer)


def compare_lifetimes(expiry: ExpirySettings, states: Iterable[RoleState]) -> Iterator[Difference]:
    """Yield roles that were signed for another time than is asked for; root tells no such time."""
    for state in states:
        if not state.signed_at:
            continue
        signed_at = datetime.fromisoformat(state.signed_at).astimezone(UTC)
        days, wanted = (state.expires - signed_at).days, expiry.of(state.role)
        if days != wanted:
            yield Difference(state.role, "expiry_days", f"{days}", f"{wanted}")


def compare_keys(role: str, root: Role, wanted: Mapping[str, str | None]) -> Iterator[Difference]:
    """Yield signers that root does not name for a role, or that there are too few of.

    Args:
        root: what root says of the role.
        wanted: the key id by the signer's URI; None where it cannot be told without a secret.
    """
    keys = f"{root.threshold} of {len(root.keyids)} keys"
    # Root's signers sign apart from each other, and need not be named here.
    if len(wanted) < root.threshold and (role != "root" or wanted):
        yield Difference(role, "signers", f"{keys} have to sign", f"{len(wanted)} named in [keys]")
    for uri, keyid in wanted.items():
        if keyid is not None and keyid not in root.keyids:
            yield Difference(role, "key", f"not among its {len(root.keyids)} keys", uri)


def compare_pins(published: PinSet, edge: PinSet) -> Iterator[Difference]:
    """Yield how the newest pin set, which boards try first, differs from [edge]."""
    where = f"pin set {published.serial}"
    [url] = edge.base_urls
    if url not in published.base_urls:
        yield Difference(where, "base_url", ", ".join(published.base_urls), url)
    for what, mine, theirs in (
        ("pins", published.pins, edge.pins),
        ("ca", published.trust_anchors, edge.trust_anchors),
    ):
        if set(mine) != set(theirs):
            yield Difference(where, what, _short(mine, theirs), _short(theirs, mine))


def compare_image(
    image: Image, manifest: Manifest, published: bytes | None
) -> Iterator[Difference]:
    """Yield how an image differs from the one that is offered.

    Args:
        published: the bytes of that one; None where it is gone.
    """
    where = f"{manifest.channel}/{manifest.board}"
    for what, mine, theirs in (
        ("chip", manifest.chip, image.chip),
        ("size", f"{manifest.size:,}", f"{image.size:,}"),
        ("image_digest", manifest.image_digest, image.image_digest),
    ):
        if mine != theirs:
            yield Difference(where, what, mine, theirs)
    if published is not None and published != image.data:
        changed, total = changed_sectors(published, image.data)
        share = f"{changed} of {total} changed ({100 * changed / total:.1f} %)"
        yield Difference(where, "4 KiB sectors", manifest.version, share)


def changed_sectors(old: bytes, new: bytes) -> tuple[int, int]:
    """Return how many 4 KiB sectors of `new` a slot that holds `old` lacks, and how many there are.

    What moved counts as changed; a delta finds it again (`slotcast payload delta` tells its size).
    """
    starts = range(0, len(new), SECTOR_BYTES)
    differ = [old[at : at + SECTOR_BYTES] != new[at : at + SECTOR_BYTES] for at in starts]
    return sum(differ), len(differ)


def _compare_fields(board: BoardSettings, offer: Offered) -> Iterator[Difference]:
    for name in ("chip", "security_version", "confirm_within_s"):
        mine, theirs = getattr(offer.manifest, name), getattr(board, name)
        if mine != theirs:
            yield Difference(offer.where, name, str(mine), str(theirs))


def _compare_slot(board: BoardSettings, offer: Offered) -> Iterator[Difference]:
    for manifest in (offer.manifest, *offer.stones):
        if manifest.size > board.slot_size:
            size = f"{manifest.version} has {manifest.size:,} bytes"
            yield Difference(offer.where, "slot_size", size, f"{board.slot_size:,} bytes")


def _compare_memory(board: BoardSettings, offer: Offered) -> Iterator[Difference]:
    for manifest in (offer.manifest, *offer.stones):
        for entry in manifest.known_payloads:
            needed = offer.memory.get(entry.path, 0)
            if needed > board.payload_memory:
                what = f"{manifest.version}: its {entry.kind} payload needs {needed:,} bytes"
                wanted = f"{board.payload_memory:,} bytes"
                yield Difference(offer.where, "payload_memory", what, wanted)


def _compare_url(settings: Settings, offer: Offered) -> Iterator[Difference]:
    """Boards go by base_url of their own; version.json hands on what the manifest says."""
    published = offer.manifest.url.removesuffix(image_path(offer.manifest.sha256))
    if published != settings.base_url:
        yield Difference(offer.where, "base_url", published, settings.base_url)


def _compare_version_json(offer: Offered) -> Iterator[Difference]:
    """It is written last: a run that was cut short, or a race, leaves it behind."""
    if offer.version_json is None:
        yield Difference(offer.where, "version.json", "missing", offer.manifest.version)
    elif offer.version_json != version_json(offer.manifest):
        wanted = f"what the manifest of {offer.manifest.version} says"
        yield Difference(offer.where, "version.json", "something else", wanted)


def _short(digests: Sequence[str], others: Collection[str]) -> str:
    """Return how many digests there are, and those that the other side lacks."""
    lacking = ", ".join(f"{one[:16]}..." for one in sorted(set(digests) - set(others)))
    return f"{len(digests)}: {lacking}" if lacking else str(len(digests))
