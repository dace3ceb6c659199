"""The part of the command line that begins with `slotcast pins`."""

from __future__ import annotations

import argparse
from pathlib import Path

from publisher.arguments.common import add_common, add_repeated, sha256
from publisher.arguments.edge import add_edge


def add_pins(parser: argparse.ArgumentParser) -> None:
    """Add show, check, set and retire."""
    parser.description = (
        "The signed sets of CA roots and pinned leaf keys by which boards know the edge."
    )
    add_common(parser)
    commands = parser.add_subparsers(dest="pins_command", metavar="COMMAND", required=True)
    show = commands.add_parser("show", help="show the sets that boards may have")
    add_common(show)
    _add_check(commands.add_parser("check", help="ask the live hosts by each set"))
    _add_set(commands.add_parser("set", help="publish the next set"))
    retire = commands.add_parser("retire", help="publish the sets without one of them")
    retire.add_argument("serial", type=int, metavar="SERIAL", help="its number, of `pins show`")
    _add_guards(retire)
    add_common(retire, writes=True)


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Ask the host of each base URL by the sets that name it. "
        "Exits with 1 if boards with one of these sets would refuse what is served."
    )
    add_repeated(
        parser,
        "--base-url",
        "base_urls",
        str,
        "URL",
        "ask this host by every set instead: https://HOST/",
    )
    add_common(parser)


def _add_set(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Make a set of the pins given here; or, with --ca and no pins, of CA roots alone. One of "
        "the two is needed. URLs that are not given, and beside pins CA roots, are those of the "
        "newest set. Options may be repeated. Refuses a set that would strand boards."
    )
    add_repeated(parser, "--pin", "pins", sha256, "HEX", "pin an SPKI SHA-256")
    add_repeated(
        parser, "--certificate", "certificates", Path, "PEM", "pin the key of a certificate"
    )
    add_repeated(
        parser,
        "--public-key",
        "public_keys",
        Path,
        "PEM",
        "pin a key: that of the next certificate",
    )
    add_repeated(parser, "--ca", "cas", str, "CA", '"amazon", or a PEM file of roots')
    add_repeated(
        parser, "--base-url", "base_urls", str, "URL", "https://HOST/, as in slotcast.toml"
    )
    add_repeated(parser, "--retire", "retires", int, "SERIAL", "retire this set in the same step")
    _add_guards(parser)
    add_common(parser, writes=True)


def _add_guards(parser: argparse.ArgumentParser) -> None:
    for option in ("--resume", "--redate"):
        parser.add_argument(option, action="store_true", help="as `slotcast release` has it")
    add_edge(parser)
