"""`slotcast gc`: remove payloads and images that nothing needs any more."""

from __future__ import annotations

from publisher.arguments import Arguments
from publisher.clock import verify_clock
from publisher.commands import Context, Result, Table
from publisher.commands.product import Product, open_product
from publisher.commands.publishing import name_newer
from publisher.upkeep.garbage import (
    Garbage,
    Sorted,
    Watch,
    list_objects,
    remove,
    sort_out,
    verify_offered,
)
from publisher.upkeep.needed import read_needed

_RESUME = (
    "either a release is running elsewhere, or was cut short there: let it finish, or add --resume "
    "to go on (what those files name stays too). Or somebody put an old timestamp.json back: then "
    "put the newest one back first"
)


def run(arguments: Arguments, context: Context) -> Result:
    """Remove what is out of use, or print what would be; nothing is signed."""
    # From a store that was rolled back, newer releases would be removed.
    product = open_product(arguments, context, needs_memory=True)
    watch = Watch(product.store, product.settings.product, product.view)
    _verify_newest(product, arguments, context)
    found = _sort_out(product, arguments, context)
    if not arguments.dry_run:
        remove(found.garbage, product.store, watch, context.progress)
    return _result(product, found, arguments.dry_run)


def _verify_newest(product: Product, arguments: Arguments, context: Context) -> None:
    """Refuse where a release may be running, or the timestamp may have been put back."""
    if what := name_newer(product.newer(), product.store, arguments.resume, _RESUME):
        context.warn(f"--resume goes on beside {what}")


def _sort_out(product: Product, arguments: Arguments, context: Context) -> Sorted:
    """Tell what nothing needs from the rest, by the store's clock where it tells its time."""
    verify_clock(context.now, product.store.time)
    since = (product.store.time or context.now) - arguments.grace
    # The releases that the next deltas start from, and the one that is offered.
    releases = product.settings.payload.deltas + 1 + arguments.keep
    needed = read_needed(product.repository, product.view, since, releases)
    name = product.settings.product
    listed = list_objects(product.store, name)
    verify_offered(name, needed, listed)
    return sort_out(name, needed, listed, since)


def _result(product: Product, found: Sorted, is_planned: bool) -> Result:
    done = "would be removed" if is_planned else "removed"
    stays = sum(item.size_bytes for item in found.kept)
    data = {
        "store": product.store.location,
        "dry_run": is_planned,
        "objects": [item.to_dict() for item in found.garbage],
        "freed_bytes": found.freed_bytes,
        "kept_objects": len(found.kept),
        "kept_bytes": stays,
    }
    left = f"{_amount(len(found.kept), stays)} stay"
    if not found.garbage:
        return Result([f"nothing to remove: {left}"], data)
    count = f"{_amount(len(found.garbage), found.freed_bytes)} {done}; {left}"
    header = ("last written", "bytes", "key", "was")
    return Result([Table(header, [*map(_row, found.garbage)], right=("bytes",)), count], data)


def _amount(count: int, size_bytes: int) -> str:
    return f"{count} object{'' if count == 1 else 's'}, {size_bytes:,} bytes"


def _row(item: Garbage) -> tuple[str, ...]:
    return (f"{item.modified:%Y-%m-%d}", f"{item.size_bytes:,}", item.key, item.reason)
