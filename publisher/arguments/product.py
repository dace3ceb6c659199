"""Founding a product, and looking at what it has published, as arguments."""

from __future__ import annotations

import argparse
from pathlib import Path

from publisher.arguments.common import add_common, byte_count, fingerprint

DEFAULT_BASE_URL = "https://updates.example.com/"


def add_init(parser: argparse.ArgumentParser) -> None:
    """Add what init takes."""
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
        type=byte_count,
        default=0,
        metavar="BYTES",
        help="its smaller OTA slot, such as 0x1E0000",
    )
    size.add_argument("--partitions", default="", metavar="CSV", help="its partition table instead")
    parser.add_argument(
        "--insecure-no-passphrase", action="store_true", help="leave the keys open: demos only"
    )
    add_common(parser, writes=True)


def add_status(parser: argparse.ArgumentParser) -> None:
    """Add what status takes."""
    parser.description = "Show what each channel offers each board, and when each role expires."
    _add_choice(parser)
    add_common(parser)


def add_history(parser: argparse.ArgumentParser) -> None:
    """Add what history takes."""
    parser.description = "Show all that was ever changed in what is offered, the oldest first."
    _add_choice(parser)
    add_common(parser)


def _add_choice(parser: argparse.ArgumentParser) -> None:
    """Add --channel and --board, which choose offers."""
    parser.add_argument("--channel", dest="only_channel", metavar="C", help="of this channel only")
    parser.add_argument("--board", dest="only_board", metavar="B", help="of this board only")


def add_verify(parser: argparse.ArgumentParser) -> None:
    """Add what verify takes."""
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
        type=fingerprint,
        metavar="SHA256",
        help="the fingerprint (default: slotcast.toml's)",
    )
    parser.add_argument(
        "--product",
        default="",
        metavar="NAME",
        help="(default: slotcast.toml's; of a copy that of U, or the one in D, if it is one)",
    )
    parser.add_argument("--ca", default="", metavar="FILE", help="roots in PEM to accept for U")
    parser.add_argument("--brief", action="store_true", help="findings and verdict only")
    add_common(parser)
