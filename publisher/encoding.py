"""The work of encoding several payloads, on as many processors as there are.

Workers are started anew (spawn), never forked: this process may have threads. They tell how far
they are in a byte of shared memory each.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import active_children, get_context
from multiprocessing.shared_memory import SharedMemory

from publisher.errors import PayloadError
from publisher.payload import DEFAULT_MEMORY, Base, encode_delta, encode_full

# Of image in all: starting workers takes about as long as encoding so much.
_WORTH_WORKERS_BYTES = 1 << 19
_TICK_S = 0.1
_WHOLE = 255

Told = Callable[[int, int], None]
# Returns the payloads of jobs, in their order.
Encode = Callable[[Sequence["Job"], Told], list[bytes]]


@dataclass(frozen=True)
class Job:
    """A payload to encode: of kind "delta" where there is a base, for a board's memory (bytes)."""

    image: bytes = field(repr=False)
    memory: int
    base: Base | None = None

    def run(self, told: Told) -> bytes:
        """Return the payload; raises PayloadError."""
        if self.base is None:
            # No board may lack the memory for it, and there may be boards in the field that were
            # provisioned before payload_memory was raised.
            return encode_full(self.image, min(self.memory, DEFAULT_MEMORY), told)
        return encode_delta(self.base, self.image, self.memory, told)


def encode_all(jobs: Sequence[Job], told: Told) -> list[bytes]:
    """Return the payloads of all jobs, in their order.

    Args:
        told: called with bytes of image encoded and in all; each payload counts its whole image.

    Raises:
        PayloadError: one cannot be encoded, or a worker was ended from outside.
    """
    sizes = [len(job.image) for job in jobs]
    if len(jobs) == 1 or sum(sizes) < _WORTH_WORKERS_BYTES:
        return [job.run(partial(_tell_one, told, sizes, at)) for at, job in enumerate(jobs)]
    shared = SharedMemory(create=True, size=len(jobs))
    try:
        return _encode_in_workers(jobs, shared, partial(_tell_all, told, sizes, shared))
    except BrokenProcessPool as error:
        hint = "was the machine short of memory?"
        raise PayloadError("a process that encoded a payload was ended", hint) from error
    finally:
        shared.close()
        shared.unlink()


class Encoder:
    """Encodes as `encode_all` does, but nothing twice: a run that begins again goes on with it."""

    def __init__(self) -> None:
        self._known: dict[Job, bytes] = {}

    def __call__(self, jobs: Sequence[Job], told: Told) -> list[bytes]:
        """Return the payloads of all jobs, in their order; see `encode_all`."""
        lacking = [job for job in jobs if job not in self._known]
        self._known |= zip(lacking, encode_all(lacking, told), strict=True)
        return [self._known[job] for job in jobs]


def _encode_in_workers(
    jobs: Sequence[Job], shared: SharedMemory, tell: Callable[[], None]
) -> list[bytes]:
    with _workers(min(os.cpu_count() or 1, len(jobs))) as pool:
        with _out_of_earshot():
            futures = [pool.submit(_run, job, shared.name, at) for at, job in enumerate(jobs)]
        waiting: set[Future[bytes]] = set(futures)
        while waiting:
            done, waiting = wait(waiting, _TICK_S, FIRST_EXCEPTION)
            for future in done:
                future.result()
            tell()
        return [future.result() for future in futures]


@contextmanager
def _workers(count: int) -> Iterator[ProcessPoolExecutor]:
    """A pool that leaves no process behind, however its block ends."""
    before = set(active_children())
    pool = ProcessPoolExecutor(count, get_context("spawn"))
    try:
        yield pool
    except BaseException:
        for worker in set(active_children()) - before:
            worker.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _out_of_earshot() -> Iterator[None]:
    """What is started in here never hears Ctrl-C, which reaches all processes of a terminal.

    It is this process that ends its workers; and it hears of it afterwards.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run(job: Job, name: str, at: int) -> bytes:
    """Run a job in a worker, which tells in byte `at` of the memory called `name` how far it is."""
    shared = SharedMemory(name)

    def told(done: int, total: int) -> None:
        if shared.buf is not None:
            shared.buf[at] = done * _WHOLE // max(total, 1)

    try:
        return job.run(told)
    finally:
        shared.close()


def _tell_one(told: Told, sizes: Sequence[int], at: int, done: int, total: int) -> None:
    """Tell of job `at`, after those before it, in bytes of image."""
    told(sum(sizes[:at]) + sizes[at] * done // max(total, 1), sum(sizes))


def _tell_all(told: Told, sizes: Sequence[int], shared: SharedMemory) -> None:
    # There may be more of it than was asked for.
    parts = [size * done // _WHOLE for size, done in zip(sizes, shared.buf or b"", strict=False)]
    told(sum(parts), sum(sizes))
