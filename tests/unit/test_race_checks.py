"""The checks of tests/race find what they are for, in memory, on stores that break promises."""

import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import products
import pytest
from products import MemoryStore
from shop import Shop
from tuf.api.exceptions import DownloadHTTPError

from publisher.errors import ConflictError, StoreError
from publisher.layout import target_name
from tests.race.audit import CRASH, FILES, FORK, GAP, HIDDEN, LOST, Account, audit
from tests.race.deeds import (
    ACKNOWLEDGED,
    CRASHED,
    KILLED,
    LOST_RACE,
    NEWER,
    PUBLISHED_PARTLY,
    REFUSED,
    UNREACHABLE,
    Deed,
    judge,
    read_deeds,
)
from tests.race.evidence import TIMESTAMP, Evidence
from tests.race.ledger import Ledger, read_lines
from tests.race.publishers import kind_of
from tests.race.readers import Reader, read_once


class KeepingStore(MemoryStore):
    """A sound store that keeps all contents, as a versioned bucket does."""

    def __init__(self):
        super().__init__()
        self.contents = {}

    def create(self, item):
        created = super().create(item)
        if created:
            self.keep(item)
        return created

    def replace(self, item, etag):
        super().replace(item, etag)
        self.keep(item)

    def keep(self, item):
        self.contents.setdefault(item.key.removeprefix("sensor/"), []).append(item.data)


class CarelessStore(KeepingStore):
    """A store that knows no If-Match: whoever writes last wins."""

    def replace(self, item, etag):
        self.on_write(item)
        self.objects[item.key] = item
        self.keep(item)


class OverwritingStore(KeepingStore):
    """A store that knows no If-None-Match either."""

    def create(self, item):
        self.on_write(item)
        self.objects[item.key] = item
        self.keep(item)
        return True


class LateStore(KeepingStore):
    """A store that shows new files after the timestamp only; `on_show` is called for each."""

    def __init__(self):
        super().__init__()
        self.shown = {}
        self.on_show = lambda: None

    def replace(self, item, etag):
        super().replace(item, etag)
        for one in (item, *reversed(self.objects.values())):
            if self.shown.get(one.key) != one:
                self.shown[one.key] = one
                self.on_show()


class Racer(Shop):
    """A product on which two publish at once, and the deeds that were acknowledged."""

    def __init__(self, store):
        super().__init__(store)
        self.deeds = []
        self.passes = []

    def does(self, verb, act, channel="stable"):
        """Do something as a command would, and note it if it is acknowledged."""
        asked = Deed(verb, (target_name(channel, "b1"),), time.monotonic())
        try:
            offers = act()
        except ConflictError:
            self.deeds.append(replace(asked, outcome=LOST_RACE))
            return
        written = {state.role: state.version for state in self.open().states()}
        written.pop("root")
        manifests = {asked.names[0]: sha256(offers.to_bytes()).hexdigest()}
        done = {"ended_at": time.monotonic(), "outcome": ACKNOWLEDGED}
        self.deeds.append(replace(asked, **done, manifests=manifests, written=written))

    def releases(self, version, channel="stable"):
        self.later(seconds=1)
        self.does("release", lambda: self.release(version, channel=channel), channel)

    def released_during(self, path, version, other, channel="beta"):
        """Release `other` on a channel in the very moment in which `version` writes a path."""

        def interrupt(item):
            if item.key.endswith(path):
                self.store.on_write = lambda item: None
                self.releases(other, channel)

        self.store.on_write = interrupt
        self.releases(version)

    def reads(self, version, data=None):
        digest = sha256(data or self.store.contents[TIMESTAMP][version - 1]).hexdigest()
        seen = {"kind": "verified", "version": version, "sha256": digest}
        self.passes.append({**seen, "began_at": time.monotonic()})

    def found(self):
        """The kinds of violations."""
        evidence = Evidence(self.store.contents, self.settings.root_sha256)
        account = Account(evidence, self.deeds, {"reader": self.passes})
        return {violation.kind for violation in audit(account)}


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(products, "NOW", datetime.now(UTC))  # python-tuf's client goes by the clock


def raced(store):
    racer = Racer(store)
    racer.releases("1.0.0")
    racer.releases("1.1.0")
    racer.released_during("timestamp.json", "1.2.0", "1.3.0")
    return racer


def outcomes(racer):
    return [deed.outcome for deed in racer.deeds]


def test_a_race_on_a_sound_store_has_a_loser_and_no_violation():
    racer = raced(KeepingStore())
    racer.does("pause", lambda: racer.change(paused=True).manifest)
    racer.reads(5)
    racer.does("withdraw", lambda: racer.withdraw("1.1.0", "1.0.0"))
    racer.reads(6)
    assert outcomes(racer) == [*[ACKNOWLEDGED] * 3, LOST_RACE, *[ACKNOWLEDGED] * 2]
    assert racer.found() == set()


def test_a_store_that_ignores_if_match_is_found_out():
    racer = raced(CarelessStore())
    assert outcomes(racer) == [ACKNOWLEDGED] * 4
    assert racer.found() == {FORK, LOST}


def test_a_store_that_ignores_if_none_match_is_found_out():
    racer = Racer(OverwritingStore())
    racer.releases("1.0.0")
    racer.released_during("3.snapshot.json", "1.1.0", "1.2.0")
    assert FORK in racer.found()


def test_a_store_that_shows_the_timestamp_first_is_found_out(tmp_path):
    store = LateStore()
    racer = Racer(store)
    racer.releases("1.0.0")
    root = store.shown["sensor/metadata/1.root.json"].data
    reader = Reader(shown_by(store), "sensor", root, tmp_path)
    ledger = Ledger(tmp_path / "reader.jsonl")
    read_once(reader, ledger, is_new=True)
    store.on_show = lambda: read_once(reader, ledger, is_new=True)
    racer.releases("1.1.0")
    racer.passes = read_lines([tmp_path / "reader.jsonl"])
    kinds = [line["kind"] for line in racer.passes]
    assert (kinds[0], kinds[-1]) == ("verified", "verified")
    missed = {kind_of(line["what"].split(": ")[1]) for line in racer.passes if "what" in line}
    assert missed >= {"snapshot", "targets", "manifest", "payload"}
    assert racer.found() == {FILES}


def shown_by(store):
    def get(key):
        if key not in store.shown:
            raise DownloadHTTPError(f"{key}: 404", 404)
        return store.shown[key].data

    return get


@pytest.mark.parametrize("kind", ["snapshot.json", "targets.json", "b1.json", ".slc", ".bin"])
def test_a_file_that_is_gone_is_missed(kind):
    racer = Racer(KeepingStore())
    racer.releases("1.0.0")
    [*_, path] = [
        path for path in racer.store.contents if path.endswith(kind) and "1." not in path[:12]
    ]
    del racer.store.contents[path]
    assert FILES in racer.found()


def test_a_server_that_forgets_what_it_has_acknowledged_is_found_out():
    racer = Racer(KeepingStore())
    racer.releases("1.0.0")
    racer.releases("1.1.0")
    racer.store.contents[TIMESTAMP].pop()
    racer.reads(2)
    assert racer.found() == {LOST, HIDDEN}


def test_a_timestamp_that_is_left_out_is_a_gap():
    racer = Racer(KeepingStore())
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        racer.releases(version)
    del racer.store.contents[TIMESTAMP][2]
    assert racer.found() == {GAP, FORK, LOST}


def test_targets_that_follow_others_than_were_in_force_are_found_out(monkeypatch):
    monkeypatch.setattr("tests.race.audit.follows", lambda targets: targets.version - 2)
    racer = raced(KeepingStore())
    assert racer.found() == {FORK}


def test_a_change_that_nobody_asked_for_is_found_out():
    racer = raced(KeepingStore())
    racer.does("pause", lambda: racer.change(paused=True).manifest)
    racer.deeds.pop()
    assert racer.found() == {LOST}


def test_a_command_that_changes_more_than_it_was_asked_for_is_found_out():
    racer = raced(KeepingStore())
    racer.does("pause", lambda: racer.change(paused=True, mandatory=True).manifest)
    assert racer.found() == {LOST}


def test_a_killed_command_may_have_made_its_change_or_not():
    racer = raced(KeepingStore())
    racer.does("pause", lambda: racer.change(paused=True).manifest)
    *others, paused = racer.deeds
    killed = Deed(paused.verb, paused.names, paused.began_at)
    assert killed.outcome == KILLED
    racer.deeds = [*others, killed, killed]
    assert racer.found() == set()
    racer.deeds = [*others, replace(killed, names=("beta/b1.json",))]
    assert racer.found() == {LOST}


def test_readers_that_see_another_timestamp_or_an_older_one_are_heard():
    racer = raced(KeepingStore())
    racer.reads(4, b"another")
    assert racer.found() == {FORK}
    racer.passes.clear()
    racer.reads(3)
    assert racer.found() == {HIDDEN}


def test_a_command_that_ends_with_a_traceback_is_a_violation():
    racer = raced(KeepingStore())
    racer.deeds.append(Deed("rollout", (), outcome=CRASHED, said="Traceback\nKeyError: 1"))
    assert racer.found() == {CRASH}


def test_the_words_of_a_lost_race_are_known_for_what_they_are():
    racer = Racer(KeepingStore())
    prepared = [racer.prepare("1.0.0"), racer.prepare("1.1.0")]
    racer.publish(prepared[0].plan)
    with pytest.raises(ConflictError) as error:
        racer.publish(prepared[1].plan)
    assert judge(1, said(error.value)) == LOST_RACE
    racer.store.on_write = lambda item: vanish(racer.store, item)
    with pytest.raises(StoreError) as error:
        racer.release("1.2.0")
    assert judge(1, said(error.value)) == PUBLISHED_PARTLY


def said(error):
    return f"slotcast: warning: newer files\nslotcast: error: {error}\nhint: {error.hint}"


def vanish(store, item):
    """Have somebody else write version.json just before, each time something else."""
    if item.key.endswith("version.json"):
        store.objects[item.key] = replace(item, data=os.urandom(9))


def test_other_ends_are_told_apart():
    error = "slotcast: error: "
    assert judge(0, error) == ACKNOWLEDGED
    assert judge(1, f"{error}s3://b holds newer files that its timestamp does not name: x") == NEWER
    assert judge(1, f"{error}bucket b: the endpoint cannot be reached") == UNREACHABLE
    assert judge(1, f"{error}version 1.0.0 does not follow 1.0.0") == REFUSED
    assert judge(1, "Traceback (most recent call last):\nKeyError") == CRASHED


def test_a_line_that_was_cut_by_a_kill_was_never_said(tmp_path):
    path = tmp_path / "a.jsonl"
    ledger = Ledger(path)
    ledger.write("started", deed="1", argv=["pause"], names=["stable/b1.json"])
    ledger.write("ended", deed="1", code=0, answer={}, said="", timestamp=2)
    whole = read_deeds(read_lines([path]))
    path.write_bytes(path.read_bytes()[:-5])
    [cut] = read_deeds(read_lines([path]))
    assert [deed.outcome for deed in whole] == [ACKNOWLEDGED]
    assert (cut.outcome, cut.names) == (KILLED, ("stable/b1.json",))


def test_a_killed_publisher_s_last_write_is_named_by_its_kind():
    base = "sensor/metadata"
    kinds = {
        f"{base}/3.targets.json": "targets",
        f"{base}/timestamp.json": "timestamp",
        "sensor/stable/b1/version.json": "version.json",
        f"sensor/targets/stable/{'0' * 64}.b1.json": "manifest",
        f"sensor/payloads/{'0' * 64}.slc": "payload",
        f"sensor/images/{'0' * 64}.bin": "image",
    }
    assert {key: kind_of(key) for key in kinds} == kinds
