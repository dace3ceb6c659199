"""Commands that were outrun begin again; a run that may still be going on is waited for."""

import json
import shutil
from contextlib import chdir
from datetime import UTC, datetime
from pathlib import Path

import esp_images
import pytest

from publisher import cli
from publisher.arguments import Arguments
from publisher.commands import Context, Result, publishing
from publisher.commands.retry import retried
from publisher.encoding import encode_all
from publisher.errors import ConflictError, SettingsError
from publisher.repository import open_repository
from publisher.stores.directory import DirectoryStore

WHOM = ("--channel", "stable", "--board", "b1")
INIT = ("--board", "b1", "--chip", "esp32", "--slot-size", "0x1E0000")


class Desk:
    """A person, or a job, at a command line."""

    def __init__(self):
        self.waits, self.notes, self.warnings, self.prompts = [], [], [], []
        self.context = Context(
            now=datetime(2026, 11, 22, tzinfo=UTC),
            environment={},
            ask=self.ask,
            confirm=self.ask,
            note=self.notes.append,
            warn=self.warnings.append,
            progress=lambda what, done, total: None,
            sleep=self.waits.append,
        )

    def ask(self, prompt):
        self.prompts.append(prompt)
        return "correct horse"

    def outrun(self, times, error=None):
        """Run a command that is outrun so many times; how often it ran."""
        runs = []

        @retried
        def run(arguments, context):
            runs.append(context.now)
            context.ask("Passphrase: ")
            context.warn("no memory")
            if len(runs) <= times:
                raise error or ConflictError("somebody else is publishing")
            return Result([], {})

        run(Arguments(), self.context)
        return runs


def test_a_command_that_nobody_outruns_runs_once():
    desk = Desk()
    assert len(desk.outrun(0)) == 1
    assert (desk.waits, desk.notes) == ([], [])


def test_a_command_that_is_outrun_begins_again_and_asks_and_warns_once():
    desk = Desk()
    runs = desk.outrun(2)
    assert len(runs) == 3
    assert runs == sorted(runs)
    assert (desk.prompts, desk.warnings) == (["Passphrase: "], ["no memory"])
    again = "somebody else published first; trying again on top of it"
    assert desk.notes == [f"{again} (2 of 5)", f"{again} (3 of 5)"]
    assert 0.25 <= desk.waits[0] <= 0.75
    assert 0.5 <= desk.waits[1] <= 1.5


def test_a_command_that_is_outrun_every_time_says_so():
    desk = Desk()
    with pytest.raises(ConflictError, match="somebody else is publishing"):
        desk.outrun(5)
    assert len(desk.waits) == 4


def test_any_other_error_ends_it():
    desk = Desk()
    with pytest.raises(SettingsError):
        desk.outrun(1, SettingsError("nothing is offered there"))
    assert desk.waits == []


@pytest.mark.parametrize("is_dry", [False, True])
def test_a_ctrl_c_says_what_becomes_of_what_is_being_published(is_dry):
    desk = Desk()

    @retried
    def run(arguments, context):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(Arguments(dry_run=is_dry), desk.context)
    told = [note for note in desk.notes if note.startswith("interrupted: ")]
    assert len(told) == (0 if is_dry else 1)
    assert all("Run the same command again" in note for note in told)


# Whole commands, while another one publishes at the worst moment


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A folder of a product with encrypted keys, at which 1.0.0 is released."""
    folder = tmp_path_factory.mktemp("template")
    with chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLOTCAST_PASSPHRASE", "correct horse")
        init = ("init", "sensor", "--base-url", "https://updates.example.org/", *INIT)
        assert cli.main(init) == 0
        for version in ("1.0.0", "1.1.0", "1.2.0"):
            Path(f"{version}.bin").write_bytes(esp_images.app_image(code=version.encode() * 999))
        assert cli.main(release("1.0.0")) == 0
    return folder


@pytest.fixture
def founded(template, tmp_path, monkeypatch):
    """A copy of it, where the command lines run."""
    shutil.copytree(template, tmp_path / "product")
    monkeypatch.chdir(tmp_path / "product")
    monkeypatch.setenv("SLOTCAST_PASSPHRASE", "correct horse")


@pytest.fixture
def meanwhile(monkeypatch):
    """Does something, once, right before the first write of a key with `part` in it."""

    def prepare(part, act, method="create"):
        left = [act]
        honest = getattr(DirectoryStore, method)

        def write(store, item, *etag):
            if part in item.key and left:
                left.pop()()
            return honest(store, item, *etag)

        monkeypatch.setattr(DirectoryStore, method, write)

    return prepare


def release(version):
    return ["release", f"{version}.bin", "--version", version, *WHOM]


def offered():
    return json.loads(Path("published/sensor/stable/b1/version.json").read_text())["version"]


@pytest.mark.parametrize(
    ("part", "method"),
    [(".targets.json", "create"), (".snapshot.json", "create"), ("timestamp.json", "replace")],
)
def test_of_two_releases_at_once_the_newer_one_comes_second_and_both_stay(
    run, founded, meanwhile, part, method
):
    meanwhile(part, lambda: cli.main(release("1.1.0")), method)
    code, out, err = run(*release("1.2.0"))
    assert code == 0
    assert "released 1.2.0 (release 3) on stable/b1" in out
    assert "somebody else published first; trying again on top of it (2 of 5)" in err
    assert offered() == "1.2.0"
    history = json.loads(run("history", "--json")[1])
    assert [one["version"] for one in history["events"]][-2:] == ["1.1.0", "1.2.0"]
    assert run("verify", "--brief")[0] == 0


def test_a_release_that_no_longer_applies_says_why(run, founded, meanwhile):
    meanwhile(".targets.json", lambda: cli.main(release("1.2.0")))
    code, _, err = run(*release("1.1.0"))
    assert code == 1
    assert "version 1.1.0 does not follow 1.2.0 on stable/b1" in err
    assert offered() == "1.2.0"
    assert run("verify", "--brief")[0] == 0


def test_a_change_is_made_to_what_another_has_released_meanwhile(run, founded, meanwhile):
    meanwhile("timestamp.json", lambda: cli.main(release("1.1.0")), "replace")
    code, out, _ = run("pause", "stable", "b1")
    assert code == 0
    assert "1.1.0 on stable/b1 is paused" in out


def test_payloads_are_encoded_once_and_passphrases_asked_for_once(
    run, founded, meanwhile, monkeypatch
):
    encoded, prompts = [], []

    def counting(jobs, told):
        encoded.extend(jobs)
        return encode_all(jobs, told)

    def other():
        monkeypatch.setenv("SLOTCAST_PASSPHRASE", "correct horse")
        cli.main(release("1.1.0"))
        monkeypatch.delenv("SLOTCAST_PASSPHRASE")
        encoded.clear()

    monkeypatch.setattr("publisher.encoding.encode_all", counting)
    monkeypatch.setattr(
        "publisher.console.Console.ask",
        lambda console, prompt: prompts.append(prompt) or "correct horse",
    )
    monkeypatch.delenv("SLOTCAST_PASSPHRASE")
    text = Path("slotcast.toml").read_text()
    Path("slotcast.toml").write_text(text.replace("deltas = 3", "deltas = 1"))
    meanwhile(".targets.json", other)
    assert run(*release("1.2.0"))[0] == 0
    assert len(encoded) == 1, "the delta from 1.1.0 alone is new"
    assert len(prompts) == 1


# A run that is going on, or was cut short


def newer_files(founded, run, monkeypatch):
    """Leave all of a release but its pointers, as on another machine; what would end it."""
    left = []
    honest = DirectoryStore.replace

    def stop(store, item, etag):
        left.append((store, item, etag))
        raise ConflictError("stopped")

    memory = Path(".slotcast/seen.json").read_bytes()
    monkeypatch.setattr(DirectoryStore, "replace", stop)
    monkeypatch.setattr("publisher.commands.retry.ATTEMPTS", 1)
    assert run(*release("1.1.0"))[0] == 1
    monkeypatch.setattr("publisher.commands.retry.ATTEMPTS", 5)
    monkeypatch.setattr(DirectoryStore, "replace", honest)
    Path(".slotcast/seen.json").write_bytes(memory)
    return lambda: honest(*left[0])


def test_a_run_that_is_going_on_elsewhere_is_waited_for(run, founded, monkeypatch):
    finish = newer_files(founded, run, monkeypatch)
    waited = []

    def sleep(wait_s):
        waited.append(wait_s)
        if len(waited) == 3:
            finish()

    monkeypatch.setattr("publisher.cli.sleep", sleep)
    code, _, err = run(*release("1.2.0"))
    assert code == 0
    assert "somebody else may be publishing metadata/3.snapshot.json" in err
    assert "somebody else published first; trying again on top of it" in err
    assert offered() == "1.2.0"


def test_a_run_that_was_cut_short_elsewhere_is_waited_for_in_vain(run, founded, monkeypatch, waits):
    newer_files(founded, run, monkeypatch)
    waits.clear()
    code, _, err = run(*release("1.2.0"))
    assert code == 1
    assert "newer files that its timestamp does not name" in err
    assert sum(waits) == sum(publishing._OTHER_RUN_S) == 20
    waits.clear()
    assert run(*release("1.2.0"), "--resume")[0] == 0
    assert waits == []


def test_what_another_run_here_has_published_is_no_store_that_was_rolled_back(
    run, founded, monkeypatch
):
    """It publishes, and remembers that, after this one has read the store."""
    left = [lambda: cli.main(release("1.1.0"))]

    def read_and_be_outrun(*arguments):
        repository = open_repository(*arguments)
        if left:
            left.pop()()
        return repository

    monkeypatch.setattr("publisher.commands.product.open_repository", read_and_be_outrun)
    code, _, err = run(*release("1.2.0"))
    assert code == 0, err
    assert offered() == "1.2.0"


def test_what_a_run_left_that_was_outrun_for_good_is_in_nobody_s_way(
    run, founded, monkeypatch, waits
):
    """It signed a snapshot above the present one, to be named by the timestamp that names that."""
    memory = Path(".slotcast/seen.json").read_bytes()
    left = [lambda: cli.main(release("1.2.0"))]
    honest = publishing.Product.newer

    def look_and_be_outrun(product):
        found = honest(product)
        if left:
            left.pop()()
        return found

    monkeypatch.setattr(publishing.Product, "newer", look_and_be_outrun)
    code, _, err = run(*release("1.1.0"))
    assert code == 1
    assert "version 1.1.0 does not follow 1.2.0" in err
    assert signed("4.snapshot")["x-slotcast-named-by"] == signed("timestamp")["version"]
    assert signed("timestamp")["meta"]["snapshot.json"]["version"] == 3
    Path(".slotcast/seen.json").write_bytes(memory)  # as on another machine
    passed = "passed over, as another run was first: metadata/4.snapshot.json"
    assert passed in run("status")[2], "a person may look at it"
    waits.clear()
    code, _, err = run("pause", "stable", "b1")
    assert (code, err, waits) == (0, "", [])


def signed(name):
    return json.loads(Path(f"published/sensor/metadata/{name}.json").read_text())["signed"]
