"""Keys that stand for each kind of path in the bucket (manifests/repository.md)."""

from __future__ import annotations

from publisher.infra.rules.policies import OURS

_SHA256 = "d7" * 32

ROOT = f"{OURS}/metadata/2.root.json"
TARGETS = f"{OURS}/metadata/7.targets.json"
SNAPSHOT = f"{OURS}/metadata/9.snapshot.json"
MANIFEST = f"{OURS}/targets/stable/{_SHA256}.sensor-r2.json"
STEPPING_STONE = f"{OURS}/targets/stable/sensor-r2/{_SHA256}.1.4.3.json"
PINS = f"{OURS}/targets/{_SHA256}.pins.json"
PAYLOAD = f"{OURS}/payloads/{_SHA256}.slc"
IMAGE = f"{OURS}/images/{_SHA256}.bin"
TIMESTAMP = f"{OURS}/metadata/timestamp.json"
VERSION = f"{OURS}/stable/sensor-r2/version.json"
# `slotcast init` tries both conditions on it.
PROBE = f"{OURS}/conditional-writes.probe"

IMMUTABLE = (ROOT, TARGETS, SNAPSHOT, MANIFEST, STEPPING_STONE, PINS, PAYLOAD, IMAGE)
# A channel may have the name of a folder.
POINTERS = (TIMESTAMP, VERSION, f"{OURS}/payloads/sensor-r2/version.json")
