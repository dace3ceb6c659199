"""The command line of `slotcast`: what can be asked, and the namespace that it becomes."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from publisher import __version__
from publisher.offer_arguments import add_caution, add_offers, add_whom
from publisher.payload_arguments import add_payload
from publisher.pins_arguments import add_pins
from publisher.root_arguments import add_root
from publisher.share_arguments import add_share
from publisher.upkeep_arguments import add_upkeep

DEFAULT_BASE_URL = "https://updates.example.com/"


class Arguments(argparse.Namespace):
    """Everything that a command line can say; each command reads its own part."""

    command: str | None
    verify_usage: Callable[[Arguments], None] | None = None
    print_completion: str | None
    settings: Path | None
    json: bool
    dry_run: bool = False
    # init
    product: str
    root_keys: int
    threshold: int
    store: str
    endpoint_url: str
    region: str
    base_url: str
    ca: str
    board: str
    chip: str
    slot_size: int
    partitions: str
    insecure_no_passphrase: bool
    # release
    file: Path
    version: str
    channel: str
    notes: str
    mandatory: bool
    min_version: str | None
    retry_failed: bool
    bases: list[Path]
    resume: bool
    redate: bool = False
    edge: str = ""
    edge_ca: str = ""
    edge_wait: float = 0.0
    # promote, rollout, withdraw, yank, refresh
    from_channel: str
    from_versions: list[str]
    to_channel: str
    to_version: str | None
    only_boards: list[str]
    basis_points: int | None = None
    ramp: tuple[int, int] | None = None
    over_s: int | None = None
    groups: Sequence[str] = ()
    no_groups: bool = False
    base_image: str
    targets: bool
    # history
    only_channel: str | None
    only_board: str | None
    # gc
    grace: timedelta
    keep: int
    # verify
    dir: Path | None
    url: str
    root: str
    brief: bool
    # pins
    pins_command: str
    pins: list[str]
    certificates: list[Path]
    public_keys: list[Path]
    cas: list[str]
    base_urls: list[str]
    retires: list[int]
    serial: int
    # root
    root_command: str
    add_keys: list[tuple[str, str]]
    remove_keys: list[tuple[str, str]]
    replace_keys: list[tuple[str, str, str]]
    thresholds: list[tuple[str, int]]
    renew: bool
    key: str
    yes: bool
    files: list[Path]
    also_sign: list[str]
    from_targets: int
    # payload
    payload_command: str
    new: Path
    payload: Path
    base: Path | None
    memory: int | None
    # provision, payload
    out: Path
    image: Path | None
    group: str | None
    force: bool
    # serve
    host: str
    port: int
    ca_out: Path | None


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="slotcast",
        description="Signed firmware for ESP32 fleets from a static bucket.",
    )
    parser.add_argument("--version", action="version", version=f"slotcast {__version__}")
    parser.add_argument("--settings", type=Path, metavar="PATH", help="slotcast.toml")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument(
        "--print-completion",
        choices=("bash", "zsh", "tcsh"),
        metavar="SHELL",
        help="print completion for bash, zsh or tcsh, and exit",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_init(commands.add_parser("init", help="found a product: keys, root, slotcast.toml"))
    _add_release(commands.add_parser("release", help="offer an image to a board on a channel"))
    add_offers(commands, _add_common)
    _add_status(commands.add_parser("status", help="show what is offered, and what expires when"))
    _add_history(commands.add_parser("history", help="show what was offered when"))
    _add_verify(commands.add_parser("verify", help="check everything that is published"))
    add_upkeep(commands, _add_common)
    pins = commands.add_parser(
        "pins", help="by what boards know the edge: show, check, set, retire"
    )
    add_pins(pins, _add_common)
    root = commands.add_parser("root", help="change keys and thresholds, by people who sign apart")
    add_root(root, _add_common, _fingerprint)
    payload = commands.add_parser("payload", help="make, apply and look into payloads, on files")
    add_payload(payload, _byte_count)
    _add_provision(commands.add_parser("provision", help="write what a board needs at the factory"))
    _add_serve(commands.add_parser("serve", help="serve the store over TLS, for demos and tests"))
    _add_simulate(commands.add_parser("simulate", help="have a virtual ESP32 take the release"))
    return parser


def _add_common(parser: argparse.ArgumentParser, writes: bool = False) -> None:
    # SUPPRESS: an option before the command must not be undone by the command's default.
    parser.add_argument(
        "--settings",
        type=Path,
        default=argparse.SUPPRESS,
        metavar="PATH",
        help="slotcast.toml (default: the nearest one, from this directory upwards)",
    )
    parser.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="print the result as JSON"
    )
    if writes:
        parser.add_argument(
            "--dry-run", action="store_true", help="print what would be written; write nothing"
        )


def _add_init(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Create slotcast.toml, keys/ and the first metadata of a product. The keys are encrypted "
        "with SLOTCAST_PASSPHRASE, or with a passphrase that is asked for."
    )
    parser.add_argument("product", metavar="PRODUCT", help="the product's name, such as sensor")
    parser.add_argument("--root-keys", type=int, default=3, metavar="N", help="(default: 3)")
    parser.add_argument(
        "--threshold",
        type=int,
        default=2,
        metavar="K",
        help="root keys that must sign (default: 2)",
    )
    parser.add_argument(
        "--store",
        default="published",
        metavar="WHERE",
        help="a directory, or s3://BUCKET (default: published)",
    )
    parser.add_argument(
        "--endpoint-url", default="", metavar="URL", help="of an S3 server that is not AWS"
    )
    parser.add_argument("--region", default="", help="of the bucket")
    parser.add_argument(
        "--base-url", default=DEFAULT_BASE_URL, metavar="URL", help="the CDN: https://HOST/"
    )
    parser.add_argument(
        "--ca", default="amazon", metavar="FILE", help='the CDN\'s roots in PEM (default: "amazon")'
    )
    parser.add_argument("--board", default="", metavar="NAME", help="a first kind of board")
    parser.add_argument("--chip", default="", metavar="C", help="its chip, such as esp32c3")
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--slot-size",
        type=_byte_count,
        default=0,
        metavar="BYTES",
        help="its smaller OTA slot, such as 0x1E0000",
    )
    size.add_argument("--partitions", default="", metavar="CSV", help="its partition table instead")
    parser.add_argument(
        "--insecure-no-passphrase", action="store_true", help="leave the keys open: demos only"
    )
    _add_common(parser, writes=True)


def _add_release(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Check a firmware file, build its payloads, sign it and publish it. Running the same "
        "command again completes a run that was cut short."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="an app image or full flash file")
    parser.add_argument("--version", required=True, metavar="X.Y.Z", help="of this firmware")
    add_whom(parser)
    parser.add_argument("--notes", default="", metavar="TEXT", help="at most 500 characters")
    parser.add_argument(
        "--mandatory", action="store_true", help="the application may not put it off"
    )
    parser.add_argument(
        "--min-version",
        metavar="X.Y.Z",
        help="the oldest version that may take it directly; older boards take that release first",
    )
    parser.add_argument(
        "--retry-failed",
        action="store_true",
        help="boards that rolled this image back after an earlier release may try it again",
    )
    parser.add_argument(
        "--base",
        dest="bases",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="firmware that boards run and a delta is wanted from, beside that of the last "
        "releases; may be given again",
    )
    add_share(parser)
    add_caution(parser)
    _add_common(parser, writes=True)


def _add_status(parser: argparse.ArgumentParser) -> None:
    parser.description = "Show what each channel offers each board, and when each role expires."
    _add_common(parser)


def _add_history(parser: argparse.ArgumentParser) -> None:
    parser.description = "Show all that was ever changed in what is offered, the oldest first."
    parser.add_argument("--channel", dest="only_channel", metavar="C", help="of this channel only")
    parser.add_argument("--board", dest="only_board", metavar="B", help="of this board only")
    _add_common(parser)


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Check all that was ever published, from a root fingerprint to each block of firmware. "
        "Without --dir and --url it checks the store of slotcast.toml. Exits with 1 if not sound."
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--dir", type=Path, metavar="D", help="a copy of what is published")
    where.add_argument("--url", default="", metavar="U", help="BASE: https://HOST/PRODUCT/")
    parser.add_argument(
        "--root",
        default="",
        type=_fingerprint,
        metavar="SHA256",
        help="the fingerprint (default: slotcast.toml's)",
    )
    parser.add_argument(
        "--product", default="", metavar="NAME", help="(default: slotcast.toml's, or from U)"
    )
    parser.add_argument("--ca", default="", metavar="FILE", help="roots in PEM to accept for U")
    parser.add_argument("--brief", action="store_true", help="findings and verdict only")
    _add_common(parser)


def _add_provision(parser: argparse.ArgumentParser) -> None:
    parser.description = "Write root.json, ota.json and the trust anchors that a board starts with."
    add_whom(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to")
    parser.add_argument(
        "--image", type=Path, metavar="FILE", help="the firmware that the factory flashes"
    )
    _add_group(parser)
    parser.add_argument("--force", action="store_true", help="replace files that are there")
    _add_common(parser, writes=True)


def _add_group(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--group", metavar="NAME", help="the board's group, such as canary: rollouts name them"
    )


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Serve the store at https://HOST:PORT/ until Ctrl-C, with a certificate of a local "
        "authority that is kept in .slotcast/ beside slotcast.toml."
    )
    parser.add_argument("--host", default="127.0.0.1", help="(default: 127.0.0.1)")
    parser.add_argument(
        "--port", type=int, default=8443, metavar="N", help="0 takes a free one (default: 8443)"
    )
    parser.add_argument(
        "--ca-out", type=Path, metavar="FILE", help="write the authority's certificate (PEM) here"
    )
    _add_common(parser)


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Have a virtual ESP32 find, verify, install and confirm the release; with --from, one of "
        "each version, by the releases that it takes first. Exits with 1 if one is left behind."
    )
    add_whom(parser)
    start = parser.add_mutually_exclusive_group()
    start.add_argument(
        "--from",
        dest="from_versions",
        nargs="+",
        action="extend",
        default=[],
        metavar="X.Y.Z",
        help="released versions that boards run; all: each one that is supported, and a new board",
    )
    start.add_argument(
        "--image",
        type=Path,
        metavar="FILE",
        help="the firmware that it leaves the factory with (default: a small one of our own)",
    )
    _add_group(parser)
    _add_common(parser)


def _byte_count(text: str) -> int:
    """Read a number as TOML writes it, decimal or 0x..."""
    try:
        return int(text, 0)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no number of bytes, like 0x1E0000") from None


def _fingerprint(text: str) -> str:
    """Read a SHA-256, in hex digits of either case."""
    if text and not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError(f"{text} is not 64 hex digits")
    return text.lower()
