"""A path below BASE of each kind in the bucket (manifests/repository.md).

Policies and caches treat all of a kind alike: what holds for one holds for all.
"""

from __future__ import annotations

_SHA256 = "0" * 64
_OTHER_SHA256 = "fedcba987654321" * 4 + "fedc"

TIMESTAMP = "metadata/timestamp.json"
VERSION_JSON = "stable/sensor/version.json"
ROOT = "metadata/9000001.root.json"
TARGETS = "metadata/9000001.targets.json"
SNAPSHOT = "metadata/9000001.snapshot.json"
MANIFEST = f"targets/stable/{_SHA256}.sensor.json"
STEPPING_STONE = f"targets/stable/sensor/{_SHA256}.1.0.0.json"
PINS = f"targets/{_SHA256}.pins.json"
PAYLOAD = f"payloads/{_SHA256}.slc"
IMAGE = f"images/{_SHA256}.bin"

POINTERS = (TIMESTAMP, VERSION_JSON)
# What a release creates, and nothing changes.
RELEASED = (TARGETS, SNAPSHOT, MANIFEST, STEPPING_STONE, PINS, PAYLOAD, IMAGE)
# Paths again, with other numbers, digests and boards: what spares some of a kind is seen.
_OTHER_FILES = (f"payloads/{_OTHER_SHA256}.slc", f"images/{_OTHER_SHA256}.bin")
_OTHERS = (
    *("metadata/1.root.json", "metadata/42.targets.json", "metadata/613.snapshot.json"),
    f"targets/beta/{_OTHER_SHA256}.gateway-r2.json",
    *_OTHER_FILES,
)
# Boards fetch these by a digest that is signed; `slotcast gc` removes what no release names.
FILES = (PAYLOAD, IMAGE, *_OTHER_FILES)
IMMUTABLE = (ROOT, *RELEASED, *_OTHERS)
