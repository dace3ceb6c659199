"""The part of the command line that begins with `slotcast root`."""

from __future__ import annotations

import argparse
from pathlib import Path

from publisher.arguments.common import add_common, add_repeated, fingerprint
from publisher.arguments.offers import add_caution

_ROLES = ("root", "targets", "snapshot", "timestamp")
_KEY_WORDS = "a public key in PEM, 64 hex digits, or a signer's URI"


def add_root(parser: argparse.ArgumentParser) -> None:
    """Add show, key, propose, sign and apply."""
    parser.description = (
        "Who may sign what, and how many of them must. A change is proposed, signed by enough "
        "holders of root keys, each on a machine of their own, and applied."
    )
    add_common(parser)
    commands = parser.add_subparsers(dest="root_command", metavar="COMMAND", required=True)
    show = commands.add_parser("show", help="show the keys and thresholds that are in force")
    add_common(show)
    _add_key(commands.add_parser("key", help="make a key, and its public half"))
    _add_propose(commands.add_parser("propose", help="propose a new root"))
    sign = commands.add_parser("sign", help="sign a proposed root, offline")
    _add_sign(sign)
    _add_apply(commands.add_parser("apply", help="publish a root that is signed"))


def _add_key(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Make an Ed25519 key, encrypted with SLOTCAST_PASSPHRASE or with a passphrase that is "
        "asked for. FILE.pub is its public half, for `slotcast root propose`."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="such as anna.pem")
    add_common(parser)


def _add_propose(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write the next root, unsigned, with the chain of roots before it, as one file for those "
        "who sign. ROLE is root, targets, snapshot or timestamp; KEY is " + _KEY_WORDS + "; KEYID "
        "is one of `slotcast root show`. Options may be repeated."
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the proposal")
    add_repeated(parser, "--add", "add_keys", _pair, "ROLE=KEY", "let a key sign for a role")
    add_repeated(parser, "--remove", "remove_keys", _pair, "ROLE=KEYID", "no longer let it")
    add_repeated(parser, "--replace", "replace_keys", _triple, "ROLE=KEYID:KEY", "both at once")
    add_repeated(
        parser, "--threshold", "thresholds", _threshold, "ROLE=K", "so many of its keys must sign"
    )
    parser.add_argument("--renew", action="store_true", help="a new expiry, though nothing changes")
    parser.add_argument("--force", action="store_true", help="replace the file that is there")
    add_common(parser)


def _add_sign(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Show what a proposed root changes, ask, and sign it. Needs no network and no store; "
        "without slotcast.toml it needs --root. A second run changes nothing."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the proposal")
    parser.add_argument(
        "--key", required=True, metavar="URI", help="whose signature, such as file:anna.pem"
    )
    parser.add_argument(
        "--root",
        default="",
        type=fingerprint,
        metavar="SHA256",
        help="the product's fingerprint (default: slotcast.toml's)",
    )
    parser.add_argument("--out", type=Path, metavar="F", help="(default: FILE itself)")
    parser.add_argument("--yes", action="store_true", help="do not ask: for scripts")
    add_common(parser)


def _add_apply(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Merge the signatures of several copies of a proposal, publish the root, and sign anew "
        "what its keys have to sign: [keys] of slotcast.toml must name the new ones. Running the "
        "same command again completes a run that was cut short."
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="copies of a proposal")
    add_repeated(
        parser,
        "--also-sign",
        "also_sign",
        str,
        "URI",
        "a former online key that is still good: it signs beside the new ones, so that no poll "
        "fails meanwhile",
    )
    parser.add_argument(
        "--targets",
        dest="from_targets",
        type=int,
        default=0,
        metavar="N",
        help="offer what N.targets.json offered, whatever is published now: after a theft",
    )
    add_caution(parser)
    add_common(parser, writes=True)


def _pair(text: str) -> tuple[str, str]:
    """Read ROLE=VALUE."""
    role, _, value = text.partition("=")
    if role not in _ROLES or not value:
        raise argparse.ArgumentTypeError(f"{text} is not ROLE=..., of {', '.join(_ROLES)}")
    return role, value


def _triple(text: str) -> tuple[str, str, str]:
    """Read ROLE=KEYID:KEY."""
    role, value = _pair(text)
    keyid, _, key = value.partition(":")
    if not keyid or not key:
        raise argparse.ArgumentTypeError(f"{text} is not ROLE=KEYID:KEY")
    return role, keyid, key


def _threshold(text: str) -> tuple[str, int]:
    """Read ROLE=K."""
    role, value = _pair(text)
    if not value.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is not ROLE=K, with a number")
    return role, int(value)
