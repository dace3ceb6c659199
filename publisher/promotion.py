"""Promotion: what a channel has released is released on another, the same bytes, never rebuilt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from publisher.cautions import ask_channel
from publisher.errors import SettingsError
from publisher.layout import image_path
from publisher.manifest import Manifest
from publisher.offers import (
    Offer,
    dropped_steps,
    kept_share,
    naming,
    next_release,
    present_offer,
    read_offer,
    read_version,
    rollout_of,
    towards,
    verify_follows,
    withdrawn_with,
)
from publisher.publish import View
from publisher.release import verify_channel
from publisher.repository import Repository
from publisher.rollout import Share
from publisher.settings import Settings
from publisher.stones import History


def prepare_promotion(
    settings: Settings,
    repository: Repository,
    view: View,
    version: str,
    channels: tuple[str, str],
    boards: Sequence[str] = (),
    share: Share | None = None,
) -> list[Offer]:
    """Return what is offered on the second channel after it.

    Args:
        channels: from which, and to which.
        boards: the kinds of boards; all that have the version on the first channel if none.
        share: who may take it; all boards if None.

    Raises:
        SettingsError: the version was not released there, or cannot be released here.
        StoreError, VerificationError: it is not whole in the store.
    """
    source, to = channels
    read_version(version)
    verify_channel(to)
    if source == to:
        raise SettingsError(f"{source} is the channel that it comes from")
    for board in boards:
        settings.board(board)
    offers = []
    for manifest in _released(repository, view, version, source, boards or tuple(settings.boards)):
        with naming(f"{to}/{manifest.board}"):
            offers.append(_promoted(settings, repository, view, manifest, to, share or Share()))
    missing = sorted(set(boards) - {offer.manifest.board for offer in offers})
    if missing or not offers:
        where = "/".join([source, *missing[:1]])
        message = f"{version} was never released on {where}"
        raise SettingsError(message, ask_channel(repository, source))
    return offers


def _released(
    repository: Repository, view: View, version: str, channel: str, boards: Sequence[str]
) -> Iterator[Manifest]:
    for board in boards:
        history = History(repository, view, channel, board)
        if any(one.version == version for one in history.offers()):
            with naming(f"{channel}/{board}"):
                found = history.release(version)
            yield found


def _promoted(
    settings: Settings,
    repository: Repository,
    view: View,
    manifest: Manifest,
    channel: str,
    share: Share,
) -> Offer:
    board = manifest.board
    _verify_may_leave(manifest, settings)
    previous = read_offer(repository, channel, board)
    release = next_release(previous)
    promoted = replace(
        manifest,
        channel=channel,
        release=release,
        retry_failed=False,
        rollout=rollout_of(channel, board, release).with_share(share, repository.now),
        url=settings.base_url + image_path(manifest.sha256),
        withdrawn=withdrawn_with(manifest.version, previous),
    )
    if previous is not None and previous.version == manifest.version:
        return _there(repository, promoted, previous, share)
    if previous is not None:
        verify_follows(promoted, previous)
    history = History(repository, view, channel, board)
    stones = tuple(towards(promoted, stone) for stone in history.chain(promoted.min_version))
    warnings = (*dropped_steps(promoted, previous), *history.warnings)
    return Offer(previous, promoted, stones, warnings)


def _verify_may_leave(manifest: Manifest, settings: Settings) -> None:
    """Refuse what is held back where it comes from, or is below what slotcast.toml asks for."""
    where = f"{manifest.channel}/{manifest.board}"
    if manifest.paused:
        message = f"{manifest.version} is paused on {where}"
        raise SettingsError(message, f"`slotcast resume {where.replace('/', ' ')}` comes first")
    needed = settings.board(manifest.board).security_version
    if manifest.security_version < needed:
        raise SettingsError(
            f"{manifest.version} has security_version {manifest.security_version}, but board "
            f"{manifest.board} has {needed} in slotcast.toml"
        )


def _there(repository: Repository, promoted: Manifest, previous: Manifest, share: Share) -> Offer:
    """Return the offer that stands, of the same image: a run was cut short."""
    where = f"{previous.channel}/{previous.board}"
    if previous.image_digest != promoted.image_digest:
        message = f"{previous.version} is already released on {where}, and is another image"
        raise SettingsError(message, "release it under a version of its own")
    present = present_offer(repository, previous.channel, previous.board)
    return replace(present, warnings=kept_share(previous, share))
