"""The part of the command line that begins with `slotcast payload`: files in, files out."""

from __future__ import annotations

import argparse
from pathlib import Path

from publisher.arguments.common import add_json, byte_count


def add_payload(parser: argparse.ArgumentParser) -> None:
    """Add encode, apply and info."""
    parser.description = (
        "Make payloads, decode them and look into them: on files alone, without a product."
    )
    add_json(parser)
    commands = parser.add_subparsers(dest="payload_command", metavar="COMMAND", required=True)
    _add_encode(commands.add_parser("encode", help="make a payload of an image"))
    _add_apply(commands.add_parser("apply", help="make the image of a payload, as a board does"))
    info = commands.add_parser("info", help="show what a payload's head says")
    info.add_argument("payload", type=Path, metavar="P", help="the payload")
    add_json(info)


def _add_encode(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Make the payload that `slotcast release` would publish. Image and base are app images, or "
        "full flash files with one in them."
    )
    parser.add_argument(
        "--image", dest="new", type=Path, required=True, metavar="NEW", help="what to carry"
    )
    parser.add_argument(
        "--base", type=Path, metavar="OLD", help="make a delta, for boards that run this"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="P", help="the payload")
    parser.add_argument(
        "--memory",
        type=byte_count,
        default=None,
        metavar="BYTES",
        help="what a board gives to a payload, as payload_memory of slotcast.toml (default: 28672)",
    )
    _add_force(parser)
    add_json(parser)


def _add_apply(parser: argparse.ArgumentParser) -> None:
    parser.description = "Decode a payload and check it to the last byte."
    parser.add_argument("--payload", type=Path, required=True, metavar="P", help="the payload")
    parser.add_argument(
        "--base", type=Path, metavar="OLD", help="the image that a delta starts from"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="IMG", help="the app image")
    _add_force(parser)
    add_json(parser)


def _add_force(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="replace the file that is there")
