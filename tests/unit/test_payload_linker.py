"""What the encoder learns of a linker's work from two images."""

import pytest
from esp_images import app_image, image
from linked_images import CODE, COUNT, DATA, link

from publisher.payload.linker import Linker, Segment, read_segments
from publisher.payload.matching import Match, find_matches
from publisher.payload.relocation import MAX_ENTRIES, Relocation

OLD = link()


def learnt(old, new):
    return Linker(old, new).relocation(find_matches(old, new))


def test_the_segments_of_an_image_are_read():
    data = image("esp32c3", [(DATA, b"data" * 5), (CODE, b"code" * 3)])
    assert read_segments(data) == (Segment(DATA, 32, 20), Segment(CODE, 60, 12))


@pytest.mark.parametrize("cut", [0, 1, 23, 24, 31, 40])
def test_what_is_cut_has_no_segments(cut):
    assert read_segments(OLD.data[:cut]) == ()


def test_what_is_no_image_has_no_segments():
    assert read_segments(b"\xe8" + OLD.data[1:]) == ()
    assert read_segments(b"\xe9\xff" + bytes(5000)[:2000]) == ()
    assert read_segments(b"\xe9\xff" + b"\xff" * 5000) == ()


def test_a_segment_holds_its_addresses_and_its_end():
    segment = Segment(100, 0, 10)
    assert [segment.holds(address) for address in (99, 100, 110, 111)] == [0, 1, 1, 0]


@pytest.mark.parametrize(("grown_function", "grown_item"), [(8, 0), (0, 24), (64, 400), (12, 4)])
def test_functions_and_data_are_found_where_they_have_moved(grown_function, grown_item):
    new = link(grown_function, grown_item, b"two")
    relocation = learnt(OLD.data, new.data)
    moved = [
        (relocation.shift(old), now - old)
        for old, now in zip(OLD.functions + OLD.items, new.functions + new.items, strict=True)
    ]
    assert sum(said == right for said, right in moved) > 2 * COUNT - 8
    assert relocation.shift(OLD.functions[-1]) == grown_function
    assert relocation.shift(OLD.items[-1]) == grown_item


def test_nothing_outside_of_the_segments_shifts():
    relocation = learnt(OLD.data, link(64, 400).data)
    segments = read_segments(OLD.data)
    for address in (0, DATA - 1, CODE - 1, 2**31 - 1):
        assert relocation.shift(address) == 0
    for segment in segments:
        assert relocation.shift(segment.address + segment.size + 1) == 0


def test_the_relocated_base_has_the_new_pointers():
    new = link(64, 400, b"two")
    linker = Linker(OLD.data, new.data)
    relocation = linker.relocation(find_matches(OLD.data, new.data))
    moved = linker.relocate(relocation)
    assert moved == relocation.relocate(OLD.data) != OLD.data
    assert changed_bytes(moved, new.data) < changed_bytes(OLD.data, new.data) // 3


def changed_bytes(base, new):
    matches = find_matches(base, new)
    kept = sum(match.differences.count(0) for match in matches)
    return len(new) - kept


def test_code_is_a_range_and_data_is_none():
    (code_range,) = learnt(OLD.data, link(64).data).ranges
    _, code = read_segments(OLD.data)
    assert code_range == (code.offset, code.offset + code.size)


def test_code_of_another_chip_is_no_range():
    words = b"".join((CODE + 8 * at).to_bytes(4, "little") for at in range(300))
    moved = b"".join((CODE + 8 * at + 4).to_bytes(4, "little") for at in range(300))
    old = image("esp32", [(CODE, bytes(4096)), (DATA, words)])
    new = image("esp32", [(CODE, bytes(4096)), (DATA, moved)])
    relocation = learnt(old, new)
    assert relocation.ranges == ()
    assert {relocation.shift(CODE + at) for at in range(0, 2400, 8)} == {4}


@pytest.mark.parametrize(
    "other", [OLD.data, b"", b"\xe9", bytes(9000), app_image("esp32"), OLD.data[:-40]]
)
def test_without_pointers_that_moved_nothing_is_relocated(other):
    assert learnt(OLD.data, other) == Relocation()
    assert learnt(other, OLD.data) == Relocation()


def test_a_few_odd_pointers_are_no_reason_for_an_entry():
    old = image("esp32", [(DATA, b"".join((DATA + at).to_bytes(4, "little") for at in range(99)))])
    odd = bytearray(old)
    odd[100:104] = (DATA + 50).to_bytes(4, "little")
    assert learnt(old, bytes(odd)) == Relocation()


@pytest.mark.parametrize(("count", "entries"), [(MAX_ENTRIES, MAX_ENTRIES), (MAX_ENTRIES + 1, 0)])
def test_more_steps_than_the_format_has_entries_are_none(count, entries):
    """Each ten pointers to a place of their own, which moved on its own."""

    def pointers(ahead):
        places = (DATA + 64 * at + ahead * at for at in range(count) for _ in range(10))
        return b"".join(place.to_bytes(4, "little") for place in places)

    old = image("esp32", [(DATA, pointers(0).ljust(80 * count, b"\xff"))])
    new = image("esp32", [(DATA, pointers(1).ljust(80 * count, b"\xff"))])
    match = Match(0, 0, bytes((now - was) % 256 for was, now in zip(old, new, strict=True)))
    assert len(Linker(old, new).relocation([match]).entries) == entries
