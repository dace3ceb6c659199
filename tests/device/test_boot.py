"""otadata as the board reads it, and when it may confirm."""

import flash

from slotcast import boot


def test_blank_otadata_has_no_entries_and_nothing_pends():
    partition = flash.board()
    assert boot.entries(partition) == [None, None]
    assert not boot.confirm(partition) and not partition.confirmed


def test_an_entry_with_a_wrong_crc_does_not_count():
    partition = flash.board()
    flash.set_entry(partition, 0, 1, boot.PENDING, crc=7)
    assert boot.entries(partition)[0] is None


def test_pending_image_is_confirmed_once():
    partition = flash.board()
    flash.set_entry(partition, 0, 1, boot.PENDING)
    assert boot.state(partition) == boot.PENDING
    assert boot.confirm(partition) and partition.confirmed == 1


def test_valid_image_is_not_confirmed_again():
    partition = flash.board()
    flash.set_entry(partition, 0, 1, boot.VALID)
    assert not boot.confirm(partition) and not partition.confirmed


def test_after_a_fallback_nothing_is_confirmed_though_the_active_entry_pends():
    # the candidate in app1 did not verify, app0 runs, otadata still names app1
    partition = flash.board()
    partition.boot = "app1"
    flash.set_entry(partition, 0, 1, boot.VALID)
    flash.set_entry(partition, 1, 2, boot.PENDING)
    assert not boot.confirm(partition) and not partition.confirmed
    assert boot.state(partition) is None and not boot.boots_itself(partition)
    assert boot.boot_state(partition) == boot.PENDING


def test_the_higher_sequence_is_active():
    partition = flash.board()
    flash.set_entry(partition, 0, 3, boot.PENDING)
    flash.set_entry(partition, 1, 2, boot.VALID)
    assert boot.state(partition) == boot.PENDING


def test_an_aborted_entry_is_not_active():
    partition = flash.board()
    flash.set_entry(partition, 0, 1, boot.VALID)
    flash.set_entry(partition, 1, 2, boot.ABORTED)
    assert boot.state(partition) == boot.VALID


def test_a_tie_goes_to_the_first_entry():
    partition = flash.board()
    flash.set_entry(partition, 0, 1, boot.VALID)
    flash.set_entry(partition, 1, 1, boot.PENDING)
    assert boot.state(partition) == boot.VALID


def test_aborted_slot_is_told_by_its_sequence():
    partition = flash.board()
    flash.set_entry(partition, 1, 2, boot.ABORTED)
    app0, app1 = (p.info()[2] for p in partition.find(partition.TYPE_APP))
    assert boot.was_aborted(partition, app1) and not boot.was_aborted(partition, app0)


def test_what_is_armed_can_be_taken_back():
    partition = flash.board()
    flash.set_entry(partition, 0, 3, boot.VALID)
    flash.set_entry(partition, 1, 4, boot.UNDEFINED)
    boot.disarm(partition)
    assert boot.entries(partition) == [(3, boot.VALID), None]


def test_blank_otadata_has_nothing_to_take_back():
    partition = flash.board()
    boot.disarm(partition)
    assert not partition.writes
