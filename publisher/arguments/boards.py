"""What is for boards, real and virtual, as arguments: provision, serve and simulate."""

from __future__ import annotations

import argparse
from pathlib import Path

from publisher.arguments.common import add_common
from publisher.arguments.offers import add_whom
from publisher.arguments.shares import group


def add_provision(parser: argparse.ArgumentParser) -> None:
    """Add what provision takes."""
    parser.description = "Write root.json, ota.json and the trust anchors that a board starts with."
    add_whom(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to")
    parser.add_argument(
        "--image", type=Path, metavar="FILE", help="the firmware that the factory flashes"
    )
    _add_group(parser)
    parser.add_argument("--force", action="store_true", help="replace files that are there")
    add_common(parser, writes=True)


def add_serve(parser: argparse.ArgumentParser) -> None:
    """Add what serve takes."""
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
    add_common(parser)


def add_simulate(parser: argparse.ArgumentParser) -> None:
    """Add what simulate takes."""
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
    add_common(parser)


def _add_group(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--group",
        type=group,
        metavar="NAME",
        help="the board's group, such as canary: rollouts name them",
    )
