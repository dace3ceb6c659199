"""`slotcast pins`: the sets that boards may have, and what they make of what a live host serves."""

from __future__ import annotations

from collections.abc import Sequence

from publisher.arguments import Arguments
from publisher.commands import Context, Result, Table
from publisher.commands.known_pins import bases, judge_of, known_sets
from publisher.commands.live_report import live_lines, live_list
from publisher.commands.pins_set import retire_set, set_next
from publisher.commands.product import open_product
from publisher.iso_time import iso
from publisher.pins.anchors import Anchor
from publisher.pins.live import Live, survey
from publisher.pins.sets import PinSets

_FACTORY_ONLY = "no pin sets are published: boards have [edge] of slotcast.toml, as set 0"


def run(arguments: Arguments, context: Context) -> Result:
    """Do what the word behind `pins` says."""
    commands = {"show": _show, "check": _check, "set": set_next, "retire": retire_set}
    return commands[arguments.pins_command](arguments, context)


def _show(arguments: Arguments, context: Context) -> Result:
    product = open_product(arguments, context, reads_only=True)
    known = known_sets(product)
    sets, is_published = known.sets, known.published is not None
    title = f"{sets.product} in {product.store.location}: {len(sets.sets)} sets, newest first"
    anchors = [Anchor.from_der(der) for der in sets.trust_anchors.values()]
    data = {
        "product": sets.product,
        "published": is_published,
        "sets": [pin_set.to_fields() for pin_set in sets.sets],
        "trust_anchors": {one.sha256: _anchor_data(one) for one in anchors},
    }
    tables = [_sets_table(sets), *_pins_tables(sets), _anchors_table(sets, anchors)]
    return Result([title if is_published else _FACTORY_ONLY, *tables], data)


def _check(arguments: Arguments, context: Context) -> Result:
    """Ask the hosts; exits with 1 if a set refuses what is served, or the product is not there."""
    product = open_product(arguments, context, reads_only=True)
    sets = known_sets(product).sets
    urls = bases(arguments.base_urls, product.settings)
    live = survey(sets, judge_of(product), urls)
    ok = all(found.ok for found in live)
    data = {"ok": ok, "product": sets.product, "hosts": live_list(live)}
    return Result([*live_lines(live), _verdict(live)], data, exit_code=0 if ok else 1)


def _verdict(live: Sequence[Live]) -> str:
    if all(found.ok for found in live):
        return "every set is accepted"
    if any(verdict.refusal for found in live for verdict in found.verdicts):
        return "NOT ACCEPTED: boards are cut off, or will be"
    return "NOT KNOWN: what is to be asked does not answer as it should"


def _sets_table(sets: PinSets) -> Table:
    rows = [
        (
            str(pin_set.serial),
            pin_set.since or "the factory",
            str(len(pin_set.pins) or "none"),
            str(len(pin_set.trust_anchors)),
            " ".join(pin_set.base_urls),
        )
        for pin_set in sets.sets
    ]
    header = ("set", "since", "pins", "CA roots", "base URLs")
    return Table(header, rows, right=("set", "pins", "CA roots"))


def _pins_tables(sets: PinSets) -> list[Table]:
    pins = dict.fromkeys(pin for pin_set in sets.sets for pin in pin_set.pins)
    rows = [(_sets_with(sets, pin), pin) for pin in pins]
    return [Table(("in sets", "pin"), rows)] if rows else []


def _anchors_table(sets: PinSets, anchors: Sequence[Anchor]) -> Table:
    rows = [
        (_sets_with(sets, one.sha256), one.subject, f"{one.expires:%Y-%m-%d}", one.sha256)
        for one in anchors
    ]
    return Table(("in sets", "CA root", "expires", "sha256"), rows)


def _sets_with(sets: PinSets, digest: str) -> str:
    named = (one for one in sets.sets if digest in (*one.pins, *one.trust_anchors))
    return ", ".join(str(one.serial) for one in named)


def _anchor_data(anchor: Anchor) -> dict[str, object]:
    return {"subject": anchor.subject, "expires": iso(anchor.expires)}
