"""pins.json: by which CA roots and leaf keys boards may know the edge (manifests/repository.md).

Dataclasses inside, JSON at the edge; a field that this version does not know survives a read and a
write. Whether a live host would be accepted is judged in pins/guard.py.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Self

from publisher.errors import SettingsError, VerificationError
from publisher.fields import Fields
from publisher.iso_time import iso
from publisher.pins.anchors import Anchor
from publisher.schemas import canonical_json, parse_json, schema_problem

# What a board reads at most (device/slotcast/pinsets.py).
MAX_BYTES = 8192
MAX_SETS = 4
_ROOM = "each set needs a backup; for room name fewer CA roots, or retire an older set"
# The set of boards that left the factory before any was published.
FACTORY_SERIAL = 0


@dataclass(frozen=True)
class PinSet(Fields):
    """One way to know the edge.

    Attributes:
        serial: grows with every set.
        base_urls: BASE URLs at which it is used.
        pins: hex SHA-256 of leaf SubjectPublicKeyInfo; if there are none, the anchors decide.
        trust_anchors: hex SHA-256 of the DER of the CA roots that TLS accepts.
        since: when it was published, YYYY-MM-DDTHH:MM:SSZ; "" of the factory's.
    """

    serial: int
    base_urls: tuple[str, ...]
    pins: tuple[str, ...]
    trust_anchors: tuple[str, ...]
    since: str = ""

    @classmethod
    def from_fields(cls, values: Mapping[str, Any]) -> Self:
        """Make one of a JSON object that the schema has passed."""
        lists = {name: tuple(values[name]) for name in ("base_urls", "pins", "trust_anchors")}
        return super().from_fields({**values, **lists})

    def to_fields(self) -> dict[str, Any]:
        """Return the JSON object."""
        values = super().to_fields()
        if not self.since:
            del values["since"]
        return values

    @property
    def has_backup(self) -> bool:
        """Whether something is left when what is in use has to be replaced at once."""
        return len(self.pins) >= 2 or (not self.pins and len(self.trust_anchors) >= 2)

    def says_the_same(self, other: PinSet) -> bool:
        """Whether boards would do the same with the other set."""
        mine, theirs = self._orders(), other._orders()
        return mine == theirs and self.base_urls == other.base_urls

    def _orders(self) -> tuple[frozenset[str], frozenset[str]]:
        return frozenset(self.pins), frozenset(self.trust_anchors)


@dataclass(frozen=True)
class PinSets(Fields):
    """All sets that are still supported.

    Attributes:
        sets: newest first.
        trust_anchors: DER by its hex SHA-256.
    """

    product: str
    sets: tuple[PinSet, ...]
    trust_anchors: Mapping[str, bytes]

    @property
    def newest(self) -> PinSet:
        """The set that boards try first."""
        return self.sets[0]

    def get(self, serial: int) -> PinSet:
        """Return one set; SettingsError names those that there are."""
        for pin_set in self.sets:
            if pin_set.serial == serial:
                return pin_set
        known = ", ".join(str(pin_set.serial) for pin_set in self.sets)
        raise SettingsError(f"there is no pin set {serial}", f"supported sets: {known}")

    def anchors(self, pin_set: PinSet) -> list[bytes]:
        """Return the DER of a set's CA roots, in its order."""
        return [self.trust_anchors[name] for name in pin_set.trust_anchors]

    def verify_product(self, product: str) -> None:
        """Raise VerificationError if these are another product's."""
        if self.product != product:
            raise VerificationError(f"pins.json is for {self.product}, not for {product}")

    @classmethod
    def of_factory(
        cls, product: str, base_url: str, pins: Sequence[str], anchors: Sequence[bytes]
    ) -> Self:
        """Return what boards know that have never been sent a set: one set of serial 0.

        It need not have a backup, and then cannot be published.
        """
        ders = _by_sha256(anchors)
        factory = PinSet(FACTORY_SERIAL, (base_url,), tuple(pins), tuple(ders))
        return cls(product, (factory,), ders)

    def with_next(
        self,
        base_urls: Sequence[str],
        pins: Sequence[str],
        anchors: Sequence[bytes],
        now: datetime,
    ) -> Self:
        """Return these sets with a new one before them, its serial one above the newest."""
        ders = _by_sha256(anchors)
        since = iso(now)
        serial = self.newest.serial + 1
        # Twice the same pin is no backup; a set of one must not look like two.
        newest = PinSet(serial, _distinct(base_urls), _distinct(pins), tuple(ders), since)
        return replace(
            self, sets=(newest, *self.sets), trust_anchors={**self.trust_anchors, **ders}
        )

    def without(self, serial: int) -> Self:
        """Return these sets without one, and without the CA roots that it alone named.

        Raises SettingsError for the newest, and for one that is not there.
        """
        if self.get(serial) == self.newest:
            hint = "publish its successor first: slotcast pins set"
            raise SettingsError(f"set {serial} is the newest, and boards need one", hint)
        sets = tuple(pin_set for pin_set in self.sets if pin_set.serial != serial)
        named = {name for pin_set in sets for name in pin_set.trust_anchors}
        kept = {name: der for name, der in self.trust_anchors.items() if name in named}
        return replace(self, sets=sets, trust_anchors=kept)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read pins.json; VerificationError when it breaks a rule of the schema or of the page."""
        try:
            return cls.from_fields(_checked(data))
        except ValueError as error:
            raise VerificationError(f"this is no pins.json: {error}") from error

    @classmethod
    def from_fields(cls, values: Mapping[str, Any]) -> Self:
        """Make one of a JSON object that `from_bytes` has passed."""
        sets = tuple(PinSet.from_fields(entry) for entry in values["sets"])
        ders = {name: b64decode(text) for name, text in values["trust_anchors"].items()}
        return super().from_fields({**values, "sets": sets, "trust_anchors": ders})

    def to_fields(self) -> dict[str, Any]:
        """Return the JSON object."""
        sets = [pin_set.to_fields() for pin_set in self.sets]
        anchors = {name: b64encode(der).decode() for name, der in self.trust_anchors.items()}
        return {**super().to_fields(), "sets": sets, "trust_anchors": anchors}

    def to_bytes(self) -> bytes:
        """Return compact canonical JSON; SettingsError when a board would refuse it."""
        data = canonical_json(self.to_fields())
        try:
            _checked(data)
        except ValueError as error:
            raise SettingsError(f"these pin sets cannot be published: {error}", _ROOM) from error
        return data


def _by_sha256(ders: Iterable[bytes]) -> dict[str, bytes]:
    return {hashlib.sha256(der).hexdigest(): der for der in ders}


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _checked(data: bytes) -> dict[str, Any]:
    """Return the JSON object of pins.json; ValueError when it breaks a rule."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"it has {len(data)} bytes of at most {MAX_BYTES}")
    values = parse_json(data)
    problem = schema_problem("pins", values)
    if problem or not isinstance(values, dict):
        raise ValueError(problem)
    if canonical_json(values) != data:
        raise ValueError("it is not compact canonical JSON")
    _verify_anchors(values["trust_anchors"])
    sets = [PinSet.from_fields(entry) for entry in values["sets"]]
    for pin_set in sets:
        _verify_set(pin_set, values["trust_anchors"])
    for newer, older in pairwise(sets):
        if newer.serial <= older.serial:
            raise ValueError(f"set {older.serial} stands behind set {newer.serial}")
    return values


def _verify_anchors(anchors: Mapping[str, str]) -> None:
    for name, text in anchors.items():
        der = b64decode(text)
        if b64encode(der).decode() != text:
            raise ValueError(f"trust anchor {name} is not canonical base64")
        if hashlib.sha256(der).hexdigest() != name:
            raise ValueError(f"trust anchor {name} has another SHA-256")
        Anchor.from_der(der)


def _verify_set(pin_set: PinSet, anchors: Mapping[str, str]) -> None:
    missing = [name for name in pin_set.trust_anchors if name not in anchors]
    if missing:
        raise ValueError(f"set {pin_set.serial} names {missing[0]}, which is no trust anchor here")
    if not pin_set.has_backup:
        raise ValueError(f"set {pin_set.serial} has no backup: one more pin, or CA root, is needed")
