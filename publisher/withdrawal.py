"""Taking a release back: boards that run it go to another, and no other board ever takes it."""

from __future__ import annotations

from dataclasses import replace

from publisher.errors import SettingsError
from publisher.manifest import BUCKETS, Manifest
from publisher.offers import Offer, change_offer, next_release, read_offer, rollout_of
from publisher.publish import View
from publisher.repository import Repository
from publisher.stones import History
from publisher.versions import Version

_MAX_WITHDRAWN = 16  # manifests/manifest.schema.json


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
    present = read_offer(repository, channel, board)
    where = f"{channel}/{board}"
    if present is None:
        raise SettingsError(f"nothing is offered on {where}", "`slotcast status` tells")
    history = History(repository, view, channel, board)
    gone = _released(history, version, where)
    if version == present.version:
        return _back(present, gone, history, to)
    if to not in (None, present.version):
        message = f"boards on {where} go to {present.version}, which is offered, and not to {to}"
        raise SettingsError(message, "leave --to out")
    return _beside(repository, present, version)


def _released(history: History, version: str, where: str) -> Manifest:
    for manifest in history.offers():
        if manifest.version == version:
            return manifest
    raise SettingsError(f"version {version} was never released on {where}")


def _back(present: Manifest, gone: Manifest, history: History, to: str | None) -> Offer:
    """Offer an older version again, as the next release, to all boards."""
    if to is None:
        message = f"{gone.version} is what is offered: where shall boards go that run it?"
        raise SettingsError(message, "--to VERSION")
    if Version.parse(to) >= Version.parse(gone.version):
        raise SettingsError(
            f"{to} is not older than {gone.version}",
            f"release {to}, and withdraw {gone.version} then",
        )
    other, *stones = history.chain(to)
    _verify_may_replace(other, present)
    release = next_release(present)
    manifest = replace(
        other,
        release=release,
        mandatory=present.mandatory,
        retry_failed=False,
        rollout=rollout_of(present.channel, present.board, release),
        withdrawn=_withdrawn(present, gone.version, to),
    )
    return Offer(present, manifest, tuple(stones))


def _verify_may_replace(other: Manifest, present: Manifest) -> None:
    if other.security_version < present.security_version:
        raise SettingsError(
            f"{other.version} has security_version {other.security_version}: boards that "
            f"confirmed {present.version} have {present.security_version}, and nothing lowers it",
            f"release a version that mends {present.version} instead",
        )


def _withdrawn(present: Manifest, version: str, offered: str) -> tuple[str, ...]:
    """Return all withdrawn versions that boards may run and leave for an older one."""
    gone = dict.fromkeys((*present.withdrawn, version))
    kept = tuple(one for one in gone if Version.parse(one) > Version.parse(offered))
    if len(kept) > _MAX_WITHDRAWN:
        message = f"more than {_MAX_WITHDRAWN} versions would be withdrawn at once"
        raise SettingsError(message, "release a version above them")
    return kept


def _beside(repository: Repository, present: Manifest, version: str) -> Offer:
    """Withdraw what is not offered any more; only a stone could still bring it to a board."""
    if Version.parse(version) > Version.parse(present.version):
        return change_offer(
            repository,
            present.channel,
            present.board,
            lambda before: replace(before, withdrawn=_withdrawn(before, version, before.version)),
        )
    if version in repository.read_stones(present.channel, present.board):
        raise SettingsError(
            f"boards that are far behind take {version} first, on their way to {present.version}",
            f"release a version with another --min-version, and withdraw {version} then",
        )
    raise SettingsError(
        f"{version} is older than {present.version}, which is offered: no board takes it any "
        "more, and those that run it go on by themselves"
    )


def waiting(manifest: Manifest) -> str:
    """Say which boards have to wait for what takes the place of a withdrawn version; or ""."""
    if manifest.paused:
        return f"{manifest.version} is paused: boards that run what is withdrawn wait too"
    if manifest.rollout.basis_points < BUCKETS:
        percent = f"{manifest.rollout.basis_points / 100:g} %"
        return f"{manifest.version} goes to {percent}: other boards keep what is withdrawn"
    return ""
