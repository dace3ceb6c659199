"""Compromise drills: docs/drills.md says what was measured here."""

from pathlib import Path

import pytest
from drills.drills import THEFTS, Stage, lost_online_keys, lost_root_keys
from drills.owner import Owner
from drills.table import loss_row, row, written_rows

from publisher.stores.directory import DirectoryStore


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLOTCAST_PASSPHRASE", "of new keys in these drills")
        patch.setattr("publisher.signers.pkcs8._COST", 16)  # quick to guess, and to write
        yield Stage(tmp_path_factory.mktemp("drills"))


@pytest.mark.parametrize(
    ("at", "theft"), [*enumerate(THEFTS)], ids=[theft.name for theft in THEFTS]
)
def test_what_a_thief_can_do_and_how_it_ends_is_what_the_page_says(stage, at, theft):
    measured = stage.measure(theft)
    assert row(measured) == written_rows()[at]
    is_owned = any("**" in harm for harm in measured.harms)
    # Firmware needs all three online keys, or as many root keys as root's threshold.
    assert is_owned == (len(theft.roles) == 3 or theft.root_keys >= 2)


@pytest.mark.parametrize("lose", [lost_online_keys, lost_root_keys])
def test_what_a_loss_does_is_what_the_page_says(stage, lose):
    assert loss_row(lose(stage)) in written_rows()


def test_the_page_has_no_other_drills():
    assert len(written_rows()) == len(THEFTS) + 2


# What boards meet that poll while an owner replaces keys that nobody has stolen.


def polls_at_each_write(stage, monkeypatch, owner, **how):
    """What a board says that polls after each write of a ceremony, and what it says then."""
    board, said = stage.board, []

    def watched(real):
        def write(self, item, *more):
            done = real(self, item, *more)
            meets = board.copy()
            said.append((meets.poll(owner.base), lambda: meets.poll(owner.base)))
            return done

        return write

    with monkeypatch.context() as patch:
        for name in ("create", "replace"):
            patch.setattr(DirectoryStore, name, watched(getattr(DirectoryStore, name)))
        owner.replace(("targets", "snapshot", "timestamp"), **how)
    return [first for first, _ in said], [again() for _, again in said]


@pytest.fixture
def owner(stage, tmp_path):
    return Owner(stage.honest.copy(tmp_path / "owner").folder)


RUNS = "current: runs 1.1.0 already"


def test_no_poll_fails_where_the_former_keys_sign_too(stage, monkeypatch, owner):
    first, again = polls_at_each_write(stage, monkeypatch, owner, beside=True)
    assert [*first, *again] == [RUNS] * 8


def test_polls_between_root_and_timestamp_fail_once_where_they_do_not(stage, monkeypatch, owner):
    first, again = polls_at_each_write(stage, monkeypatch, owner)
    assert first[-1] == RUNS
    assert all(said.startswith("failed: RepositoryError: timestamp") for said in first[:-1])
    assert again == [RUNS] * 4
    assert Path(owner.base / "metadata/2.root.json").exists()
