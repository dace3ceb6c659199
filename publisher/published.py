"""The published metadata of one product, verified from the root's fingerprint down.

The order is that of the TUF client workflow (specification 1.0, section 5). Expiry is no error
here: a publisher must be able to sign anew what has expired.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from publisher.errors import VerificationError
from publisher.layout import metadata_path, root_path
from publisher.verification.metadata import T, load

Read = Callable[[str], bytes | None]

_CUT_SHORT = (
    "it is signed by keys that root {version} dropped. Where `slotcast root apply` was cut short, "
    "run it again with the proposal of root {version}: first with --dry-run, and compare the "
    "offers that it lists with what was released last. Otherwise somebody who has those keys put "
    "it there: then name the targets to be offered, --targets N"
)

# Whoever knows the fingerprint has founded the product: there was a store that had this file.
_NO_ROOT = (
    "is this the right store? If what was in it was deleted, or the bucket itself: "
    'docs/operator.md, "When something is gone"'
)
_COMPARE = (
    "compare root_sha256 in slotcast.toml with the fingerprint that `slotcast init` printed, and "
    "boards were given; if that is right, what is there is another product's, or somebody's"
)
_BROKEN = "put the last good one back (the store's versions of the object, or a copy of it)"


def read_published(read: Read, root_sha256: str) -> dict[str, bytes]:
    """Read and verify a product's metadata; return the bytes of each role's newest file.

    Args:
        read: returns the bytes at a path below BASE, or None where there is nothing.
        root_sha256: hex SHA-256 of metadata/1.root.json, where all trust begins.

    Raises:
        VerificationError: something is missing, or does not verify.
    """
    roots = read_roots(read, root_sha256)
    root = Metadata[Root].from_bytes(roots[-1]).signed
    try:
        return {"root": roots[-1], **read_online(read, root)}
    except VerificationError as error:
        raise VerificationError(str(error), error.hint or _rotation_hint(read, roots)) from error


def read_online(read: Read, root: Root) -> dict[str, bytes]:
    """Return the bytes of timestamp, snapshot and targets, verified by the keys that `root` lists.

    Raises:
        VerificationError: something is missing, or does not verify.
    """
    path = metadata_path("timestamp", 0)
    timestamp_data = _read(read, path)
    timestamp = verify_role(Timestamp, root, path, timestamp_data)
    snapshot_data = read_named(read, Snapshot, root, timestamp.snapshot_meta)
    snapshot = Metadata[Snapshot].from_bytes(snapshot_data).signed
    if "targets.json" not in snapshot.meta:
        raise VerificationError("the snapshot names no targets.json")
    targets_data = read_named(read, Targets, root, snapshot.meta["targets.json"])
    return {"timestamp": timestamp_data, "snapshot": snapshot_data, "targets": targets_data}


def read_roots(read: Read, root_sha256: str) -> list[bytes]:
    """Follow root from version 1 to the newest (5.3 of the workflow); return the bytes of each.

    Raises:
        VerificationError: the first is missing or another one, or one does not verify.
    """
    path = root_path(1)
    data = _read(read, path, _NO_ROOT)
    if hashlib.sha256(data).hexdigest() != root_sha256:
        raise VerificationError(f"{path} is not the root of fingerprint {root_sha256}", _COMPARE)
    with _naming(path):
        root = Metadata[Root].from_bytes(data).signed
    verify_role(Root, root, path, data)
    files = [data]
    while True:
        path = root_path(root.version + 1)
        newer = read(path)
        if newer is None:
            return files
        verify_role(Root, root, path, newer)
        root = verify_role(
            Root, Metadata[Root].from_bytes(newer).signed, path, newer, root.version + 1
        )
        files.append(newer)


def _rotation_hint(read: Read, roots: list[bytes]) -> str:
    """Say what to do where all is signed by the keys of the root before the newest."""
    for data in roots[-2:-1]:
        with suppress(VerificationError):
            read_online(read, Metadata[Root].from_bytes(data).signed)
            return _CUT_SHORT.format(version=len(roots))
    return ""


def read_named(read: Read, kind: type[T], root: Root, meta: MetaFile) -> bytes:
    """Read the one version of a role that the role before it names: 5.5 and 5.6 of the workflow.

    Raises:
        VerificationError: it is missing, or does not verify.
    """
    path = metadata_path(kind.type, meta.version)
    data = _read(read, path)
    with _naming(path):
        meta.verify_length_and_hashes(data)
    verify_role(kind, root, path, data, meta.version)
    return data


def verify_role(kind: type[T], root: Root, path: str, data: bytes, version: int | None = None) -> T:
    """Return the role in a file's bytes, verified against the keys that `root` lists for it.

    Raises:
        VerificationError: it does not verify, or boards refuse it for its form.
    """
    with _naming(path):
        metadata = load(kind, data, version)
        root.verify_delegate(kind.type, metadata.signed_bytes, metadata.signatures)
        return metadata.signed


def find_signed(
    kind: type[T], roots: Iterable[Root], path: str, data: bytes, version: int | None = None
) -> T | None:
    """Return the role in a file's bytes if the keys of any of the roots have signed it."""
    for root in roots:
        with suppress(VerificationError):
            return verify_role(kind, root, path, data, version)
    return None


def _read(read: Read, path: str, hint: str = "") -> bytes:
    data = read(path)
    if data is None:
        raise VerificationError(f"{path} is missing", hint)
    return data


@contextmanager
def _naming(path: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # hostile bytes bring out anything in what takes them apart
        hint = error.hint if isinstance(error, VerificationError) else ""
        if isinstance(error, ValueError | DeserializationError):  # nobody has signed that
            hint = _BROKEN
        raise VerificationError(f"{path} does not verify: {error}", hint) from error
