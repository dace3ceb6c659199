"""`slotcast simulate`: a virtual ESP32 takes the current release before a fleet does."""

from __future__ import annotations

from dataclasses import asdict

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.product import factory_image, find_settings
from publisher.commands.simulate_journeys import simulate_journeys
from publisher.settings import load_settings
from publisher.simulate import Order, Poll, simulate
from publisher.stores import open_store


def run(arguments: Arguments, context: Context) -> Result:
    """Let the board run; what it prints goes to stderr. Exits with 1 if its poll failed."""
    if arguments.from_versions:
        return simulate_journeys(arguments, context)
    settings = load_settings(find_settings(arguments))
    factory = factory_image(arguments, settings.board(arguments.board))
    order = Order(arguments.channel, arguments.board, factory, group=arguments.group)
    poll = simulate(
        settings, open_store(settings), order, lambda boot, line: context.note(f"{boot} {line}")
    )
    travelled = f"{len(poll.requests)} requests, {poll.sent_bytes:,} bytes, {poll.seconds:.1f} s"
    text: list[str] = [poll.outcome, f"{len(poll.boots)} boots, {travelled}", _flash_line(poll)]
    return Result([*text], _data(poll), exit_code=_exit_code(poll))


def _flash_line(poll: Poll) -> str:
    work = poll.flash
    erased = f"{work.sector_erases} sectors and {work.block_erases} 64 KiB blocks erased"
    return f"flash: {erased}, {work.page_programs:,} pages programmed: ~{work.seconds():.1f} s"


def _exit_code(poll: Poll) -> int:
    return 1 if poll.lines[-1].startswith("slotcast failed: ") else 0


def _data(poll: Poll) -> dict[str, object]:
    return {
        "outcome": poll.outcome,
        "boots": [list(boot.lines) for boot in poll.boots],
        "requests": len(poll.requests),
        "connections": poll.connections,
        "sent_bytes": poll.sent_bytes,
        "seconds": round(poll.seconds, 3),
        "flash": {**asdict(poll.flash), "seconds": round(poll.flash.seconds(), 3)},
    }
