"""`slotcast release`: offer an image to a board on a channel."""

from __future__ import annotations

from publisher.arguments import DEFAULT_BASE_URL, Arguments
from publisher.clock import clock_warnings, verify_clock
from publisher.commands import Context, Result, Table
from publisher.commands.product import Product, open_product
from publisher.errors import SettingsError, VerificationError
from publisher.files import read_file
from publisher.plan import Plan
from publisher.publish import Outcome, publish
from publisher.release import PreparedRelease, ReleaseRequest, prepare_release

_RESUME = (
    "either a release is running elsewhere, or was cut short there: let it finish, or add --resume "
    "to sign on top of the present offers and leave those out. Or somebody put an old "
    "timestamp.json back: then put the newest one back first. No release leaves behind what does "
    "not verify: put it back too, or remove it if it never was a file of yours"
)
_NEW_HERE = (
    "this machine has no memory of the product (.slotcast/seen.json), and so it cannot tell a "
    "store that was rolled back: compare `slotcast status` with what was released last"
)


def run(arguments: Arguments, context: Context) -> Result:
    """Prepare the release, print its plan or run it."""
    request = ReleaseRequest(
        data=read_file(arguments.file),
        name=arguments.file.name,
        version=arguments.version,
        channel=arguments.channel,
        board=arguments.board,
        notes=arguments.notes,
        mandatory=arguments.mandatory,
        min_version=arguments.min_version,
    )
    product = open_product(arguments, context)
    _verify_newest(product, arguments, context)
    settings, repository, view = product.settings, product.repository, product.view
    verify_clock(context.now, product.store.time)
    before = [*_new_here(product), *clock_warnings(context.now, repository.states())]
    prepared = prepare_release(settings, repository, view, request, context.progress)
    for warning in (*_placeholder(product), *before, *prepared.warnings):
        context.warn(warning)
    if arguments.dry_run:
        return _planned(prepared)
    product.seen.begin(prepared.plan)
    outcome = publish(
        prepared.plan, product.store, settings.product, settings.root_sha256, context.progress
    )
    _finish(product, context)
    return _published(prepared, outcome)


def _verify_newest(product: Product, arguments: Arguments, context: Context) -> None:
    """Refuse to sign on top of a timestamp that may have been put back, unless told to."""
    newer = product.newer()
    if not newer:
        return
    what = f"newer files that its timestamp does not name: {', '.join(map(str, newer))}"
    if not arguments.resume:
        raise VerificationError(f"{product.store.location} holds {what}", _RESUME)
    context.warn(f"--resume leaves out {what}")


def _finish(product: Product, context: Context) -> None:
    """Remember what was published; that it is published stands, whatever becomes of the memory."""
    try:
        product.seen.finish(product.repository.states())
    except SettingsError as error:
        context.warn(f"the release is published, but this machine does not remember it: {error}")


def plan_table(plan: Plan) -> Table:
    """Return a plan as a person reads it."""
    header = ("action", "kind", "bytes", "cache-control", "key")
    return Table(header, plan.to_rows(), right=("bytes",))


def _placeholder(product: Product) -> list[str]:
    if product.settings.edge.base_url != DEFAULT_BASE_URL:
        return []
    return [f"base_url in slotcast.toml is still {DEFAULT_BASE_URL}: no board will find this"]


def _new_here(product: Product) -> list[str]:
    """Warn where something was released, but not seen here; a product just founded has nothing."""
    is_new = product.repository.offered() and not product.known.versions
    return [_NEW_HERE] if is_new else []


def _planned(prepared: PreparedRelease) -> Result:
    plan = prepared.plan
    line = f"{len(plan.writes)} files, {plan.size_bytes:,} bytes would be written:"
    return Result([line, plan_table(plan)], {**_data(prepared), "writes": plan.to_list()})


def _published(prepared: PreparedRelease, outcome: Outcome) -> Result:
    manifest = prepared.manifest
    what = f"{manifest.version} (release {manifest.release})"
    where = f"{manifest.channel}/{manifest.board}"
    line = f"released {what} on {where}" if prepared.is_new else f"{what} is released on {where}"
    payload, image = manifest.full.length, manifest.size
    size = f"payload {payload:,} bytes, {payload / image:.0%} of the image's {image:,}"
    count = f"{len(outcome.written)} files written, {len(outcome.unchanged)} were there already"
    data = {"written": list(outcome.written), "unchanged": list(outcome.unchanged)}
    return Result([line, size, count], {**_data(prepared), **data})


def _data(prepared: PreparedRelease) -> dict[str, object]:
    return {"new": prepared.is_new, "manifest": prepared.manifest.to_fields()}
