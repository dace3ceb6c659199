"""What a board is told at the factory: ota.json, trust anchors, the trusted root, how to install.

Nothing is written here; the names of files are the caller's to place.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from publisher.certificates import amazon_roots, load_pem_anchors
from publisher.errors import SettingsError
from publisher.image import Image, bootloader_offset
from publisher.iso_time import iso
from publisher.layout import PINS
from publisher.manifest import Manifest
from publisher.partitions import Partition, ota_table, to_binary, to_csv
from publisher.pins.sets import PinSets
from publisher.rendering import render
from publisher.schemas import schema_problem
from publisher.settings import BoardSettings, Settings, verify_name
from publisher.versions import parse_loosely

FOLDER = "slotcast"
# Where Updater.open() looks on the board. Not /slotcast: that would hide the library of this name
# in /lib, as MicroPython looks for modules in the current directory first.
BOARD_FOLDER = "/etc/slotcast"


@dataclass(frozen=True)
class Whom:
    """Which boards files are for: channel, kind of board, and group where they are in one."""

    channel: str
    board: str
    group: str | None = None


@dataclass(frozen=True)
class _Board:
    """Whom the files are for."""

    channel: str
    name: str
    group: str | None
    settings: BoardSettings


def provision(
    settings: Settings,
    root: bytes,
    whom: Whom,
    now: datetime,
    image: Image | None = None,
    pins: bytes | None = None,
) -> dict[str, bytes]:
    """Return the files for boards of one kind: content by name.

    Those in slotcast/ belong on the board, in /etc/slotcast; beside them are a partition table and
    INSTALL.md for the person at the bench.

    Args:
        root: metadata/N.root.json as published, verified by the caller.
        whom: the boards.
        now: when this is; a floor for the board's clock.
        image: what the factory flashes, where that is known.
        pins: pins.json as published, verified likewise: the board gets its newest set; without it
            what [edge] of slotcast.toml says.

    Raises:
        SettingsError: the channel, board, group or CA cannot be used.
        VerificationError: `pins` breaks a rule, or is another product's.
        ImageError: the board's chip is not one that esptool knows.
    """
    verify_name("channel", whom.channel)
    if whom.group is not None:
        verify_name("group", whom.group)
    target = _Board(whom.channel, whom.board, whom.group, settings.board(whom.board))
    sets = edge_sets(settings) if pins is None else PinSets.from_bytes(pins)
    sets.verify_product(settings.product)
    anchors = sets.anchors(sets.newest)
    names = [f"ca-{number}.der" for number in range(1, len(anchors) + 1)]
    table = ota_table(target.settings.slot_size)
    return {
        f"{FOLDER}/ota.json": _ota_json(target, sets, names, now, image),
        f"{FOLDER}/metadata/root.json": root,
        **{f"{FOLDER}/{name}": anchor for name, anchor in zip(names, anchors, strict=True)},
        **({} if pins is None else {f"{FOLDER}/{PINS}": pins}),
        "partitions.csv": to_csv(table).encode(),
        "partitions.bin": to_binary(table),
        "INSTALL.md": _install_page(sets, target, table),
    }


def verify_takes(manifest: Manifest, board: BoardSettings) -> None:
    """Raise SettingsError where boards of these settings could not take what is offered."""
    what = f"{manifest.version}, which {manifest.channel}/{manifest.board} offers,"
    section = f"[boards.{manifest.board}]"
    hint = f"correct {section}; or give boards that differ from those in the field another name"
    if manifest.chip != board.chip:
        message = f"{what} is for chip {manifest.chip}, and {section} has {board.chip}"
        raise SettingsError(message, hint)
    if manifest.size > board.slot_size:
        size = f"has {manifest.size} bytes, and the slot of {section} {board.slot_size}"
        raise SettingsError(f"{what} {size}", hint)


def edge_sets(settings: Settings) -> PinSets:
    """Return what boards are told while no pin sets are published: [edge], as set 0.

    Raises SettingsError as `trust_anchors`.
    """
    edge = settings.edge
    anchors = trust_anchors(edge.ca, settings.directory)
    return PinSets.of_factory(settings.product, settings.base_url, edge.pins, anchors)


def trust_anchors(ca: str, directory: Path) -> list[bytes]:
    """Return the CA roots that boards accept, DER.

    Args:
        ca: "amazon", or the name of a PEM file.
        directory: from where a relative name starts.

    Raises:
        SettingsError: the file cannot be read, or holds no certificate.
    """
    if ca == "amazon":
        return amazon_roots()
    try:
        return load_pem_anchors((directory / ca).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        hint = 'ca is "amazon", or the name of a PEM file with the CDN\'s roots'
        raise SettingsError(f"{ca} cannot be read: {error}", hint) from error


def _ota_json(
    board: _Board, sets: PinSets, anchors: Sequence[str], now: datetime, image: Image | None
) -> bytes:
    values = {
        "product": sets.product,
        "channel": board.channel,
        "board": board.name,
        "chip": board.settings.chip,
        **({} if board.group is None else {"group": board.group}),
        "base_urls": list(sets.newest.base_urls),
        "trust_anchors": list(anchors),
        "pins": list(sets.newest.pins),
        "built_at": iso(now),
        **_factory_image(board, image),
        **_manners(board.settings),
    }
    if problem := schema_problem("ota", values):
        raise SettingsError(f"ota.json cannot be written: {problem}")
    return (json.dumps(values, indent=2) + "\n").encode("ascii")


def _manners(board: BoardSettings) -> Mapping[str, str | int | bool | None]:
    return {
        "settle_s": board.settle_s,
        "spread_s": board.spread_s,
        "poll_every_s": board.poll_every_s,
        "window": board.window or None,
        "mandatory_after_s": board.mandatory_after_s,
        "block_erase": board.block_erase,
        "payload_memory": board.payload_memory,
    }


def _factory_image(board: _Board, image: Image | None) -> Mapping[str, str | int | None]:
    if image is None:
        return {"image_digest": None, "version": None, "security_version": None}
    version = parse_loosely(image.version)
    return {
        "image_digest": image.image_digest,
        "version": None if version is None else str(version),
        "security_version": board.settings.security_version,
    }


def _install_page(sets: PinSets, board: _Board, table: Sequence[Partition]) -> bytes:
    page = render(
        "INSTALL.md.jinja",
        folder=FOLDER,
        board_folder=BOARD_FOLDER,
        product=sets.product,
        base_url=sets.newest.base_urls[0],
        pins=PINS,
        board=board,
        table=table,
        bootloader_offset=bootloader_offset(board.settings.chip),
        flash_mib=table[-1].end >> 20,
        slot_size=board.settings.slot_size,
    )
    return page.encode()
