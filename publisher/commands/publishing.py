"""Signing on top of what is published: the guards before, the plan, and the memory after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from publisher.arguments import Arguments
from publisher.arguments.product import DEFAULT_BASE_URL
from publisher.clock import clock_warnings, verify_clock
from publisher.commands import Context, Result, Table
from publisher.commands.product import Product
from publisher.commands.through_edge import edge_check
from publisher.counts import count
from publisher.errors import ConflictError, SettingsError, VerificationError
from publisher.layout import metadata_path
from publisher.newer import Newer, in_words
from publisher.plan import Plan, look_up
from publisher.publish import Outcome, View, publish
from publisher.stores.base import Store

_RESUME = (
    "either a release is running elsewhere, or was cut short there: let it finish, or add --resume "
    "to sign on top of the present offers and leave those out. Or somebody put an old "
    "timestamp.json back: then put the newest one back first. No release leaves behind what does "
    "not verify: put it back too, or remove it if it never was a file of yours"
)
# Longer than another run takes from its first metadata to its timestamp.
_OTHER_RUN_S = (0.0, 0.5, 1.0, 2.0, 4.0, 6.0, 6.5)
_DRY_RUN = "dry run: nothing is written; otherwise:"
_NOTHING = "nothing to do"
_NEW_HERE = (
    "this machine has no memory of the product (.slotcast/seen.json), and so it cannot tell a "
    "store that was rolled back: compare `slotcast status` with what was released last"
)


@dataclass(frozen=True)
class Done:
    """What was published, by which name, and what is to be looked at once that was told."""

    outcome: Outcome
    what: str
    then: Callable[[], None]


def verify_may_sign(product: Product, arguments: Arguments, context: Context) -> list[str]:
    """Refuse where signing would do harm; return warnings of what can be told only by a person.

    Raises:
        ConflictError: somebody else has published since this run has read what is published.
        VerificationError: a timestamp may have been put back, or this clock is wrong.
    """
    _verify_newest(product, arguments, context)
    verify_clock(context.now, product.store.time)
    clock = clock_warnings(context.now, product.repository.states())
    return [*_placeholder(product), *_new_here(product), *clock]


def carry_out(
    plan: Plan, product: Product, arguments: Arguments, context: Context, what: str
) -> Done:
    """Run a plan, and remember it; what it returns looks at it through the edge, if asked to.

    Args:
        what: names what is published, for what may fail after that.

    Raises:
        PublisherError: see `publish`.
    """
    settings = product.settings
    # Refuses what is no edge while nothing is written.
    then = edge_check(plan, product.store, settings, arguments, context, what)
    product.seen.begin(plan)
    outcome = publish(
        plan,
        product.store,
        settings.product,
        settings.root_sha256,
        context.progress,
        context.sleep,
    )
    _finish(product, context, what)
    return Done(outcome, what, then)


def name_newer(newer: Sequence[Newer], store: Store, resumes: bool, hint: str) -> str:
    """Name in words what is newer than what the timestamp names; "" where nothing is.

    Raises:
        VerificationError: something is, and nobody said --resume; with the hint.
    """
    if not newer:
        return ""
    what = f"newer files that its timestamp does not name: {', '.join(in_words(newer))}"
    if not resumes:
        raise VerificationError(f"{store.location} holds {what}", hint)
    return what


def plan_table(plan: Plan) -> Table:
    """Return a plan as a person reads it."""
    header = ("action", "kind", "bytes", "cache-control", "key")
    return Table(header, plan.to_rows(), right=("bytes",))


def planned(
    plan: Plan,
    store: Store,
    data: Mapping[str, object],
    lines: Sequence[str | Table] = (),
    exit_code: int = 0,
) -> Result:
    """Return what a plan that is not run would write, behind `lines` and beside `data`."""
    plan = look_up(plan, store)
    files = f"{count(len(plan.missing), 'file')}, {plan.size_bytes:,} bytes would be written:"
    written = [files, plan_table(plan)] if plan.missing else [_NOTHING]
    return Result([_DRY_RUN, *lines, *written], {**data, "writes": plan.to_list()}, exit_code)


def published(done: Done, data: Mapping[str, object], lines: Sequence[str | Table]) -> Result:
    """Return what was done, in `lines` and `data`, and how much was written for it."""
    outcome = done.outcome
    there = len(outcome.unchanged)
    more = f", {there} {'was' if there == 1 else 'were'} there already" if there else ""
    files = f"{count(len(outcome.written), 'file')} written{more}"
    text = [*lines, files if outcome.written else _NOTHING]
    return told(done, text, {**data, **outcome_data(outcome)})


def told(
    done: Done, text: Sequence[str | Table], data: Mapping[str, object], exit_code: int = 0
) -> Result:
    """Return the result of what is published."""
    return Result(text, data, exit_code, done.then, done.what)


def outcome_data(outcome: Outcome) -> dict[str, object]:
    """Return what was written, for a program."""
    return {"written": list(outcome.written), "unchanged": list(outcome.unchanged)}


def _verify_newest(product: Product, arguments: Arguments, context: Context) -> None:
    """Refuse to sign on top of a timestamp that may have been put back, unless told to."""
    newer = product.newer()
    if newer and not arguments.resume and not any(one.fault for one in newer):
        _wait_for_other_run(newer, product, context)
    if what := name_newer(newer, product.store, arguments.resume, _RESUME):
        context.warn(f"--resume leaves out {what}")
        product.repository.leave_out(one.named_by for one in newer)


def _wait_for_other_run(newer: Sequence[Newer], product: Product, context: Context) -> None:
    """Give another run the time to move the timestamp; raise ConflictError once it has moved."""
    path = metadata_path("timestamp", 0)
    before = product.view.read(path)
    for number, wait_s in enumerate(_OTHER_RUN_S):
        if number == 1:
            context.note(f"somebody else may be publishing {newer[-1]}: waiting a little")
        context.sleep(wait_s)
        if View(product.store, product.settings.product).read(path) != before:
            raise ConflictError("somebody else has published just now")


def _finish(product: Product, context: Context, what: str) -> None:
    """Remember what was published; that it is published stands, whatever becomes of the memory."""
    try:
        product.seen.finish(product.repository.states())
    except SettingsError as error:
        context.warn(f"{what} is published, but this machine does not remember it: {error}")


def _placeholder(product: Product) -> list[str]:
    if product.settings.edge.base_url != DEFAULT_BASE_URL:
        return []
    return [f"base_url in slotcast.toml is still {DEFAULT_BASE_URL}: no board will find this"]


def _new_here(product: Product) -> list[str]:
    """Warn where something was released, but not seen here; a product just founded has nothing."""
    is_new = product.repository.targets().targets and not product.known.versions
    return [_NEW_HERE] if is_new else []
