"""Removing what nothing needs, and beside whoever publishes at the same time."""

import hashlib
import json
import os
import re
import shutil
import time
from copy import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import esp_images
import pytest
from products import NOW, MemoryStore, quiet
from shop import Shop

import publisher.cli
from publisher.errors import ConflictError, PublisherError, StoreError, VerificationError
from publisher.layout import image_path, key, metadata_path, payload_path
from publisher.manifest import DeltaEntry, Manifest, version_json
from publisher.plan import make_plan
from publisher.stores.base import Listed, Object
from publisher.upkeep.eras import read_eras
from publisher.upkeep.garbage import Watch, list_objects, remove, sort_out, verify_offered
from publisher.upkeep.needed import read_needed

VERSIONS = tuple(f"1.{minor}.0" for minor in range(6))


class AgedStore(MemoryStore):
    """A store that knows when it was written; `on_step` is called before whatever is done to it."""

    def __init__(self):
        super().__init__()
        self.modified = {}
        self.clock = lambda: NOW
        self.on_step = lambda what, key: None

    def read(self, key):
        self.on_step("read", key)
        return super().read(key)

    def create(self, item):
        self.on_step("create", item.key)
        is_new = super().create(item)
        if is_new:
            self.modified[item.key] = self.clock()
        return is_new

    def replace(self, item, etag):
        self.on_step("replace", item.key)
        super().replace(item, etag)

    def delete(self, key):
        self.on_step("delete", key)
        self.objects.pop(key, None)

    def list(self, prefix=""):
        self.on_step("list", prefix)
        return super().list(prefix)

    def listing(self, prefix=""):
        for name in self.list(prefix):
            yield Listed(name, len(self.objects[name].data), self.modified[name])


class Attic(Shop):
    """A product of which each of VERSIONS was offered on stable for ten days."""

    def __init__(self, versions=VERSIONS):
        super().__init__(AgedStore())
        self.store.clock = lambda: self.now
        self.manifests = {}
        for version in versions:
            self.later(days=10)
            self.manifests[version] = self.release(version)
        self.later(days=10)

    def copy(self):
        """Another product that is the same as yet."""
        other = copy(self)
        other.store = AgedStore()
        other.store.objects, other.store.modified = {**self.store.objects}, {**self.store.modified}
        other.store.clock = lambda: other.now
        return other

    def sort_out(self, grace_days=5, releases=1):
        view = self.view()
        since = self.now - timedelta(days=grace_days)
        needed = read_needed(self.open(view), view, since, releases)
        listed = list_objects(self.store, "sensor")
        verify_offered("sensor", needed, listed)
        return sort_out("sensor", needed, listed, since)

    def gc(self, **how):
        watch = Watch(self.store, "sensor", self.view())
        found = self.sort_out(**how)
        remove(found.garbage, self.store, watch, quiet)
        return found

    def versions_left(self):
        return [one for one in self.manifests if self.has(self.manifests[one])]

    def has(self, manifest):
        return all(key("sensor", path) in self.store.objects for path in manifest.objects)

    def put(self, path, data):
        self.store.create(Object(key("sensor", path), data, "", ""))


# what stays, and what goes


def test_what_is_offered_stays_and_what_was_long_ago_goes_with_the_reason():
    attic = Attic()
    found = attic.gc()
    assert attic.versions_left() == ["1.5.0"]
    assert len(found.garbage) == 10
    assert found.freed_bytes == sum(item.size_bytes for item in found.garbage)
    reasons = {item.key: item.reason for item in found.garbage}
    oldest = key("sensor", attic.manifests["1.0.0"].full.path)
    assert reasons[oldest] == "1.0.0 on stable/b1, offered until 2026-12-12"


def test_metadata_manifests_and_pointers_are_never_removed():
    attic = Attic()
    before = {name for name in attic.store.objects if not name.endswith((".slc", ".bin"))}
    attic.gc()
    assert before < set(attic.store.objects)


def test_what_was_offered_until_a_short_while_ago_stays_however_old_it_is():
    attic = Attic()
    attic.gc(grace_days=12)  # 1.4.0 was written 20 days ago, and replaced 10 days ago
    assert attic.versions_left() == ["1.4.0", "1.5.0"]
    attic.later(days=3)
    attic.gc(grace_days=12)
    assert attic.versions_left() == ["1.5.0"]


def test_the_last_releases_of_each_channel_and_board_stay_however_old_they_are():
    attic = Attic()
    attic.promote("1.1.0", source="stable", to="beta")
    attic.promote("1.5.0", source="stable", to="beta")
    attic.later(days=100)
    attic.gc(releases=2)
    assert attic.versions_left() == ["1.1.0", "1.4.0", "1.5.0"]


def test_pausing_and_renewing_count_as_no_release():
    attic = Attic()
    for paused in (True, False):
        attic.change(paused=paused)
    attic.later(days=100)
    attic.gc(releases=2)
    assert attic.versions_left() == ["1.4.0", "1.5.0"]


def test_a_stepping_stone_stays():
    attic = Attic()
    attic.manifests["1.6.0"] = attic.release("1.6.0", min_version="1.2.0")
    attic.later(days=100)
    attic.gc()
    assert attic.versions_left() == ["1.2.0", "1.6.0"]


def test_the_image_that_an_offered_delta_starts_from_stays():
    attic = Attic()
    old = attic.manifests["1.2.0"]
    full = attic.offered().full.to_fields()
    entry = {**full, "kind": "delta", "base": old.image_digest}
    payloads = Manifest.from_fields({**attic.offered().to_fields(), "payloads": [full, entry]})
    attic.change(payloads=payloads.payloads)
    attic.later(days=100)
    attic.gc()
    assert attic.read(image_path(old.sha256)) is not None
    assert attic.read(old.full.path) is None


def test_a_payload_of_a_kind_that_is_not_known_stays():
    attic = Attic()
    path = f"payloads/{'cd' * 32}.slc"
    attic.put(path, b"of a later version")
    full = attic.offered().full.to_fields()
    fields = {**attic.offered().to_fields(), "payloads": [full, {"kind": "later", "path": path}]}
    attic.change(payloads=Manifest.from_fields(fields).payloads)
    attic.later(days=100)
    attic.gc()
    assert attic.read(path) is not None


def test_an_image_that_a_version_json_still_names_stays():
    attic = Attic()
    old = attic.manifests["1.2.0"]
    name = key("sensor", "stable/b1/version.json")
    attic.store.objects[name] = Object(name, version_json(old), "", "")
    attic.gc()
    assert attic.read(image_path(old.sha256)) is not None
    assert attic.read(old.full.path) is None


def test_what_nobody_ever_named_goes_a_while_after_it_was_written_and_no_sooner():
    attic = Attic()
    stray = image_path("ab" * 32)
    attic.put(stray, b"a release that was cut short")
    attic.later(days=4)
    attic.gc()
    assert attic.read(stray) is not None
    attic.later(days=2)
    found = attic.gc()
    assert attic.read(stray) is None
    assert "never offered" in [item.reason for item in found.garbage]


def test_only_what_has_the_name_of_a_payload_or_an_image_is_ever_removed():
    attic = Attic()
    strange = ("payloads/notes.txt", "images/abc.bin", "images/../x", "payloads/" + "AB" * 32)
    for path in strange:
        attic.put(path, b"somebody's own")
    attic.later(days=400)
    attic.gc()
    assert all(attic.read(path) for path in strange)


def test_what_was_offered_under_former_keys_counts_too():
    attic = Attic()
    repository = attic.open()
    attic.signers["targets"] = attic.signers["snapshot"]
    with repository.edit_root() as root:
        root.revoke_key(root.roles["targets"].keyids[0], "targets")
        root.add_key(attic.signers["targets"][0].public_key, "targets")
    repository.renew("targets")
    attic.publish(make_plan("sensor", repository.edited, attic.view().stored))
    attic.gc(grace_days=12)
    assert attic.versions_left() == ["1.4.0", "1.5.0"]


def test_an_offer_that_was_signed_but_never_published_ends_no_other():
    attic = Attic()

    def cut_short(what, name):
        if what == "replace":
            raise StoreError("the line is cut")

    attic.store.on_step = cut_short
    with pytest.raises(StoreError):
        attic.release("1.6.0")  # 1.5.0 stays what is offered
    attic.store.on_step = lambda what, name: None
    attic.later(days=50)
    repository = attic.open()
    repository.renew_pointers()  # as a refresh does with --resume
    attic.publish(make_plan("sensor", repository.edited, attic.view().stored))
    attic.later(days=50)
    view = attic.view()
    eras = {era.targets.version: era.until for era in read_eras(attic.open(view), view)}
    assert eras[attic.targets_version()] is None
    attic.release("1.7.0")
    attic.later(days=3)
    attic.gc(grace_days=5)
    assert "1.5.0" in attic.versions_left()


def test_a_release_that_is_offered_again_leaves_out_the_deltas_that_are_gone():
    attic = Attic(VERSIONS[:2])
    data = b"a delta" * 99
    digest = hashlib.sha256(data).hexdigest()
    attic.put(payload_path(digest), data)
    base = attic.manifests["1.0.0"].image_digest
    full = attic.offered().full
    entry = DeltaEntry(payload_path(digest), len(data), digest, 200, digest, base=base)
    attic.change(payloads=(full, entry))
    attic.release("1.2.0")
    other = attic.copy()
    assert other.withdraw("1.2.0", to="1.1.0").deltas == (entry,)
    attic.store.delete(key("sensor", entry.path))
    assert attic.withdraw("1.2.0", to="1.1.0").payloads == (full,)
    assert any("1.1.0 is offered without 1 of its deltas" in told for told in attic.last.warnings)


# states that nobody should clean up


def test_nothing_goes_while_an_offered_object_is_missing():
    attic = Attic()
    del attic.store.objects[key("sensor", attic.offered().full.path)]
    with pytest.raises(VerificationError, match=r"\.slc is missing, and it is offered") as caught:
        attic.gc()
    assert "release the same file again" in caught.value.hint
    assert len(attic.versions_left()) == 5


def test_nothing_goes_while_nobody_can_tell_what_was_offered_last():
    attic = Attic()
    manifests = [name for name in attic.store.objects if "/targets/" in name]
    for name in manifests:
        if b'"1.4.0"' in attic.store.objects[name].data:
            del attic.store.objects[name]
    with pytest.raises(VerificationError, match="missing or damaged"):
        attic.gc(grace_days=12)


@pytest.mark.parametrize("role", ["targets", "snapshot"])
@pytest.mark.parametrize("data", [b"{}", b"", b"older"])
def test_nothing_goes_while_past_metadata_is_garbled(role, data):
    """Whoever may write there, without a key, could have removed what was offered just before."""
    attic = Attic()
    name = key("sensor", metadata_path(role, attic.targets_version() - 1))
    older = attic.store.objects[key("sensor", metadata_path(role, 2))].data
    garbled = Object(name, older if data == b"older" else data, "", "")
    attic.store.objects[name] = garbled
    with pytest.raises(VerificationError, match=rf"\.{role}\.json is damaged: the keys of no root"):
        attic.gc(grace_days=12)
    assert attic.versions_left() == list(VERSIONS)


def test_nothing_goes_while_past_targets_are_missing():
    attic = Attic()
    path = metadata_path("targets", attic.targets_version() - 1)
    attic.store.delete(key("sensor", path))
    with pytest.raises(VerificationError, match=f"^{path} is missing, and .*snapshot.json names"):
        attic.gc(grace_days=12)
    assert attic.versions_left() == list(VERSIONS)


# beside others


class Interruption(BaseException):
    """Ctrl-C, or the end of the world."""


def test_a_run_that_is_interrupted_anywhere_leaves_a_batch_as_it_was_and_completes_later():
    moments, three = 0, Attic(VERSIONS[:3])
    before = set(three.store.objects)
    while True:
        attic = three.copy()
        interrupt(attic.store, moments)
        try:
            attic.gc()
            break
        except Interruption:
            assert set(attic.store.objects) == before
        attic.later(days=6)  # what was put back was written just now
        attic.gc()
        assert attic.versions_left() == ["1.2.0"]
        moments += 1
    assert moments > 30


def interrupt(store, moment):
    """Interrupt the one who works with a store before its step number `moment`, from 0."""
    left = [moment]

    def step(what, name):
        left[0] -= 1
        if left[0] == -1:
            store.on_step = lambda what, name: None
            raise Interruption

    store.on_step = step


def meeting(first, second):
    """Yield a product for each moment of `first`, when `second` was run as a whole."""
    moments, before = 0, Attic(VERSIONS[:3])
    while True:
        attic = before.copy()
        left = [moments]

        def step(what, name, attic=attic, left=left):
            left[0] -= 1
            if left[0] == -1:
                attic.store.on_step = lambda what, name: None
                quietly(second, attic)

        attic.store.on_step = step
        happened = quietly(first, attic)
        if left[0] >= 0:
            return
        yield attic, happened
        moments += 1


def quietly(do, attic):
    """Do something; return the error that a person would see."""
    try:
        do(attic)
    except PublisherError as error:
        return error
    return None


def withdraw(attic):
    attic.withdraw("1.2.0", to="1.0.0")


def promote(attic):
    attic.promote("1.0.0", source="stable", to="beta")


@pytest.mark.parametrize("publish", [withdraw, promote])
def test_whoever_offers_an_old_release_again_meanwhile_finds_it_whole_or_is_refused(publish):
    outcomes = []
    for attic, error in meeting(publish, Attic.gc):
        offered = [attic.offered(), *([attic.offered("beta")] if is_on_beta(attic) else [])]
        assert all(map(attic.has, offered))
        assert (error is None) == any(one.version == "1.0.0" for one in offered)
        outcomes.append(str(error))
    assert any("has been removed meanwhile: nothing was published" in one for one in outcomes)
    assert outcomes[-1] == "None", "the timestamp had moved before the removal began"


@pytest.mark.parametrize("publish", [withdraw, promote])
def test_a_removal_puts_back_what_somebody_offers_again_meanwhile(publish):
    outcomes = []
    for attic, error in meeting(Attic.gc, publish):
        offered = [attic.offered(), *([attic.offered("beta")] if is_on_beta(attic) else [])]
        assert all(map(attic.has, offered))
        outcomes.append(error)
    assert any(isinstance(error, ConflictError) for error in outcomes)


def is_on_beta(attic):
    return "beta/b1.json" in attic.open().offered()


def test_a_publisher_who_read_back_before_and_commits_after_the_removal_loses_nothing():
    """The last moment: its targets lie there, its timestamp comes only after gc has looked."""
    attic = Attic(VERSIONS[:3])

    def collect(what, name):
        if what == "replace" and name.endswith("timestamp.json"):
            attic.store.on_step = lambda what, name: None
            with pytest.raises(ConflictError, match="somebody else is publishing"):
                remove_all_but_the_offered(attic)

    watch = Watch(attic.store, "sensor", attic.view())
    garbage = attic.sort_out().garbage

    def remove_all_but_the_offered(attic):
        remove(garbage, attic.store, watch, quiet)

    attic.store.on_step = collect
    withdraw(attic)
    assert attic.has(attic.offered())


def test_batches_hold_only_so_much_and_the_ones_before_a_meeting_stay_removed(monkeypatch):
    monkeypatch.setattr("publisher.upkeep.garbage.MAX_HELD_BYTES", 1)
    attic = Attic(VERSIONS[:3])
    deleted = []

    def step(what, name):
        deleted.extend([name] if what == "delete" else [])
        if len(deleted) == 2:
            attic.store.on_step = lambda what, name: None
            attic.change(paused=True)

    attic.store.on_step = step
    with pytest.raises(ConflictError):
        attic.gc()
    assert deleted[0] not in attic.store.objects
    assert deleted[1] in attic.store.objects


def test_who_may_neither_remove_nor_write_is_told_that_and_not_of_a_loss():
    attic = Attic()

    def refuse(what, name):
        if what in ("delete", "create"):
            raise StoreError(f"access denied to {what}")

    attic.store.on_step = refuse
    with pytest.raises(StoreError, match="^access denied to delete$"):
        attic.gc(grace_days=12)
    assert attic.versions_left() == list(VERSIONS)


def test_what_cannot_be_put_back_is_named():
    attic = Attic(VERSIONS[:2])
    deleted = []

    def fail(what, name):
        deleted.extend([name] if what == "delete" else [])
        if deleted and what in ("read", "create"):
            raise StoreError("the line is cut")

    attic.store.on_step = fail
    with pytest.raises(StoreError, match=deleted[0] if deleted else "sensor/") as caught:
        attic.gc()
    assert deleted[0] in str(caught.value)
    assert "slotcast verify" in caught.value.hint


# the command

INIT = ("--board", "b1", "--chip", "esp32", "--slot-size", "0x1E0000", "--insecure-no-passphrase")
WHOM = ("--channel", "stable", "--board", "b1")
EDGE = ("--base-url", "https://updates.example.org/")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """Six releases without deltas."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("shelf"))
        assert publisher.cli.main(["init", "sensor", *EDGE, *INIT]) == 0
        without_deltas()
        for version in VERSIONS:
            firmware_file(version)
            assert publisher.cli.main(["release", "app.bin", "--version", version, *WHOM]) == 0
        return Path.cwd()


@pytest.fixture
def product(shelf, tmp_path, monkeypatch):
    """The same, two months later."""
    shutil.copytree(shelf, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    two_months_later(monkeypatch)
    return tmp_path


def without_deltas():
    settings = Path("slotcast.toml")
    text = re.sub(r"(?m)^deltas = \d+", "deltas = 0", settings.read_text())
    settings.write_text(text if "deltas = 0" in text else text + "\n[payload]\ndeltas = 0\n")


def release(run, version, channel="stable"):
    firmware_file(version)
    whom = ("--channel", channel, "--board", "b1")
    code, _, err = run("release", "app.bin", "--version", version, *whom)
    assert code == 0, err


def firmware_file(version):
    Path("app.bin").write_bytes(esp_images.app_image(code=version.encode() * 999))


def two_months_later(monkeypatch):
    before = time.time() - 60 * 86400
    for path in Path("published").rglob("*.*"):
        os.utime(path, (before, before))

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(days=60)

    monkeypatch.setattr(publisher.cli, "datetime", Later)


def firmware():
    return sorted(path for path in Path("published").rglob("*") if path.suffix in (".slc", ".bin"))


def test_a_dry_run_tells_what_a_run_would_remove_and_the_run_does_it(run, product):
    before = firmware()
    planned = json.loads(run("gc", "--dry-run", "--json")[1])
    assert firmware() == before
    assert planned["dry_run"] is True
    code, out, err = run("gc")
    assert (code, err) == (0, "")
    gone = {f"published/{item['key']}" for item in planned["objects"]}
    assert gone == {str(path) for path in set(before) - set(firmware())}
    assert len(gone) == 4  # of 1.0.0 and 1.1.0: the last one, and three more, stay
    assert f"4 objects, {planned['freed_bytes']:,} bytes removed; 8 objects, " in out
    assert "1.0.0 on stable/b1, offered until 20" in out
    assert run("gc")[1].startswith("nothing to remove: 8 objects, ")


def test_what_was_removed_is_a_notice_to_a_reviewer_and_an_offered_one_an_error(run, product):
    run("gc", "--keep", "0")
    assert run("refresh")[0] == 0
    code, out, _ = run("verify", "--brief")
    assert code == 0
    assert out.count("it is removed: it belongs to a release that is not offered any more") == 10
    offered = next(path for path in firmware() if path.suffix == ".slc")
    offered.unlink()
    code, out, _ = run("verify", "--brief")
    assert code == 1
    assert f"{offered.name}: it is missing" in out


def test_what_was_removed_is_brought_back_by_releasing_the_same_file_elsewhere(run, product):
    run("gc", "--keep", "0")
    back = ("withdraw", "1.5.0", *WHOM, "--to", "1.2.0")
    for command in (back, ("promote", "1.2.0", "--from", "stable", "--to", "beta")):
        code, _, err = run(*command)
        assert code == 1
        assert "no board can take 1.2.0: its payloads/" in err
        assert "`slotcast gc` removes what is long out of use" in err
    release(run, "1.2.0", channel="attic")
    code, out, err = run(*back)
    assert code == 0, err
    assert run("verify", "--brief")[0] == 0


def test_a_machine_without_a_memory_removes_nothing(run, product):
    Path(".slotcast/seen.json").unlink()
    code, _, err = run("gc")
    assert code == 1
    assert "this machine has no memory of the product" in err
    assert len(firmware()) == 12


def test_newer_files_that_nothing_names_stop_it_and_resume_lets_it_go_on(run, product):
    timestamp = Path("published/sensor/metadata/timestamp.json")
    before = timestamp.read_bytes()
    release(run, "1.6.0")
    timestamp.write_bytes(before)
    Path(".slotcast/seen.json").unlink()
    run("status")
    code, _, err = run("gc")
    assert code == 1
    assert "newer files that its timestamp does not name" in err
    code, _, err = run("gc", "--resume", "--keep", "0")
    assert code == 0
    assert "warning: --resume goes on beside newer files" in err
    assert len(firmware()) == 4  # of 1.5.0, and of 1.6.0, which may yet be named


@pytest.mark.parametrize("wrong", [("--grace", "0d"), ("--grace", "30"), ("--keep", "-1")])
def test_a_time_that_is_none_is_wrong_usage(run, wrong):
    with pytest.raises(SystemExit) as caught:
        run("gc", *wrong)
    assert caught.value.code == 2


def test_a_bucket_is_cleaned_up_by_its_own_clock(run, tmp_path, monkeypatch, s3_server):
    monkeypatch.chdir(tmp_path)
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    client = s3_server.client()
    client.create_bucket(Bucket="gc-fleet")
    where = ("--store", "s3://gc-fleet", "--endpoint-url", s3_server.endpoint_url)
    assert run("init", "sensor", *INIT, *where, "--region", "us-east-1")[0] == 0
    without_deltas()
    for version in VERSIONS[:2]:
        release(run, version)
    stray = f"sensor/images/{'ab' * 32}.bin"
    client.put_object(Bucket="gc-fleet", Key=stray, Body=b"stray")
    assert json.loads(run("gc", "--keep", "0", "--json")[1])["objects"] == []
    now = datetime.now(UTC)
    monkeypatch.setattr(
        "publisher.stores.s3.S3Store.time", property(lambda store: now + timedelta(days=40))
    )
    found = json.loads(run("gc", "--keep", "0", "--json")[1])
    assert stray in [item["key"] for item in found["objects"]]
    assert len(found["objects"]) == 3
    left = client.list_objects_v2(Bucket="gc-fleet", Prefix="sensor/images/")["Contents"]
    assert len(left) == 1
