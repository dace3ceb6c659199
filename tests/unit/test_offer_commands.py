"""promote, rollout, pause, resume, withdraw and refresh, as a person and a program meet them."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import esp_images
import pytest

import publisher.cli

WHOM = ("--channel", "beta", "--board", "b1")
INIT = ("--board", "b1", "--chip", "esp32", "--slot-size", "0x1E0000", "--insecure-no-passphrase")


@pytest.fixture
def product(run, tmp_path, monkeypatch):
    """1.0.0 and 1.1.0 are released on beta."""
    monkeypatch.chdir(tmp_path)
    assert run("init", "sensor", "--base-url", "https://updates.example.org/", *INIT)[0] == 0
    for version in ("1.0.0", "1.1.0"):
        Path(f"{version}.bin").write_bytes(esp_images.app_image(code=version.encode() * 999))
        assert run("release", f"{version}.bin", "--version", version, *WHOM)[0] == 0
    return tmp_path


@pytest.fixture
def days_later(monkeypatch):
    """Let the commands believe that so many days have passed."""

    def let(days):
        class Later(datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime.now(tz) + timedelta(days=days)

        monkeypatch.setattr(publisher.cli, "datetime", Later)

    return let


def answer(run, *argv):
    """What a program reads."""
    code, out, err = run(*argv, "--json")
    assert code == 0, err
    return json.loads(out)


def offer(run, channel="beta"):
    [found] = [one for one in answer(run, "status")["offers"] if one["channel"] == channel]
    return found


def tree():
    return {path: path.read_bytes() for path in Path("published").rglob("*") if path.is_file()}


def verify(run):
    """`slotcast verify` finds nothing in all that was ever published."""
    code, out, err = run("verify", "--brief")
    assert code == 0, out + err


def test_a_release_is_shared_out_paused_and_resumed(run, product):
    code, out, err = run("rollout", "beta", "b1", "25%")
    assert code == 0
    assert out.startswith("1.1.0 on beta/b1 goes to 25 % of boards\n")
    assert "from 100 % down to 25 %: boards that have it already keep it" in err
    assert offer(run)["basis_points"] == 2500
    assert run("pause", "beta", "b1")[1].startswith("1.1.0 on beta/b1 is paused: boards")
    assert run("pause", "beta", "b1")[1].startswith("1.1.0 on beta/b1 is paused already")
    assert run("rollout", "beta", "b1", "50.25")[1].startswith(
        "1.1.0 on beta/b1 goes to 50.25 % of boards, once it is resumed\n"
    )
    assert offer(run)["paused"] is True
    assert "goes to 50.25 % of boards already" in run("rollout", "beta", "b1", "50.25%")[1]
    assert run("resume", "beta", "b1")[1].startswith(
        "1.1.0 on beta/b1 goes on, for 50.25 % of boards\n"
    )
    assert run("resume", "beta", "b1")[1].startswith("1.1.0 on beta/b1 is not paused, for")
    verify(run)


@pytest.mark.parametrize("share", ["101%", "-1", "all", "5.555", "", "100.01", "%"])
def test_a_share_is_a_percentage(run, product, share):
    with pytest.raises(SystemExit) as ended:
        run("rollout", "beta", "b1", share)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--ramp", "1%..100%"], "--ramp and --over go together"),
        (["--over", "48h"], "--ramp and --over go together"),
        (["10%", "--ramp", "1%..100%", "--over", "48h"], "exclude each other"),
        (["--group", "canary", "--no-groups"], "exclude each other"),
        ([], "what shall change?"),
        (["--ramp", "100%", "--over", "48h"], "100% is no ramp"),
        (["--ramp", "1%..x", "--over", "48h"], "x is no percentage"),
        (["--ramp", "50%..10%", "--over", "48h"], "50%..10% does not rise"),
        (["--ramp", "10%..10%", "--over", "48h"], "does not rise"),
        (["--ramp", "0..100", "--over", "48"], "48 is no time"),
        (["--ramp", "0..100", "--over", "0m"], "0m is no time"),
        (["--ramp", "0..100", "--over", "367d"], "367d is no time"),
        (["--ramp", "0..100", "--over", "5s"], "5s is no time"),
    ],
)
def test_a_rollout_that_cannot_be_meant_is_wrong_usage(run, capsys, options, says):
    with pytest.raises(SystemExit) as ended:
        run("rollout", "beta", "b1", *options)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert says in told
    assert "usage: slotcast rollout" in told


@pytest.mark.parametrize("command", ["release", "promote"])
def test_groups_come_first_only_where_others_come_later(run, capsys, command):
    words = {
        "release": ("app.bin", "--version", "1.0.0", *WHOM),
        "promote": ("1.0.0", "--from", "beta", "--to", "stable"),
    }
    with pytest.raises(SystemExit) as ended:
        run(command, *words[command], "--group", "canary")
    assert ended.value.code == 2
    assert "how many others?" in capsys.readouterr().err


def test_options_may_stand_before_the_percentage(run, product):
    assert answer(run, "rollout", "--dry-run", "beta", "b1", "--redate", "25%")["new"] is True
    assert answer(run, "rollout", "beta", "--dry-run", "b1", "25%")["new"] is True


@pytest.mark.parametrize(
    ("over", "seconds"), [("1m", 60), ("90m", 5400), ("48h", 172800), ("366d", 31622400)]
)
def test_a_ramp_takes_minutes_hours_or_days(run, product, over, seconds):
    [found] = answer(
        run, "rollout", "beta", "b1", "--ramp", "0.5%..50", "--over", over, "--dry-run"
    )["manifests"]
    ramp = found["rollout"]["ramp"]
    assert (found["rollout"]["basis_points"], ramp["to"], ramp["over_s"]) == (50, 5000, seconds)


def test_a_ramp_grows_by_itself_is_held_and_goes_on(run, product, days_later):
    ramp = ("rollout", "beta", "b1", "--ramp", "0%..100%", "--over", "4d")
    code, out, err = run(*ramp, "--group", "canary", "--group", "lab")
    assert code == 0
    told = "1.1.0 on beta/b1 goes to 0 % .. 100 % of boards by "
    assert re.match(re.escape(told) + r"[-0-9]+ [:0-9]+ UTC; canary, lab first\n", out), out
    assert "from 100 % down to 0 %: boards that have it already keep it" in err
    before = tree()
    days_later(1)
    assert " already" in run(*ramp)[1]
    assert tree() == before, "the ramp goes on as it began, with its groups"
    found = offer(run)
    assert (found["basis_points"], found["groups"]) == (0, ["canary", "lab"])
    assert 2500 <= found["basis_points_now"] <= 2510
    assert re.search(
        r"0 % \.\. 100 % by [-0-9]+ [:0-9]+ UTC, 25 % now; canary, lab first", run("status")[1]
    )
    _, out, _ = run("pause", "beta", "b1")
    assert "it goes on for 25 % .. 100 % of boards over 7" in out
    days_later(3)
    found = offer(run)
    assert (found["paused"], found["basis_points"]) == (True, found["basis_points_now"])
    assert "paused, then 25 % .. 100 % over 7" in run("status")[1]
    assert "goes on, for 25 % .. 100 % of boards by" in run("resume", "beta", "b1")[1]
    days_later(7)
    assert offer(run)["basis_points_now"] == 10000
    assert "  100 %; canary, lab first\n" in run("status")[1]
    verify(run)


def test_groups_are_set_and_taken_away_without_touching_the_share(run, product):
    run("rollout", "beta", "b1", "--ramp", "0%..100%", "--over", "4d")
    ramp = offer(run)["ramp"]
    assert run("rollout", "beta", "b1", "--group", "canary")[0] == 0
    assert (offer(run)["ramp"], offer(run)["groups"]) == (ramp, ["canary"])
    run("rollout", "beta", "b1", "0%")
    assert (offer(run)["ramp"], offer(run)["groups"]) == (None, ["canary"])
    assert "  canary only\n" in run("status")[1]
    code, _, err = run("rollout", "beta", "b1", "--no-groups")
    assert code == 0
    assert "canary no longer first: boards that have it already keep it" in err
    assert (offer(run)["basis_points"], offer(run)["groups"]) == (0, [])
    code, _, err = run("rollout", "beta", "b1", "--group", "No!")
    assert code == 1
    assert "rollout.groups.0 is 'No!'; it must be a name" in err
    verify(run)


def test_a_release_may_begin_with_a_ramp_and_is_the_same_when_it_is_run_again(
    run, product, days_later
):
    Path("2.0.0.bin").write_bytes(esp_images.app_image(code=b"two" * 999))
    release = ("release", "2.0.0.bin", "--version", "2.0.0", *WHOM)
    share = ("--ramp", "1%..100%", "--over", "2d", "--group", "canary")
    code, out, err = run(*release, *share)
    assert (code, err) == (0, "")
    assert out.startswith("released 2.0.0 (release 3) on beta/b1, for 1 % .. 100 % of boards by ")
    before = tree()
    days_later(1)
    code, out, err = run(*release, *share)
    assert (code, err) == (0, "")
    assert out.startswith("2.0.0 (release 3) is released on beta/b1, for 1 % .. 100 % of boards ")
    _, _, err = run(*release, "--rollout", "10%")
    assert "beta/b1 keeps its share: `slotcast rollout` changes that" in err
    assert tree() == before
    promote = ("promote", "2.0.0", "--from", "beta", "--to", "stable", "--rollout", "0%")
    _, out, _ = run(*promote, "--group", "canary")
    assert "promoted 2.0.0 (release 1) from beta to stable/b1, for canary only\n" in out
    verify(run)


def test_a_board_gets_its_group_at_the_factory(run, product):
    assert run("provision", *WHOM, "--group", "canary", "--out", "canaries")[0] == 0
    assert run("provision", *WHOM, "--out", "others")[0] == 0
    canary, other = (
        json.loads(Path(f"{folder}/slotcast/ota.json").read_text())
        for folder in ("canaries", "others")
    )
    assert canary.pop("group") == "canary"
    assert canary.keys() == other.keys()


def test_a_change_can_be_looked_at_first(run, product):
    before = tree()
    code, out, _ = run("pause", "beta", "b1", "--dry-run")
    assert code == 0
    assert "timestamp" in out
    assert tree() == before
    assert answer(run, "pause", "beta", "b1", "--dry-run")["new"] is True
    assert tree() == before


@pytest.mark.parametrize("command", [("pause",), ("resume",), ("rollout",)])
def test_boards_and_channels_that_are_not_there(run, product, command):
    share = ("10%",) if command == ("rollout",) else ()
    code, _, err = run(*command, "beta", "b2", *share)
    assert code == 1
    assert "nothing is offered on beta/b2" in err
    code, _, err = run(*command, "stable", "b1", *share)
    assert code == 1
    assert "nothing is offered on stable/b1" in err


def test_a_release_is_withdrawn(run, product):
    before = tree()
    code, _, err = run("withdraw", "1.1.0", *WHOM)
    assert code == 1
    assert "--to VERSION" in err
    assert tree() == before
    code, out, err = run("withdraw", "1.1.0", *WHOM, "--to", "1.0.0")
    assert (code, err) == (0, "")
    assert out.startswith("1.1.0 on beta/b1 is withdrawn: boards that run it go to 1.0.0\n")
    assert (offer(run)["version"], offer(run)["release"]) == ("1.0.0", 3)
    verify(run)


def test_a_release_is_promoted(run, product):
    code, out, err = run("promote", "1.1.0", "--from", "beta", "--to", "stable", "--rollout", "10%")
    assert (code, err) == (0, "")
    assert out.startswith("promoted 1.1.0 (release 1) from beta to stable/b1, for 10 % of boards\n")
    assert offer(run, "stable")["sha256"] == offer(run)["sha256"]
    assert offer(run, "stable")["basis_points"] == 1000
    _, again, err = run("promote", "1.1.0", "--from", "beta", "--to", "stable")
    assert again.startswith("1.1.0 is on stable/b1 already, for 10 % of boards\n")
    assert "stable/b1 keeps its share: `slotcast rollout` changes that" in err
    verify(run)


def test_nothing_is_signed_while_nothing_is_due(run, product, days_later):
    days_later(3)
    before = tree()
    code, out, err = run("refresh")
    assert (code, err) == (0, "")
    assert out == "nothing to do: days left: root 361, targets 176, snapshot 26, timestamp 3\n"
    assert tree() == before
    assert answer(run, "refresh")["renewed"] == []


def test_timestamp_is_signed_anew_when_half_of_its_time_is_over(run, product, days_later):
    days_later(4)
    code, out, err = run("refresh")
    assert (code, err) == (0, "")
    left = "days left: root 360, targets 175, snapshot 25, timestamp 6"
    assert out == f"timestamp signed anew: {left}\n"
    assert answer(run, "refresh")["renewed"] == []
    verify(run)


def test_a_snapshot_that_is_due_comes_with_its_timestamp(run, product, days_later):
    days_later(16)
    assert answer(run, "refresh")["renewed"] == ["snapshot", "timestamp"]
    assert answer(run, "refresh")["renewed"] == []


def test_targets_are_signed_anew_only_when_that_is_asked_for(run, product, days_later):
    days_later(160)
    code, _, err = run("refresh")
    assert code == 0
    assert "targets expires on" in err
    assert answer(run, "refresh")["renewed"] == []
    assert answer(run, "refresh", "--targets")["renewed"] == ["targets", "snapshot", "timestamp"]
    assert "targets" not in run("refresh")[2]


def test_a_refresh_can_be_looked_at_first(run, product, days_later):
    days_later(4)
    before = tree()
    assert [one["kind"] for one in answer(run, "refresh", "--dry-run")["writes"]] == ["timestamp"]
    assert "timestamp" in run("refresh", "--dry-run")[1]
    assert tree() == before


def test_nothing_is_signed_over_what_does_not_verify(run, product, days_later):
    days_later(4)
    [targets] = Path("published/sensor/metadata").glob("3.targets.json")
    targets.write_bytes(targets.read_bytes().replace(b"beta", b"bete"))
    before = tree()
    code, _, err = run("refresh")
    assert code == 1
    assert "targets" in err
    assert tree() == before


def test_root_is_told_before_it_expires(run, product, days_later):
    days_later(340)
    code, _, err = run("refresh", "--targets")
    assert code == 0
    assert "root expires on" in err
    assert "targets" not in err


def test_a_job_fails_while_boards_install_nothing(run, product, days_later):
    days_later(200)
    code, out, err = run("refresh")
    assert code == 1
    assert "targets expired on" in err
    assert out.startswith("snapshot, timestamp signed anew: ")
    assert run("refresh")[0] == 1
    assert run("refresh", "--targets")[0] == 0


def test_nothing_is_signed_anew_under_a_root_that_has_expired(run, product, days_later):
    days_later(400)
    code, _, err = run("refresh", "--targets")
    assert code == 1
    assert "root expired" in err


def test_a_machine_without_a_memory_signs_nothing_by_itself(run, product, days_later):
    days_later(4)
    Path(".slotcast/seen.json").unlink()
    before = tree()
    for _ in range(2):
        code, _, err = run("refresh")
        assert code == 1
        assert "no memory of the product" in err
    assert tree() == before
    assert run("status")[0] == 0
    assert run("refresh")[0] == 0
    assert tree() != before


def test_other_keys_than_those_it_signs_with_are_not_needed(run, product, days_later):
    days_later(16)
    for name in ("targets", "root-1", "root-2", "root-3"):
        Path(f"keys/{name}.pem").unlink()
    assert answer(run, "refresh")["renewed"] == ["snapshot", "timestamp"]


def test_the_history_is_shown_for_all_or_for_one_channel(run, product):
    run("pause", "beta", "b1")
    run("promote", "1.0.0", "--from", "beta", "--to", "stable")
    code, out, err = run("history")
    assert (code, err) == (0, "")
    header, *rows = out.splitlines()
    assert header.split() == ["signed", "at", "channel", "board", "version", "release", "what"]
    assert [row.split()[1:] for row in rows] == [
        ["beta", "b1", "1.0.0", "1", "released"],
        ["beta", "b1", "1.1.0", "2", "released"],
        ["beta", "b1", "1.1.0", "2", "paused"],
        ["stable", "b1", "1.0.0", "1", "released"],
    ]
    [event] = answer(run, "history", "--channel", "stable")["events"]
    assert event["what"] == "released"
    assert run("history", "--board", "b2")[1] == "nothing was released yet\n"


def test_the_status_tells_what_boards_go_by_and_what_needs_a_signature_next(run, product):
    Path("2.0.0.bin").write_bytes(esp_images.app_image(code=b"two" * 999))
    least = ("--min-version", "1.1.0")
    assert run("release", "2.0.0.bin", "--version", "2.0.0", *WHOM, *least)[0] == 0
    run("withdraw", "1.0.0", *WHOM)
    out = run("status")[1]
    assert "beta/b1: older boards take 1.1.0 first\n" in out
    assert "beta/b1: 1.0.0 withdrawn\n" in out
    assert re.search(
        r"timestamp needs a signature next, before [-0-9]{10}: `slotcast refresh`\n$", out
    )
    found = answer(run, "status")
    assert found["next_signature"]["role"] == "timestamp"
    assert (found["offers"][0]["stones"], found["offers"][0]["withdrawn"]) == (["1.1.0"], ["1.0.0"])


def test_a_delta_is_yanked(run, product):
    common = bytes(range(256)) * 100
    for number in (3, 4):
        Path(f"{number}.bin").write_bytes(esp_images.app_image(code=common + bytes([number]) * 99))
        assert run("release", f"{number}.bin", "--version", f"{number}.0.0", *WHOM)[0] == 0
    out = run("yank", "beta", "b1", "3.0.0")[1]
    assert out.startswith("4.0.0 on beta/b1 has no delta from 3.0.0 any more (")
    assert run("yank", "beta", "b1", "3.0.0")[0] == 1
    verify(run)
