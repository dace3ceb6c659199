"""What can go wrong between a board and its release, and how a session's number decides it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random

# On the link, after so many bytes to the board, counted over all its connections.
LINK_KINDS = ("drop", "truncate", "reset", "stall", "delay", "corrupt")
BREAKS = ("drop", "truncate", "reset", "stall")
# At the edge, in answer to a request, counted in the same way.
PAYLOAD_KINDS = ("416", "200 for a range", "bad RAM")
EDGE_KINDS = ("5xx", "captive portal", *PAYLOAD_KINDS)
KINDS = LINK_KINDS + EDGE_KINDS
# Of an image of so many bytes, a session without faults sends the board about so many, with so many
# requests; the first of them are handshake and metadata. These are not measured anew each time, so
# that a session's number means the same everywhere.
IMAGE_BYTES = 500000
_SESSION_BYTES = 270000
_METADATA_BYTES = 7000
_REQUESTS = 9
_MORE_FAULTS = 5


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        kind: of KINDS.
        at: it comes once so many bytes were delivered, or with the request of this number.
        choice: from 0 to 1, for all else that there is to choose: which bit, how long, which page.
    """

    kind: str
    at: int
    choice: float


@dataclass(frozen=True)
class Injected:
    """A fault that came to pass, and when, in seconds of time.monotonic()."""

    fault: Fault
    time_s: float


class Weather:
    """The faults of one session, each taken when its time has come.

    Attributes: injected, those that came; delivered_bytes, those that a board was sent.
    """

    def __init__(self, faults: Iterable[Fault], breaks: Iterator[Fault] | None = None) -> None:
        """Take the faults of a session, and breaks without end that come on top of them."""
        self._pending = sorted(faults, key=lambda fault: fault.at)
        self._breaks = breaks or iter(())
        self._next_break = next(self._breaks, None)
        self._lock = threading.Lock()
        self._requests = 0
        self.injected: list[Injected] = []
        self.delivered_bytes = 0

    def deliver(self, count: int) -> None:
        """So many bytes more have gone to the board."""
        self.delivered_bytes += count

    def clear_bytes(self) -> int:
        """Bytes that may pass before the next fault of the link."""
        fault = self._next_on_link()
        return max(0, fault.at - self.delivered_bytes) if fault else 1 << 40

    def take_on_link(self) -> Fault:
        """The fault that is due on the link."""
        fault = self._next_on_link()
        assert fault is not None
        if fault is self._next_break:
            self._next_break = next(self._breaks, None)
        else:
            self._pending.remove(fault)
        return self._note(fault)

    def take_at_edge(self, fits: Callable[[str], bool]) -> Fault | None:
        """The fault of the next request, if one is due whose kind fits it."""
        with self._lock:
            self._requests += 1
            for fault in self._pending:
                if fault.kind in EDGE_KINDS and fault.at <= self._requests and fits(fault.kind):
                    self._pending.remove(fault)
                    return self._note(fault)
        return None

    def _next_on_link(self) -> Fault | None:
        mine = [fault for fault in self._pending if fault.kind in LINK_KINDS]
        if self._next_break:
            mine.append(self._next_break)
        return min(mine, key=lambda fault: fault.at, default=None)

    def _note(self, fault: Fault) -> Fault:
        self.injected.append(Injected(fault, time.monotonic()))
        return fault


def forecast(session: int) -> list[Fault]:
    """The faults of a session by its number: one to six; each kind begins every eleventh."""
    random = Random(session)
    kinds = [KINDS[session % len(KINDS)]]
    kinds += random.choices(KINDS, k=random.randrange(_MORE_FAULTS + 1))
    return [Fault(kind, _place(kind, random), random.random()) for kind in kinds]


def breaks_every(mean_bytes: int, session: int) -> Iterator[Fault]:
    """Breaks without end, at intervals of so many bytes in the mean, exponentially distributed."""
    random, at = Random(session), 0.0
    while True:
        at += random.expovariate(1 / mean_bytes)
        yield Fault(random.choice(BREAKS), int(at), random.random())


def _place(kind: str, random: Random) -> int:
    if kind in PAYLOAD_KINDS:
        return random.randint(1, _REQUESTS - 2)  # the last of a payload, if none was in vain
    if kind in EDGE_KINDS:
        return random.randint(1, _REQUESTS)
    return random.randrange(_METADATA_BYTES if random.random() < 0.3 else _SESSION_BYTES)
