"""The payloads of a release: the full one, and deltas for boards that run one of the last ones.

A delta is kept only where it is smaller than the full payload by a margin. What is published
already is not encoded again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from publisher.encoding import Encode, Job, encode_all
from publisher.errors import PayloadError, StoreError
from publisher.image import Image
from publisher.layout import payload_path
from publisher.manifest import DeltaEntry, Manifest, PayloadEntry
from publisher.origins import Origin, Origins
from publisher.payload import Head
from publisher.payload.head import BLOCK_SIZES, WINDOW_BITS, needed_memory
from publisher.plan import File, Kind
from publisher.published import Read
from publisher.settings import PayloadSettings, Settings

Told = Callable[[int, int], None]

# Of a board's memory: the smallest block, its smallest window, and a row of the base.
_DELTA_BYTES = needed_memory(BLOCK_SIZES[0], WINDOW_BITS[0], has_base=True)

_OTHERWISE = "another version of slotcast made it, or with another payload_memory"


@dataclass(frozen=True)
class Payload:
    """A payload with its entry in the manifest; `origin` names what a delta starts from."""

    entry: PayloadEntry
    data: bytes = field(repr=False)
    origin: str = ""

    @property
    def file(self) -> File:
        """What is written for it."""
        return File(Kind.PAYLOAD, self.entry.path, self.data)


@dataclass(frozen=True)
class Payloads:
    """What a release publishes; `left_out` are deltas that are too long to be of use."""

    full: Payload
    deltas: tuple[Payload, ...] = ()
    left_out: tuple[Payload, ...] = ()

    @property
    def published(self) -> tuple[Payload, ...]:
        """The full payload, then the deltas."""
        return (self.full, *self.deltas)

    @property
    def entries(self) -> tuple[PayloadEntry, ...]:
        """What the manifest says of them."""
        return tuple(payload.entry for payload in self.published)

    def percent(self, payload: Payload) -> float:
        """Return a payload's length in percent of the full one's."""
        return 100 * payload.entry.length / self.full.entry.length


def prepare_payloads(
    settings: Settings,
    manifest: Manifest,
    image: Image,
    origins: Origins,
    read: Read,
    told: Told,
    encode: Encode | None = None,
) -> Payloads:
    """Return the payloads of a release, for the memory of its board.

    Args:
        settings: how many deltas, by how much smaller, and what memory the board has.
        manifest: without payloads, or that of a release which is published already.
        image: the image that it is about.
        origins: from what deltas may start; gets the warnings of what cannot be had.
        read: returns the bytes at a path below BASE, or None.
        told: called with bytes of image encoded, and in all.
        encode: does the work in place of `encode_all`.

    Raises:
        PayloadError: see `encode_all`.
        StoreError: the full payload is lost, and encoding gives other bytes than it had.
    """
    memory, wanted = settings.board(manifest.board).payload_memory, settings.payload
    encode = encode or encode_all
    if manifest.payloads:
        return _Restorer(manifest, image, origins, read, encode).restore(memory, told)
    chosen = origins.choose(wanted.deltas, manifest.min_version)
    if chosen and memory < _DELTA_BYTES:
        origins.warnings.append(
            f"no deltas: one needs {_DELTA_BYTES:,} bytes of a board's memory at least, and "
            f"{manifest.board} boards have {memory:,}"
        )
        chosen = []
    return _build(image, chosen, memory, wanted, lambda jobs: encode(jobs, told))


def _build(
    image: Image,
    origins: Sequence[Origin],
    memory: int,
    settings: PayloadSettings,
    encode: Callable[[Sequence[Job]], list[bytes]],
) -> Payloads:
    """Encode the full payload, and a delta from each origin."""
    bases = (None, *(origin.base for origin in origins))
    full, *encoded = encode([Job(image.data, memory, base) for base in bases])
    deltas = [
        Payload(payload_entry(data, origin.digest), data, origin.name)
        for origin, data in zip(origins, encoded, strict=True)
    ]
    kept = [delta for delta in deltas if _is_worth_it(delta, full, settings.delta_margin)]
    left_out = [delta for delta in deltas if delta not in kept]
    return Payloads(Payload(payload_entry(full), full), tuple(kept), tuple(left_out))


def _is_worth_it(delta: Payload, full: bytes, margin: int) -> bool:
    """Whether it is smaller by so many percent; one that reads no base is a full payload itself."""
    is_smaller = delta.entry.length * 100 <= len(full) * (100 - margin)
    return is_smaller and Head.from_bytes(delta.data).has_base


class _Restorer:
    """Brings together the payloads of a release that is published: only what is lost is encoded."""

    def __init__(
        self, manifest: Manifest, image: Image, origins: Origins, read: Read, encode: Encode
    ) -> None:
        self._manifest = manifest
        self._image = image
        self._origins = origins
        self._read = read
        self._encode = encode

    def restore(self, memory: int, told: Told) -> Payloads:
        """Return the payloads, as the manifest has them."""
        entries, deltas = self._manifest.known_payloads, self._manifest.deltas
        self._origins.look_up([entry.base for entry in deltas])
        self._origins.note_given([entry.base for entry in deltas])
        stored = {entry.path: data for entry in entries if (data := self._stored(entry))}
        lost = [entry for entry in entries if entry.path not in stored]
        stored |= self._encoded(lost, memory, told)
        full = self._manifest.full
        return Payloads(
            Payload(full, stored[full.path]),
            tuple(
                Payload(entry, stored[entry.path], self._origins.name_of(entry.base))
                for entry in deltas
                if entry.path in stored
            ),
        )

    def _stored(self, entry: PayloadEntry) -> bytes | None:
        data = self._read(entry.path)
        whole = data is not None and hashlib.sha256(data).hexdigest() == entry.sha256
        return data if whole else None

    def _encoded(self, lost: Sequence[PayloadEntry], memory: int, told: Told) -> dict[str, bytes]:
        """Encode anew what is lost, as far as that gives the same bytes."""
        jobs = [(entry, job) for entry in lost if (job := self._job(entry, memory))]
        encoded = self._encode([job for _, job in jobs], told)
        found = {}
        for (entry, _), data in zip(jobs, encoded, strict=True):
            if hashlib.sha256(data).hexdigest() == entry.sha256:
                found[entry.path] = data
            else:
                self._refuse_other(entry)
        return found

    def _job(self, entry: PayloadEntry, memory: int) -> Job | None:
        if not isinstance(entry, DeltaEntry):
            return Job(self._image.data, memory)
        origin = self._origins.load(entry.base)
        return None if origin is None else Job(self._image.data, memory, origin.base)

    def _refuse_other(self, entry: PayloadEntry) -> None:
        message = f"{entry.path} is lost, and cannot be made again as it was: {_OTHERWISE}"
        if not isinstance(entry, DeltaEntry):
            hint = "put it back into the store, or release the image under a new version"
            raise StoreError(message, hint)
        name = self._origins.name_of(entry.base)
        self._origins.warnings.append(f"{message}; boards that run {name} take the full payload")


def memory_warnings(full: Payload, previous: Manifest | None, read: Read) -> tuple[str, ...]:
    """Return a warning where boards that took the last release may have no memory for this one."""
    needed = Head.from_bytes(full.data).memory
    before = None if previous is None else _memory(read(previous.full.path))
    if before is None or needed <= before:
        return ()
    return (
        f"this needs {needed:,} bytes of a board's memory, more than the last release did "
        f"({before:,}): boards that were provisioned with less payload_memory refuse it",
    )


def _memory(payload: bytes | None) -> int | None:
    with suppress(PayloadError):
        return None if payload is None else Head.from_bytes(payload).memory
    return None


def payload_entry(payload: bytes, base: str = "") -> PayloadEntry:
    """Return what a manifest says of a payload; `base` is the digest that a delta names, in hex."""
    sha256 = hashlib.sha256(payload).hexdigest()
    head = payload[: Head.from_bytes(payload).length]
    head_sha256 = hashlib.sha256(head).hexdigest()
    place = (payload_path(sha256), len(payload), sha256, len(head), head_sha256)
    return DeltaEntry(*place, base=base) if base else PayloadEntry(*place)
