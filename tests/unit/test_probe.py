"""A store that takes conditions without a word, and overwrites all the same, is found out."""

import pytest
from products import MemoryStore

from publisher.errors import StoreError
from publisher.stores.base import Object
from publisher.stores.probe import PROBE, verify_conditional_writes
from publisher.stores.s3 import S3Store

KEY = f"sensor/{PROBE}"


class Careless(MemoryStore):
    """A server that does not know conditional writes."""

    def __init__(self, *ignored):
        super().__init__()
        self.ignored = ignored

    def create(self, item):
        if "If-None-Match" in self.ignored:
            self.objects[item.key] = item
            return True
        return super().create(item)

    def replace(self, item, etag):
        if "If-Match" in self.ignored:
            self.objects[item.key] = item
        else:
            super().replace(item, etag)

    def delete(self, key):
        self.objects.pop(key, None)


def test_a_store_that_keeps_its_promise_is_left_as_it_was(s3_server):
    client = s3_server.client()
    client.create_bucket(Bucket="probed")
    assert verify_conditional_writes(S3Store(client, "probed"), "sensor") is True
    assert list(S3Store(client, "probed").list()) == []


@pytest.mark.parametrize(
    ("ignored", "words"),
    [
        (["If-None-Match"], "overwrites what is to be created only once"),
        (["If-Match"], "replaces what has changed since it was read"),
    ],
)
def test_a_store_that_ignores_conditions_is_refused(ignored, words):
    store = Careless(*ignored)
    with pytest.raises(StoreError, match=words) as caught:
        verify_conditional_writes(store, "sensor")
    assert "If-None-Match and If-Match" in caught.value.hint
    assert store.objects == {}


@pytest.mark.parametrize("left", [b"1", b"2", b"3"])
def test_a_probe_that_an_earlier_run_could_not_remove_is_no_fault(left):
    store = MemoryStore()  # lets nothing be removed
    store.objects[KEY] = Object(KEY, left, "", "")
    assert verify_conditional_writes(store, "sensor") is False


def test_init_founds_no_product_in_such_a_bucket(run, tmp_path, monkeypatch):
    store = Careless("If-None-Match")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("publisher.commands.init.open_store", lambda settings: store)
    code, out, err = run("init", "sensor", "--store", "s3://fleet", "--insecure-no-passphrase")
    assert (code, out) == (1, "")
    assert "overwrites what is to be created only once" in err
    assert list(tmp_path.iterdir()) == []
    assert store.objects == {}


def test_init_tells_of_a_probe_that_it_may_not_remove(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("publisher.commands.init.open_store", lambda settings: MemoryStore())
    code, _, err = run("init", "sensor", "--store", "s3://fleet", "--insecure-no-passphrase")
    assert code == 0
    assert f"{KEY} stays in MemoryStore, as these credentials may not remove it" in err
