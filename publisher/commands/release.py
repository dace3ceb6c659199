"""`slotcast release`: offer an image to a board on a channel."""

from __future__ import annotations

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.product import open_product
from publisher.commands.publishing import (
    carry_out,
    outcome_data,
    outcome_line,
    plan_table,
    planned_line,
    verify_may_sign,
)
from publisher.files import read_file
from publisher.publish import Outcome
from publisher.release import PreparedRelease, ReleaseRequest, prepare_release


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
        retry_failed=arguments.retry_failed,
    )
    product = open_product(arguments, context)
    before = verify_may_sign(product, arguments, context)
    settings, repository, view = product.settings, product.repository, product.view
    prepared = prepare_release(settings, repository, view, request, context.progress)
    for warning in (*before, *prepared.warnings):
        context.warn(warning)
    if arguments.dry_run:
        return _planned(prepared)
    return _published(prepared, carry_out(prepared.plan, product, context, "the release"))


def _planned(prepared: PreparedRelease) -> Result:
    plan = prepared.plan
    data = {**_data(prepared), "writes": plan.to_list()}
    return Result([*_steps(prepared), planned_line(plan), plan_table(plan)], data)


def _published(prepared: PreparedRelease, outcome: Outcome) -> Result:
    manifest = prepared.manifest
    what = f"{manifest.version} (release {manifest.release})"
    where = f"{manifest.channel}/{manifest.board}"
    line = f"released {what} on {where}" if prepared.is_new else f"{what} is released on {where}"
    payload, image = manifest.full.length, manifest.size
    size = f"payload {payload:,} bytes, {payload / image:.0%} of the image's {image:,}"
    text = [line, size, *_steps(prepared), outcome_line(outcome)]
    return Result(text, {**_data(prepared), **outcome_data(outcome)})


def _steps(prepared: PreparedRelease) -> list[str]:
    """Return by which releases older boards go, the oldest first."""
    if not prepared.stones:
        return []
    versions = [stone.version for stone in reversed(prepared.stones)]
    return [f"older boards take {', then '.join(versions)} first"]


def _data(prepared: PreparedRelease) -> dict[str, object]:
    stones = [stone.version for stone in prepared.stones]
    manifest = prepared.manifest.to_fields()
    return {"new": prepared.is_new, "manifest": manifest, "stones": stones}
