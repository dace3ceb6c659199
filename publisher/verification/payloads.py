"""Verify payloads to each byte of firmware (manifests/payload.md), as release.py has it done.

A full payload decodes to the image by itself. A delta needs its base: where that is an image which
is here, it is decoded too; where not, its table must have the hashes of the image's blocks, which
is what a board holds each block against before it writes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from publisher.errors import VerificationError
from publisher.layout import image_path, payload_path
from publisher.manifest import MAX_DELTAS, DeltaEntry, Manifest, PayloadEntry
from publisher.payload import Base, Head, decode, verify_reach
from publisher.payload.full import hash_block
from publisher.verification.walk import WARNING, Walk, verifying

# Images that are kept in memory: those of a release and of the bases of its deltas.
_MOST_IMAGES = 1 + MAX_DELTAS


class Images:
    """The images that were published, by image_digest; only such as have their manifest's SHA-256.

    Args:
        walk: reads them.
        manifests: all that name one.
    """

    def __init__(self, walk: Walk, manifests: Iterable[Manifest]) -> None:
        self._walk = walk
        self._sha256 = {manifest.image_digest: manifest.sha256 for manifest in manifests}
        self._kept: dict[str, bytes] = {}

    def find(self, digest: str) -> bytes | None:
        """Return an image; None where it was never published, is gone, or is damaged."""
        sha256 = self._sha256.get(digest)
        if sha256 is None:
            return None
        if sha256 not in self._kept:
            data = self._walk.find(image_path(sha256))
            if data is None or hashlib.sha256(data).hexdigest() != sha256:
                return None
            self._keep(sha256, data)
        return self._kept[sha256]

    def _keep(self, sha256: str, data: bytes) -> None:
        if len(self._kept) == _MOST_IMAGES:
            del self._kept[next(iter(self._kept))]
        self._kept[sha256] = data


def verify_full(walk: Walk, manifest: Manifest, memory: Mapping[str, int]) -> None:
    """Verify the full payload: steps 6 and 7 of verify.py.

    Args:
        memory: bytes that boards give to a payload, by board, where that is known.

    Raises Unverified.
    """
    entry = manifest.full
    data = walk.read_firmware(entry.path)
    with verifying(entry.path):
        head = _verify_object(data, entry, manifest)
        _verify_memory(walk, head, manifest, memory)
        verify_digests(decode(data), manifest)
        if walk.current:
            verify_reach(head, data)
    blocks = f"each of its {len(head.rows)} blocks decodes to its row's hash, all to the image"
    _trust(walk, entry, data, manifest, blocks)


def verify_delta(
    walk: Walk, manifest: Manifest, entry: DeltaEntry, images: Images, memory: Mapping[str, int]
) -> None:
    """Verify a delta, as far as the images that it needs are here.

    Args:
        images: those that are.
        memory: as in `verify_full`; boards with less take the full payload.

    Raises Unverified.
    """
    data = walk.read_firmware(entry.path)
    with verifying(entry.path):
        head = _verify_object(data, entry, manifest)
        verify_equal("base_digest", head.base_digest.hex(), entry.base)
        how = _verify_blocks(data, head, manifest, entry, images)
        if walk.current:
            verify_reach(head, data)
    most = memory.get(manifest.board, head.memory)
    if walk.current and head.memory > most:
        message = f"{_needs(head, manifest, most)}: they take the full payload"
        walk.note(WARNING, entry.path, message)
    _trust(walk, entry, data, manifest, how)


def verify_digests(image: bytes, manifest: Manifest) -> None:
    """Raise VerificationError unless an image has the manifest's size and digests."""
    md5 = hashlib.md5(image, usedforsecurity=False).hexdigest()
    verify_equal("the image's size", len(image), manifest.size)
    verify_equal("the image's SHA-256", hashlib.sha256(image).hexdigest(), manifest.sha256)
    verify_equal("the image's MD5", md5, manifest.md5)
    verify_equal("the image's digest", image[-32:].hex(), manifest.image_digest)


def verify_equal(what: str, found: object, expected: object) -> None:
    """Raise VerificationError unless something is as expected."""
    if found != expected:
        raise VerificationError(f"{what} is {found}; it should be {expected}")


def offer_of(manifest: Manifest) -> str:
    """Return a release in words."""
    return f"{manifest.version} for {manifest.channel}/{manifest.board}"


def _verify_object(data: bytes, entry: PayloadEntry, manifest: Manifest) -> Head:
    """Hold a payload against its entry, and its head against the image that the manifest names."""
    verify_equal("its path", entry.path, payload_path(entry.sha256))
    verify_equal("its length", len(data), entry.length)
    verify_equal("its SHA-256", hashlib.sha256(data).hexdigest(), entry.sha256)
    head = Head.from_bytes(data)
    digest = hashlib.sha256(data[: head.length]).hexdigest()
    verify_equal("the length of its head", head.length, entry.head_length)
    verify_equal("the SHA-256 of its head", digest, entry.head_sha256)
    verify_equal("image_size", head.image_size, manifest.size)
    verify_equal("image_sha256", head.image_sha256.hex(), manifest.sha256)
    verify_equal("what its table adds up to", head.payload_length, len(data))
    return head


def _verify_memory(walk: Walk, head: Head, manifest: Manifest, memory: Mapping[str, int]) -> None:
    """No board has another payload to fall back to."""
    most = memory.get(manifest.board, head.memory)
    if walk.current and head.memory > most:
        raise VerificationError(_needs(head, manifest, most))


def _needs(head: Head, manifest: Manifest, most: int) -> str:
    return f"it needs {head.memory:,} bytes of memory, {manifest.board} boards have {most:,} for it"


def _verify_blocks(
    data: bytes, head: Head, manifest: Manifest, entry: DeltaEntry, images: Images
) -> str:
    """Hold the blocks of a delta against the image; return in words how far that went."""
    image, base = images.find(manifest.image_digest), images.find(entry.base)
    if base is not None:
        verify_digests(decode(data, Base(base, bytes.fromhex(entry.base))), manifest)
        return f"its {len(head.rows)} blocks decode to the image, on the base that it names"
    unknown = f"its base, of digest {entry.base}, is not here"
    if image is None:
        return f"{unknown}, and neither is the image: not decoded, and not compared"
    for index, row in enumerate(head.rows):
        start = index * head.block_size
        if hash_block(image[start : start + head.block_size]) != row.hash:
            raise VerificationError(f"row {index} does not have the hash of the image's block")
    return f"its table has the hashes of the image's {len(head.rows)} blocks; {unknown}"


def _trust(walk: Walk, entry: PayloadEntry, data: bytes, manifest: Manifest, how: str) -> None:
    if not walk.trusts(entry.path):
        named = f"length and SHA-256 are in the manifest of {offer_of(manifest)}"
        walk.trust(entry.path, data, f"{named}; {how}")
