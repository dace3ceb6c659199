"""Taking a release back: boards that run it go to another, and no other board ever takes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from publisher.cautions import ask_channel
from publisher.errors import SettingsError
from publisher.manifest import Manifest
from publisher.offers import (
    Offer,
    naming,
    next_release,
    present_offer,
    read_version,
    rollout_of,
    withdrawn_with,
)
from publisher.publish import View
from publisher.repository import Repository
from publisher.rollout_words import words
from publisher.stones import History


def prepare_withdrawals(
    repository: Repository,
    view: View,
    channel: str,
    board: str | None,
    version: str,
    to: str | None,
) -> list[Offer]:
    """Return what is offered once a version is withdrawn; see `prepare_withdrawal`.

    Args:
        board: a kind of board; None for all that were offered the version on this channel. Of
            these, boards that are offered a higher one by now go to that, whatever `to` says; but
            `to` has to be of use to one of them.

    Raises:
        SettingsError, StoreError, VerificationError: one of them cannot be withdrawn.
    """
    if board is not None:
        return [prepare_withdrawal(repository, view, channel, board, version, to)]
    boards = [
        one
        for one in repository.boards(channel)
        if version in History(repository, view, channel, one).versions()
    ]
    if not boards:
        read_version(version)
        message = f"version {version} was never released on {channel}"
        raise SettingsError(message, ask_channel(repository, channel))
    past = {one for one in boards if _is_past(repository, channel, one, version)}
    ways = {one: to if len(past) == len(boards) or one not in past else None for one in boards}
    return [
        prepare_withdrawal(repository, view, channel, one, version, way)
        for one, way in ways.items()
    ]


def _is_past(repository: Repository, channel: str, board: str, version: str) -> bool:
    present = present_offer(repository, channel, board).manifest
    return read_version(present.version) > read_version(version)


def prepare_withdrawal(
    repository: Repository, view: View, channel: str, board: str, version: str, to: str | None
) -> Offer:
    """Return what is offered once a version is withdrawn.

    Args:
        to: the version that boards go to instead, offered to all of them; may be None where
            something else than `version` is offered now: then that is it.

    Raises:
        SettingsError: there is nothing to withdraw, or boards could not go to the other version.
        StoreError, VerificationError: the other version is not whole in the store.
    """
    read_version(version)
    with naming(f"{channel}/{board}"):
        return _withdrawal(repository, view, channel, board, version, to)


def _withdrawal(
    repository: Repository, view: View, channel: str, board: str, version: str, to: str | None
) -> Offer:
    offer = present_offer(repository, channel, board)
    present, where = offer.manifest, offer.where
    history = History(repository, view, channel, board)
    offered = history.versions()
    if version not in offered:
        message = f"version {version} was never released on {where}"
        raise SettingsError(message, ask_channel(repository, channel))
    if version == present.version:
        return _back(present, history, offered, to, repository.now)
    if to not in (None, present.version):
        message = f"boards on {where} go to {present.version}, which is offered, and not to {to}"
        hint = f"leave --to out; or `slotcast withdraw {present.version} --to {to}`"
        raise SettingsError(message, hint)
    return _beside(offer, version, repository.now)


def _back(
    present: Manifest, history: History, offered: set[str], to: str | None, now: datetime
) -> Offer:
    """Offer an older version again, as the next release, to all boards."""
    if to is None:
        message = f"{present.version} is what is offered: where shall boards go that run it?"
        raise SettingsError(message, _older(present, offered))
    if read_version(to) >= read_version(present.version):
        message = f"{to} is not older than {present.version}"
        raise SettingsError(message, _older(present, offered))
    other = history.release(to)
    _verify_may_replace(other, present)
    release = next_release(present)
    manifest = replace(
        other,
        release=release,
        mandatory=present.mandatory,
        paused=False,
        retry_failed=False,
        rollout=rollout_of(present.channel, present.board, release),
        withdrawn=withdrawn_with(to, present, [present.version]),
    )
    stones = history.chain(other.min_version)
    warnings = (*_cautions(other, now), *_left(manifest, offered), *history.warnings)
    return Offer(present, manifest, stones, warnings)


def _older(present: Manifest, offered: set[str]) -> str:
    """Say which versions boards may go to instead."""
    lower = (one for one in offered if read_version(one) < read_version(present.version))
    named = ", ".join(sorted(set(lower) - set(present.withdrawn), key=read_version))
    mend = f"release one above {present.version}, and withdraw that then"
    return f"--to takes an older version: {named}; or {mend}" if named else mend


def _cautions(other: Manifest, now: datetime) -> list[str]:
    if other.is_for_all_at(now):
        return []
    return [f"{other.version} was paused, or not for all boards, when it was offered; it is now"]


def _left(manifest: Manifest, offered: set[str]) -> list[str]:
    """Return a warning of releases in between, which boards would not leave for an older one."""
    above = {one for one in offered if read_version(one) > read_version(manifest.version)}
    left = sorted(above - set(manifest.withdrawn), key=read_version)
    if not left:
        return []
    return [f"boards that run {', '.join(left)} keep it: withdraw that too, if they are not to"]


def _verify_may_replace(other: Manifest, present: Manifest) -> None:
    if other.security_version < present.security_version:
        raise SettingsError(
            f"{other.version} has security_version {other.security_version}: boards that "
            f"confirmed {present.version} have {present.security_version}, and nothing lowers it",
            f"release a version that mends {present.version} instead",
        )


def _beside(offer: Offer, version: str, now: datetime) -> Offer:
    """Withdraw what is not offered any more: boards leave it, and nothing brings it back."""
    present = offer.manifest
    if version in [stone.version for stone in offer.stones]:
        raise SettingsError(
            f"boards that are far behind take {version} first, on their way to {present.version}",
            f"release a version with another --min-version, and withdraw {version} then",
        )
    withdrawn = withdrawn_with(present.version, present, [version])
    manifest = replace(present, withdrawn=withdrawn)
    return replace(offer, manifest=manifest, warnings=_waiting(present, now))


def _waiting(manifest: Manifest, now: datetime) -> tuple[str, ...]:
    """Say which boards have to wait for what takes the place of a withdrawn version."""
    if manifest.paused:
        return (f"{manifest.version} is paused: boards that run what is withdrawn wait too",)
    if not manifest.is_for_all_at(now):
        whom = words(manifest, " of boards", now)
        return (f"{manifest.version} goes to {whom}: other boards keep what is withdrawn",)
    return ()
