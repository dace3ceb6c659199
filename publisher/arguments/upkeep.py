"""The commands that look after what is published, `gc` and `diff`, as arguments."""

from __future__ import annotations

import argparse
import re
from datetime import timedelta
from pathlib import Path

from publisher.arguments.common import add_common
from publisher.arguments.durations import read_duration

# An upload takes less: what nothing names yet may belong to a release that is under way.
_LEAST = timedelta(hours=1)
_MOST = timedelta(weeks=9999)


def add_upkeep(commands: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Add gc and diff."""
    _add_gc(commands.add_parser("gc", help="remove payloads and images that nothing needs"))
    add_common(commands.choices["gc"], writes=True)
    _add_diff(commands.add_parser("diff", help="compare slotcast.toml with what is published"))
    add_common(commands.choices["diff"])


def _add_gc(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Remove payloads and images that are not offered, and no longer were for a while. What "
        "`slotcast verify` needs stays: all metadata, manifests and pin sets. Needs no signing key."
    )
    parser.add_argument(
        "--grace",
        type=_duration,
        default=timedelta(days=30),
        metavar="TIME",
        help="keep what was offered, or uploaded, within this time: 12h, 30d, 8w (default: 30d)",
    )
    parser.add_argument(
        "--keep",
        type=_count,
        default=3,
        metavar="N",
        help="keep so many more releases of each channel and board, beside those that coming "
        "deltas start from (default: 3)",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on though the store holds newer signed metadata, of a run that was cut short; "
        "what that names stays too",
    )


def _add_diff(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Show where what is published differs from what slotcast.toml asks for, or whether a "
        "firmware file is what is offered. Exits with 0 if nothing differs, with 1 if something "
        "does."
    )
    parser.add_argument("--channel", dest="only_channel", metavar="C", help="of this channel only")
    parser.add_argument("--board", dest="only_board", metavar="B", help="of this board only")
    parser.add_argument(
        "--image",
        type=Path,
        metavar="FILE",
        help="compare this firmware file with what --channel offers --board, and nothing else",
    )


def _duration(text: str) -> timedelta:
    """Read a time such as 12h, 30d or 8w."""
    time = read_duration(text, "hdw")
    if time is None or not _LEAST <= time <= _MOST:
        raise argparse.ArgumentTypeError(f"{text} is no time from 1h, such as 12h, 30d or 8w")
    return time


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise argparse.ArgumentTypeError(f"{text} is no number of releases, such as 3")
    return int(text)
