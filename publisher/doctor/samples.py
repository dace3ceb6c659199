"""Which paths the checks ask for: a file for all of its kind, and some that are never there."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from publisher.doctor.site import TIMESTAMP, Site
from publisher.errors import StoreError, VerificationError
from publisher.layout import hashed_path, image_path, metadata_path, payload_path, root_path

# Nothing is ever published there: no payload has this digest.
NO_PAYLOAD = payload_path("0" * 64)
# A version that no root will have.
_NEVER = 999_999_999


def pointers(site: Site) -> Iterable[str]:
    """Yield the paths of the files that are replaced."""
    yield TIMESTAMP
    for name in site.offered:
        yield f"{name.removesuffix('.json')}/version.json"


def immutable_files(site: Site) -> dict[str, str]:
    """Return the path of one published file of each kind that never changes, by the kind."""
    try:
        repository = site.repository
    except (StoreError, VerificationError):
        return {"root": root_path(1)}
    paths = {
        "root": root_path(repository.root().version),
        "snapshot": metadata_path("snapshot", repository.snapshot().version),
        "targets": metadata_path("targets", repository.targets().version),
    }
    for name, target in list(repository.offered().items())[:1]:
        paths["manifest"] = hashed_path(name, target.hashes["sha256"])
        if name in site.offered:
            paths["image"] = image_path(site.offered[name].sha256)
    if payload := smallest_payload(site):
        paths["payload"] = payload
    return paths


def smallest_payload(site: Site) -> str:
    """Return the path of the smallest payload on offer; "" where none is known."""
    manifests = site.offered.values()
    found = [(entry.length, entry.path) for one in manifests for entry in one.known_payloads]
    return min(found)[1] if found else ""


def next_root(site: Site) -> str:
    """Return the path of the root that every poll asks for; or of one that will never be."""
    with suppress(StoreError, VerificationError):
        return root_path(site.repository.root().version + 1)
    return root_path(_NEVER)
