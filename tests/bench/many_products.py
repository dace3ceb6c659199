"""What a release costs as a bucket fills with products, and as a product fills with releases.

1,000 products of 50 releases each would be 50,000 releases: they are not all made. Products are
founded until there are 1,000, and the 1st, 10th, 100th and 1,000th of them has all its releases
made, each request to the store being counted. The others have their first metadata only: a release
reads and lists below its own prefix, so what else they hold is nothing to it.
"""

import hashlib
import time
from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from products import Product
from tables import render

from publisher.copies import Copies
from publisher.publish import View
from publisher.stores.base import Object, Store, Stored

RELEASES = 50
SHOWN = (1, 2, 5, 10, 20, 30, 40, 50)
FILLS = (1, 10, 100, 1000)
NOTES = """\
Means over {releases} releases of the product founded last: open and verify what is published,
sign, write, read back, verify. Requests are counted at a store in memory, so that they are exact;
keys are what its lists returned. They must be the same however many products there are, or this
fails. time: the median, against the store with one product."""
CURVE_NOTES = """\
The same releases by their number, from a machine that keeps copies of the past (.slotcast/past);
beside them the reads of one that has none, as a first run in CI. time: against the first ones."""


@dataclass(frozen=True)
class Cost:
    """What one release cost: requests and keys of lists at the store, and seconds."""

    reads: int
    writes: int
    lists: int
    keys: int
    seconds: float

    @property
    def counts(self) -> tuple[int, ...]:
        """All but the time."""
        return self.reads, self.writes, self.lists, self.keys


class Counting(Store):
    """A store that counts what it is asked for."""

    def __init__(self, inner: Store) -> None:
        self._inner = inner
        self.reads = self.writes = self.lists = self.keys = 0

    def read(self, key: str) -> Stored | None:
        self.reads += 1
        return self._inner.read(key)

    def read_range(self, key: str, start: int, stop: int) -> bytes | None:
        self.reads += 1
        return self._inner.read_range(key, start, stop)

    def create(self, item: Object) -> bool:
        self.writes += 1
        return self._inner.create(item)

    def replace(self, item: Object, etag: str | None) -> None:
        self.writes += 1
        self._inner.replace(item, etag)

    def list(self, prefix: str = "") -> Iterator[str]:
        self.lists += 1
        for name in self._inner.list(prefix):
            self.keys += 1
            yield name

    def counts(self) -> tuple[int, ...]:
        return self.reads, self.writes, self.lists, self.keys


class Bucket(Store):
    """One name space for all products, in memory; lists take no longer for what lies elsewhere."""

    def __init__(self) -> None:
        self._objects: dict[str, Object] = {}
        self._names: list[str] = []

    def of(self, tenant: str) -> Store:
        """Return the store as one product sees it."""
        return _Below(self, tenant)

    def read(self, key: str) -> Stored | None:
        if key not in self._objects:
            return None
        data = self._objects[key].data
        return Stored(data, hashlib.sha256(data).hexdigest())

    def create(self, item: Object) -> bool:
        there = self._objects.get(item.key)
        assert there is None or there.data == item.data, item.key
        if there is None:
            self._put(item)
        return there is None

    def replace(self, item: Object, etag: str | None) -> None:
        there = self.read(item.key)
        assert (there.etag if there else None) == etag, item.key
        self._put(item)

    def list(self, prefix: str = "") -> Iterator[str]:
        for name in self._names[bisect_left(self._names, prefix) :]:
            if not name.startswith(prefix):
                return
            yield name

    def _put(self, item: Object) -> None:
        if item.key not in self._objects:
            insort(self._names, item.key)
        self._objects[item.key] = item


class _Below(Store):
    """The keys of one product, without its name."""

    def __init__(self, bucket: Bucket, tenant: str) -> None:
        self._bucket, self._base = bucket, f"{tenant}-"

    def read(self, key: str) -> Stored | None:
        return self._bucket.read(self._base + key)

    def create(self, item: Object) -> bool:
        return self._bucket.create(replace(item, key=self._base + item.key))

    def replace(self, item: Object, etag: str | None) -> None:
        self._bucket.replace(replace(item, key=self._base + item.key), etag)

    def list(self, prefix: str = "") -> Iterator[str]:
        return (name.removeprefix(self._base) for name in self._bucket.list(self._base + prefix))


class Tenant(Product):
    """One product of many, released from a machine that keeps copies of the past, or a new one."""

    def __init__(self, bucket: Bucket, name: str, copies: Copies | None = None) -> None:
        self.counting = Counting(bucket.of(name))
        self._copies = copies
        super().__init__(self.counting)

    def view(self) -> View:
        return View(self.store, "sensor", self._copies)

    def costs(self) -> list[Cost]:
        """Make all releases: what each cost."""
        return [self._cost(number) for number in range(1, RELEASES + 1)]

    def _cost(self, number: int) -> Cost:
        self.later(hours=1)
        before, began = self.counting.counts(), time.monotonic()
        self.release(f"1.0.{number}")
        seconds = time.monotonic() - began
        after = self.counting.counts()
        return Cost(*(b - a for a, b in zip(before, after, strict=True)), seconds)


def table() -> str:
    """The figures of a run, for people."""
    fills = dict(measured())
    first = fills[min(fills)]
    for fill, costs in fills.items():
        assert [one.counts for one in costs] == [one.counts for one in first], f"{fill} products"
    kept = with_copies()
    assert len({one.counts[:3] for one in kept[3:]}) == 1, "reads grow with a product's releases"
    return f"{_by_products(fills)}\n\n{_by_releases(kept, first)}"


def measured() -> Iterator[tuple[int, list[Cost]]]:
    """Yield what releases cost, by the number of products in the store."""
    bucket = Bucket()
    for number in range(1, max(FILLS) + 1):
        tenant = Tenant(bucket, f"p{number:04}")
        if number in FILLS:
            yield number, tenant.costs()


def with_copies() -> list[Cost]:
    """Return what releases cost from a machine that keeps copies of the past."""
    with TemporaryDirectory() as folder:
        return Tenant(Bucket(), "p0001", Copies(Path(folder) / "past")).costs()


def _by_products(fills: Mapping[int, Sequence[Cost]]) -> str:
    base = median(one.seconds for one in fills[min(fills)])
    rows = [_product_row(fill, costs, base) for fill, costs in fills.items()]
    header = ("How many products are in the bucket?", "reads", "writes", "lists", "keys", "time")
    return render(header, rows, NOTES.format(releases=RELEASES))


def _product_row(fill: int, costs: Sequence[Cost], base: float) -> tuple[str, ...]:
    counts = (
        sum(column) / len(costs) for column in zip(*(one.counts for one in costs), strict=True)
    )
    spent = median(one.seconds for one in costs)
    return (f"{fill:,}", *(f"{count:.1f}" for count in counts), f"{spent / base:.2f}")


def _by_releases(kept: Sequence[Cost], anew: Sequence[Cost]) -> str:
    base = median(one.seconds for one in kept[:5])
    rows = [_release_row(number, kept, anew, base) for number in SHOWN]
    header = ("Which release of a product is it?", "reads", "writes", "lists", "keys", "time")
    return render((*header, "reads, a new machine"), rows, CURVE_NOTES)


def _release_row(
    number: int, kept: Sequence[Cost], anew: Sequence[Cost], base: float
) -> tuple[str, ...]:
    near = kept[max(0, number - 3) : number + 2]
    spent = median(one.seconds for one in near) / base
    return (
        f"{number}",
        *map(str, kept[number - 1].counts),
        f"{spent:.2f}",
        f"{anew[number - 1].reads}",
    )


if __name__ == "__main__":
    print(table())
