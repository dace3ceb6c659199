"""Bytes on the wire for one update: whole images, the deltas of others, and Slotcast's payloads.

Each pair of images is measured in a process of its own, all columns on the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context

import delta_peers
from delta_pairs import Pair, cross_version_pairs, small_pairs
from tables import render

from publisher.payload import Base, decode, encode_delta, encode_full
from publisher.payload.full import quick_deflate

WINDOW_BITS = 12
SMALL_GOAL, CROSS_VERSION_GOAL, LZMA_GOAL = 0.45, 0.85, 1.2
SIZES_HEADER = (
    "How many bytes does an update take?",
    *("raw", "deflate", "Slotcast full"),
    *("crle", "heatshrink", "at its best", "lzma", "bsdiff4", "Slotcast delta"),
)
SIZES_NOTES = f"""\
deflate: zlib's best, the whole image as one stream with a window of {1 << WINDOW_BITS:,} bytes.
crle, heatshrink, lzma: detools, sequential patches; heatshrink with its defaults, window 2^8 and
lookahead 2^7, and at its best, with the powers of both. Stock firmware decodes neither lzma nor
bsdiff4's bzip2. Slotcast: the whole payload, with its header and its table of hashes."""
RATIOS_HEADER = (
    "How does Slotcast's delta compare?",
    *("/ heatshrink", "goal", "/ its best", "/ lzma", "goal", "/ Slotcast full"),
)
RATIOS_NOTES = "A figure that misses its goal is marked with *."


@dataclass(frozen=True)
class Sizes:
    """What one update takes, in bytes; `setting` is `best_heatshrink`'s window and lookahead."""

    raw: int
    deflate: int
    full: int
    crle: int
    heatshrink: int
    best_heatshrink: int
    setting: tuple[int, int]
    lzma: int
    bsdiff4: int
    delta: int


def table() -> str:
    """The figures of a run, for people."""
    pairs = [*small_pairs(), *cross_version_pairs()]
    delta_peers.enable()  # downloads once, before there are several processes
    with get_context("spawn").Pool(initializer=delta_peers.enable) as pool:
        measured = list(zip(pairs, pool.map(measure, pairs, chunksize=1), strict=True))
    sizes = render(SIZES_HEADER, [sizes_row(*item) for item in measured], SIZES_NOTES)
    ratios = render(RATIOS_HEADER, [ratios_row(*item) for item in measured], RATIOS_NOTES)
    return f"{sizes}\n\n{ratios}"


def measure(pair: Pair) -> Sizes:
    """Encode one update in every way."""
    old, new = pair.old, pair.new
    setting, best = delta_peers.best_heatshrink(old, new)
    return Sizes(
        raw=len(new),
        deflate=len(quick_deflate(new, WINDOW_BITS)),
        full=len(encode_full(new)),
        crle=len(delta_peers.detools(old, new, "crle")),
        heatshrink=len(delta_peers.detools(old, new, "heatshrink")),
        best_heatshrink=len(best),
        setting=setting,
        lzma=len(delta_peers.detools(old, new, "lzma")),
        bsdiff4=len(delta_peers.bsdiff4(old, new)),
        delta=len(checked_delta(pair)),
    )


def checked_delta(pair: Pair) -> bytes:
    """Slotcast's delta, which gives the new image."""
    base = Base(pair.old, pair.old[-32:])  # ESP-IDF, "App Image Format": its SHA-256 comes last
    delta = encode_delta(base, pair.new)
    if decode(delta, base) != pair.new:
        raise RuntimeError(f"the delta of {pair.title} gives another image")
    return delta


def sizes_row(pair: Pair, sizes: Sizes) -> Sequence[str]:
    """A line of the first table."""
    window, lookahead = sizes.setting
    return (
        pair.title,
        *(f"{size:,}" for size in (sizes.raw, sizes.deflate, sizes.full, sizes.crle)),
        f"{sizes.heatshrink:,}",
        f"{sizes.best_heatshrink:,} ({window}/{lookahead})",
        *(f"{size:,}" for size in (sizes.lzma, sizes.bsdiff4, sizes.delta)),
    )


def ratios_row(pair: Pair, sizes: Sizes) -> Sequence[str]:
    """A line of the second table."""
    goal = SMALL_GOAL if pair.small else CROSS_VERSION_GOAL
    return (
        pair.title,
        *held_to(goal, sizes.delta / sizes.heatshrink),
        f"{sizes.delta / sizes.best_heatshrink:.2f}",
        *held_to(LZMA_GOAL, sizes.delta / sizes.lzma),
        f"{sizes.delta / sizes.full:.3f}",
    )


def held_to(goal: float, ratio: float) -> tuple[str, str]:
    """A ratio, marked when it misses its goal, and the goal."""
    return f"{'*' if ratio > goal else ''}{ratio:.3f}", f"{goal:.2f}"


if __name__ == "__main__":
    print(table())
