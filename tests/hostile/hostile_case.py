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
# Attempts at a file, and at a payload: the first may gain something, and then five do not.
FILE_TRIES, PAYLOAD_TRIES = 3, 6
# An image of 24 KiB, and what an attempt leaves unread.
PAYLOAD = JOURNEY + 25 * KIB + RECORD
# Answers, if unwelcome ones: nobody tries again for them.
FINAL = ("RepositoryError", "answered 403", "answered 404", "wrong hash")
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
        bytes: that the board may take from the network in an attempt.
        waits: how many timeouts may pass in an attempt.
        publish: changes what is published.
        fails_at: the place where the poll fails, where that is a later one.
        heap_kib: what the poll may take of the heap.
        work_s: what the board's own work may take.
    """

    name: str
    place: str
    misdeed: Callable
    error: str
    bytes: int = JOURNEY
    waits: int = 0
    publish: Callable[[Offer], None] | None = None
    fails_at: str = ""
    heap_kib: int = HEAP_KIB
    work_s: float = WORK_S

    @property
    def end(self) -> str:
        """Where the poll fails."""
        return self.fails_at or self.place

    def is_told(self, reason: str, log: list[str]) -> bool:
        """Whether the board said it, in the end or of an earlier attempt."""
        return any(self.error in text for text in (reason, *log))

    @property
    def tries(self) -> int:
        """How many attempts the board may make."""
        if self.publish or any(words in self.error for words in FINAL):
            return 1
        return PAYLOAD_TRIES if self.place.startswith("payload") else FILE_TRIES

    @property
    def most_bytes(self) -> int:
        """Bytes that the board may take from the network in the whole poll."""
        return self.tries * self.bytes

    def seconds(self, timeout_s: float) -> float:
        """How long the poll may take, with this timeout."""
        pauses_s = sum(2**number for number in range(1, self.tries))
        return self.tries * self.waits * timeout_s + pauses_s + self.work_s


def at(place: str, *rows: tuple, **shared: object) -> tuple[Case, ...]:
    """Cases at one place that share what else they have; a row is (name, misdeed, error)."""
    return tuple(Case(name, place, misdeed, error, **shared) for name, misdeed, error in rows)
