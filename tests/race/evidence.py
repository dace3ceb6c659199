"""What a race leaves in a versioned bucket: every content that every name ever had, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tuf.api.metadata import Metadata

from publisher.errors import PublisherError
from publisher.layout import hashed_path, image_path, metadata_path
from publisher.manifest import Manifest
from publisher.published import read_published

TIMESTAMP = metadata_path("timestamp", 0)


@dataclass(frozen=True)
class Evidence:
    """All that was ever written of one product.

    Attributes:
        contents: by path below BASE, the oldest first.
        root_sha256: where all trust begins.
    """

    contents: Mapping[str, Sequence[bytes]]
    root_sha256: str

    def read(self, path: str) -> bytes | None:
        """Return what a path held first, which for all but two kinds of files is for ever."""
        return next(iter(self.contents.get(path, ())), None)


@dataclass(frozen=True)
class State:
    """What one timestamp makes visible.

    Attributes:
        version, sha256: the timestamp's.
        written: versions of timestamp, snapshot and targets.
        offers: manifests by target name; what is named and missing, or wrong, is left out.
        faults: what is missing, or does not verify.
    """

    version: int
    sha256: str
    written: Mapping[str, int]
    offers: Mapping[str, Manifest]
    faults: tuple[str, ...] = ()


def collect(client: Any, bucket: str, product: str, root_sha256: str) -> Evidence:
    """Read all versions of all objects of a product."""
    contents: dict[str, list[bytes]] = {}
    pages = client.get_paginator("list_object_versions")
    for page in pages.paginate(Bucket=bucket, Prefix=f"{product}/"):
        for one in page.get("Versions", []):  # of each key the newest first
            where = {"Bucket": bucket, "Key": one["Key"], "VersionId": one["VersionId"]}
            data = client.get_object(**where)["Body"].read()
            contents.setdefault(one["Key"].removeprefix(f"{product}/"), []).insert(0, data)
    return Evidence(contents, root_sha256)


def read_states(evidence: Evidence) -> list[State]:
    """Return what readers could see, one timestamp after the other, as they were written."""
    return [_state(evidence, data) for data in evidence.contents.get(TIMESTAMP, ())]


def _state(evidence: Evidence, timestamp: bytes) -> State:
    version = Metadata.from_bytes(timestamp).signed.version
    digest = sha256(timestamp).hexdigest()

    def read(path: str) -> bytes | None:
        return timestamp if path == TIMESTAMP else evidence.read(path)

    try:
        files = read_published(read, evidence.root_sha256)
    except PublisherError as error:
        return State(version, digest, {}, {}, (str(error),))
    roles = {role: Metadata.from_bytes(files[role]).signed for role in files if role != "root"}
    written = {role: signed.version for role, signed in roles.items()}
    offers, faults = {}, []
    for name, target in roles["targets"].targets.items():
        path = hashed_path(name, target.hashes["sha256"])
        data = evidence.read(path)
        if data is None or sha256(data).hexdigest() != target.hashes["sha256"]:
            faults.append(f"{path} is missing")
            continue
        offers[name] = Manifest.from_bytes(data)
        faults += _firmware_faults(evidence, offers[name])
    return State(version, digest, written, offers, tuple(faults))


def _firmware_faults(evidence: Evidence, manifest: Manifest) -> Iterator[str]:
    wanted = {image_path(manifest.sha256): manifest.sha256}
    wanted |= {entry.path: entry.sha256 for entry in manifest.known_payloads}
    for path, digest in wanted.items():
        data = evidence.read(path)
        if data is None:
            yield f"{path} is missing"
        elif sha256(data).hexdigest() != digest:
            yield f"{path} is not what its manifest says"
