"""Verify what one version of targets names: release manifests, and the pins that boards go by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tuf.api.metadata import TargetFile, Targets

from publisher.errors import VerificationError
from publisher.layout import PINS, hashed_path, parse_offer, pins_path, stone_name
from publisher.manifest import Manifest
from publisher.pins.sets import PinSets
from publisher.stones import as_stone
from publisher.verification.metadata import note_form
from publisher.verification.walk import WARNING, Walk, verifying
from publisher.versions import Version


@dataclass(frozen=True)
class Offer:
    """A release manifest, and whether it is that of a stepping stone (manifests/repository.md)."""

    manifest: Manifest
    is_stone: bool = False


# What came of targets that were verified already, by name, length and SHA-256.
Known = dict[tuple[str, int, str], Offer | None]


def verify_targets(walk: Walk, targets: Targets, known: Known) -> Iterator[Offer]:
    """Verify each target, and yield the offers among them; what is wrong becomes a finding.

    Args:
        known: grows; what stands in it is not read again, as most versions name the same.
    """
    namer = f"{targets.version}.targets.json"
    for name, target in sorted(targets.targets.items()):
        which = (name, target.length, target.hashes["sha256"])  # metadata_rules.py: there is one
        if which not in known:
            known[which] = None
            with walk.noting():
                known[which] = _verify_target(walk, namer, name, target)
        offer = known[which]
        if offer is not None:
            yield offer


def _verify_target(walk: Walk, namer: str, name: str, target: TargetFile) -> Offer | None:
    if name != PINS:
        return _verify_manifest(walk, namer, name, target)
    _verify_pins(walk, namer, target)
    return None


def _verify_pins(walk: Walk, namer: str, target: TargetFile) -> None:
    path = pins_path(target.hashes["sha256"])
    data = walk.read(path)
    with verifying(path):
        target.verify_length_and_hashes(data)
        pins = PinSets.from_bytes(data)
        if pins.product != walk.product:
            raise VerificationError(f"it is for {pins.product}")
    what = f"set {pins.newest.serial} of {len(pins.sets)}"
    _trust(walk, path, data, f"{what}: length and SHA-256 are in {namer}, as {PINS}")


def _verify_manifest(walk: Walk, namer: str, name: str, target: TargetFile) -> Offer:
    with verifying(f"targets/{name}"):
        channel, board, version = parse_offer(name)
        path = hashed_path(name, target.hashes["sha256"])
    data = walk.read(path)
    with verifying(path):
        target.verify_length_and_hashes(data)
        manifest = Manifest.from_bytes(data)
        _verify_place(walk, manifest, channel, board)
        _verify_min_version(manifest)
        if version is not None:
            _verify_stone(manifest, version)
    what = f"{manifest.version} for {channel}/{board}"
    _trust(walk, path, data, f"{what}: length and SHA-256 are in {namer}, as {name}")
    return Offer(manifest, version is not None)


def _verify_place(walk: Walk, manifest: Manifest, channel: str, board: str) -> None:
    whom = (manifest.product, manifest.channel, manifest.board)
    if whom != (walk.product, channel, board):
        raise VerificationError(f"it is for {'/'.join(whom)}")
    if manifest.version in manifest.withdrawn:
        raise VerificationError(f"it withdraws {manifest.version}, which is its own version")


def _verify_stone(manifest: Manifest, version: str) -> None:
    """Older boards are sent here: what keeps one of them waiting strands it."""
    if manifest.version != version:
        raise VerificationError(f"it is version {manifest.version}, in place of {version}")
    if manifest != as_stone(manifest):
        raise VerificationError("boards need it first, but it is not for all of them")


def _trust(walk: Walk, path: str, data: bytes, reason: str) -> None:
    if not walk.trusts(path):  # later targets go on naming it
        walk.trust(path, data, reason)
        note_form(walk, path, data)


def _verify_min_version(manifest: Manifest) -> None:
    oldest = manifest.min_version
    if oldest is not None and Version.parse(oldest) >= Version.parse(manifest.version):
        message = f"min_version {oldest} is not older than version {manifest.version}"
        raise VerificationError(f"{message}: no board may take it directly")


def note_missing_stones(walk: Walk, offers: Sequence[Offer]) -> None:
    """Note releases for which older boards are sent where nothing is: they stay what they are."""
    manifests = [offer.manifest for offer in offers]
    there = {(one.channel, one.board, one.version) for one in manifests}
    for one in manifests:
        needed = one.min_version
        if needed is not None and (one.channel, one.board, needed) not in there:
            path = f"targets/{stone_name(one.channel, one.board, needed)}"
            walk.note(
                WARNING, path, f"it is missing: boards below {needed} never get to {one.version}"
            )
