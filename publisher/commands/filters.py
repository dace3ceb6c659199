"""--channel and --board of commands that read: what they choose, and what there is to choose."""

from __future__ import annotations

from collections.abc import Collection

from publisher.arguments import Arguments
from publisher.errors import SettingsError


def verify_names(arguments: Arguments, channels: Collection[str], boards: Collection[str]) -> None:
    """Refuse a channel or a board that there is not.

    Raises:
        SettingsError: with those that there are.
    """
    asked = (
        ("channel", arguments.only_channel, channels),
        ("board", arguments.only_board, boards),
    )
    for kind, name, known in asked:
        if name is not None and name not in known:
            there = ", ".join(sorted(known))
            hint = f"there is: {there}" if there else "nothing was released yet"
            raise SettingsError(f"there is no {kind} {name}", hint)


def is_asked(arguments: Arguments, channel: str, board: str) -> bool:
    """Whether an offer is among those that are asked for."""
    asked = (arguments.only_channel, arguments.only_board)
    return all(one in (None, name) for one, name in zip(asked, (channel, board), strict=True))
