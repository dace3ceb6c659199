"""What a hostile case is, and the bounds that its parts add up to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from offer import Offer

KIB = 1024
# Handshakes (0.8 KiB each) and all metadata of an update (2.8 KiB).
JOURNEY = 6 * KIB
# TLS reads a record whole, of up to 16 KiB; a head ends at 4 KiB.
RECORD = 17 * KIB
ONE_RECORD = JOURNEY + RECORD
HEAD = JOURNEY + RECORD + 4 * KIB
# What a single call may take without a result, see wire.py.
CALL = JOURNEY + 32 * KIB
# What an install takes on top of the code; with objects of 64 bits, of which a chip's have half.
HEAP_KIB = 96
# A root of the largest size comes in one piece, which the buffers of an install leave no room for.
ROOT_HEAP_KIB = HEAP_KIB + 16
# Attempts at a payload's blocks, and the pauses between them.
ATTEMPTS, PAUSES_S = 3, 15
# An image of 24 KiB, and what each attempt leaves unread.
PAYLOAD = JOURNEY + 25 * KIB + ATTEMPTS * RECORD
# What a board's own work may take where these tests run.
WORK_S = 5.0


@dataclass(frozen=True)
class Case:
    """One hostile server.

    Attributes:
        name: unique; docs/hostile.md has it too.
        place: where in the poll: "address", "handshake", or one of hostile_edge.py's.
        misdeed: see misdeeds.py; of an address, a context manager that gives it.
        error: words of the board's reason.
        bytes: that the board may take from the network in the whole poll.
        waits: how many timeouts may pass.
        pauses_s: how long the board may wait by itself.
        publish: changes what is published.
        fails_at: the place where the poll fails, where that is a later one.
        heap_kib: what the poll may take of the heap.
    """

    name: str
    place: str
    misdeed: Callable
    error: str
    bytes: int = JOURNEY
    waits: int = 0
    pauses_s: int = 0
    publish: Callable[[Offer], None] | None = None
    fails_at: str = ""
    heap_kib: int = HEAP_KIB

    @property
    def end(self) -> str:
        """Where the poll fails."""
        return self.fails_at or self.place

    def seconds(self, timeout_s: float) -> float:
        """How long the poll may take, with this timeout."""
        return self.waits * timeout_s + self.pauses_s + WORK_S


def at(place: str, *rows: tuple, **shared: object) -> tuple[Case, ...]:
    """Cases at one place that share what else they have; a row is (name, misdeed, error)."""
    return tuple(Case(name, place, misdeed, error, **shared) for name, misdeed, error in rows)
