"""Verify what release manifests promise, to each byte of firmware; verify.py comes before this.

6. Each payload has the manifest's length and SHA-256, its head too, and every block decodes to what
   its row promises (manifests/payload.md; verification/payloads.py).
7. The blocks make up an image with the manifest's size, SHA-256, MD5 and image digest.
8. `url` is that image: for the chip, whole, and with a digest that fits.
9. version.json says the same as the manifest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from publisher.errors import VerificationError
from publisher.image import read_image
from publisher.layout import image_path, key, version_json_path
from publisher.manifest import Manifest, OtherPayload, version_json
from publisher.schemas import canonical_json
from publisher.settings import verify_base_url
from publisher.verification.payloads import (
    Images,
    offer_of,
    verify_delta,
    verify_digests,
    verify_equal,
    verify_full,
)
from publisher.verification.targets import Offer
from publisher.verification.walk import WARNING, Walk, verifying


def verify_releases(
    walk: Walk,
    offered: Sequence[Offer],
    before: Sequence[Offer],
    memory: Mapping[str, int],
    progress: Callable[[int, int], None],
) -> None:
    """Verify payloads and image of each offer, and the version.json of those offered now.

    Args:
        before: what was offered once; its objects are history, unless they are still offered.
        memory: bytes that boards give to a payload, by board, where that is known.
        progress: told bytes verified, and in all.
    """
    offers = (*offered, *before)
    images = Images(walk, [offer.manifest for offer in offers])
    done, total = 0, sum(_volume(offer.manifest) for offer in offers)
    verified: set[tuple[object, ...]] = set()
    for index, offer in enumerate(offers):
        manifest = offer.manifest
        walk.current = index < len(offered)
        if _claims(manifest) not in verified:  # channels often offer the same image
            verified.add(_claims(manifest))
            _verify_firmware(walk, manifest, images, memory)
        if walk.current and not offer.is_stone:
            with walk.noting():
                _verify_version_json(walk, manifest)
        done += _volume(manifest)
        progress(done, total)
    _note_falls(walk, [one.manifest for one in (*before, *offered) if not one.is_stone])


def _verify_firmware(
    walk: Walk, manifest: Manifest, images: Images, memory: Mapping[str, int]
) -> None:
    with walk.noting():
        verify_full(walk, manifest, memory)
    with walk.noting():
        _verify_image(walk, manifest)
    for entry in manifest.deltas:
        with walk.noting():
            verify_delta(walk, manifest, entry, images, memory)
    for other in manifest.payloads:
        if isinstance(other, OtherPayload):
            message = f'payloads of kind "{other.values["kind"]}" are not verified'
            walk.note(WARNING, manifest.full.path, message)


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
    return manifest.size + sum(entry.length for entry in manifest.known_payloads)


def _claims(manifest: Manifest) -> tuple[object, ...]:
    payloads = canonical_json([entry.to_fields() for entry in manifest.payloads])
    image = (manifest.size, manifest.sha256, manifest.md5, manifest.image_digest, manifest.chip)
    return (payloads, *image, manifest.board, manifest.url)


def _verify_image(walk: Walk, manifest: Manifest) -> None:
    """Step 8."""
    path = image_path(manifest.sha256)
    data = walk.read_firmware(path)
    with verifying(path):
        name = key(walk.product, path)
        if not manifest.url.endswith(f"/{name}"):
            raise VerificationError(f"the manifest's url is another: {manifest.url}")
        verify_base_url("what the manifest's url begins with", manifest.url.removesuffix(name))
        verify_digests(data, manifest)
        image = read_image(data, "it")
        verify_equal("its chip", image.chip, manifest.chip)
        verify_equal("the length of its application", image.size, manifest.size)
    named = f"size, SHA-256, MD5 and image digest are in the manifest of {offer_of(manifest)}"
    if not walk.trusts(path):
        walk.trust(path, data, f"{named}; a whole image for {image.chip}")


def _verify_version_json(walk: Walk, manifest: Manifest) -> None:
    """Step 9: it is outside TUF, so it is believed only because it is what the manifest says."""
    path = version_json_path(manifest.channel, manifest.board)
    data = walk.read(path)
    with verifying(path):
        if data != version_json(manifest):
            raise VerificationError(f"it is not what the manifest of {manifest.version} says")
    walk.trust(path, data, f"it says what the manifest of {offer_of(manifest)} says")
