"""`slotcast simulate --from`: a virtual ESP32 of each released version finds its way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from publisher.arguments import Arguments
from publisher.commands import Context, Result, Table
from publisher.commands.product import Product, open_product
from publisher.errors import StoreError
from publisher.fleet import is_well
from publisher.manifest import Manifest
from publisher.offers import present_offer
from publisher.simulate_from import ALL, Road, Start, Trip, choose
from publisher.supported import Supported, read_supported
from publisher.waiting import why_waiting


def simulate_journeys(arguments: Arguments, context: Context) -> Result:
    """Let the boards run, one after the other; exits with 1 if one is left behind."""
    product = open_product(arguments, context, reads_only=True)
    supported = _supported(product, arguments)
    offer = present_offer(product.repository, arguments.channel, arguments.board)
    road = Road(product.settings, product.store, offer, arguments.group)
    trips = list(_trips(road, choose(supported, arguments.from_versions), arguments, context))
    for trip in trips:
        if not trip.is_as_predicted:
            context.warn(f"{trip.way} is not what was proved: {trip.predicted}")
    behind = [trip for trip in trips if _is_behind(trip, supported, offer.manifest)]
    goal = offer.manifest.version
    waiting = sum(trip.waits for trip in trips)
    arrived = f"{sum(trip.arrives for trip in trips)} of {len(trips)} boards get to {goal}"
    arrived += f", {waiting} wait" if waiting else ""
    text: list[str | Table] = [_table(trips, why_waiting(offer.manifest, context.now)), arrived]
    data = {"version": goal, "journeys": [trip.to_dict() for trip in trips]}
    return Result(text, data, exit_code=1 if behind or not trips else 0)


def _supported(product: Product, arguments: Arguments) -> Supported:
    """Return what boards may run; what is asked for by name may be supported no more."""
    settings = product.settings
    board = settings.board(arguments.board)
    if ALL not in arguments.from_versions:
        every = {**settings.boards, arguments.board: replace(board, supported_since="")}
        settings = replace(settings, boards=every)
    whom = (arguments.channel, arguments.board)
    return read_supported(settings, product.repository, product.view, *whom)


def _trips(
    road: Road, starts: Sequence[Start], arguments: Arguments, context: Context
) -> Iterator[Trip]:
    for start in starts:
        try:
            yield road.travel(start, partial(_tell, context, start.state.name))
        except StoreError as error:
            if ALL not in arguments.from_versions:
                raise
            context.warn(f"{error}; left out")  # `slotcast gc` may have removed it


def _tell(context: Context, name: str, boot: int, line: str) -> None:
    context.note(f"{name}: {boot} {line}")


def _is_behind(trip: Trip, supported: Supported, manifest: Manifest) -> bool:
    """Whether a board stays where it is though it should not; one that waits goes on one day."""
    goes_on = trip.waits or not trip.predicted.arrives
    stays = goes_on and is_well(trip.predicted, supported, manifest)
    return not trip.arrives and not stays


def _table(trips: Sequence[Trip], why: str) -> Table:
    rows = [
        (
            trip.way,
            str(len(trip.poll.boots)),
            f"{trip.poll.sent_bytes:,}",
            f"waits: {why}" if trip.waits else trip.poll.outcome,
        )
        for trip in trips
    ]
    return Table(("way", "boots", "bytes", "ends"), rows, right=("boots", "bytes"))
