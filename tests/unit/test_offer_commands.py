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
    assert run("rollout", "beta", "b1", "50.25%")[1].startswith(
        "1.1.0 on beta/b1 goes to 50.25 % of boards, once it is resumed\n"
    )
    assert offer(run)["paused"] is True
    assert "already goes to 50.25 % of boards" in run("rollout", "beta", "b1", "50.25%")[1]
    assert run("resume", "beta", "b1")[1].startswith(
        "1.1.0 on beta/b1 goes on, for 50.25 % of boards\n"
    )
    assert run("resume", "beta", "b1")[1].startswith("1.1.0 on beta/b1 is not paused: it goes to")
    verify(run)


@pytest.mark.parametrize("share", ["101%", "-1%", "all", "5.555%", "", "100.01%", "%", "25"])
def test_a_share_is_a_percentage(run, product, share):
    with pytest.raises(SystemExit) as ended:
        run("rollout", "beta", "b1", share)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["beta", "b1", "0.25"], "0.25 is no share: write 25% or 0.25%"),
        (["beta", "b1", "25"], "25 is no share: write 25%"),
        (["beta", "0.25"], "0.25 is no share: write 25% or 0.25%"),
        (["beta", "101%"], "101% is no percentage"),
        (["beta", "b1", "--ramp", "1..100%", "--over", "2d"], "1 is no share: write 100% or 1%"),
    ],
)
def test_a_share_has_its_sign_as_a_quarter_may_be_meant(run, capsys, words, says):
    with pytest.raises(SystemExit) as ended:
        run("rollout", *words)
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


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
        (["--ramp", "0%..100%", "--over", "48"], "48 is no time"),
        (["--ramp", "0%..100%", "--over", "0m"], "0m is no time"),
        (["--ramp", "0%..100%", "--over", "367d"], "367d is no time"),
        (["--ramp", "0%..100%", "--over", "5s"], "5s is no time"),
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
        run, "rollout", "beta", "b1", "--ramp", "0.5%..50%", "--over", over, "--dry-run"
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
    verify(run)


@pytest.mark.parametrize("command", ["rollout beta b1", "provision --out x"])
def test_a_group_that_is_no_name_is_wrong_usage(run, capsys, command):
    with pytest.raises(SystemExit) as ended:
        run(*command.split(), "--group", "Can ary")
    assert ended.value.code == 2
    assert '"Can ary" is no name of a group: lower-case letters' in capsys.readouterr().err


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
    first = "dry run: nothing is written; otherwise:\n1.1.0 on beta/b1 is paused: boards"
    assert out.startswith(first)
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


@pytest.fixture
def two_boards(run, product):
    """1.0.0 and 1.1.0 are released on beta for b2 too."""
    text = Path("slotcast.toml").read_text()
    Path("slotcast.toml").write_text(f'{text}[boards.b2]\nchip = "esp32"\nslot_size = 0x1E0000\n')
    for version in ("1.0.0", "1.1.0"):
        release = ("release", f"{version}.bin", "--version", version, "--channel", "beta")
        assert run(*release, "--board", "b2")[0] == 0


def test_all_boards_of_a_channel_are_paused_resumed_and_shared_out_at_once(run, two_boards):
    paused = answer(run, "pause", "beta")
    assert [(one["board"], one["paused"]) for one in paused["manifests"]] == [
        ("b1", True),
        ("b2", True),
    ]
    assert len([name for name in paused["written"] if name.endswith("timestamp.json")]) == 1
    told = run("resume", "--dry-run", "beta")[1]
    for board in ("b1", "b2"):
        assert f"1.1.0 on beta/{board} goes on, for 100 % of boards\n" in told
    run("resume", "beta")
    told = run("rollout", "beta", "--redate", "25%")[1].splitlines()[:2]
    assert told == [f"1.1.0 on beta/{board} goes to 25 % of boards" for board in ("b1", "b2")]
    ramp = answer(run, "rollout", "beta", "--ramp", "30%..50%", "--over", "1d")["manifests"]
    assert [one["rollout"]["basis_points"] for one in ramp] == [3000, 3000]
    assert "nothing is offered on stable\n" in run("pause", "stable")[2]
    verify(run)


def test_a_version_is_withdrawn_from_all_boards_at_once_or_from_none(run, two_boards):
    told = run("withdraw", "1.1.0", "--channel", "beta", "--to", "1.0.0")[1].splitlines()[:2]
    assert told == [
        f"1.1.0 on beta/{board} is withdrawn: boards that run it go to 1.0.0"
        for board in ("b1", "b2")
    ]
    again = answer(run, "withdraw", "1.1.0", "--channel", "beta", "--to", "1.0.0")
    assert (again["new"], len(again["manifests"])) == (False, 2)
    release = ("release", "1.2.0.bin", "--version", "1.2.0", "--channel", "beta", "--board", "b2")
    Path("1.2.0.bin").write_bytes(esp_images.app_image(code=b"two" * 999))
    assert run(*release)[0] == 0
    both = answer(run, "withdraw", "1.2.0", "--channel", "beta", "--to", "1.0.0", "--dry-run")
    assert [one["board"] for one in both["manifests"]] == ["b2"], "b1 never had it"
    before = tree()
    code, _, err = run("withdraw", "1.0.0", "--channel", "beta")
    assert code == 1
    assert "1.0.0 is what is offered" in err, "on b1; b2 could do without it"
    code, _, err = run("withdraw", "1.1.0", "--channel", "beta", "--to", "0.9.0")
    assert code == 1
    assert "boards on beta/b1 go to 1.0.0, which is offered, and not to 0.9.0" in err
    assert tree() == before
    code, _, err = run("withdraw", "7.0.0", "--channel", "beta")
    assert code == 1
    assert "version 7.0.0 was never released on beta\nhint: `slotcast history" in err
    verify(run)


def test_boards_that_are_past_what_is_withdrawn_from_all_stay_there(run, two_boards):
    Path("1.2.0.bin").write_bytes(esp_images.app_image(code=b"two" * 999))
    release = ("release", "1.2.0.bin", "--version", "1.2.0", "--channel", "beta", "--board", "b2")
    assert run(*release)[0] == 0
    withdraw = ("withdraw", "1.1.0", "--channel", "beta", "--to", "1.0.0")
    for is_new in (True, False):
        done = answer(run, *withdraw)
        told = [(one["board"], one["version"], one["withdrawn"]) for one in done["manifests"]]
        assert told == [("b1", "1.0.0", ["1.1.0"]), ("b2", "1.2.0", ["1.1.0"])]
        assert done["new"] is is_new
    verify(run)


def test_an_image_that_was_withdrawn_does_not_come_back_under_another_version(run, product):
    run("withdraw", "1.1.0", *WHOM, "--to", "1.0.0")
    before = tree()
    again = ("release", "1.1.0.bin", "--version", "1.1.1", *WHOM)
    for way in ((), ("--dry-run",)):
        code, _, err = run(*again, *way)
        assert code == 1
        assert "image of 1.1.1 is that of 1.1.0 on beta/b1, which was withdrawn there" in err
        assert "--withdrawn-image" in err
    assert tree() == before
    code, _, err = run(*again, "--withdrawn-image")
    assert code == 0
    assert "boards that run it count as current, and install nothing" in err
    assert run(*again)[0] == 0, "that very release is published already"
    verify(run)


def test_an_image_is_promoted_nowhere_where_it_was_withdrawn(run, product):
    promote = ("promote", "--from", "beta", "--to", "stable")
    for version in ("1.0.0", "1.1.0"):
        assert run(*promote, version)[0] == 0
    run("withdraw", "1.1.0", "--channel", "stable", "--to", "1.0.0")
    run("release", "1.1.0.bin", "--version", "1.2.0", *WHOM)
    code, _, err = run(*promote, "1.2.0")
    assert code == 1
    assert "image of 1.2.0 is that of 1.1.0 on stable/b1, which was withdrawn there" in err
    assert run(*promote, "1.2.0", "--withdrawn-image")[0] == 0


def test_an_image_under_two_versions_and_a_mistyped_channel_are_warned_of(run, product):
    release = ("release", "1.1.0.bin", "--version", "1.2.0", "--board", "b1", "--dry-run")
    _, _, err = run(*release, "--channel", "beta")
    assert "warning: the image of 1.2.0 is that of 1.1.0 on beta/b1: boards that run it" in err
    code, _, err = run(*release, "--channel", "bata")
    assert (code, err) == (0, "slotcast: warning: bata is a new channel (there is beta)\n")
    assert run("promote", "1.1.0", "--from", "beta", "--to", "stable")[0] == 0
    code, _, err = run("promote", "1.0.0", "--from", "beta", "--to", "stabel", "--dry-run")
    assert (code, err) == (
        0,
        "slotcast: warning: stabel is a new channel (there are beta, stable)\n",
    )


def test_a_release_is_withdrawn(run, product):
    before = tree()
    code, _, err = run("withdraw", "1.1.0", *WHOM)
    assert code == 1
    assert "--to takes an older version: 1.0.0; or release one above 1.1.0" in err
    assert "takes an older version: 1.0.0" in run("withdraw", "1.1.0", *WHOM, "--to", "1.1.0")[2]
    assert "`slotcast history --channel beta`" in run("withdraw", "7.0.0", *WHOM)[2]
    assert tree() == before
    code, out, err = run("withdraw", "1.1.0", *WHOM, "--to", "1.0.0")
    assert (code, err) == (0, "")
    assert out.startswith("1.1.0 on beta/b1 is withdrawn: boards that run it go to 1.0.0\n")
    assert (offer(run)["version"], offer(run)["release"]) == ("1.0.0", 3)
    verify(run)


def test_a_release_is_promoted(run, product):
    code, out, err = run("promote", "1.1.0", "--from", "beta", "--to", "stable", "--rollout", "10%")
    assert (code, err) == (0, "slotcast: warning: stable is a new channel (there is beta)\n")
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


def shorten(path):
    path.write_bytes(path.read_bytes()[1:])


@pytest.mark.parametrize("folder", ["targets/beta", "payloads"])
@pytest.mark.parametrize(
    "spoil", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[1:])]
)
def test_nothing_is_signed_over_offers_that_are_not_there(run, product, days_later, folder, spoil):
    days_later(4)
    for path in Path("published/sensor", folder).iterdir():
        spoil(path)
    before = tree()
    code, _, err = run("refresh")
    assert (code, tree()) == (1, before)
    assert f"error: {folder}/" in err


def test_a_lost_image_is_told_of_but_stops_no_board(run, product, days_later):
    days_later(4)
    for path in Path("published/sensor/images").iterdir():
        path.unlink()
    code, out, err = run("refresh")
    assert (code, out.partition(":")[0]) == (1, "timestamp signed anew")
    assert "is missing: beta/b1 offers it with" in err


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
    assert "there is no board b2" in run("history", "--board", "b2")[2]


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


def test_the_status_tells_what_is_mandatory_and_may_be_of_one_channel_or_board(run, product):
    release = ("release", "1.1.0.bin", "--version", "1.1.0", "--channel", "stable", "--board", "b1")
    assert run(*release, "--mandatory")[0] == 0
    assert "  100 %, mandatory\n" in run("status", "--channel", "stable")[1]
    assert "mandatory" not in run("status", "--channel", "beta", "--board", "b1")[1]
    [only] = answer(run, "status", "--channel", "stable")["offers"]
    assert only["channel"] == "stable"
    assert "there is no board b2\nhint: there is: b1" in run("status", "--board", "b2")[2]
    assert "there is no channel bata\n" in run("status", "--channel", "bata")[2]


def test_a_delta_is_yanked(run, product):
    common = bytes(range(256)) * 100
    for number in (3, 4):
        Path(f"{number}.bin").write_bytes(esp_images.app_image(code=common + bytes([number]) * 99))
        assert run("release", f"{number}.bin", "--version", f"{number}.0.0", *WHOM)[0] == 0
    out = run("yank", "beta", "b1", "3.0.0")[1]
    assert out.startswith("4.0.0 on beta/b1 has no delta from 3.0.0 any more (")
    assert "boards that run 3.0.0 take " in out
    code, out, _ = run("yank", "beta", "b1", "3.0.0")
    assert code == 0
    assert out.startswith("4.0.0 on beta/b1 has no delta from 3.0.0 already: boards that run 3.0.0")
    verify(run)
