"""Verify what release manifests promise, to each byte of firmware; verify.py comes before this.

6. The payload has the manifest's length and SHA-256, its head too, and every block decodes to what
   its row promises (manifests/payload.md).
7. The blocks make up an image with the manifest's size, SHA-256, MD5 and image digest.
8. `url` is that image: for the chip, whole, and with a digest that fits.
9. version.json says the same as the manifest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from publisher.errors import VerificationError
from publisher.image import read_image
from publisher.layout import image_path, key, payload_path, version_json_path
from publisher.manifest import Manifest, PayloadEntry, version_json
from publisher.payload import BOARD_BLOCK_SIZE, BOARD_WINDOW_BITS, Head, decode_blocks
from publisher.settings import verify_base_url
from publisher.verify_targets import Offer
from publisher.walk import WARNING, Walk, verifying


def verify_releases(
    walk: Walk,
    offered: Sequence[Offer],
    before: Sequence[Offer],
    progress: Callable[[int, int], None],
) -> None:
    """Verify payload and image of each offer, and the version.json of those offered now.

    Args:
        before: what was offered once; its objects are history, unless they are still offered.
        progress: told bytes verified, and in all.
    """
    offers = (*offered, *before)
    done, total = 0, sum(_volume(offer.manifest) for offer in offers)
    verified: set[tuple[object, ...]] = set()
    for index, offer in enumerate(offers):
        manifest = offer.manifest
        walk.current = index < len(offered)
        if _claims(manifest) not in verified:  # channels often offer the same image
            verified.add(_claims(manifest))
            _verify_firmware(walk, manifest)
        if walk.current and not offer.is_stone:
            with walk.noting():
                _verify_version_json(walk, manifest)
        done += _volume(manifest)
        progress(done, total)
    _note_falls(walk, [one.manifest for one in (*before, *offered) if not one.is_stone])


def _verify_firmware(walk: Walk, manifest: Manifest) -> None:
    with walk.noting():
        _verify_payload(walk, manifest)
    with walk.noting():
        _verify_image(walk, manifest)


def _note_falls(walk: Walk, manifests: Sequence[Manifest]) -> None:
    """Note a release number, or a security version, that is lower than one offered before.

    Args:
        manifests: in the order of publishing.
    """
    highest: dict[tuple[str, str], Manifest] = {}
    for manifest in manifests:
        path = version_json_path(manifest.channel, manifest.board)
        whom = (manifest.channel, manifest.board)
        last = highest.setdefault(whom, manifest)
        for field in ("release", "security_version"):
            now, was = getattr(manifest, field), getattr(last, field)
            if now < was:
                message = f"{manifest.version} has {field} {now}, after {was} of {last.version}"
                walk.note(WARNING, path, message)
        highest[whom] = manifest


def _volume(manifest: Manifest) -> int:
    return manifest.full.length + manifest.size


def _claims(manifest: Manifest) -> tuple[object, ...]:
    entry = manifest.full
    payload = (entry.path, entry.length, entry.sha256, entry.head_length, entry.head_sha256)
    image = (manifest.size, manifest.sha256, manifest.md5, manifest.image_digest, manifest.chip)
    return (*payload, *image, manifest.url, len(manifest.payloads))


def _verify_payload(walk: Walk, manifest: Manifest) -> None:
    """Steps 6 and 7."""
    entry = manifest.full
    data = walk.read(entry.path)
    with verifying(entry.path):
        _verify_equal("its path", entry.path, payload_path(entry.sha256))
        _verify_equal("its length", len(data), entry.length)
        _verify_equal("its SHA-256", hashlib.sha256(data).hexdigest(), entry.sha256)
        head = _verify_head(data, entry)
        image = b"".join(decode_blocks(head, data))
        _verify_equal("image_size", head.image_size, manifest.size)
        _verify_equal("image_sha256", head.image_sha256.hex(), manifest.sha256)
        _verify_digests(image, manifest)
    blocks = len(head.rows)
    named = f"length and SHA-256 are in the manifest of {_offer(manifest)}"
    why = f"{named}; each of its {blocks} blocks decodes to its row's hash, all to the image"
    if not walk.trusts(entry.path):
        walk.trust(entry.path, data, why)
    for other in manifest.payloads:
        if not isinstance(other, PayloadEntry):
            message = f'payloads of kind "{other.values["kind"]}" are not verified'
            walk.note(WARNING, entry.path, message)


def _verify_head(data: bytes, entry: PayloadEntry) -> Head:
    head = Head.from_bytes(data)
    digest = hashlib.sha256(data[: head.length]).hexdigest()
    if head.block_size > BOARD_BLOCK_SIZE or head.window_bits > BOARD_WINDOW_BITS:
        cut = f"blocks of {head.block_size:,} bytes and a window of {head.window_bits} bits"
        raise VerificationError(f"it has {cut}: boards have no memory for it")
    _verify_equal("the length of its head", head.length, entry.head_length)
    _verify_equal("the SHA-256 of its head", digest, entry.head_sha256)
    return head


def _verify_digests(image: bytes, manifest: Manifest) -> None:
    md5 = hashlib.md5(image, usedforsecurity=False).hexdigest()
    _verify_equal("the image's size", len(image), manifest.size)
    _verify_equal("the image's SHA-256", hashlib.sha256(image).hexdigest(), manifest.sha256)
    _verify_equal("the image's MD5", md5, manifest.md5)
    _verify_equal("the image's digest", image[-32:].hex(), manifest.image_digest)


def _verify_image(walk: Walk, manifest: Manifest) -> None:
    """Step 8."""
    path = image_path(manifest.sha256)
    data = walk.read(path)
    with verifying(path):
        name = key(walk.product, path)
        if not manifest.url.endswith(f"/{name}"):
            raise VerificationError(f"the manifest's url is another: {manifest.url}")
        verify_base_url("what the manifest's url begins with", manifest.url.removesuffix(name))
        _verify_digests(data, manifest)
        image = read_image(data, "it")
        _verify_equal("its chip", image.chip, manifest.chip)
        _verify_equal("the length of its application", image.size, manifest.size)
    named = f"size, SHA-256, MD5 and image digest are in the manifest of {_offer(manifest)}"
    if not walk.trusts(path):
        walk.trust(path, data, f"{named}; a whole image for {image.chip}")


def _verify_version_json(walk: Walk, manifest: Manifest) -> None:
    """Step 9: it is outside TUF, so it is believed only because it is what the manifest says."""
    path = version_json_path(manifest.channel, manifest.board)
    data = walk.read(path)
    with verifying(path):
        if data != version_json(manifest):
            raise VerificationError(f"it is not what the manifest of {manifest.version} says")
    walk.trust(path, data, f"it says what the manifest of {_offer(manifest)} says")


def _offer(manifest: Manifest) -> str:
    return f"{manifest.version} for {manifest.channel}/{manifest.board}"


def _verify_equal(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise VerificationError(f"{what} is {found}; it should be {expected}")
