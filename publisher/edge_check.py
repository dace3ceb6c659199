"""What boards get: each object that was published, through the edge, byte for byte.

A run has published by then, whatever the edge does. What never changes has to be right at once, or
as soon as an older "there is none" has left the edge's cache; the two files that are replaced may
be as old as the edge keeps them.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count

from publisher.errors import PublisherError, StoreError
from publisher.layout import SHORT
from publisher.progress import Progress
from publisher.published import Read
from publisher.stores.base import Object, Store

_WAITS_S = (1.0, 2.0, 5.0)
_TRIES = 3
_NO_TRUST = (
    "name the roots that its certificate comes from with --edge-ca FILE, as [edge] ca does for "
    "boards; `slotcast pins check` asks as boards do"
)
_NO_HOST = "is that its name? base_url of slotcast.toml, or --edge-url, says where the edge is"
_HINT = (
    "look at the edge: what it keeps and for how long, whether it compresses or redirects, and "
    "where it gets its files. `slotcast verify --url BASE` checks all of it"
)


class EdgeError(PublisherError):
    """What is published stands, but boards do not get it as it is."""


@dataclass(frozen=True)
class Patience:
    """How long to wait for an edge, and by what.

    Attributes:
        wait_s: seconds, for all objects together.
        sleep: waits the given seconds.
        note: tells a person that this waits, and for what.
    """

    wait_s: float
    sleep: Callable[[float], None]
    note: Callable[[str], None]


def verify_edge(
    items: Iterable[Object], origin: Store, read: Read, patience: Patience, progress: Progress
) -> None:
    """Raise EdgeError unless an edge serves what was published.

    Args:
        items: what was published.
        origin: where; asked for what another run may have replaced meanwhile.
        read: returns the bytes that the edge gives for a key, or None where it has none.
        patience: how long to wait.
        progress: told of the bytes that are right.
    """
    waiting = sorted(items, key=lambda item: item.cache_control == SHORT)
    total, done = sum(len(item.data) for item in waiting), 0
    check = _Check(origin, read, patience)
    for item in waiting:
        check.wait_for(item)
        done += len(item.data)
        progress("edge", done, total)


class _Check:
    """Asks an edge for one object after another, within one allowance of time."""

    def __init__(self, origin: Store, read: Read, patience: Patience) -> None:
        self._origin = origin
        self._read = read
        self._patience = patience
        self._left_s = patience.wait_s

    def wait_for(self, item: Object) -> None:
        """Return as soon as the edge serves the object as the origin has it."""
        failures, hint = 0, _HINT
        for number in count():
            try:
                got = self._read(item.key)
                fault = self._fault(item, got)
                may_pass = got is None or item.cache_control == SHORT
            except StoreError as error:
                failures += 1
                hint = _hint(error)
                fault, may_pass = str(error), failures < _TRIES and hint is _HINT
            if not fault:
                return
            if not may_pass or self._left_s <= 0:
                yet = " yet" if may_pass else ""
                raise EdgeError(f"the edge does not serve it{yet}: {fault}", hint)
            self._wait(number, fault)

    def _fault(self, item: Object, got: bytes | None) -> str:
        """Say how an answer differs from what is published; "" if it does not."""
        if got == item.data:
            return ""
        if item.cache_control == SHORT and got is not None:
            there = self._origin.read(item.key)  # another run may have replaced it since
            if there is not None and there.data == got:
                return ""
        return f"{item.key} {difference(item.data, got)}"

    def _wait(self, number: int, fault: str) -> None:
        if not number:
            self._patience.note(f"waiting up to {self._left_s:.0f} s for the edge: {fault}")
        wait_s = min(_WAITS_S[min(number, len(_WAITS_S) - 1)], self._left_s)
        self._patience.sleep(wait_s)
        self._left_s -= wait_s


def _hint(error: StoreError) -> str:
    """Return what to do; where a certificate or a name is at fault, waiting is no help."""
    if isinstance(error.__cause__, ssl.SSLCertVerificationError):
        return _NO_TRUST
    return _NO_HOST if isinstance(error.__cause__, socket.gaierror) else _HINT


def difference(wanted: bytes, got: bytes | None) -> str:
    """Say in words how what an edge gives differs from what it should."""
    if got is None:
        return "is not there (403 or 404)"
    if got.startswith(b"\x1f\x8b") and not wanted.startswith(b"\x1f\x8b"):
        return "is compressed (gzip), which boards do not undo"
    if got.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
        return "is a web page (HTML), with status 200"
    if wanted.startswith(got):
        return f"ends after {len(got):,} of {len(wanted):,} bytes"
    same = next((at for at, (a, b) in enumerate(zip(wanted, got, strict=False)) if a != b), None)
    where = "is longer" if same is None else f"differs from byte {same:,} on"
    return f"{where} ({len(got):,} bytes, published were {len(wanted):,})"
