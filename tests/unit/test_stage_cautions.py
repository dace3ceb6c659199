"""What a release in stages means for boards on a withdrawn version, and the end of a pause."""

from dataclasses import replace
from pathlib import Path

import esp_images
import pytest
from shop import Shop

from publisher.cautions import with_stage_cautions
from publisher.fleet import Fleet
from publisher.offers import present_offer

INIT = ("--board", "b1", "--chip", "esp32", "--slot-size", "0x1E0000", "--insecure-no-passphrase")
WAIT = "stable/b1: boards on 1.2.0, which is withdrawn, stay on it until it is their turn"


@pytest.fixture
def release(run, tmp_path, monkeypatch):
    """Releases a version, and returns what is told on stderr."""
    monkeypatch.chdir(tmp_path)
    assert run("init", "sensor", "--base-url", "https://updates.example.org/", *INIT)[0] == 0

    def release(version, *more, channel="stable"):
        Path("app.bin").write_bytes(esp_images.app_image(code=version.encode() * 999))
        where = ("--channel", channel, "--board", "b1")
        code, _, err = run("release", "app.bin", "--version", version, *where, *more)
        assert code == 0, err
        return err

    return release


@pytest.fixture
def told(run):
    """Runs a command that has to succeed, and returns what it tells on stderr."""

    def told(*argv):
        code, _, err = run(*argv)
        assert code == 0, err
        return err

    return told


def test_whoever_holds_boards_back_on_a_withdrawn_version_is_told(release, told):
    for version in ("1.1.0", "1.2.0"):
        assert "withdrawn" not in release(version, "--rollout", "1%")
    told("withdraw", "1.2.0", "--channel", "stable", "--to", "1.1.0")
    assert f"slotcast: warning: {WAIT}\n" in release("1.3.0", "--rollout", "1%")
    assert WAIT in told("rollout", "stable", "b1", "5%")
    assert WAIT in told("rollout", "stable", "--ramp", "1%..100%", "--over", "2d")
    assert WAIT in told("pause", "stable")
    assert WAIT in told("resume", "stable")
    assert WAIT not in told("rollout", "stable", "100%")
    assert WAIT in told("pause", "stable")
    assert WAIT not in told("resume", "stable")
    assert WAIT not in release("1.4.0", channel="beta")
    promote = ("promote", "1.4.0", "--from", "beta", "--to", "stable")
    assert WAIT in told(*promote, "--rollout", "10%", "--dry-run")
    assert WAIT not in told(*promote)


def test_a_release_that_ends_a_pause_says_so_and_for_whom(release, told):
    release("1.4.0")
    told("pause", "stable", "b1")
    ended = "stable/b1: 1.4.0 was paused; {} is not: it goes to {} % of boards\n"
    assert ended.format("1.5.0", 10) in release("1.5.0", "--rollout", "10%", "--dry-run")
    release("1.6.0", channel="beta")
    promote = ("promote", "1.6.0", "--from", "beta", "--to", "stable")
    assert ended.format("1.6.0", 100) in told(*promote, "--dry-run")
    assert "was paused" not in release("1.4.0")
    assert ended.format("1.5.0", 100) in release("1.5.0")
    assert "was paused" not in release("1.5.1")


def cautions(shop):
    view = shop.view()
    repository = shop.open(view)
    fleet = Fleet(shop.settings, repository, view)
    [offer] = with_stage_cautions(fleet, [present_offer(repository, "stable", "b1")])
    return offer.warnings


@pytest.mark.parametrize(
    ("since", "says"),
    [
        ("", "stable/b1: boards on 1.9.0, 1.10.0, which are withdrawn, stay on them until"),
        ("1.10.0", "stable/b1: boards on 1.10.0, which is withdrawn, stay on it until"),
    ],
)
def test_boards_of_versions_that_are_supported_no_more_wait_for_nothing(since, says):
    shop = Shop()
    for version in ("1.8.0", "1.9.0", "1.10.0", "1.11.0"):
        shop.release(version)
    shop.change(withdrawn=("1.10.0", "1.9.0"), paused=True)
    boards = {"b1": replace(shop.settings.boards["b1"], supported_since=since)}
    shop.settings = replace(shop.settings, boards=boards)
    [warning] = cautions(shop)
    assert warning.startswith(says)
    boards = {"b1": replace(boards["b1"], supported_since="1.11.0")}
    shop.settings = replace(shop.settings, boards=boards)
    assert cautions(shop) == ()


def test_a_board_that_slotcast_toml_knows_no_more_is_told_of_all_the_same():
    shop = Shop()
    shop.release("1.0.0")
    shop.change(withdrawn=("0.9.0",), paused=True)
    shop.settings = replace(shop.settings, boards={})
    assert len(cautions(shop)) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("promote", "1.0.0", "--from", "bta", "--to", "stable"),
        ("promote", "1.0.0", "--from", "bta", "--to", "stable", "--board", "b1"),
        ("withdraw", "1.0.0", "--channel", "bta"),
        ("rollout", "bta", "10%"),
        ("pause", "bta"),
    ],
    ids=lambda words: " ".join((words[0], *words[5:])),
)
def test_a_channel_that_there_is_not_is_answered_with_those_that_there_are(release, run, words):
    release("1.0.0", channel="beta")
    release("1.0.0")
    code, _, err = run(*words)
    assert code == 1
    assert err.endswith("\nhint: there is no channel bta; there is: beta, stable\n")


def test_a_version_that_a_channel_never_had_is_looked_for_in_its_history(release, run):
    release("1.0.0", channel="beta")
    for words in (("promote", "9.9.9", "--from", "beta", "--to", "x"), ("withdraw", "9.9.9")):
        where = () if words[0] == "promote" else ("--channel", "beta")
        assert "hint: `slotcast history --channel beta` lists" in run(*words, *where)[2]
