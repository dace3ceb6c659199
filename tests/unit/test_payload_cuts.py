"""How an edit is cut into blocks and frames."""

from dataclasses import replace

import pytest
from linked_images import noise

from publisher.payload.cuts import find_cuts
from publisher.payload.edits import Edit, find_edits
from publisher.payload.matching import Match, find_matches
from publisher.payload.relocation import Relocation

BASE = noise(50_000, "base")


def edit_of(image, base=BASE):
    return next(find_edits(base, image))


def cuts_of(image, memory, base=BASE):
    return list(find_cuts(base, edit_of(image, base), memory))


def sizes_of(image, memory, relocation=None):
    edit = edit_of(image)
    edit = replace(edit, relocation=relocation or Relocation())
    return {(cut.block_size, cut.window_bits) for cut in find_cuts(BASE, edit, memory)}


def test_the_two_largest_blocks_that_fit_are_tried_with_each_window():
    assert sizes_of(BASE, 28_672) == {
        *((16384, bits) for bits in range(9, 14)),
        *((8192, bits) for bits in range(9, 14 + 1)),
    }


@pytest.mark.parametrize(
    ("memory", "sizes"),
    [
        (4096 + 4096 + 511, set()),
        (4096 + 4096 + 512, {(4096, 9)}),
        (8192 + 4096 + 512, {(4096, 9), (4096, 10), (4096, 11), (4096, 12), (8192, 9)}),
    ],
)
def test_block_window_and_row_fit_the_memory(memory, sizes):
    assert sizes_of(BASE, memory) == sizes


def test_entries_of_the_map_take_memory_too():
    relocation = Relocation((), tuple((at, at) for at in range(1, 101)))
    assert sizes_of(BASE, 8704 + 800, relocation) == {(4096, 9)}
    assert sizes_of(BASE, 8704 + 799, relocation) == set()
    assert max(sizes_of(BASE, 20992 + 799, relocation))[0] == 8192


def test_blocks_that_are_the_base_s_at_the_same_place_are_copied():
    image = BASE[:16384] + noise(16384, "new") + BASE[32768:]
    cut = cuts_of(image, 28_672)[0]
    assert (cut.block_size, cut.copied) == (16384, {0, 2, 3})
    assert [frame.blocks for frame in cut.frames] == [range(1, 2)]


def test_a_short_last_block_is_copied_also_out_of_a_longer_base():
    cut = cuts_of(BASE[:17_000], 28_672)[0]
    assert (cut.copied, list(cut.frames)) == ({0, 1}, [])


def test_a_last_block_beyond_the_base_is_not_copied():
    cut = cuts_of(BASE[:20_000], 28_672, base=BASE[:19_999])[0]
    assert cut.copied == {0}


def test_one_frame_goes_over_copied_blocks():
    image = b"!" + BASE[1:16384] + BASE[16384:32768] + b"!" + BASE[32769:]
    cut = cuts_of(image, 28_672)[0]
    (frame,) = cut.frames
    assert (frame.blocks, cut.wanted(frame)) == (range(0, 3), [0, 2])


def test_more_than_a_frame_s_bytes_are_cut_into_frames():
    image = noise(150_000, "image")
    cut = cuts_of(image, 28_672)[0]
    blocks = [index for frame in cut.frames for index in frame.blocks]
    assert blocks == list(range(10))
    assert [len(frame.blocks) for frame in cut.frames] == [1] * 8 + [2]
    small = cuts_of(image, 4096 + 4096 + 512)[0]
    assert {len(frame.blocks) for frame in small.frames[:-1]} == {7}


def test_a_block_is_a_part_of_the_image():
    cut = cuts_of(BASE, 28_672)[0]
    assert b"".join(cut.block(index) for index in range(4)) == BASE
    assert cut.block(3) == BASE[49152:]


def test_matches_are_cut_where_blocks_end():
    match = Match(100, 40, bytes(range(10)))
    assert match.end == 110
    assert match.part(90, 104) == Match(100, 40, bytes(range(4)))
    assert match.part(103, 200) == Match(103, 43, bytes(range(3, 10)))
    assert not match.part(110, 120).differences
    assert not match.part(0, 100).differences


@pytest.mark.parametrize(("base", "image"), [(b"", BASE), (BASE, b""), (b"", b"")])
def test_nothing_has_nothing_in_common(base, image):
    assert find_matches(base, image) == []


def test_matches_give_the_image_back():
    image = BASE[9000:20_000] + noise(500, "between") + BASE[:9000]
    matches = find_matches(BASE, image)
    for match in matches:
        old = BASE[match.base_at : match.base_at + len(match.differences)]
        new = bytes((a + b) % 256 for a, b in zip(old, match.differences, strict=True))
        assert new == image[match.at : match.end]
    assert sum(len(match.differences) for match in matches) >= 20_000


def test_an_estimate_grows_with_what_is_new():
    few, many = (edit_of(noise(count, "new") + BASE[count:]) for count in (100, 10_000))
    assert 100 < few.estimated_length < 400 < 10_000 < many.estimated_length < 14_000
    assert isinstance(few, Edit)
