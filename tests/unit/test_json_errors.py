"""What a program reads where a command failed: an object on stdout, beside the words on stderr."""

import json
import subprocess
import sys
from pathlib import Path

import esp_images
import pytest

INIT = ("--board", "b1", "--chip", "esp32", "--slot-size", "0x1E0000", "--insecure-no-passphrase")


@pytest.fixture
def release(run, tmp_path, monkeypatch):
    """Releases a version on stable."""
    monkeypatch.chdir(tmp_path)
    assert run("init", "sensor", "--base-url", "https://updates.example.org/", *INIT)[0] == 0

    def release(version):
        Path("app.bin").write_bytes(esp_images.app_image(code=version.encode() * 999))
        where = ("--version", version, "--channel", "stable", "--board", "b1")
        assert run("release", "app.bin", *where)[0] == 0

    return release


def test_an_error_has_its_kind_message_and_hint(release, run):
    release("1.0.0")
    code, out, err = run("promote", "1.0.0", "--from", "bta", "--to", "stable", "--json")
    assert code == 1
    error = json.loads(out)["error"]
    assert error == {
        "kind": "settings-error",
        "message": "1.0.0 was never released on bta",
        "hint": "there is no channel bta; there is: stable",
        "details": [],
    }
    assert err == f"slotcast: error: {error['message']}\nhint: {error['hint']}\n"


def test_every_way_that_would_be_lost_is_in_the_details(release, run):
    release("1.0.0")
    release("1.1.0")
    settings = Path("slotcast.toml")
    settings.write_text(settings.read_text().replace('chip = "esp32"', 'chip = "esp32c3"'))
    Path("c3.bin").write_bytes(esp_images.app_image("esp32c3"))
    where = ("--version", "2.0.0", "--channel", "stable", "--board", "b1")
    code, out, err = run("release", "c3.bin", *where, "--json")
    assert code == 1
    error = json.loads(out)["error"]
    assert error["kind"] == "stranding-error"
    assert [line.split(":")[0] for line in error["details"]] == [
        "stable/b1 would strand boards on 1.1.0",
        "stable/b1 would strand boards on 1.0.0",
    ]
    assert error["details"] == [error["message"], *err.splitlines()[1:2]]


def test_wrong_usage_prints_nothing_for_a_program(capsys, run):
    with pytest.raises(SystemExit) as ended:
        run("promote", "--json")
    assert (ended.value.code, capsys.readouterr().out) == (2, "")


def test_an_error_that_stdout_has_no_room_for_is_told_on_stderr(tmp_path):
    command = [sys.executable, "-m", "publisher", "status", "--json", "--settings", "none.toml"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert [line.split(":")[0] for line in lines] == ["slotcast", "hint"]


def test_without_json_stdout_stays_empty(run, tmp_path):
    assert run("status", "--settings", tmp_path / "none.toml")[:2] == (1, "")
