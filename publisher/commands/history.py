"""`slotcast history`: what became of each channel and board, and when."""

from __future__ import annotations

from publisher.arguments import Arguments
from publisher.commands import Context, Result, Table
from publisher.commands.product import open_product
from publisher.history import Event, read_events


def run(arguments: Arguments, context: Context) -> Result:
    """Read all that was signed, and show what changed."""
    product = open_product(arguments, context, reads_only=True)
    found = read_events(product.repository, product.view)
    events = [event for event in found if _asked(event, arguments)]
    rows = [_row(event) for event in events]
    header = ("signed at", "channel", "board", "version", "release", "what")
    table = Table(header, rows, right=("release",))
    data = {"product": product.settings.product, "events": [event.to_dict() for event in events]}
    return Result([table] if rows else ["nothing was released yet"], data)


def _asked(event: Event, arguments: Arguments) -> bool:
    asked = {"channel": arguments.only_channel, "board": arguments.only_board}
    return all(value in (None, getattr(event, name)) for name, value in asked.items())


def _row(event: Event) -> tuple[str, ...]:
    return (
        event.signed_at,
        event.channel or "-",
        event.board or "-",
        event.version or "-",
        str(event.release or "-"),
        event.what,
    )
