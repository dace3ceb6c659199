"""`slotcast history`: what became of each channel and board, and when."""

from __future__ import annotations

from collections.abc import Iterable

from publisher.arguments import Arguments
from publisher.commands import Context, Result, Table
from publisher.commands.filters import is_asked, verify_names
from publisher.commands.product import open_product
from publisher.upkeep.history import Event, read_events


def run(arguments: Arguments, context: Context) -> Result:
    """Read all that was signed, and show what changed."""
    product = open_product(arguments, context, reads_only=True)
    found = read_events(product.repository, product.view)
    channels = {event.channel for event in found if event.channel}
    verify_names(arguments, channels, {*product.settings.boards, *_boards(found)})
    events = [event for event in found if is_asked(arguments, event.channel, event.board)]
    rows = [_row(event) for event in events]
    header = ("signed at", "channel", "board", "version", "release", "what")
    table = Table(header, rows, right=("release",))
    data = {"product": product.settings.product, "events": [event.to_dict() for event in events]}
    nothing = f"nothing was released {'there ' if found else ''}yet"
    return Result([table] if rows else [nothing], data)


def _boards(events: Iterable[Event]) -> set[str]:
    """Return all boards that were ever offered something."""
    return {event.board for event in events if event.board}


def _row(event: Event) -> tuple[str, ...]:
    return (
        event.signed_at,
        event.channel or "-",
        event.board or "-",
        event.version or "-",
        str(event.release or "-"),
        event.what,
    )
