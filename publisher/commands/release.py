"""`slotcast release`: offer an image to a board on a channel."""

from __future__ import annotations

from functools import partial

from publisher.arguments import Arguments
from publisher.commands import Context, Result, Table
from publisher.commands.offering import open_signing
from publisher.commands.publishing import carry_out, planned, published
from publisher.commands.retry import retried
from publisher.commands.shares import asked_share
from publisher.encoding import Encode, Encoder
from publisher.files import read_file
from publisher.payloads import Payload, Payloads
from publisher.release import PreparedRelease, ReleaseRequest, prepare_release
from publisher.rollout import Share
from publisher.rollout_words import words


def run(arguments: Arguments, context: Context) -> Result:
    """Prepare the release, print its plan or run it; what is encoded is so only once."""
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
        share=asked_share(arguments, Share()),
        bases={str(path): read_file(path) for path in arguments.bases},
        withdrawn_image=arguments.withdrawn_image,
    )
    return retried(partial(_release, request, Encoder()))(arguments, context)


def _release(
    request: ReleaseRequest, encode: Encode, arguments: Arguments, context: Context
) -> Result:
    product = open_signing(arguments, context)
    settings, repository, view = product.settings, product.repository, product.view
    prepared = prepare_release(settings, repository, view, request, context.progress, encode)
    for warning in prepared.warnings:
        context.warn(warning)
    if arguments.dry_run:
        return planned(prepared.plan, product.store, _data(prepared), _text(prepared))
    done = carry_out(prepared.plan, product, arguments, context, "the release")
    return published(done, _data(prepared), _text(prepared))


def _text(prepared: PreparedRelease) -> list[str | Table]:
    manifest = prepared.manifest
    what = f"{manifest.version} (release {manifest.release})"
    where = f"{manifest.channel}/{manifest.board}"
    line = f"released {what} on {where}" if prepared.is_new else f"{what} is released on {where}"
    if manifest.rollout.share != Share():
        line += f", for {words(manifest, ' of boards')}"
    return [line, *_payloads(prepared.payloads), *_steps(prepared), *_proved(prepared)]


def _payloads(payloads: Payloads) -> list[str | Table]:
    rows = [_payload_row(payloads, payload) for payload in payloads.published]
    header = ("payload", "from", "bytes", "of full")
    left_out = [
        f"no delta from {payload.origin}: it would have {payloads.percent(payload):.1f}% of the "
        f"full payload's bytes"
        for payload in payloads.left_out
    ]
    return [Table(header, rows, right=("bytes", "of full")), *left_out]


def _payload_row(payloads: Payloads, payload: Payload) -> tuple[str, ...]:
    entry = payload.entry
    percent = f"{payloads.percent(payload):.1f}%"
    return (entry.kind, payload.origin or "-", f"{entry.length:,}", percent)


def _steps(prepared: PreparedRelease) -> list[str]:
    """Return by which releases older boards go, the oldest first."""
    if not prepared.stones:
        return []
    versions = [stone.version for stone in reversed(prepared.stones)]
    return [f"older boards take {', then '.join(versions)} first"]


def _proved(prepared: PreparedRelease) -> list[str]:
    return prepared.proof.lines if prepared.proof else []


def _data(prepared: PreparedRelease) -> dict[str, object]:
    stones = [stone.version for stone in prepared.stones]
    manifest = prepared.manifest.to_fields()
    payloads = prepared.payloads
    return {
        "new": prepared.is_new,
        "manifest": manifest,
        "stones": stones,
        "proof": prepared.proof.to_dict() if prepared.proof else None,
        "payloads": [_payload_data(payloads, one) for one in payloads.published],
        "left_out": [_payload_data(payloads, one) for one in payloads.left_out],
    }


def _payload_data(payloads: Payloads, payload: Payload) -> dict[str, object]:
    return {
        "kind": payload.entry.kind,
        "from": payload.origin or None,
        "length": payload.entry.length,
        "percent_of_full": round(payloads.percent(payload), 1),
    }
