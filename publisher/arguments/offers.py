"""The commands that change what is offered without a new image, and `refresh`, as arguments."""

from __future__ import annotations

import argparse
from pathlib import Path

from publisher.arguments.common import add_common
from publisher.arguments.edge import add_edge
from publisher.arguments.shares import add_any_board, add_other_share, add_share


def add_offers(commands: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Add promote, rollout, pause, resume, withdraw, yank and refresh."""
    _add_promote(commands.add_parser("promote", help="release on a channel what another has"))
    _add_rollout(commands.add_parser("rollout", help="say how many boards may take a release"))
    for name, text in {"pause": "hold a release back", "resume": "let it go on"}.items():
        parser = commands.add_parser(name, help=text)
        parser.description = f"{text.capitalize()}, for boards that have not taken it yet."
        _add_channel(parser)
        add_any_board(parser)
    _add_withdraw(commands.add_parser("withdraw", help="take a release back"))
    _add_yank(commands.add_parser("yank", help="take one delta out of what is offered"))
    _add_refresh(commands.add_parser("refresh", help="sign anew what is about to expire"))
    for name in ("promote", "rollout", "pause", "resume", "withdraw", "yank", "refresh"):
        add_common(commands.choices[name], writes=True)
        add_caution(commands.choices[name])


def add_release(parser: argparse.ArgumentParser) -> None:
    """Add what release takes."""
    parser.description = (
        "Check a firmware file, build its payloads, sign it and publish it. Running the same "
        "command again completes a run that was cut short."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="an app image or full flash file")
    parser.add_argument("--version", required=True, metavar="X.Y.Z", help="of this firmware")
    add_whom(parser)
    parser.add_argument("--notes", default="", metavar="TEXT", help="at most 500 characters")
    parser.add_argument(
        "--mandatory", action="store_true", help="the application may not put it off"
    )
    parser.add_argument(
        "--min-version",
        metavar="X.Y.Z",
        help="the oldest version that may take it directly; older boards take that release first",
    )
    parser.add_argument(
        "--retry-failed",
        action="store_true",
        help="boards that rolled this image back after an earlier release may try it again",
    )
    parser.add_argument(
        "--base",
        dest="bases",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="firmware that boards run and a delta is wanted from, beside that of the last "
        "releases; may be given again",
    )
    _add_withdrawn_image(parser)
    add_share(parser)
    add_caution(parser)
    add_common(parser, writes=True)


def _add_channel(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("channel", metavar="CHANNEL", help="such as beta or stable")


def _add_withdrawn_image(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--withdrawn-image",
        action="store_true",
        help="offer this very image though it was withdrawn there under another version",
    )


def _add_promote(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Release a version on a channel from which another already has it: the same bytes, never "
        "rebuilt, for all kinds of boards that have it there, at once."
    )
    parser.add_argument("version", metavar="X.Y.Z", help="a version that the first channel has had")
    parser.add_argument(
        "--from", dest="from_channel", required=True, metavar="C", help="where it is"
    )
    parser.add_argument("--to", dest="to_channel", required=True, metavar="C", help="where it goes")
    parser.add_argument(
        "--board",
        dest="only_boards",
        action="append",
        default=[],
        metavar="B",
        help="only boards of this kind; may be given again",
    )
    _add_withdrawn_image(parser)
    add_share(parser)


def _add_rollout(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Say how many boards may take what is offered, or let the number grow by itself: PERCENT, "
        "or --ramp and --over. The boards of a smaller share are among those of a larger one. A "
        "ramp that is asked for again goes on as it began."
    )
    _add_channel(parser)
    add_other_share(parser)


def _add_withdraw(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Take a version back: boards that have not installed it never will, and boards that run it "
        "go to another one, as a signed downgrade."
    )
    parser.add_argument("version", metavar="X.Y.Z", help="the version to take back")
    parser.add_argument("--channel", required=True, metavar="C", help="such as beta or stable")
    parser.add_argument(
        "--board",
        dest="any_board",
        metavar="B",
        help="a kind of board (default: all that were offered the version, at once)",
    )
    parser.add_argument(
        "--to",
        dest="to_version",
        metavar="X.Y.Z",
        help="an older release that boards go to instead",
    )


def _add_yank(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Take one delta out of what is offered: boards that run its base take the full payload."
    )
    _add_channel(parser)
    parser.add_argument("board", metavar="BOARD", help="a board of slotcast.toml")
    parser.add_argument(
        "base_image",
        metavar="BASE",
        help="what the delta starts from: a version, or the first digits of its image's digest",
    )


def _add_refresh(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Sign timestamp, and snapshot, anew if half of their time is over; does nothing otherwise, "
        "so that it may run every hour."
    )
    parser.add_argument(
        "--targets", action="store_true", help="targets too, if half of its time is over"
    )


def add_whom(parser: argparse.ArgumentParser) -> None:
    """Add --channel and --board."""
    parser.add_argument("--channel", required=True, metavar="C", help="such as beta or stable")
    parser.add_argument("--board", required=True, metavar="B", help="a board of slotcast.toml")


def add_caution(parser: argparse.ArgumentParser) -> None:
    """Add what lets a person sign where slotcast would rather not, and --edge."""
    add_edge(parser)
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on from the present offers though the store holds newer signed ones, of a run "
        "that was cut short on another machine",
    )
    parser.add_argument(
        "--redate",
        action="store_true",
        help="sign with the present time though the last signature lies ahead of it: after one "
        "from a machine whose clock was wrong",
    )
