"""`slotcast pins set` and `retire`: publish the next pin set, or the sets without one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from hashlib import sha256
from pathlib import Path

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.known_pins import bases, judge_of, known_sets
from publisher.commands.live_report import live_list
from publisher.commands.product import Product, open_product
from publisher.commands.publishing import (
    carry_out,
    planned,
    published,
    verify_may_sign,
)
from publisher.commands.retry import retried
from publisher.errors import SettingsError
from publisher.files import read_file
from publisher.layout import pins_path
from publisher.pins.guard import (
    verify_backup,
    verify_retirement,
    verify_room,
    verify_strands_nobody,
)
from publisher.pins.live import Live, survey
from publisher.pins.sets import FACTORY_SERIAL, PinSets
from publisher.pins.sources import certificate_pin, public_key_pin
from publisher.plan import File, Kind, Plan, make_plan
from publisher.provision import trust_anchors

_KEEP = "Boards that have it keep it: serve what it accepts until each of them has polled once more"


@dataclass(frozen=True)
class _Change:
    """What is to be published, and how it is told; `lines` come after the first."""

    sets: PinSets
    title: str
    lines: Sequence[str] = ()
    data: Mapping[str, object] = field(default_factory=dict)


@retried
def set_next(arguments: Arguments, context: Context) -> Result:
    """Make the next set, have live hosts judge it and the older ones, and publish it."""
    product = open_product(arguments, context)
    warnings = verify_may_sign(product, arguments, context)
    known = known_sets(product)
    coming = _next(arguments, known.sets, product, context)
    if known.published and not arguments.retires and _is_there(coming, known.sets):
        change = _Change(known.sets, f"pin set {known.sets.newest.serial} says this already")
    else:
        verify_room(coming)
        verify_backup(coming, context.now)
        live = survey(coming, judge_of(product))
        warnings += verify_strands_nobody(coming, live)
        if known.published is None:
            coming, left_out = _publishable(coming)
            warnings += left_out
        change = _new(coming, [_left_behind(known.sets, one) for one in arguments.retires], live)
    for warning in warnings:
        context.warn(warning)
    return _publish(product, change, arguments, context)


@retried
def retire_set(arguments: Arguments, context: Context) -> Result:
    """Have live hosts judge the sets without one that no board needs any more; publish them."""
    product = open_product(arguments, context)
    warnings = verify_may_sign(product, arguments, context)
    known = known_sets(product)
    left = known.sets.without(arguments.serial)
    live = survey(left, judge_of(product))
    warnings += verify_retirement(left, live)
    for warning in warnings:
        context.warn(warning)
    title = f"retired pin set {arguments.serial}"
    lines = [_left_behind(known.sets, arguments.serial)]
    change = _Change(left, title, lines, {"hosts": live_list(live)})
    return _publish(product, change, arguments, context)


def _next(arguments: Arguments, sets: PinSets, product: Product, context: Context) -> PinSets:
    """Return the sets with what the command line asks for before them."""
    pins = _pins(arguments)
    if not pins and not arguments.cas:
        hint = "--pin, --certificate or --public-key; or --ca, to let CA roots alone decide"
        raise SettingsError("the set is of nothing", hint)
    urls = bases(arguments.base_urls, product.settings) or sets.newest.base_urls
    anchors = [der for ca in arguments.cas for der in trust_anchors(ca, Path())]
    coming = sets.with_next(urls, pins, anchors or sets.anchors(sets.newest), context.now)
    return reduce(PinSets.without, arguments.retires, coming)


def _is_there(coming: PinSets, sets: PinSets) -> bool:
    return coming.newest.says_the_same(sets.newest)


def _new(sets: PinSets, left_behind: Sequence[str], live: Sequence[Live]) -> _Change:
    older = ", ".join(str(one.serial) for one in sets.sets[1:]) or "none"
    lines = [f"boards take it at their next poll; still supported: {older}", *left_behind]
    title = f"published pin set {sets.newest.serial}"
    return _Change(sets, title, lines, {"hosts": live_list(live)})


def _pins(arguments: Arguments) -> list[str]:
    certificates = [certificate_pin(read_file(path), str(path)) for path in arguments.certificates]
    keys = [public_key_pin(read_file(path), str(path)) for path in arguments.public_keys]
    return [*arguments.pins, *certificates, *keys]


def _publishable(sets: PinSets) -> tuple[PinSets, list[str]]:
    """Leave out [edge] of slotcast.toml where boards would refuse the whole file for it."""
    try:
        sets.to_bytes()
    except SettingsError as error:
        if len(sets.sets) == 1:
            raise
        without = sets.without(FACTORY_SERIAL)
        without.to_bytes()  # the new set is not at fault
        return without, [f"[edge] of slotcast.toml is not published as set 0: {error}. {_KEEP}"]
    return sets, []


def _left_behind(sets: PinSets, serial: int) -> str:
    """Say which boards have no newer set than one that is retired."""
    newer = [one for one in sets.sets if one.serial > serial]
    since = f"set {newer[-1].serial} ({newer[-1].since})" if newer else "this set"
    have = "what they were provisioned with" if serial == FACTORY_SERIAL else f"set {serial}"
    return (
        f"boards that were provisioned, or polled last, before {since} have only {have}, "
        "and `pins check` no longer asks whether that is accepted"
    )


def _publish(product: Product, change: _Change, arguments: Arguments, context: Context) -> Result:
    """Publish pins.json, or print what would be; what is published already is completed only."""
    plan = _plan(product, change.sets)
    for warning in product.repository.warnings:
        context.warn(warning)
    fields = {"pins": change.sets.to_fields(), **change.data}
    if arguments.dry_run:
        return planned(plan, product.store, fields, [change.title, *change.lines])
    done = carry_out(plan, product, arguments, context, "the pin set")
    return published(done, fields, [change.title, *change.lines])


def _plan(product: Product, sets: PinSets) -> Plan:
    data = sets.to_bytes()
    repository = product.repository
    if data != repository.read_pins():
        repository.publish_pins(data)
    file = File(Kind.PINS, pins_path(sha256(data).hexdigest()), data)
    return make_plan(sets.product, [file, *repository.edited], product.view.stored)
