"""What each step of the publisher's delta encoder saves, on the same updates."""

from collections.abc import Sequence
from multiprocessing import get_context

from delta_pairs import Pair, cross_version_pairs, small_pairs
from tables import render

from publisher.deflate import FAST, deflate
from publisher.payload import Base, Head, encode_delta
from publisher.payload.edits import Edit, find_edits
from publisher.payload.full import quick_deflate
from publisher.payload.instructions import Writer
from publisher.payload.matching import find_matches
from publisher.payload.relocation import Relocation

WINDOW_BITS = 12
HEADER = (
    "What does each step of a delta save?",
    *(
        "bsdiff",
        "instructions",
        "+ words",
        "+ pairs",
        "+ parse",
        "payload",
        "head",
        "block",
        "window",
    ),
)
NOTES = """\
Bytes of one update's data. bsdiff: records of its three streams in turn, deflated by zlib with a
window of 4 KiB. Instructions: runs that are equal are counted, not sent. Words: pointers of the
base are relocated. Pairs: so are addresses in two RISC-V instructions. Parse: deflated by optimal
parsing (small updates only). Payload: all of it, blocks that are copied left out, with the
head (table of hashes, and the relocation), in the block and window that come out smallest."""


def table() -> str:
    """The figures of a run, for people."""
    pairs = [*small_pairs(), *cross_version_pairs()]
    with get_context("spawn").Pool() as pool:
        rows = pool.map(row, pairs, chunksize=1)
    return render(HEADER, rows, NOTES)


def row(pair: Pair) -> Sequence[str]:
    """One update, step by step."""
    old, new = pair.old, pair.new
    plain, *_, best = find_edits(old, new)
    words = words_only(old, best)
    payload = encode_delta(Base(old, old[-32:]), new)
    head = Head.from_bytes(payload)
    steps = [
        len(quick_deflate(records(plain), WINDOW_BITS)),
        *(length(edit) for edit in (plain, words, best)),
        parsed(best) if pair.small else length(best),
        *(len(payload), head.length, head.block_size, 1 << head.window_bits),
    ]
    return (pair.title, *(f"{step:,}" for step in steps))


def words_only(old: bytes, best: Edit) -> Edit:
    """The best edit's relocation, with the pairs of instructions left as they are."""
    relocated = best.relocation.relocate_with(old, [])
    return Edit(best.image, best.relocation, find_matches(relocated, best.image))


def records(edit: Edit) -> bytes:
    """bsdiff's records: two lengths and a seek, all differences, and what is like nothing."""
    out, at, position = bytearray(), 0, 0
    for match in edit.matches:
        extra, seek = edit.image[at : match.at], match.base_at - position
        out += len(extra).to_bytes(3, "little") + extra + (seek & 0xFFFFFF).to_bytes(3, "little")
        out += len(match.differences).to_bytes(3, "little") + match.differences
        at, position = match.end, match.base_at + len(match.differences)
    return bytes(out) + edit.image[at:]


def length(edit: Edit) -> int:
    """Bytes of relocation and instructions, by zlib."""
    return len(relocation(edit)) + len(quick_deflate(instructions(edit), WINDOW_BITS))


def parsed(edit: Edit) -> int:
    """Bytes of relocation and instructions, by optimal parsing."""
    return len(relocation(edit)) + len(deflate(instructions(edit), WINDOW_BITS, FAST))


def relocation(edit: Edit) -> bytes:
    """The relocation as it stands in a head."""
    return b"" if edit.relocation == Relocation() else edit.relocation.to_bytes()


def instructions(edit: Edit) -> bytes:
    """The whole image in one frame, no block copied."""
    writer = Writer(0)
    edit.write(writer, 0, len(edit.image))
    return writer.finish()


if __name__ == "__main__":
    print(table())
