"""The release manifest and version.json (manifests/repository.md).

Dataclasses inside, JSON at the edge; a field that this version does not know survives a read and a
write.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from publisher.errors import SettingsError, VerificationError
from publisher.fields import Fields
from publisher.layout import image_path
from publisher.rollout import BUCKETS, Rollout, verify_ramp
from publisher.schemas import canonical_json, parse_json, schema_problem

# What a board reads at most (device/slotcast/manifest.py).
MAX_BYTES = 8192
MAX_DELTAS = 8
VERSION_JSON_MAX_BYTES = 480
MAX_WITHDRAWN = 16
# Fields that the first manifests did not have; absent, they mean false and none.
_LATER = ("retry_failed", "withdrawn")


@dataclass(frozen=True)
class PayloadEntry(Fields):
    """A payload of kind "full": path below BASE, lengths in bytes, digests in hex."""

    path: str
    length: int
    sha256: str
    head_length: int
    head_sha256: str
    kind: str = "full"


@dataclass(frozen=True)
class DeltaEntry(PayloadEntry):
    """A payload of kind "delta"; `base` is the image_digest, in hex, that a board must run for it.

    Attributes as those of a full one.
    """

    base: str = field(kw_only=True)
    kind: str = "delta"


@dataclass(frozen=True)
class OtherPayload:
    """A payload of a kind that this version does not know; passed over, and kept as it is."""

    values: Mapping[str, Any]

    def to_fields(self) -> dict[str, Any]:
        """Return the JSON object."""
        return dict(self.values)


@dataclass(frozen=True)
class Manifest(Fields):
    """What a channel offers a board: fields as in manifests/repository.md."""

    version: str
    release: int
    product: str
    channel: str
    board: str
    chip: str
    size: int
    sha256: str
    md5: str
    image_digest: str
    security_version: int
    min_version: str | None
    mandatory: bool
    paused: bool
    rollout: Rollout
    confirm_within_s: int
    url: str
    payloads: tuple[PayloadEntry | OtherPayload, ...]
    notes: str
    retry_failed: bool = False
    withdrawn: tuple[str, ...] = ()

    @property
    def full(self) -> PayloadEntry:
        """The one payload of kind "full"."""
        return next(entry for entry in self.known_payloads if entry.kind == "full")

    @property
    def deltas(self) -> tuple[DeltaEntry, ...]:
        """The payloads of kind "delta", each on a base of its own."""
        return tuple(entry for entry in self.payloads if isinstance(entry, DeltaEntry))

    @property
    def known_payloads(self) -> tuple[PayloadEntry, ...]:
        """The payloads of both kinds."""
        return tuple(entry for entry in self.payloads if isinstance(entry, PayloadEntry))

    @property
    def objects(self) -> tuple[str, ...]:
        """The paths below BASE of the payloads, as far as they are told, and of the image."""
        payloads = [entry.to_fields().get("path") for entry in self.payloads]
        return (*filter(None, payloads), image_path(self.sha256))

    def share_at(self, now: datetime) -> int:
        """Return of 10000 boards how many take part; what is paused stands still."""
        return self.rollout.basis_points if self.paused else self.rollout.share_at(now)

    def is_for_all_at(self, now: datetime) -> bool:
        """Say whether every board may take it."""
        return not self.paused and self.share_at(now) == BUCKETS

    def paused_at(self, now: datetime) -> Self:
        """Return it paused; a ramp keeps what it has reached, and goes on from there."""
        if self.paused:
            return self
        return replace(self, paused=True, rollout=self.rollout.frozen_at(now))

    def resumed_at(self, now: datetime) -> Self:
        """Return it resumed; what is left of a ramp begins now."""
        if not self.paused:
            return self
        return replace(self, paused=False, rollout=self.rollout.resumed_at(now))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a manifest; VerificationError when it breaks a rule of the schema."""
        try:
            return cls.from_fields(_checked(data))
        except ValueError as error:
            raise VerificationError(f"this is no release manifest: {error}") from error

    @classmethod
    def from_fields(cls, values: Mapping[str, Any]) -> Self:
        """Make one of a JSON object that the schema has passed."""
        rollout = Rollout.from_fields(values["rollout"])
        payloads = tuple(_payload(entry) for entry in values["payloads"])
        made = {"rollout": rollout, "payloads": payloads}
        return super().from_fields({**values, **made, "withdrawn": (*values.get("withdrawn", ()),)})

    def to_fields(self) -> dict[str, Any]:
        """Return the JSON object; later fields are there only where they say something."""
        values = super().to_fields()
        values["rollout"] = self.rollout.to_fields()
        values["payloads"] = [entry.to_fields() for entry in self.payloads]
        values["withdrawn"] = list(self.withdrawn)
        return {name: value for name, value in values.items() if value or name not in _LATER}

    def to_bytes(self) -> bytes:
        """Return compact canonical JSON; SettingsError when a field may not be published."""
        data = canonical_json(self.to_fields())
        try:
            _checked(data)
        except ValueError as error:
            raise SettingsError(f"this manifest cannot be published: {error}") from error
        return data


def version_json(manifest: Manifest) -> bytes:
    """Return the four fields that the article's Arduino client reads.

    Raises SettingsError for what that client would cut off or compare wrongly.
    """
    values = {
        "version": manifest.version,
        "url": manifest.url,
        "md5": manifest.md5,
        "mandatory": manifest.mandatory,
    }
    data = canonical_json(values)
    if problem := schema_problem("version", values):
        raise SettingsError(f"version.json cannot be published: {problem}")
    if len(data) > VERSION_JSON_MAX_BYTES:
        message = f"version.json would have {len(data)} bytes of at most {VERSION_JSON_MAX_BYTES}"
        raise SettingsError(message, "a shorter base_url makes it fit")
    return data


def _payload(values: Mapping[str, Any]) -> PayloadEntry | OtherPayload:
    kinds: dict[str, type[PayloadEntry]] = {"full": PayloadEntry, "delta": DeltaEntry}
    kind = kinds.get(values["kind"])
    return kind.from_fields(values) if kind else OtherPayload(values)


def _checked(data: bytes) -> dict[str, Any]:
    """Return the manifest's JSON object; ValueError when it breaks a rule."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"it has {len(data)} bytes of at most {MAX_BYTES}")
    values = parse_json(data)
    problem = schema_problem("manifest", values)
    if problem or not isinstance(values, dict):
        raise ValueError(problem)
    _verify_bases(values)
    verify_ramp(values["rollout"])
    return values


def _verify_bases(values: Mapping[str, Any]) -> None:
    """Raise ValueError unless deltas have bases that differ, and none is the image itself."""
    bases = [entry["base"] for entry in values["payloads"] if entry["kind"] == "delta"]
    for base in bases:
        if bases.count(base) > 1:
            raise ValueError(f"more than one delta has the base {base}")
        if base == values["image_digest"]:
            raise ValueError(f"the base of a delta is the image itself, {base}")
