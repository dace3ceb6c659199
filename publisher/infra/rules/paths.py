"""Keys that stand for each kind of path in the buckets, of the product that rules ask about."""

from __future__ import annotations

from publisher.infra import sample_paths
from publisher.infra.policies import OURS
from publisher.stores.probe import PROBE as _PROBE

ROOT = f"{OURS}/{sample_paths.ROOT}"
SNAPSHOT = f"{OURS}/{sample_paths.SNAPSHOT}"
TIMESTAMP = f"{OURS}/{sample_paths.TIMESTAMP}"
VERSION_JSON = f"{OURS}/{sample_paths.VERSION_JSON}"
# `slotcast init` tries both conditions on it.
PROBE = f"{OURS}/{_PROBE}"

FILES = tuple(f"{OURS}/{path}" for path in sample_paths.FILES)
RELEASED = tuple(f"{OURS}/{path}" for path in sample_paths.RELEASED)
IMMUTABLE = tuple(f"{OURS}/{path}" for path in sample_paths.IMMUTABLE)
# A channel may have the name of a folder.
POINTERS = (TIMESTAMP, VERSION_JSON, f"{OURS}/payloads/sensor/version.json")
# In the bucket of the logs.
LOG_FOLDER = "edge"
