"""The part of the command line that begins with `slotcast pins`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from publisher.edge_arguments import add_edge


class AddCommon(Protocol):
    """Adds the options that all commands have, and --dry-run to those that write."""

    def __call__(self, parser: argparse.ArgumentParser, writes: bool = False) -> None:
        """Add them to a parser."""


def add_pins(parser: argparse.ArgumentParser, add_common: AddCommon) -> None:
    """Add show, check, set and retire."""
    parser.description = (
        "The signed sets of CA roots and pinned leaf keys by which boards know the edge."
    )
    add_common(parser)
    commands = parser.add_subparsers(dest="pins_command", metavar="COMMAND", required=True)
    show = commands.add_parser("show", help="show the sets that boards may have")
    add_common(show)
    _add_check(commands.add_parser("check", help="ask the live hosts by each set"), add_common)
    _add_set(commands.add_parser("set", help="publish the next set"), add_common)
    retire = commands.add_parser("retire", help="publish the sets without one of them")
    retire.add_argument("serial", type=int, metavar="SERIAL", help="its number, of `pins show`")
    _add_guards(retire)
    add_common(retire, writes=True)


def _add_check(parser: argparse.ArgumentParser, add_common: AddCommon) -> None:
    parser.description = (
        "Ask the host of each base URL by the sets that name it. "
        "Exits with 1 if boards with one of these sets would refuse what is served."
    )
    _add_repeated(
        parser, "--base-url", str, "URL", "ask this host by every set instead: https://HOST/"
    )
    add_common(parser)


def _add_set(parser: argparse.ArgumentParser, add_common: AddCommon) -> None:
    parser.description = (
        "Make a set of the pins given here; with none, the CA roots alone decide. CA roots and "
        "URLs that are not given are those of the newest set. Options may be repeated. Refuses a "
        "set that would strand boards."
    )
    _add_repeated(parser, "--pin", _pin, "HEX", "pin an SPKI SHA-256")
    _add_repeated(parser, "--certificate", Path, "PEM", "pin the key of a certificate")
    _add_repeated(parser, "--public-key", Path, "PEM", "pin a key: that of the next certificate")
    _add_repeated(parser, "--ca", str, "CA", '"amazon", or a PEM file of roots')
    _add_repeated(parser, "--base-url", str, "URL", "https://HOST/, as in slotcast.toml")
    _add_repeated(parser, "--retire", int, "SERIAL", "retire this set in the same step")
    _add_guards(parser)
    add_common(parser, writes=True)


def _add_repeated(
    parser: argparse.ArgumentParser,
    option: str,
    kind: Callable[[str], object],
    metavar: str,
    words: str,
) -> None:
    name = option.removeprefix("--").replace("-", "_") + "s"
    parser.add_argument(
        option, dest=name, type=kind, action="append", default=[], metavar=metavar, help=words
    )


def _add_guards(parser: argparse.ArgumentParser) -> None:
    for option in ("--resume", "--redate"):
        parser.add_argument(option, action="store_true", help="as `slotcast release` has it")
    add_edge(parser)


def _pin(text: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError(f"{text} is not 64 hex digits")
    return text.lower()
