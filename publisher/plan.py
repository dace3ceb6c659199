"""What is to be written, in which order, and on what condition: decided before anything is.

The order makes each file complete before anything names it (manifests/repository.md), so that a run
that is cut short anywhere changes nothing for a board.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from publisher.layout import cache_control, content_type, key
from publisher.stores.base import Object, Store, Stored


class Kind(IntEnum):
    """Kinds of files, in the order of writing."""

    PAYLOAD = 1
    IMAGE = 2
    MANIFEST = 3
    PINS = 4
    ROOT = 5
    TARGETS = 6
    SNAPSHOT = 7
    TIMESTAMP = 8
    VERSION_JSON = 9

    @property
    def word(self) -> str:
        """The kind in words."""
        return "version.json" if self is Kind.VERSION_JSON else self.name.lower()

    @property
    def is_content_addressed(self) -> bool:
        """Whether the name of a file of this kind has the hash of its bytes."""
        return self in (Kind.PAYLOAD, Kind.IMAGE, Kind.MANIFEST, Kind.PINS)

    @property
    def is_replaced(self) -> bool:
        """Whether files of this kind keep their name and change."""
        return self in (Kind.TIMESTAMP, Kind.VERSION_JSON)


@dataclass(frozen=True)
class File:
    """A file that is wanted: its kind, its path below BASE, and its bytes."""

    kind: Kind
    path: str
    data: bytes


@dataclass(frozen=True)
class Write:
    """One step: create an object that is not there, or replace the one whose tag is `etag`.

    `is_there` is set where somebody has looked, and the object lies there already.
    """

    kind: Kind
    item: Object
    etag: str | None = None
    is_there: bool = False

    @property
    def action(self) -> str:
        """What happens to the object, in a word."""
        if self.is_there:
            return "keep"
        return "create" if self.etag is None else "replace"


@dataclass(frozen=True)
class Plan:
    """The writes of one run, in order.

    `relies_on` are keys of what its files newly name and were there before: none may have gone.
    `kept` are pointers that are right already, unless another run is about to change them.
    """

    writes: tuple[Write, ...]
    relies_on: tuple[str, ...] = ()
    kept: tuple[Object, ...] = ()

    @property
    def missing(self) -> tuple[Write, ...]:
        """The writes of what does not lie there already, as far as somebody has looked."""
        return tuple(write for write in self.writes if not write.is_there)

    @property
    def size_bytes(self) -> int:
        """Bytes of all objects that are missing."""
        return sum(len(write.item.data) for write in self.missing)

    @property
    def versioned(self) -> tuple[Write, ...]:
        """The writes that no reader sees yet."""
        return tuple(write for write in self.writes if not write.kind.is_replaced)

    @property
    def pointers(self) -> tuple[Write, ...]:
        """The writes that make the others visible: timestamp, then version.json."""
        return tuple(write for write in self.writes if write.kind.is_replaced)

    def to_rows(self) -> list[tuple[str, ...]]:
        """Return what a person reads: action, kind, size, Cache-Control, key."""
        return [
            (
                write.action,
                write.kind.word,
                f"{len(write.item.data):,}",
                write.item.cache_control,
                write.item.key,
            )
            for write in self.writes
        ]

    def to_list(self) -> list[dict[str, object]]:
        """Return what a program reads."""
        return [
            {
                "action": write.action,
                "kind": write.kind.word,
                "key": write.item.key,
                "size_bytes": len(write.item.data),
                "content_type": write.item.content_type,
                "cache_control": write.item.cache_control,
                "if_match": write.etag,
            }
            for write in self.writes
        ]


def look_up(plan: Plan, store: Store) -> Plan:
    """Return a plan that says what lies in the store already: for people, not to be run.

    Only what has a hash for a name is asked for, one byte of each; so the rest is about to be new.
    """

    def looked_up(write: Write) -> Write:
        asks = write.kind.is_content_addressed
        return replace(write, is_there=asks and store.read_range(write.item.key, 0, 1) is not None)

    return replace(plan, writes=tuple(map(looked_up, plan.writes)))


def make_plan(
    product: str,
    wanted: Iterable[File],
    published: Callable[[str], Stored | None],
    relies_on: Iterable[str] = (),
) -> Plan:
    """Order the files that are wanted, over what is published.

    Args:
        product: the prefix of all keys.
        wanted: the files, in any order.
        published: returns what a path below BASE holds now; asked only for files that are replaced,
            so that exactly what was read is what is replaced. One that is the same already is left.
        relies_on: paths that have to be there already when the wanted files become visible.
    """
    writes, kept = [], []
    for file in sorted(wanted, key=lambda file: (file.kind, file.path)):
        before = published(file.path) if file.kind.is_replaced else None
        item = Object(
            key(product, file.path), file.data, content_type(file.path), cache_control(file.path)
        )
        if before is not None and before.data == file.data:
            kept.append(item)
        else:
            writes.append(Write(file.kind, item, None if before is None else before.etag))
    return Plan(tuple(writes), tuple(key(product, path) for path in relies_on), tuple(kept))
