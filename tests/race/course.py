"""One race: a product is founded, publishers and readers start, some are killed, all is audited."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from publisher.layout import key, root_path
from publisher.settings import load_settings
from tests.race.audit import Account, Violation, audit
from tests.race.deeds import read_deeds
from tests.race.evidence import collect
from tests.race.ledger import Ledger, read_lines
from tests.race.operations import REFRESHING, SHARED
from tests.race.publishers import AFTER, FORK, Crew, Desk, new_desk, new_end, run_here
from tests.race.readers import Reader, bucket_get, read_on
from tests.race.server import BUCKET, Mortal, mortal_server

PRODUCT = "racer"
FINISH_S = 120
_WRITING = 0.5
_LOOK_S = 0.002
_WRITES_S = 0.1  # about as long as a publisher takes from its first write to its last


@dataclass(frozen=True)
class Plan:
    """How a race is run.

    Attributes:
        publishers, readers: how many.
        seconds: how long.
        kill_every_s: mean time between kills of publishers.
        server_kills: how often the server is killed.
        whole: how many publishers run each command as a process of its own.
        seed: of all that is drawn; what the machine makes of it differs each time.
    """

    publishers: int = 4
    readers: int = 3
    seconds: float = 60.0
    kill_every_s: float = 2.0
    server_kills: int = 0
    whole: int = 1
    seed: int = 1


@dataclass(frozen=True)
class Finish:
    """What came of a race.

    Attributes:
        killed: what each publisher had done when it was killed, in words.
        away_s: how long the server was away, each time.
        violations: of what must hold (audit.py), and what `slotcast verify` found.
        mended: version.json files that were behind at the end, until a command was run again.
    """

    plan: Plan
    account: Account
    killed: Sequence[str]
    away_s: Sequence[float]
    violations: Sequence[Violation]
    mended: int
    took_s: float


@dataclass
class Course:
    """The folders and the server of one race."""

    folder: Path
    plan: Plan
    mortal: Mortal
    is_over: Any = field(default_factory=new_end)

    @property
    def workshop(self) -> Path:
        """Where the product was founded, and where it is looked at afterwards."""
        return self.folder / "workshop"

    def found(self) -> None:
        """Found the product, and give each publisher a working directory."""
        self.workshop.mkdir()
        store = ("--store", f"s3://{BUCKET}", "--endpoint-url", self.mortal.server.endpoint_url)
        base = ("--base-url", "https://updates.test/", "--insecure-no-passphrase")
        board = ("--board", SHARED, "--chip", "esp32", "--slot-size", "0x1E0000")
        self.slotcast("init", PRODUCT, *store, *base, *board)
        settings = self.workshop / "slotcast.toml"
        boards = "".join(
            f'[boards.{name}]\nchip = "esp32"\nslot_size = 0x1E0000\n' for name in self.own_boards()
        )
        text = re.sub(r"(?m)^deltas = \d$", "deltas = 0", settings.read_text()) + boards
        settings.write_text(text)
        longer = re.sub(r"(?m)^timestamp = 7$", "timestamp = 30", text)
        assert longer != text
        (self.workshop / REFRESHING).write_text(longer)
        self.slotcast("status")
        for slot in range(self.plan.publishers):
            shutil.copytree(self.workshop, self.desk_folder(slot))

    def own_boards(self) -> list[str]:
        """Return the kinds of boards that one publisher alone cares for."""
        return [f"b{slot}" for slot in range(self.plan.publishers)]

    def desk_folder(self, slot: int) -> Path:
        """Return a publisher's working directory."""
        return self.folder / f"desk{slot}"

    def desks(self) -> list[Desk]:
        """Return where publishers work; the last ones run whole processes."""
        count = self.plan.publishers
        return [
            new_desk(
                slot, count, self.desk_folder(slot), slot >= count - self.plan.whole, self.is_over
            )
            for slot in range(count)
        ]

    def slotcast(self, *argv: str) -> tuple[int, str]:
        """Run a command in the workshop: what it printed; AssertionError where it fails."""
        settings = ("--settings", str(self.workshop / "slotcast.toml"))
        with chdir(self.workshop):
            code, out, said = run_here((*argv, *settings))
        assert code == 0 or argv[0] == "verify", said
        return code, out

    def reader(self, number: int) -> Any:
        """Return a process that reads."""
        client = self.mortal.client()
        get = bucket_get(client, BUCKET)
        home = self.folder / f"reader{number}"
        home.mkdir()
        root = get(key(PRODUCT, root_path(1)))
        reader = Reader(get, PRODUCT, root, home)
        ledger = Ledger(self.folder / f"reader{number}.jsonl")
        arguments = (reader, ledger, f"{self.plan.seed}/{number}", self.is_over)
        return FORK.Process(target=read_on, args=arguments)


def race(folder: Path, plan: Plan) -> Finish:
    """Run a race in an empty folder."""
    began_at = time.monotonic()
    with mortal_server(folder) as mortal, _environment(mortal.server.environment()):
        course = Course(folder, plan, mortal)
        course.found()
        killed = _run(course)
        mended = _mend(course)
        code, out = course.slotcast("verify", "--json")
        account = _account(course)
    violations = [*audit(account), *_findings(code, json.loads(out))]
    took_s = time.monotonic() - began_at
    return Finish(plan, account, killed, mortal.away_s, violations, mended, took_s)


def _run(course: Course) -> list[str]:
    """Let all run, and kill until the time is over."""
    plan = course.plan
    readers = [course.reader(number) for number in range(plan.readers)]
    for reader in readers:
        reader.start()
    crew = Crew(course.desks(), [[own, SHARED] for own in course.own_boards()], plan.seed)
    try:
        _kill(course, crew)
    finally:
        course.is_over.value = True
        crew.finish(FINISH_S)
        for reader in readers:
            reader.join()
    assert not any(reader.exitcode for reader in readers), "a reader has died"
    return crew.killed


def _kill(course: Course, crew: Crew) -> None:
    """Kill publishers at random, and the server at equal distances."""
    plan, rng = course.plan, random.Random(course.plan.seed)
    ends_at = time.monotonic() + plan.seconds
    pause_s = plan.seconds / (plan.server_kills + 1)
    due = [ends_at - pause_s * number for number in range(plan.server_kills, 0, -1)]
    while (now := time.monotonic()) < ends_at:
        if due and now >= due[0]:
            due.pop(0)
            course.mortal.kill()
            continue
        until = min([ends_at, *due])
        time.sleep(min(rng.expovariate(1 / plan.kill_every_s), until - now))
        if time.monotonic() < until:
            _kill_one(crew, rng, until)


def _kill_one(crew: Crew, rng: random.Random, until: float) -> None:
    """Kill a publisher: every second time one that is writing, somewhere among its writes."""
    slot = rng.randrange(len(crew.places()))
    if rng.random() < _WRITING:
        while not crew.places()[slot].startswith(AFTER) and time.monotonic() < until:
            time.sleep(_LOOK_S)
            slot = rng.randrange(len(crew.places()))
        time.sleep(rng.uniform(0, _WRITES_S))
    crew.kill(slot)


def _mend(course: Course) -> int:
    """Run again what was cut between timestamp and version.json, as its operator would."""
    findings = json.loads(course.slotcast("verify", "--json")[1])["findings"]
    behind = [one["key"] for one in findings if one["key"].endswith("/version.json")]
    behind = [one["key"] for one in findings if one["key"] in behind and one["severity"] == "error"]
    for name in behind:
        _, channel, board, _ = name.split("/")
        course.slotcast("resume", channel, board, "--resume")
    return len(behind)


def _account(course: Course) -> Account:
    settings = load_settings(course.workshop / "slotcast.toml")
    evidence = collect(course.mortal.client(), BUCKET, PRODUCT, settings.root_sha256)
    deeds = read_deeds(read_lines(course.folder.glob("desk*/publisher-*.jsonl")))
    names = [f"reader{number}" for number in range(course.plan.readers)]
    passes = {name: read_lines([course.folder / f"{name}.jsonl"]) for name in names}
    return Account(evidence, deeds, passes)


def _findings(code: int, report: dict[str, Any]) -> list[Violation]:
    """Return what keeps `slotcast verify` from exiting with 0."""
    bad = [one for one in report["findings"] if one["severity"] in ("error", "unreadable")]
    found = [Violation("verify", f"{one['key']}: {one['message']}") for one in bad]
    return found or ([Violation("verify", f"it exits with {code}")] if code else [])


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
