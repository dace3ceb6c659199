"""What a release engineer decides: to offer an image to a board on a channel.

`prepare_release` checks and builds everything and returns the plan; it writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from publisher.cautions import channel_cautions, with_image_cautions, with_stage_cautions
from publisher.encoding import Encode
from publisher.errors import ImageError, SettingsError
from publisher.fleet import Fleet, Proof
from publisher.image import Image, read_image, verify_fits
from publisher.layout import image_path
from publisher.manifest import Manifest
from publisher.offers import (
    Offer,
    dropped_steps,
    kept_share,
    next_release,
    plan_offers,
    read_offer,
    read_version,
    rollout_of,
    towards,
    verify_follows,
    withdrawn_with,
)
from publisher.origins import Origins
from publisher.payloads import Payloads, memory_warnings, prepare_payloads
from publisher.plan import File, Kind, Plan
from publisher.progress import Progress
from publisher.publish import View
from publisher.repository import Repository
from publisher.rollout import Share
from publisher.settings import BoardSettings, Settings, verify_name
from publisher.stones import History
from publisher.versions import parse_loosely

# Paths below BASE that are not channels.
_RESERVED = ("metadata", "targets", "payloads", "images")


@dataclass(frozen=True)
class ReleaseRequest:
    """What the release engineer asks for; `data` is the firmware file called `name`.

    `share` says who may take it; it counts for a new release, and not for one that stands already.
    `bases` are firmware files, by name, that boards may run and that deltas are wanted from.
    `withdrawn_image` allows an image that was withdrawn there under another version.
    """

    data: bytes
    name: str
    version: str
    channel: str
    board: str
    notes: str = ""
    mandatory: bool = False
    min_version: str | None = None
    retry_failed: bool = False
    share: Share = field(default_factory=Share)
    bases: Mapping[str, bytes] = field(default_factory=dict)
    withdrawn_image: bool = False


@dataclass(frozen=True)
class PreparedRelease:
    """A release that is ready: its manifest, image and payloads, and the writes.

    `stones` are the releases that older boards take first, the newest first; `is_new` is false if
    this very release is published already, and at most what was lost is to do. `proof` tells how
    boards get to it; None if it is published already.
    """

    manifest: Manifest
    image: Image
    payloads: Payloads
    plan: Plan
    warnings: tuple[str, ...]
    stones: tuple[Manifest, ...]
    is_new: bool
    proof: Proof | None


def prepare_release(
    settings: Settings,
    repository: Repository,
    view: View,
    request: ReleaseRequest,
    progress: Progress,
    encode: Encode | None = None,
) -> PreparedRelease:
    """Check a release against the board and what is published, and build all of its files.

    Args:
        settings: the board and how payloads are cut.
        repository: the product's roles, opened from `view`; edited by this.
        view: what is published now.
        request: the release.
        progress: told of the encoding.
        encode: does the encoding in place of `encode_all`.

    Raises:
        ImageError: the file, or one to start a delta from, is no image that the board can take.
        PayloadError: a payload cannot be encoded.
        SettingsError: the version, or another part of the request, cannot be released.
        StrandingError: supported boards would not get to it.
        StoreError, VerificationError: a release that older boards take first is not whole.
    """
    board = settings.board(request.board)
    _verify_request(request)
    image = read_image(request.data, request.name)
    verify_fits(image, board.chip, board.slot_size)
    warnings = _cross_check(image, request, board)
    warnings += channel_cautions(repository, request.channel)
    previous = read_offer(repository, request.channel, request.board)
    manifest = _build_manifest(settings, request, image, previous, repository.now)
    if previous:
        manifest = _following(manifest, previous)
        warnings += dropped_steps(manifest, previous)
    history = History(repository, view, request.channel, request.board)
    stones = tuple(towards(manifest, stone) for stone in history.chain(manifest.min_version))
    fleet = Fleet(settings, repository, view)
    offer = Offer(previous, manifest, stones)
    offers = with_image_cautions(fleet, [offer], request.withdrawn_image)
    [offer] = with_stage_cautions(fleet, offers)
    proof = next(iter(fleet.prove([offer])), None)
    origins = Origins(image, _bases(request), history.offers, view.read)
    if not manifest.payloads:
        repository.unlock()
    # Last of all that may be refused, as encoding takes its time.
    told = partial(progress, "encode")
    payloads = prepare_payloads(settings, manifest, image, origins, view.read, told, encode)
    if not manifest.payloads:
        offer = replace(offer, manifest=replace(manifest, payloads=payloads.entries))
    plan = plan_offers(fleet, [offer], _image_files(image, payloads))
    warnings += () if offer.is_new else kept_share(manifest, request.share)
    warnings += memory_warnings(payloads.full, previous, view.read)
    warnings += (*offer.warnings, *history.warnings, *origins.warnings, *repository.warnings)
    warnings += proof.warnings if proof else ()
    manifest, is_new = offer.manifest, offer.is_new
    return PreparedRelease(manifest, image, payloads, plan, warnings, stones, is_new, proof)


def verify_channel(name: str) -> None:
    """Raise SettingsError for what cannot be a channel's name."""
    verify_name("channel", name)
    if name in _RESERVED:
        raise SettingsError(f'a channel cannot be called "{name}"')


def _verify_request(request: ReleaseRequest) -> None:
    verify_channel(request.channel)
    version = read_version(request.version)
    if request.min_version is not None and read_version(request.min_version) >= version:
        raise SettingsError(f"--min-version {request.min_version} is not older than {version}")


def _cross_check(image: Image, request: ReleaseRequest, board: BoardSettings) -> tuple[str, ...]:
    """Compare what the app descriptor says, where it says anything; return warnings."""
    if image.secure_version not in (0, board.security_version):
        raise ImageError(
            f"{request.name} has secure_version {image.secure_version}, "
            f"but board {request.board} has security_version {board.security_version}",
            "one of the two is out of date: the build, or slotcast.toml",
        )
    if not image.version:
        return ()
    inside = parse_loosely(image.version)
    if inside is None:
        return (f'{request.name} calls itself "{image.version}", which is no X.Y.Z: not compared',)
    if inside != read_version(request.version):
        message = f"{request.name} says that it is version {inside}, not {request.version}"
        raise ImageError(message, "release it under its own version, or build it with the other")
    return ()


def _bases(request: ReleaseRequest) -> dict[str, Image]:
    return {name: read_image(data, name) for name, data in request.bases.items()}


def _build_manifest(
    settings: Settings,
    request: ReleaseRequest,
    image: Image,
    previous: Manifest | None,
    now: datetime,
) -> Manifest:
    """Return the manifest, as yet without payloads."""
    board = settings.board(request.board)
    release = next_release(previous)
    rollout = rollout_of(request.channel, request.board, release)
    return Manifest(
        version=request.version,
        release=release,
        product=settings.product,
        channel=request.channel,
        board=request.board,
        chip=board.chip,
        size=image.size,
        sha256=image.sha256,
        md5=image.md5,
        image_digest=image.image_digest,
        security_version=board.security_version,
        min_version=request.min_version,
        mandatory=request.mandatory,
        paused=False,
        rollout=rollout.with_share(request.share, now),
        confirm_within_s=board.confirm_within_s,
        url=settings.base_url + image_path(image.sha256),
        payloads=(),
        notes=request.notes,
        retry_failed=request.retry_failed,
        withdrawn=withdrawn_with(request.version, previous),
    )


def _following(manifest: Manifest, previous: Manifest) -> Manifest:
    """Return what is offered after `previous`: that itself where this very release is published.

    What a run that was cut short, or an accident since, has left out is then completed.
    """
    if manifest.version == previous.version:
        return _same(manifest, previous)
    verify_follows(manifest, previous)
    return manifest


def _same(manifest: Manifest, previous: Manifest) -> Manifest:
    """Return what is published already, if it is what was asked for: a run was cut short.

    Payloads are not compared: they follow from the image, and from what was there before it. Nor is
    who may take it: a ramp began with the first run.
    """
    wanted = replace(
        manifest,
        release=previous.release,
        rollout=previous.rollout,
        paused=previous.paused,
        payloads=previous.payloads,
        unrecognized=previous.unrecognized,
    )
    if wanted != previous:
        where = f"{manifest.channel}/{manifest.board}"
        message = f"version {manifest.version} is already released on {where} with other content"
        raise SettingsError(message, f"a release needs a version above {previous.version}")
    return previous


def _image_files(image: Image, payloads: Payloads) -> list[File]:
    files = [payload.file for payload in payloads.published]
    return [*files, File(Kind.IMAGE, image_path(image.sha256), image.data)]
