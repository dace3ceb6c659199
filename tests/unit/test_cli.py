"""The command line as a person and a program meet it."""

import errno
import io
import json
import os
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tomllib
import urllib.request
from datetime import UTC, timedelta
from pathlib import Path

import esp_images
import pytest

import publisher.cli
import publisher.commands.status
import publisher.seen
from publisher import __version__
from publisher.cli import main
from publisher.commands import Result, Table
from publisher.console import Console, plain_lines
from publisher.errors import KeyAccessError, SettingsError, StoreError
from publisher.stores.directory import DirectoryStore

BOARD = ["--board", "b1", "--chip", "esp32", "--slot-size", "0x1E0000"]
EDGE = ["--base-url", "https://updates.example.org/"]
INIT = ["init", "sensor", *BOARD, *EDGE]
WHOM = ["--channel", "stable", "--board", "b1"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLOTCAST_PASSPHRASE", "correct horse")
    return tmp_path


@pytest.fixture
def founded(run):
    """A product whose keys are open, which is quicker."""
    assert run(*INIT, "--insecure-no-passphrase")[0] == 0


@pytest.fixture
def locked(run):
    """A product whose keys are encrypted."""
    assert run(*INIT)[0] == 0


def firmware(path, code=b"code" * 99, **options):
    path.write_bytes(esp_images.app_image(code=code, **options))
    return path


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def release(run, version, *options):
    app = firmware(Path("app.bin"), version.encode() * 99)
    return run("release", app, "--version", version, *WHOM, *options)


# init


def test_init_founds_a_product_and_prints_its_fingerprint(run, here):
    code, out, err = run(*INIT)
    assert (code, err) == (0, "")
    settings = tomllib.loads((here / "slotcast.toml").read_text())
    assert out.splitlines()[-1] == f"root_sha256 {settings['root_sha256']}"
    assert settings["boards"]["b1"] == {
        "chip": "esp32",
        "slot_size": 0x1E0000,
        "security_version": 0,
        "confirm_within_s": 300,
    }
    assert "now move the root keys apart, each to a place offline: keys/root-1.pem, " in out
    assert run("verify")[0] == 0


def test_keys_are_encrypted_and_their_owner_s_alone(run, here, locked):
    names = sorted(path.stem for path in (here / "keys").glob("*.pem"))
    assert names == ["root-1", "root-2", "root-3", "snapshot", "targets", "timestamp"]
    assert stat.S_IMODE((here / "keys").stat().st_mode) == 0o700
    for path in (here / "keys").glob("*.pem"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert (here / "keys" / ".gitignore").read_text() == "*\n"


def test_open_keys_are_warned_of_loudly(run, here):
    code, _, err = run(*INIT, "--insecure-no-passphrase")
    assert code == 0
    assert err.startswith("slotcast: warning: --insecure-no-passphrase")
    assert "Never do this for a real fleet" in err
    assert (here / "keys/targets.pem").read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")


def test_init_never_overwrites(run, here, founded):
    before = tree(here)
    code, out, err = run(*INIT)
    assert (code, out) == (1, "")
    assert err.startswith("slotcast: error: slotcast.toml already exists\nhint: ")
    assert tree(here) == before


def test_init_refuses_a_product_that_the_store_already_holds(run, here, founded):
    os.remove("slotcast.toml")
    before = tree(here)
    code, _, err = run(*INIT)
    assert code == 1
    assert "already holds sensor/metadata/timestamp.json" in err
    assert tree(here) == before


def test_init_takes_its_files_back_when_a_key_is_in_the_way(run, here):
    (here / "keys").mkdir()
    (here / "keys" / "targets.pem").write_bytes(b"another product's")
    code, _, err = run(*INIT)
    assert code == 1
    assert "keys/targets.pem already exists" in err
    assert tree(here) == {"keys/targets.pem": b"another product's"}


def test_init_takes_its_files_back_when_the_store_fails_and_says_what_remains(
    run, here, monkeypatch
):
    real = DirectoryStore.create

    def create(self, item):
        if "snapshot" in item.key:
            raise KeyAccessError("the disk is full")
        return real(self, item)

    monkeypatch.setattr(DirectoryStore, "create", create)
    code, _, err = run(*INIT)
    assert code == 1
    assert "the product was not founded: the disk is full" in err
    assert "remove from" in err
    assert "sensor/metadata/1.root.json, sensor/metadata/1.targets.json" in err
    assert {name for name in tree(here) if not name.startswith("published/")} == set()


def test_init_names_its_options_where_there_is_no_slotcast_toml_yet(run, here, monkeypatch):
    def refuse(store, product):
        raise StoreError("bucket b: there is no such bucket", "create it, or correct [store]")

    monkeypatch.setattr("publisher.commands.init.verify_vacant", refuse)
    code, _, err = run(*INIT)
    assert code == 1
    assert "there is no such bucket\nhint: check --store s3://BUCKET, --endpoint-url" in err
    assert tree(here) == {}


def test_a_dry_run_of_init_writes_nothing(run, here):
    code, out, _ = run(*INIT, "--dry-run", "--json")
    assert code == 0
    kinds = [write["kind"] for write in json.loads(out)["writes"]]
    assert kinds == ["root", "targets", "snapshot", "timestamp"]
    assert tree(here) == {}


@pytest.mark.parametrize(
    "options",
    [
        ["--threshold", "4"],
        ["--threshold", "0"],
        ["--root-keys", "0"],
        ["--base-url", "http://updates.example.org/"],
        ["--board", "b2", "--slot-size", "0"],
        ["--endpoint-url", "http://127.0.0.1"],
        ["--store", "s3://"],
        ["--store", "s3:/bucket"],
        ["--chip", "esp99"],
        ["--ca", "missing.pem"],
        ["--store", "."],
        ["--store", ".."],
        ["--store", "keys"],
        ["--store", ".slotcast"],
        ["--partitions", "missing.csv"],
    ],
)
def test_what_cannot_be_founded_leaves_nothing(run, here, options):
    command = [word for word in INIT if "--partitions" not in options or word not in BOARD[-2:]]
    code, out, err = run(*command, *options)
    assert (code, out) == (1, "")
    assert err.startswith("slotcast: error: ")
    assert tree(here) == {}


def test_a_store_that_would_publish_private_keys_is_not_opened(run, here, founded):
    settings = here / "slotcast.toml"
    settings.write_text(settings.read_text().replace('"published"', '"."'))
    for command in (["status"], ["verify"]):
        code, _, err = run(*command)
        assert code == 1
        assert "would publish" in err


def test_init_without_a_board_leaves_a_commented_one(run, here):
    assert run("init", "sensor", *EDGE)[0] == 0
    text = (here / "slotcast.toml").read_text()
    assert "# [boards.sensor-r2]" in text
    code, _, err = release(run, "1.0.0")
    assert code == 1
    assert "boards in slotcast.toml: none" in err


def test_a_partition_table_gives_the_slot_size(run, here):
    table = "otadata,data,ota,0xd000,0x2000\na,app,ota_0,0x10000,0x1000\nb,app,ota_1,,0x1000\n"
    Path("p.csv").write_text(table)
    command = [*INIT[:2], *BOARD[:4], "--partitions", "p.csv", *EDGE]
    assert run(*command)[0] == 0
    code, _, err = run("release", firmware(Path("a.bin"), bytes(5000)), "--version", "1.0.0", *WHOM)
    assert code == 1
    assert "more than the board's slot holds" in err


# release


def test_a_release_is_published_and_shown(run, here, founded):
    code, out, err = release(run, "1.4.3")
    assert (code, err) == (0, "")
    assert out.startswith("released 1.4.3 (release 1) on stable/b1\n")
    code, out, _ = run("status")
    assert code == 0
    assert "stable   b1     1.4.3          1  " in out
    assert run("verify")[0] == 0


def test_a_release_that_older_boards_take_later_says_what_they_take_first(run, here, founded):
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        release(run, version)
    release(run, "1.3.0", "--min-version", "1.1.0")
    code, out, err = release(run, "1.4.0", "--min-version", "1.3.0", "--retry-failed")
    assert (code, err) == (0, "")
    assert "older boards take 1.1.0, then 1.3.0 first\n" in out
    _, out, _ = release(run, "1.5.0", "--min-version", "1.4.0", "--dry-run", "--json")
    assert json.loads(out)["stones"] == ["1.4.0", "1.3.0", "1.1.0"]
    assert "stable   b1     1.4.0          5  " in run("status")[1]
    assert run("verify")[0] == 0
    names = {path.name.partition(".")[2] for path in (here / "published").rglob("stable/b1/*")}
    assert {"1.1.0.json", "1.3.0.json"} <= names


def test_a_release_may_lift_what_failed_before(run, founded):
    _, out, _ = release(run, "1.0.0", "--retry-failed", "--json")
    assert json.loads(out)["manifest"]["retry_failed"] is True
    assert release(run, "1.0.0")[0] == 1, "another release under the same version"


def test_a_version_that_boards_cannot_take_first_is_refused_with_a_way_out(run, founded):
    release(run, "1.0.0")
    code, _, err = release(run, "1.1.0", "--min-version", "0.9.0")
    assert code == 1
    assert "version 0.9.0 was never released on stable/b1" in err
    assert "release it first" in err


def test_the_same_command_again_is_done_already(run, here, founded):
    release(run, "1.0.0")
    before = tree(here)
    code, out, _ = release(run, "1.0.0")
    assert code == 0
    assert out.startswith("1.0.0 (release 1) is released on stable/b1\n")
    assert tree(here) == before


def test_the_plan_that_a_dry_run_prints_is_what_the_run_writes(run, here, founded):
    before = tree(here)
    code, out, _ = release(run, "1.0.0", "--dry-run", "--json")
    assert code == 0
    del before["slotcast.toml"]
    planned = [write["key"] for write in json.loads(out)["writes"]]
    assert tree(here / "published") == {
        name.removeprefix("published/"): data
        for name, data in before.items()
        if name.startswith("published/")
    }
    _, out, _ = release(run, "1.0.0", "--json")
    assert json.loads(out)["written"] == planned


def test_a_dry_run_for_a_person_is_a_table(run, founded):
    _, out, _ = release(run, "1.0.0", "--dry-run")
    lines = out.splitlines()
    assert lines[0] == "dry run: nothing is written; otherwise:"
    assert lines[1] == "released 1.0.0 (release 1) on stable/b1"
    assert re.fullmatch("7 files, [0-9,]+ bytes would be written:", lines[-9])
    assert lines[-8].split() == ["action", "kind", "bytes", "cache-control", "key"]
    assert lines[-1].split()[:2] == ["create", "version.json"]


def test_what_lies_there_already_is_kept_by_the_plan_and_not_counted(run, here, founded):
    release(run, "1.0.0")
    beta = ("release", here / "app.bin", "--version", "1.0.0", "--channel", "beta")
    code, out, _ = run(*beta, "--board", "b1", "--dry-run", "--json")
    assert code == 0
    plan = json.loads(out)["writes"]
    kept = {write["kind"] for write in plan if write["action"] == "keep"}
    assert kept == {"payload", "image"}
    _, out, _ = run(*beta, "--board", "b1", "--dry-run")
    size = sum(write["size_bytes"] for write in plan if write["action"] != "keep")
    assert f"\n{len(plan) - 2} files, {size:,} bytes would be written:\n" in out
    _, out, _ = run(*beta, "--board", "b1")
    assert out.endswith(f"\n{len(plan) - 2} files written, 2 were there already\n")


def test_a_plan_of_what_is_done_already_is_nothing_to_do(run, here, founded):
    release(run, "1.0.0")
    for more in ((), ("--dry-run",)):
        assert release(run, "1.0.0", *more)[1].endswith("\nnothing to do\n")


def test_json_is_all_that_stdout_holds(run, founded):
    _, out, err = run("--json", "status")
    assert json.loads(out)["product"] == "sensor"
    assert err == ""
    _, out, _ = release(run, "1.0.0", "--json")
    assert json.loads(out)["manifest"]["version"] == "1.0.0"
    for command in (["status", "--json"], ["verify", "--json"]):
        assert json.loads(run(*command)[1])


def test_an_error_is_one_line_and_a_hint_on_stderr(run, founded):
    Path("x.bin").write_bytes(b"no firmware")
    code, out, err = run("release", "x.bin", "--version", "1.0.0", *WHOM)
    assert (code, out) == (1, "")
    error, hint = err.splitlines()
    assert error.startswith("slotcast: error: x.bin is not an ESP image")
    assert hint.startswith("hint: ")


def test_a_firmware_file_that_is_not_there_is_named(run, founded):
    code, _, err = run("release", "gone.bin", "--version", "1.0.0", *WHOM)
    assert code == 1
    assert "gone.bin cannot be read: No such file" in err


def test_a_wrong_passphrase_publishes_nothing(run, here, locked, monkeypatch):
    before = tree(here / "published")
    assert release(run, "0.9.0", "--dry-run")[0] == 0
    monkeypatch.setenv("SLOTCAST_PASSPHRASE", "battery staple")
    code, _, err = release(run, "1.0.0")
    assert code == 1
    assert "SLOTCAST_PASSPHRASE does not open" in err
    assert "battery" not in err
    assert tree(here / "published") == before


def test_without_a_terminal_a_missing_passphrase_is_an_error(run, locked, monkeypatch):
    monkeypatch.delenv("SLOTCAST_PASSPHRASE")
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    code, _, err = release(run, "1.0.0")
    assert code == 1
    assert "hint: set SLOTCAST_PASSPHRASE" in err


def test_a_placeholder_for_the_url_is_warned_of(run):
    assert run("init", "sensor", *BOARD)[0] == 0
    code, _, err = release(run, "1.0.0")
    assert code == 0
    assert err.startswith("slotcast: warning: base_url in slotcast.toml is still ")


# a clock that is wrong


@pytest.fixture
def clock(monkeypatch):
    """Sets the command's clock so many days ahead."""

    def clock(days):
        class Ahead(publisher.cli.datetime):
            @classmethod
            def now(cls, tz):
                return real.now(tz) + timedelta(days=days)

        monkeypatch.setattr(publisher.cli, "datetime", Ahead)

    real = publisher.cli.datetime
    return clock


def test_a_release_from_a_clock_ahead_is_overcome_with_redate(run, founded, clock):
    clock(100)
    code, _, err = release(run, "1.0.0")
    assert code == 0
    assert "warning: the last signature is of" in err
    clock(0)
    code, _, err = release(run, "1.1.0")
    assert code == 1
    assert "slotcast release --redate" in err
    assert run("verify")[0] == 1
    code, _, err = release(run, "1.1.0", "--redate")
    assert code == 0
    assert err.count("slotcast: warning: --redate: ") == 3
    assert run("verify")[0] == 0
    assert release(run, "1.2.0")[2] == ""


def test_a_clock_ahead_of_the_store_s_signs_nothing(run, here, founded, monkeypatch, clock):
    now = publisher.cli.datetime.now(UTC)
    monkeypatch.setattr(DirectoryStore, "time", now, raising=False)
    clock(2)
    before = tree(here / "published")
    code, _, err = release(run, "1.0.0")
    assert code == 1
    assert "but the store says" in err
    assert tree(here / "published") == before


# a store that was rolled back, and runs that were cut short


def two_releases_rolled_back(run, here):
    """Publish 1.0.0 and 1.1.0, then put back what was replaced, for which no key is needed.

    Returns what was there before that, by path.
    """
    release(run, "1.0.0")
    names = ("metadata/timestamp.json", "stable/b1/version.json")
    paths = [here / "published/sensor" / name for name in names]
    old = {path: path.read_bytes() for path in paths}
    release(run, "1.1.0")
    newest = {path: path.read_bytes() for path in paths}
    for path, data in old.items():
        path.write_bytes(data)
    return newest


def test_a_timestamp_that_was_put_back_is_refused_where_a_newer_one_was_seen(run, here, founded):
    two_releases_rolled_back(run, here)
    before = tree(here)
    for command in (["status"], ["provision", *WHOM, "--out", "dev"]):
        code, _, err = run(*command)
        assert code == 1
        assert "targets is version 2, but was 3 before" in err
        assert "hint: an old file was put back" in err
    assert run("release", "app.bin", "--version", "9.0.0", *WHOM, "--resume")[0] == 1
    code, out, _ = run("verify")
    assert code == 1
    assert "error: sensor/metadata/timestamp.json: it is version 2, but was 3 before" in out
    assert run("verify", "--dir", "published")[0] == 0, "a copy may be older"
    assert tree(here) == before


def test_a_new_machine_does_not_sign_below_newer_signed_offers(run, here, founded):
    two_releases_rolled_back(run, here)
    shutil.rmtree(here / ".slotcast")
    before = tree(here / "published")
    code, _, err = run("release", "app.bin", "--version", "1.0.0", *WHOM[:1], "beta", *WHOM[2:])
    assert code == 1
    assert "metadata/3.snapshot.json (stable/b1: 1.1.0 in place of 1.0.0)" in err
    assert "--resume" in err
    assert tree(here / "published") == before
    code, _, err = release(run, "1.2.0", "--resume")
    assert code == 0
    assert "--resume leaves out" in err
    assert release(run, "1.3.0")[0] == 0


def test_a_release_on_top_of_an_old_timestamp_is_not_lost_when_the_newest_comes_back(
    run, here, founded
):
    """Nobody needs a key to put either there; of two publishers, one has a memory."""
    newest = two_releases_rolled_back(run, here)
    memory = (here / ".slotcast/seen.json").read_bytes()
    (here / ".slotcast/seen.json").unlink()
    assert release(run, "1.2.0", "--resume")[0] == 0
    for path, data in newest.items():
        path.write_bytes(data)
    (here / ".slotcast/seen.json").write_bytes(memory)
    assert "4.snapshot.json (stable/b1: 1.2.0 in place of 1.1.0)" in run("status")[2]
    code, _, err = release(run, "1.3.0")
    assert code == 1
    assert "newer files that its timestamp does not name: metadata/4.snapshot.json" in err


def test_verify_and_status_warn_of_newer_signed_offers(run, here, founded):
    two_releases_rolled_back(run, here)
    shutil.rmtree(here / ".slotcast")
    code, out, _ = run("verify")
    assert code == 0
    assert "warning: sensor/metadata/3.snapshot.json: it is signed, but" in out
    assert "stable/b1: 1.1.0 in place of 1.0.0" in out
    assert "stable/b1: 1.1.0 in place of 1.0.0" in run("status")[2]


@pytest.mark.parametrize("role", ["targets", "snapshot"])
@pytest.mark.parametrize("data", [b"{}", b"[" * 9999, b"", b"old"])
def test_newer_offers_are_not_hidden_by_overwriting_them(run, here, founded, role, data):
    two_releases_rolled_back(run, here)
    shutil.rmtree(here / ".slotcast")
    metadata = here / "published/sensor/metadata"
    old = (metadata / f"2.{role}.json").read_bytes()
    (metadata / f"3.{role}.json").write_bytes(old if data == b"old" else data)
    before = tree(here / "published")
    code, _, err = release(run, "1.2.0")
    assert code == 1
    assert f"metadata/3.{role}.json (does not verify: " in err
    assert "--resume" in err
    assert tree(here / "published") == before
    assert f"metadata/3.{role}.json (does not verify: " in run("status")[2]
    code, out, _ = run("verify")
    assert code == 0
    assert f"3.{role}.json: it is newer, but the timestamp does not name it: does not " in out
    code, _, err = release(run, "1.2.0", "--resume")
    assert code == 0
    assert "--resume leaves out newer files that its timestamp does not name: " in err


def test_any_number_of_squatted_files_makes_a_short_line(run, here, founded):
    two_releases_rolled_back(run, here)
    shutil.rmtree(here / ".slotcast")
    for version in range(900, 1300):
        (here / f"published/sensor/metadata/{version}.snapshot.json").write_bytes(b"{}")
    code, _, err = release(run, "1.2.0")
    assert code == 1
    # What verifies comes first: it was offered, and may be hidden among the others.
    assert "name: metadata/3.snapshot.json (stable/b1: 1.1.0 in place of 1.0.0), " in err
    assert (err.count("json (does not verify: "), ", and 396 more\n" in err) == (4, True)
    assert len(err) < 2000
    for command in ("status", "diff"):
        _, _, err = run(command)
        assert err.count("newer, but not named by the timestamp: ") == 6
        assert "newer, but not named by the timestamp: and 396 more\n" in err


def test_newer_offers_are_not_hidden_by_removing_their_targets(run, here, founded):
    two_releases_rolled_back(run, here)
    shutil.rmtree(here / ".slotcast")
    (here / "published/sensor/metadata/3.targets.json").unlink()
    code, _, err = release(run, "1.2.0")
    assert code == 1
    assert "3.snapshot.json (does not verify: metadata/3.targets.json is missing)" in err


def test_newer_offers_are_not_hidden_by_a_gap(run, here, founded):
    metadata = here / "published/sensor/metadata"
    release(run, "1.0.0")
    old = (metadata / "timestamp.json").read_bytes()
    release(run, "1.1.0")
    release(run, "1.2.0")
    (metadata / "timestamp.json").write_bytes(old)
    (metadata / "3.snapshot.json").unlink()
    shutil.rmtree(here / ".slotcast")
    found = "stable/b1: 1.2.0 in place of 1.0.0"
    assert found in run("verify")[1]
    assert found in run("verify", "--dir", "published")[1]
    code, _, err = release(run, "1.3.0")
    assert code == 1
    assert f"metadata/4.snapshot.json ({found})" in err


class Crash(Exception):
    """The publisher's machine loses power."""


@pytest.fixture
def cut_short(run, monkeypatch):
    """Runs a release that loses power before its write number `at`, from 0."""

    def cut_short(at):
        left = iter(range(at))

        def before(real):
            def write(self, *words):
                if next(left, None) is None:
                    raise Crash
                return real(self, *words)

            return write

        with monkeypatch.context() as patch:
            for name in ("create", "replace"):
                patch.setattr(DirectoryStore, name, before(getattr(DirectoryStore, name)))
            with pytest.raises(Crash):
                release(run, "1.0.0")

    return cut_short


@pytest.mark.parametrize("at", range(7))
def test_the_machine_that_was_cut_short_completes_without_a_flag(run, founded, cut_short, at):
    cut_short(at)
    assert release(run, "1.0.0")[0] == 0
    assert release(run, "1.1.0")[0] == 0
    code, out, _ = run("verify")
    assert (code, "warning" in out) == (0, False)


@pytest.mark.parametrize("at", range(7))
def test_another_machine_needs_resume_only_after_the_snapshot(run, here, founded, cut_short, at):
    cut_short(at)
    shutil.rmtree(here / ".slotcast")
    between = at == 5  # the snapshot is there, and no timestamp names it
    assert release(run, "1.0.0")[0] == int(between)
    assert release(run, "1.0.0", "--resume")[0] == 0


def test_what_was_seen_is_kept_beside_the_settings_and_out_of_git(run, here, founded):
    release(run, "1.0.0")
    seen = json.loads((here / ".slotcast/seen.json").read_text())
    assert seen["versions"] == {"root": 1, "timestamp": 2, "snapshot": 2, "targets": 2}
    assert seen["begun"] == []
    assert (here / ".slotcast/.gitignore").read_text() == "*\n"
    assert stat.S_IMODE((here / ".slotcast").stat().st_mode) == 0o700


def test_a_dry_run_remembers_nothing(run, here, founded):
    assert release(run, "1.0.0", "--dry-run")[0] == 0
    assert not (here / ".slotcast").exists()


DAMAGED = [
    "{",
    "[]",
    "null",
    "caf\u00e9",
    "[" * 99999,
    '{"root_sha256": "%s"}',
    '{"root_sha256": "%s", "versions": {"targets": 1e999}, "begun": []}',
]


@pytest.mark.parametrize("text", DAMAGED, ids=range(len(DAMAGED)))
def test_a_memory_that_cannot_be_read_stops_the_run(run, here, founded, text):
    fingerprint = json.loads(run("status", "--json")[1])["root_sha256"]
    (here / ".slotcast/seen.json").write_text(text.replace("%s", fingerprint))
    code, _, err = run("status")
    assert code == 1
    assert "seen.json cannot be read" in err


def test_who_may_not_write_can_read_but_not_release(run, here, founded, monkeypatch):
    def refuse(path, data):
        raise SettingsError(f"cannot write {path}: Read-only file system")

    monkeypatch.setattr(publisher.seen, "replace_file", refuse)
    code, _, err = run("status")
    assert code == 0
    assert "warning: cannot write " in err
    assert "seen.json: Read-only" in err
    before = tree(here / "published")
    assert release(run, "1.0.0")[0] == 1
    assert tree(here / "published") == before


@pytest.fixture
def closed(monkeypatch):
    """Lets nobody read seen.json, not even root."""

    def read_bytes(path):
        if path.name == "seen.json":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path)

    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", read_bytes)


def test_who_may_not_read_the_memory_is_warned_and_does_not_release(run, here, founded, closed):
    for command in ("status", "verify"):
        code, _, err = run(command)
        assert code == 0
        assert err.startswith("slotcast: warning: ")
        assert "seen.json cannot be read: Permission denied: a store that was rolled back" in err
        assert err.count("\n") == 1
    assert not (here / ".slotcast").exists()
    code, _, err = release(run, "1.0.0")
    assert code == 1
    assert "seen.json cannot be read: Permission denied\nhint: it belongs to whoever" in err
    assert run("provision", *WHOM, "--out", "dev")[0] == 1


def test_a_release_that_cannot_be_remembered_is_published(run, here, founded, monkeypatch):
    def refuse(self, states):
        raise SettingsError("cannot write seen.json: No space left on device")

    monkeypatch.setattr(publisher.seen.SeenFile, "finish", refuse)
    code, out, err = release(run, "1.0.0")
    assert code == 0
    assert out.startswith("released 1.0.0 (release 1) on stable/b1")
    assert "warning: the release is published, but this machine does not remember it: " in err
    assert release(run, "1.0.0")[0] == 0


def test_a_release_from_a_machine_without_memory_is_warned_of(run, here, founded):
    assert release(run, "1.0.0")[2] == "", "nothing was released before"
    shutil.rmtree(here / ".slotcast")
    warning = "warning: this machine has no memory of the product"
    assert warning in release(run, "1.1.0", "--dry-run")[2]
    code, _, err = release(run, "1.1.0")
    assert code == 0
    assert warning in err
    assert release(run, "1.2.0")[2] == ""


def test_a_memory_in_whose_place_is_a_folder_is_named(run, here, founded):
    (here / ".slotcast" / "seen.json").mkdir(parents=True)
    code, _, err = run("status")
    assert code == 1
    assert "seen.json cannot be read" in err


def test_the_memory_of_another_product_is_none(run, here, founded):
    (here / ".slotcast").mkdir()
    (here / ".slotcast/seen.json").write_text(json.dumps({"root_sha256": "ab" * 32}))
    assert run("status")[0] == 0
    assert json.loads((here / ".slotcast/seen.json").read_text())["versions"]["targets"] == 1


# status, verify, provision


def test_settings_are_found_from_a_folder_below(run, here, founded, monkeypatch):
    (here / "deep" / "down").mkdir(parents=True)
    monkeypatch.chdir(here / "deep" / "down")
    assert run("status")[0] == 0
    assert run("--settings", here / "slotcast.toml", "status")[0] == 0
    code, _, err = run("status", "--settings", "elsewhere.toml")
    assert code == 1
    assert "elsewhere.toml does not exist" in err


def test_status_warns_of_what_has_expired(run, here, founded, monkeypatch):
    class Later(publisher.cli.datetime):
        @classmethod
        def now(cls, tz):
            return super().now(tz).replace(year=2099)

    monkeypatch.setattr(publisher.cli, "datetime", Later)
    code, _, err = run("status")
    assert code == 0
    assert "slotcast: warning: timestamp has expired: boards install nothing" in err


def test_verify_exits_with_1_and_names_what_is_wrong(run, here, founded):
    release(run, "1.0.0")
    (payload,) = (here / "published/sensor/payloads").iterdir()
    payload.write_bytes(payload.read_bytes()[:-1] + b"?")
    code, out, _ = run("verify")
    assert code == 1
    assert f"error: sensor/payloads/{payload.name}: " in out
    assert "DOES NOT VERIFY" in out
    code, out, _ = run("verify", "--json")
    assert (code, json.loads(out)["ok"]) == (1, False)


def test_a_reviewer_needs_only_a_copy_and_the_fingerprint(run, here, founded, monkeypatch):
    fingerprint = json.loads(run("status", "--json")[1])["root_sha256"]
    (here / "slotcast.toml").rename(here / "hidden")
    for folder in ("published", "published/sensor"):
        assert run("verify", "--dir", folder, "--root", fingerprint)[0] == 0
    assert run("verify", "--dir", "published", "--root", "00" * 32)[0] == 1
    assert "does not exist" in run("verify", "--dir", "published")[2]


def test_verify_says_who_told_the_fingerprint(run, here, founded):
    fingerprint = json.loads(run("status", "--json")[1])["root_sha256"]
    out = run("verify", "--dir", "published")[1]
    assert out.endswith(f"from root {fingerprint} (of {here / 'slotcast.toml'})\n")
    out = run("verify", "--dir", "published", "--root", fingerprint)[1]
    assert out.endswith(f"from root {fingerprint} (of --root)\n")
    data = json.loads(run("verify", "--dir", "published", "--json")[1])
    assert data["root_sha256_of"] == str(here / "slotcast.toml")


def test_provision_writes_a_folder_once(run, here, founded):
    code, out, _ = run("provision", *WHOM, "--out", "dev", "--dry-run")
    assert code == 0
    assert not (here / "dev").exists()
    assert "would be written to dev" in out
    assert run("provision", *WHOM, "--out", "dev")[0] == 0
    files = tree(here / "dev")
    root = (here / "published/sensor/metadata/1.root.json").read_bytes()
    assert root in files.values()
    code, _, err = run("provision", *WHOM, "--out", "dev")
    assert code == 1
    assert "hint: name another folder, or add --force" in err
    assert tree(here / "dev") == files
    assert run("provision", *WHOM, "--out", "dev", "--force")[0] == 0


def test_provision_knows_the_image_that_the_factory_flashes(run, here, founded):
    image = firmware(here / "factory.bin", version="1.0.0")
    assert run("provision", *WHOM, "--out", "dev", "--image", image)[0] == 0
    (ota,) = (here / "dev").rglob("ota.json")
    assert json.loads(ota.read_text())["version"] == "1.0.0"
    other = firmware(here / "c3.bin", chip="esp32c3")
    code, _, err = run("provision", *WHOM, "--out", "dev2", "--image", other)
    assert code == 1
    assert "the image is for esp32c3" in err


# serve


def slotcast(*argv, **options):
    """Start the command as its own process, with plain pipes."""
    return subprocess.Popen(
        [sys.executable, "-m", "publisher", *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored in background
        **options,
    )


def test_a_simulation_that_is_terminated_leaves_nothing_behind(run, here, founded):
    release(run, "1.0.0")
    scratch = here / "scratch"
    scratch.mkdir()
    environment = {**os.environ, "TMPDIR": str(scratch)}
    with slotcast("simulate", *WHOM, env=environment) as simulation:
        assert simulation.stderr.readline()
        assert list(scratch.iterdir())
        simulation.send_signal(signal.SIGTERM)
        simulation.communicate(timeout=10)
    assert simulation.returncode == 143
    assert list(scratch.iterdir()) == []


def test_serve_tells_its_url_serves_logs_and_stops_at_ctrl_c(run, here, founded):
    with slotcast("serve", "--port", "0", "--ca-out", "ca.pem") as server:
        url = server.stdout.readline().strip()
        assert url.endswith("/sensor/")
        context = ssl.create_default_context(cafile="ca.pem")
        name = "metadata/timestamp.json"
        with urllib.request.urlopen(url + name, context=context, timeout=10) as answer:
            assert answer.read() == (here / "published/sensor" / name).read_bytes()
        ca = ["--ca", "ca.pem"]
        assert run("verify", "--url", url, *ca)[0] == 0
        edge = ["--edge-url", url, "--edge-ca", "ca.pem"]
        assert release(run, "1.0.0", *edge)[0] == 0
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=10)
    assert (server.returncode, out) == (0, "")
    assert "boards connect to base_url of slotcast.toml" in err
    assert f"GET /sensor/{name} 200 " in err
    assert "Traceback" not in err


def test_the_authority_of_serve_outlives_it(run, here, founded):
    ca = []
    for _ in range(2):
        with slotcast("serve", "--port", "0", "--json") as server:
            found = json.loads("".join(iter(server.stdout.readline, "}\n")) + "}")
            ca.append(Path(found["ca"]).read_bytes())
            server.send_signal(signal.SIGINT)
    assert ca[0] == ca[1]
    key = here / ".slotcast" / "authority-key.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_port_that_is_taken_is_an_error_with_a_hint(run, founded):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, _, err = run("serve", "--port", taken.getsockname()[1])
    assert code == 1
    assert "cannot listen on 127.0.0.1" in err
    assert "--port" in err


# s3


def test_a_product_lives_in_a_bucket(run, here, s3_server, monkeypatch):
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    client = s3_server.client()
    client.create_bucket(Bucket="cli")
    where = ["--store", "s3://cli", "--endpoint-url", s3_server.endpoint_url]
    assert run(*INIT, *where, "--region", "us-east-1")[0] == 0
    assert release(run, "1.0.0")[0] == 0
    assert release(run, "1.0.0")[1].startswith("1.0.0 (release 1) is released")
    assert release(run, "1.1.0")[0] == 0
    assert run("verify")[0] == 0
    head = client.head_object(Bucket="cli", Key="sensor/metadata/timestamp.json")
    assert head["CacheControl"] == "public, max-age=60"
    assert head["ContentType"] == "application/json"
    assert "stable   b1     1.1.0          2  " in run("status")[1]


# the command itself


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["unknown"],
        ["release"],
        ["release", "x.bin", "--version", "1.0.0"],
        ["verify", "--dir", "a", "--url", "b"],
        ["init", "sensor", "--slot-size", "large"],
    ],
)
def test_wrong_usage_exits_with_2(argv, capsys):
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("usage: slotcast")


def test_the_version_is_printed(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"slotcast {__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_is_printed(run, shell):
    code, out, _ = run("--print-completion", shell)
    assert code == 0
    assert "provision" in out


def test_help_loads_none_of_the_heavy_libraries():
    heavy = ("boto3", "tuf", "cryptography", "esptool", "jinja2", "rich", "jsonschema")
    program = (
        "import sys\nfrom publisher.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"sys.exit(', '.join(n for n in {heavy!r} if n in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_is_quiet(run, founded, monkeypatch):
    def interrupted(arguments, context):
        raise KeyboardInterrupt

    monkeypatch.setattr(publisher.commands.status, "run", interrupted)
    assert run("status") == (130, "", "")


def test_a_reader_who_hangs_up_is_no_crash(founded):
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "publisher", "status"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def to_a_full_disk(*command):
    """Run a command line whose output has no room; its exit code and stderr."""
    with open("/dev/full", "w") as full:
        argv = [sys.executable, "-m", "publisher", *map(str, command)]
        done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stderr


def test_a_result_that_cannot_be_written_is_an_error(founded):
    error = "slotcast: error: the result cannot be written to stdout: No space left on device\n"
    assert to_a_full_disk("status") == (1, error)
    assert to_a_full_disk("status", "--json") == (1, error)


def test_what_is_published_is_said_to_be_where_the_result_cannot_be_written(run, here, founded):
    image = firmware(here / "app.bin")
    code, err = to_a_full_disk("release", image, "--version", "1.0.0", *WHOM)
    assert code == 1
    assert err.endswith("No space left on device; the release is published all the same\n")
    assert "1.0.0" in run("status")[1]


def test_a_ctrl_c_while_it_is_still_being_loaded_is_quiet():
    program = (
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'publisher.arguments':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from publisher.cli import entry_point\n"
        "entry_point()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


# the console


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_bars_are_drawn_on_a_terminal_only():
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        console = Console(io.StringIO(), io.StringIO(), stream)
        console.progress("upload", 1, 2)
        console.progress("upload", 2, 2)
        console.end_progress()
    assert "upload" in terminal.getvalue()
    assert pipe.getvalue() == ""


def test_a_table_is_plain_text_in_a_pipe_and_drawn_on_a_terminal():
    table = Table(("name", "bytes"), [("a", "1"), ("long name", "1,000")], right=("bytes",))
    assert plain_lines(table) == ["name       bytes", "a              1", "long name  1,000"]
    terminal = Terminal()
    Console(io.StringIO(), terminal, io.StringIO()).show(Result([table], {}), as_json=False)
    assert "long name" in terminal.getvalue()
    assert "\u2500" in terminal.getvalue()


def test_a_passphrase_is_asked_for_at_a_terminal(monkeypatch):
    prompts = []

    def getpass(prompt, stream):
        prompts.append(prompt)
        return "typed"

    monkeypatch.setattr("getpass.getpass", getpass)
    console = Console(Terminal(), io.StringIO(), io.StringIO())
    assert console.ask("Passphrase: ") == "typed"
    assert prompts == ["Passphrase: "]


# what a typing mistake must not do


def test_provision_warns_of_a_channel_that_offers_nothing(run, here, founded):
    release(run, "1.0.0")
    code, _, err = run("provision", "--channel", "stabel", "--board", "b1", "--out", "factory")
    assert code == 0
    assert "nothing is offered on stabel for b1 (offered: stable/b1.json)" in err


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("slot_size = 0x1E0000", "slot_size = 0x1000", "and the slot of [boards.b1] 4096"),
        ('chip = "esp32"', 'chip = "esp32c3"', "is for chip esp32, and [boards.b1] has esp32c3"),
    ],
)
def test_no_board_is_provisioned_that_cannot_take_what_is_offered(
    run, here, founded, before, after, says
):
    release(run, "1.0.0")
    app = firmware(Path("app.bin"), b"2" * 9999)
    release_2 = ("release", app, "--version", "2.0.0", *WHOM, "--min-version", "1.0.0")
    assert run(*release_2)[0] == 0
    text = Path("slotcast.toml").read_text()
    assert before in text
    Path("slotcast.toml").write_text(text.replace(before, after))
    for way in ((), ("--dry-run",)):
        code, _, err = run("provision", *WHOM, "--out", "dev", *way)
        assert code == 1
        assert "2.0.0, which stable/b1 offers," in err
        assert says in err
    assert not Path("dev").exists()


def test_a_timestamp_that_is_no_json_says_what_to_do(run, here, founded):
    release(run, "1.0.0")
    (here / "published/sensor/metadata/timestamp.json").write_bytes(b'{"signed": ')
    code, _, err = run("status")
    assert code == 1
    assert "hint: put the last good one back" in err


def test_a_minimum_version_that_is_not_older_is_named_as_it_was_typed(run, founded):
    _, _, err = release(run, "1.0.0", "--min-version", "1.2.0")
    assert "--min-version 1.2.0 is not older than 1.0.0" in err


def test_keys_come_with_their_public_halves_and_one_that_is_missing_is_told(run, here, locked):
    names = [path.name for path in sorted(Path("keys").glob("*.pub"))]
    assert len(names) == len(list(Path("keys").glob("*.pem"))) == 6
    compared = json.loads(run("diff", "--json")[1])
    assert compared["not_compared"] == []
    for suffix in ("pem", "pub"):
        Path(f"keys/root-1.{suffix}").unlink()
    assert "root: file:keys/root-1.pem (not there)" in run("diff")[1]


def test_a_dry_run_of_provision_refuses_what_the_run_would(run, here, founded):
    (here / "factory").mkdir()
    (here / "factory" / "other").touch()
    code, _, err = run("provision", *WHOM, "--out", "factory", "--dry-run")
    assert code == 1
    assert "factory is not empty" in err
    code, _, err = run("provision", *WHOM, "--out", "slotcast.toml", "--force")
    assert code == 1
    assert "slotcast.toml is a file, not a folder" in err


def test_serve_refuses_a_store_without_the_product(run, here, founded):
    shutil.rmtree(here / "published")
    code, out, err = run("serve", "--port", "0")
    assert (code, out) == (1, "")
    assert "is not published in" in err


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["verify", "--root", "abc"], "abc is not 64 hex digits"),
        (["init", "x", "--slot-size", "2M"], "2M is no number of bytes"),
    ],
)
def test_an_argument_of_the_wrong_form_is_wrong_usage(run, capsys, command, says):
    with pytest.raises(SystemExit) as caught:
        run(*command)
    assert caught.value.code == 2
    assert says in capsys.readouterr().err


def test_a_fingerprint_may_be_typed_in_capitals(run, founded):
    root = tomllib.loads(Path("slotcast.toml").read_text())["root_sha256"]
    assert run("verify", "--root", root.upper())[0] == 0
