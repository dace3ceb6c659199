"""What the proof says to a person and to a program."""

import json
from pathlib import Path

import esp_images
import pytest

BOARD = ("--board", "b1", "--chip", "esp32", "--slot-size", "0x1E0000")
WHOM = ("--channel", "beta", "--board", "b1")
PROVED = "beta/b1: 1 supported version and boards from the factory reach 1.1.0, the longest way in "


@pytest.fixture
def release(run, tmp_path, monkeypatch):
    """Releases a version on beta."""
    monkeypatch.chdir(tmp_path)
    base = ("--base-url", "https://updates.example.org/", "--insecure-no-passphrase")
    assert run("init", "sensor", *base, *BOARD)[0] == 0

    def release(version, *more, chip="esp32"):
        data = esp_images.app_image(chip, code=version.encode() * 999)
        Path("app.bin").write_bytes(data)
        return run("release", "app.bin", "--version", version, *WHOM, *more)

    return release


def test_a_release_says_whom_it_reaches(release):
    assert "supported version" not in release("1.0.0")[1]
    code, out, err = release("1.1.0", "--dry-run")
    assert (code, err) == (0, "")
    assert f"{PROVED}1 step" in out.splitlines()
    proof = json.loads(release("1.1.0", "--min-version", "1.0.0", "--json")[1])["proof"]
    assert (proof["where"], proof["states"], proof["longest"]) == ("beta/b1", 2, 2)
    assert json.loads(release("1.1.0", "--min-version", "1.0.0", "--json")[1])["proof"] is None


def test_a_withdrawal_says_whom_it_reaches_and_a_pause_changes_no_way(release, run):
    release("1.0.0")
    release("1.1.0")
    assert "reach" not in run("pause", "beta", "b1")[1]
    assert json.loads(run("resume", "beta", "b1", "--json")[1])["proofs"] == []
    out = run("withdraw", "1.1.0", *WHOM, "--to", "1.0.0")[1]
    assert "beta/b1: 1 supported version and boards from the factory reach 1.0.0" in out
    code, out, _ = run("promote", "1.0.0", "--from", "beta", "--to", "stable", "--json")
    assert (code, [one["where"] for one in json.loads(out)["proofs"]]) == (0, ["stable/b1"])


def test_a_refusal_has_a_line_of_each_version_and_says_what_to_do(release):
    release("1.0.0")
    release("1.1.0")
    settings = Path("slotcast.toml")
    text = settings.read_text()
    settings.write_text(text.replace('chip = "esp32"', 'chip = "esp32c3"'))
    before = set(Path("published").rglob("*"))
    code, out, err = release("2.0.0", chip="esp32c3")
    assert (code, out) == (1, "")
    why = "2.0.0: manifest is for chip esp32c3, this is esp32"
    assert err.splitlines() == [
        f"slotcast: error: beta/b1 would strand boards on 1.1.0: 1.1.0 -> {why}",
        f"beta/b1 would strand boards on 1.0.0: 1.0.0 -> {why}",
        'hint: another version or --min-version may do; or supported_since = "2.0.0" in '
        "[boards.b1], if none is left",
    ]
    assert set(Path("published").rglob("*")) == before
    supported = 'chip = "esp32c3"\nsupported_since = "2.0.0"'
    settings.write_text(text.replace('chip = "esp32"', supported))
    assert release("2.0.0", chip="esp32c3")[0] == 0
