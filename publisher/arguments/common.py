"""What the commands have in common on the command line: options, and how values are read."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path


def add_common(parser: argparse.ArgumentParser, writes: bool = False) -> None:
    """Add what all commands on a product have, and --dry-run to one that writes."""
    # SUPPRESS: an option before the command must not be undone by the command's default.
    parser.add_argument(
        "--settings",
        type=Path,
        default=argparse.SUPPRESS,
        metavar="PATH",
        help="slotcast.toml (default: the nearest one, from this directory upwards)",
    )
    add_json(parser)
    if writes:
        parser.add_argument(
            "--dry-run", action="store_true", help="print what would be written; write nothing"
        )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add --json."""
    parser.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="print the result as JSON"
    )


def add_repeated(
    parser: argparse.ArgumentParser,
    option: str,
    dest: str,
    kind: Callable[[str], object],
    metavar: str,
    words: str,
) -> None:
    """Add an option that may be given again; what it is given becomes a list."""
    parser.add_argument(
        option, dest=dest, type=kind, action="append", default=[], metavar=metavar, help=words
    )


def byte_count(text: str) -> int:
    """Read a number as TOML writes it, decimal or 0x..."""
    try:
        return int(text, 0)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no number of bytes, like 0x1E0000") from None


def sha256(text: str) -> str:
    """Read a SHA-256, in hex digits of either case."""
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError(f"{text} is not 64 hex digits")
    return text.lower()


def fingerprint(text: str) -> str:
    """Read a SHA-256, or "", which argparse reads too where it is a default."""
    return sha256(text) if text else ""
