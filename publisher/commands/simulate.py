"""`slotcast simulate`: a virtual ESP32 takes the current release before a fleet does."""

from __future__ import annotations

from dataclasses import asdict

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.product import factory_image, open_product
from publisher.commands.simulate_journeys import simulate_journeys
from publisher.counts import count
from publisher.offers import present_offer
from publisher.simulate import Order, Poll, simulate
from publisher.waiting import is_waiting, why_waiting


def run(arguments: Arguments, context: Context) -> Result:
    """Let the board run; what it prints goes to stderr. Exits with 1 if its poll failed."""
    if arguments.from_versions:
        return simulate_journeys(arguments, context)
    product = open_product(arguments, context, reads_only=True)
    settings = product.settings
    factory = factory_image(arguments, settings.board(arguments.board))
    manifest = present_offer(product.repository, arguments.channel, arguments.board).manifest
    order = Order(arguments.channel, arguments.board, factory, group=arguments.group)
    poll = simulate(
        settings, product.store, order, lambda boot, line: context.note(f"{boot} {line}")
    )
    waits = is_waiting(poll.outcome, manifest.version)
    start = (factory.version if factory else None) or "the board"
    outcome = f"{start} waits: {why_waiting(manifest, context.now)}" if waits else poll.outcome
    text = [outcome, _travelled(poll), _flash_line(poll)]
    return Result(text, {**_data(poll), "waits": waits}, exit_code=_exit_code(poll))


def _travelled(poll: Poll) -> str:
    boots, requests = count(len(poll.boots), "boot"), count(len(poll.requests), "request")
    return f"{boots}, {requests}, {poll.sent_bytes:,} bytes, {poll.seconds:.1f} s"


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
