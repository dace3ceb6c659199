"""Verify what one version of targets names: release manifests, and the pins that boards go by."""

from __future__ import annotations

from collections.abc import Iterator

from tuf.api.metadata import TargetFile, Targets

from publisher.errors import VerificationError
from publisher.layout import PINS, manifest_path, pins_path
from publisher.manifest import Manifest
from publisher.pins import PinSets
from publisher.verify_metadata import note_form
from publisher.versions import Version
from publisher.walk import Walk, verifying

# What came of targets that were verified already, by name, length and SHA-256.
Known = dict[tuple[str, int, str], Manifest | None]


def verify_targets(walk: Walk, targets: Targets, known: Known) -> Iterator[Manifest]:
    """Verify each target, and yield the release manifests among them; the rest become findings.

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
        manifest = known[which]
        if manifest is not None:
            yield manifest


def _verify_target(walk: Walk, namer: str, name: str, target: TargetFile) -> Manifest | None:
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


def _verify_manifest(walk: Walk, namer: str, name: str, target: TargetFile) -> Manifest:
    with verifying(f"targets/{name}"):
        channel, board = name.removesuffix(".json").split("/")
        path = manifest_path(channel, board, target.hashes["sha256"])
    data = walk.read(path)
    with verifying(path):
        target.verify_length_and_hashes(data)
        manifest = Manifest.from_bytes(data)
        whom = (manifest.product, manifest.channel, manifest.board)
        if whom != (walk.product, channel, board):
            raise VerificationError(f"it is for {'/'.join(whom)}")
        _verify_min_version(manifest)
    what = f"{manifest.version} for {channel}/{board}"
    _trust(walk, path, data, f"{what}: length and SHA-256 are in {namer}, as {name}")
    return manifest


def _trust(walk: Walk, path: str, data: bytes, reason: str) -> None:
    if not walk.trusts(path):  # later targets go on naming it
        walk.trust(path, data, reason)
        note_form(walk, path, data)


def _verify_min_version(manifest: Manifest) -> None:
    oldest = manifest.min_version
    if oldest is not None and Version.parse(oldest) >= Version.parse(manifest.version):
        message = f"min_version {oldest} is not older than version {manifest.version}"
        raise VerificationError(f"{message}: no board may take it directly")
