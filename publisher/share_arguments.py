"""Who may take a release, as arguments: a share of boards, a ramp in time, groups first."""

from __future__ import annotations

import argparse
import re
from functools import partial

_EVERYBODY = 10000  # rollout.BUCKETS, which brings libraries that --help need not wait for
_SECONDS = {"m": 60, "h": 3600, "d": 86400}
_LONGEST_S = 366 * 86400


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


def add_other_share(parser: argparse.ArgumentParser) -> None:
    """Add what the share of a release is changed by: PERCENT or --ramp, and groups."""
    percent = parser.add_argument(
        "basis_points",
        type=_share,
        metavar="PERCENT",
        help="such as 25%%; left out with --ramp, or to change groups only",
    )
    # Not nargs="?": that would be taken for missing before any option that stands in front of it.
    percent.required = False
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
    _verify_share(parser, arguments)
    if arguments.groups and arguments.no_groups:
        parser.error("--group and --no-groups exclude each other")
    share = arguments.basis_points is not None or arguments.ramp is not None
    if not (share or arguments.groups or arguments.no_groups):
        parser.error("what shall change? PERCENT, --ramp, --group or --no-groups")


def _verify_share(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    if (arguments.ramp is None) != (arguments.over_s is None):
        parser.error("--ramp and --over go together, such as --ramp 1%..100% --over 48h")
    if arguments.ramp is not None and arguments.basis_points is not None:
        parser.error("a percentage and --ramp exclude each other: the ramp says from what to what")


def _share(text: str) -> int:
    """Read a percentage, such as 25%, 0.5 or 100, as basis points."""
    found = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?%?", text)
    points = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else -1
    if not 0 <= points <= _EVERYBODY:
        raise argparse.ArgumentTypeError(f"{text} is no percentage, such as 25% or 0.5%")
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
    found = re.fullmatch(r"([0-9]{1,6})([mhd])", text)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not 0 < seconds <= _LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text} is no time of 1m to 366d, such as 48h")
    return seconds
