"""Who may take a release, as arguments: a share of boards, a ramp in time, groups first."""

from __future__ import annotations

import argparse
import re
from datetime import timedelta
from functools import partial

from publisher.arguments.durations import read_duration

_EVERYBODY = 10000  # rollout.BUCKETS, which brings libraries that --help need not wait for
_LONGEST = timedelta(days=366)


def add_share(parser: argparse.ArgumentParser) -> None:
    """Add what a new release is offered by: --rollout or --ramp, and --group."""
    parser.add_argument(
        "--rollout",
        dest="basis_points",
        type=_share,
        metavar="PERCENT",
        help="how many boards take part, such as 10%% (default: all)",
    )
    _add_ramp(parser)
    parser.set_defaults(verify_usage=partial(_verify_new, parser))


def add_any_board(parser: argparse.ArgumentParser) -> None:
    """Add BOARD, which may be left out for all kinds of boards of the channel."""
    board = parser.add_argument(
        "any_board",
        metavar="BOARD",
        help="a kind of board; left out: all kinds that the channel offers something, at once",
    )
    # Not nargs="?": that would be taken for missing before any option that stands in front of it.
    board.required = False


def add_other_share(parser: argparse.ArgumentParser) -> None:
    """Add whose share is changed, and by what: BOARD, PERCENT or --ramp, and groups."""
    add_any_board(parser)
    percent = parser.add_argument(
        "basis_points",
        type=_share,
        metavar="PERCENT",
        help="such as 25%%; left out with --ramp, or to change groups only",
    )
    percent.required = False  # as BOARD
    _add_ramp(parser)
    parser.add_argument("--no-groups", action="store_true", help="no group comes first any more")
    parser.set_defaults(verify_usage=partial(_verify_other, parser))


def _add_ramp(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ramp",
        type=_ramp,
        metavar="A..B",
        help="the share grows by itself from now on, such as 1%%..100%%",
    )
    parser.add_argument(
        "--over",
        dest="over_s",
        type=_duration,
        metavar="TIME",
        help="how long the ramp takes, such as 48h: minutes (m), hours (h) or days (d)",
    )
    parser.add_argument(
        "--group",
        dest="groups",
        type=group,
        action="append",
        default=[],
        metavar="NAME",
        help="boards of this group take part whatever the share; may be given again",
    )


def _verify_new(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    _verify_share(parser, arguments)
    if arguments.groups and arguments.basis_points is None and arguments.ramp is None:
        parser.error("--group comes first of all: how many others? --rollout 0%, for now?")


def _verify_other(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    _tell_share_from_board(parser, arguments)
    _verify_share(parser, arguments)
    if arguments.groups and arguments.no_groups:
        parser.error("--group and --no-groups exclude each other")
    share = arguments.basis_points is not None or arguments.ramp is not None
    if not (share or arguments.groups or arguments.no_groups):
        parser.error("what shall change? PERCENT, --ramp, --group or --no-groups")


def _tell_share_from_board(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """Read what stands in BOARD's place as a share where it is one, as BOARD was left out."""
    text = arguments.any_board or ""
    alone = not (arguments.ramp or arguments.groups or arguments.no_groups)
    is_number = re.fullmatch(r"[0-9.]+", text) is not None
    if arguments.basis_points is None and (text.endswith("%") or (alone and is_number)):
        try:
            arguments.basis_points, arguments.any_board = _share(text), None
        except argparse.ArgumentTypeError as error:
            parser.error(f"argument PERCENT: {error}")


def _verify_share(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    if (arguments.ramp is None) != (arguments.over_s is None):
        parser.error("--ramp and --over go together, such as --ramp 1%..100% --over 48h")
    if arguments.ramp is not None and arguments.basis_points is not None:
        parser.error("a percentage and --ramp exclude each other: the ramp says from what to what")


def group(text: str) -> str:
    """Read the name of a group, by the rule of all names (settings.verify_name)."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,31}", text):
        rule = "lower-case letters, digits, dot, dash and underscore, at most 32, no dot in front"
        raise argparse.ArgumentTypeError(f'"{text}" is no name of a group: {rule}')
    return text


def _share(text: str) -> int:
    """Read a percentage, such as 25% or 0.5%, as basis points."""
    found = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?(%?)", text)
    points = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else -1
    if found is None or not 0 <= points <= _EVERYBODY:
        raise argparse.ArgumentTypeError(f"{text} is no percentage, such as 25% or 0.5%")
    if not found[3]:
        # 0.25 may be a quarter, or one board in 400: a guess could be a hundred times too many.
        quarter = f"{points:g}% or " if 0 < points <= 100 else ""
        raise argparse.ArgumentTypeError(f"{text} is no share: write {quarter}{text}%")
    return points


def _ramp(text: str) -> tuple[int, int]:
    """Read two percentages, such as 1%..100%, as basis points."""
    first, dots, last = text.partition("..")
    if not dots:
        raise argparse.ArgumentTypeError(f"{text} is no ramp, such as 1%..100%")
    ramp = _share(first), _share(last)
    if ramp[0] >= ramp[1]:
        raise argparse.ArgumentTypeError(f"{text} does not rise, as 1%..100% does")
    return ramp


def _duration(text: str) -> int:
    """Read a time, such as 48h, as seconds."""
    time = read_duration(text, "mhd")
    if not time or time > _LONGEST:
        raise argparse.ArgumentTypeError(f"{text} is no time of 1m to 366d, such as 48h")
    return time // timedelta(seconds=1)
