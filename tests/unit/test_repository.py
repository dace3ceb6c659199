import hashlib
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from products import NOW, MemoryStore, Product
from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import DownloadHTTPError
from tuf.api.metadata import Metadata, TargetFile
from tuf.api.serialization.json import JSONSerializer
from tuf.ngclient import Updater
from tuf.ngclient.fetcher import FetcherInterface

from publisher.clock import clock_warnings
from publisher.errors import KeyAccessError, VerificationError
from publisher.iso_time import SIGNED_AT
from publisher.layout import key
from publisher.metadata_rules import verify_rules
from publisher.repository import Offering, found_repository, open_repository
from publisher.settings import ExpirySettings
from publisher.stores.base import Object

METADATA = ("metadata/1.root.json", "metadata/1.targets.json", "metadata/1.snapshot.json")


class MemoryFetcher(FetcherInterface):
    """Lets python-tuf's client read a product's store."""

    def __init__(self, product):
        super().__init__()
        self.product = product

    def _fetch(self, url):
        data = self.product.read(url.removeprefix("https://x/"))
        if data is None:
            raise DownloadHTTPError("no such file", 404)
        yield data


def tuf_client(product, folder):
    base = {"metadata_base_url": "https://x/metadata/", "target_base_url": "https://x/targets/"}
    return Updater(
        metadata_dir=str(folder / "metadata"),
        target_dir=str(folder),
        fetcher=MemoryFetcher(product),
        bootstrap=product.read("metadata/1.root.json"),
        **base,
    )


def signed(product, path):
    return json.loads(product.read(path))["signed"]


def put(product, path, data):
    """Change an object behind the publisher's back."""
    name = key("sensor", path)
    product.store.objects[name] = Object(name, data, "", "")


def test_a_new_product_has_every_role_signed_by_its_own_key():
    product = Product()
    root = signed(product, "metadata/1.root.json")
    assert root["consistent_snapshot"] is True
    assert root["roles"]["root"]["threshold"] == 2
    keyids = [root["roles"][role]["keyids"] for role in ("root", "targets", "snapshot")]
    assert [len(ids) for ids in keyids] == [3, 1, 1]
    assert len({keyid for role in root["roles"].values() for keyid in role["keyids"]}) == 6


def test_the_reference_client_accepts_a_release_and_downloads_its_manifest(tmp_path, monkeypatch):
    product = Product()
    product.release("1.0.0")
    product.later(days=1)
    manifest = product.release("1.1.0")
    client = tuf_client(product, tmp_path)
    monkeypatch.setattr(client._trusted_set, "reference_time", product.now)
    client.refresh()
    info = client.get_targetinfo("stable/b1.json")
    assert Path(client.download_target(info)).read_bytes() == manifest.to_bytes()


def test_the_reference_client_finds_the_release_that_older_boards_take_first(tmp_path, monkeypatch):
    product = Product()
    manifest = product.release("1.0.0")
    product.release("1.1.0", min_version="1.0.0")
    client = tuf_client(product, tmp_path)
    monkeypatch.setattr(client._trusted_set, "reference_time", product.now)
    info = client.get_targetinfo("stable/b1/1.0.0.json")
    assert Path(client.download_target(info)).read_bytes() == manifest.to_bytes()


def test_timestamp_and_snapshot_give_length_and_sha256_of_what_they_name():
    product = Product()
    product.release("1.0.0")
    snapshot = product.read("metadata/2.snapshot.json")
    meta = signed(product, "metadata/timestamp.json")["meta"]["snapshot.json"]
    digest = hashlib.sha256(snapshot).hexdigest()
    assert meta == {"version": 2, "length": len(snapshot), "hashes": {"sha256": digest}}
    targets = product.read("metadata/2.targets.json")
    meta = signed(product, "metadata/2.snapshot.json")["meta"]["targets.json"]
    digest = hashlib.sha256(targets).hexdigest()
    assert meta == {"version": 2, "length": len(targets), "hashes": {"sha256": digest}}


def test_every_role_but_root_says_when_it_was_signed_and_when_it_expires():
    product = Product()
    for path in (*METADATA, "metadata/timestamp.json"):
        role = signed(product, path)
        days = {"root": 365, "targets": 180, "snapshot": 30, "timestamp": 7}[role["_type"]]
        assert role["expires"] == f"{NOW + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
        signed_at = None if role["_type"] == "root" else "2026-11-22T07:00:00Z"
        assert role.get("x-slotcast-signed-at") == signed_at


def test_the_signed_bytes_stand_in_the_file_as_they_are():
    """So `jq -cSj .signed`, or a plain cut, gives what openssl verifies."""
    product = Product()
    product.release("1.0.0", notes='quotes " and \\ and ~')
    for path in ("metadata/1.root.json", "metadata/2.targets.json", "metadata/timestamp.json"):
        data = product.read(path)
        cut = data[data.index(b'"signed":') + len(b'"signed":') : -1]
        assert cut == Metadata.from_bytes(data).signed_bytes
        assert re.fullmatch(rb"[ -~]*", data)


def test_unknown_fields_of_targets_survive_an_edit():
    product = Product()
    repository = product.open()
    with repository.edit_targets() as targets:
        targets.unrecognized_fields["x-later"] = {"kept": [1, 2]}
    repository.offer_all([Offering("stable", "b1", b"{}", {})])
    newest = json.loads(repository.edited[-3].data)["signed"]
    assert newest["_type"] == "targets"
    assert newest["x-later"] == {"kept": [1, 2]}


def test_an_orphan_of_an_interrupted_run_is_stepped_over_and_kept():
    product = Product()
    put(product, "metadata/2.targets.json", b"left behind")
    put(product, "metadata/3.targets.json", b"left behind too")
    product.release("1.0.0")
    assert signed(product, "metadata/2.snapshot.json")["meta"]["targets.json"]["version"] == 4
    assert signed(product, "metadata/timestamp.json")["version"] == 2
    assert product.read("metadata/2.targets.json") == b"left behind"
    assert "stable/b1.json" in product.open().offered()


@pytest.mark.parametrize("path", [*METADATA, "metadata/timestamp.json"])
def test_a_changed_byte_in_any_role_stops_signing(path):
    product = Product()
    put(product, path, product.read(path).replace(b'"version":1', b'"version":9', 1))
    with pytest.raises(VerificationError, match=re.escape(path)):
        product.open()


@pytest.mark.parametrize("path", [*METADATA, "metadata/timestamp.json"])
def test_a_missing_role_stops_signing(path):
    product = Product()
    del product.store.objects[key("sensor", path)]
    with pytest.raises(VerificationError, match=f"{re.escape(path)} is missing"):
        product.open()


def test_another_root_than_that_of_the_fingerprint_stops_signing():
    product, other = Product(), Product()
    product.store = other.store
    with pytest.raises(VerificationError, match="fingerprint"):
        product.open()


def test_a_role_in_the_place_of_another_stops_signing():
    product = Product()
    put(product, "metadata/timestamp.json", product.read("metadata/1.snapshot.json"))
    with pytest.raises(VerificationError, match="it is snapshot, not timestamp"):
        product.open()


def test_a_root_that_its_predecessor_did_not_sign_stops_signing():
    product, other = Product(), Product()
    root = Metadata.from_bytes(other.read("metadata/1.root.json"))
    root.signed.version = 2
    root.signatures.clear()
    for signer in other.signers["root"]:
        root.sign(signer, append=True)
    put(product, "metadata/2.root.json", root.to_bytes())
    with pytest.raises(VerificationError, match=r"2\.root\.json does not verify"):
        product.open()


def test_a_newer_root_that_its_predecessor_signed_is_followed():
    product = Product()
    repository = product.open()
    with repository.edit_root():
        pass
    put(product, "metadata/2.root.json", repository.edited[0].data)
    product.release("1.0.0")
    assert next(iter(product.open().states())).version == 2


def test_a_key_that_a_newer_root_drops_has_signed_nothing():
    product = Product()
    repository = product.open()
    with repository.edit_root() as root:
        root.revoke_key(product.signers["targets"][0].public_key.keyid, "targets")
        root.add_key(CryptoSigner.generate_ed25519().public_key, "targets")
    put(product, "metadata/2.root.json", repository.edited[0].data)
    with pytest.raises(VerificationError, match=r"1\.targets\.json"):
        product.open()


def test_a_key_that_root_does_not_list_is_refused_before_anything_is_written():
    product = Product()
    product.signers["snapshot"] = [CryptoSigner.generate_ed25519()]
    with pytest.raises(KeyAccessError, match="snapshot was signed by 0/1 keys") as caught:
        product.prepare("1.0.0")
    assert "[keys] snapshot" in caught.value.hint


def test_too_few_root_keys_cannot_found_a_product():
    generate = CryptoSigner.generate_ed25519
    signers = {role: [generate()] for role in ("root", "targets", "snapshot", "timestamp")}
    with pytest.raises(KeyAccessError, match="root was signed by 1/2 keys"):
        found_repository(signers, 2, ExpirySettings(), NOW)


def test_nothing_is_signed_under_an_expired_root():
    product = Product()
    product.later(days=366)
    with pytest.raises(VerificationError, match="root expired on 2027-11-22"):
        product.prepare("1.0.0")


def test_an_expired_timestamp_can_be_signed_anew():
    product = Product()
    product.later(days=100)
    product.release("1.0.0")
    assert signed(product, "metadata/timestamp.json")["expires"] == "2027-03-09T07:00:00Z"


def test_a_clock_that_is_behind_the_last_signature_is_refused():
    product = Product()
    product.later(seconds=-301)
    with pytest.raises(VerificationError, match="the clock here says 2026-11-22T06:54:59Z"):
        product.prepare("1.0.0")


def test_a_clock_that_is_a_little_behind_another_publisher_s_signs_with_that_time():
    product = Product()
    product.later(minutes=-5)
    product.release("1.0.0")
    timestamp = signed(product, "metadata/timestamp.json")
    assert timestamp["x-slotcast-signed-at"] == "2026-11-22T07:00:00Z"
    assert timestamp["expires"] == "2026-11-29T06:55:00Z"


def test_a_signing_time_that_lies_ahead_is_left_behind_only_when_told_to():
    product = Product()
    product.later(days=300)
    product.release("1.0.0")
    product.now = NOW
    with pytest.raises(VerificationError, match="but targets was signed at 2027-09-18") as caught:
        product.prepare("1.1.0")
    assert "--redate" in caught.value.hint
    repository = open_repository(
        product.read,
        product.settings.root_sha256,
        product.signers.__getitem__,
        ExpirySettings(),
        NOW,
        redate=True,
    )
    repository.offer_all([Offering("stable", "b1", b"{}", {})])
    assert [state.signed_at for state in repository.states()][1:] == ["2026-11-22T07:00:00Z"] * 3
    assert len(repository.warnings) == 3
    assert "a board that has verified the former takes it for the time" in repository.warnings[0]


def sign_timestamp(product, **fields):
    """Let whoever has the key of timestamp alone sign it with other fields."""
    timestamp = Metadata.from_bytes(product.read("metadata/timestamp.json"))
    timestamp.signed.unrecognized_fields |= fields
    timestamp.signatures.clear()
    timestamp.sign(product.signers["timestamp"][0])
    data = timestamp.to_bytes(JSONSerializer(compact=True))
    put(product, "metadata/timestamp.json", data)
    return data


@pytest.mark.parametrize("time", ["2026-11-22T07:02:00Zzz", "2026-11-22T07:02:60Z", 7, ["x"]])
def test_a_former_signing_time_that_is_none_is_not_signed_again(time):
    product = Product()
    sign_timestamp(product, **{SIGNED_AT: time})
    assert clock_warnings(NOW, product.open().states()) == []
    product.release("1.0.0")
    assert signed(product, "metadata/timestamp.json")[SIGNED_AT] == "2026-11-22T07:00:00Z"


def respell(data):
    """The signatures with spaces, over which Python passes, and boards do not."""
    whole = json.loads(data)
    for one in whole["signatures"]:
        one["sig"] = f"{one['sig'][:2]} {one['sig'][2:]}"
    return json.dumps(whole).encode()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (respell, "is not hex digits"),
        (lambda data: b'{"x":0.5,' + data[1:], "0.5 is not an integer"),
        (lambda data: b'{"x":"' + b"y" * 4096 + b'",' + data[1:], "boards take 4,096"),
    ],
)
def test_what_boards_refuse_does_not_count_for_the_publisher(change, says):
    product = Product()
    put(product, "metadata/timestamp.json", change(product.read("metadata/timestamp.json")))
    with pytest.raises(VerificationError, match=says):
        product.open()


def test_a_manifest_that_is_not_what_was_signed_is_refused():
    product = Product()
    product.release("1.0.0")
    name = next(name for name in product.store.objects if "/targets/stable/" in name)
    put(product, name.removeprefix("sensor/"), b"{}")
    with pytest.raises(VerificationError, match="does not verify"):
        product.open().read_manifest("stable", "b1")


def test_opening_asks_for_no_key():
    product = Product()

    def refuse(role):
        raise AssertionError(f"asked for {role}")

    view = product.view()
    opened = open_repository(view.read, product.settings.root_sha256, refuse, ExpirySettings(), NOW)
    assert [state.role for state in opened.states()] == ["root", "targets", "snapshot", "timestamp"]


def test_a_large_role_is_warned_of_as_kms_could_not_sign_it():
    product = Product()
    repository = product.open()
    with repository.edit_targets() as targets:
        for n in range(40):
            name = f"stable/b{n}.json"
            targets.targets[name] = TargetFile.from_data(name, b"{}", ["sha256"])
    assert repository.warnings == ["targets has more than 4096 bytes to sign (AWS KMS)"]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("caf\u00e9", "printable ASCII"),
        ("line\nbreak", "printable ASCII"),
        ("\U0001f600", "printable ASCII"),
        (2**53, "below 2"),
        (-(2**53), "below 2"),
        (0.5, "not an integer"),
        ([{"deep": 1.0}], "deep is not an integer"),
        ({"hashes": {"sha256": "", "md5": ""}}, "other hashes than sha256"),
        ({"caf\u00e9": 1}, "printable ASCII"),
        ('a "quote"', "needs escapes"),
        ({"back\\slash": 1}, "needs escapes"),
    ],
)
def test_what_jq_or_a_board_would_read_otherwise_breaks_a_rule(value, says):
    with pytest.raises(ValueError, match=says):
        verify_rules(json.dumps({"signed": {"x": value}}).encode())


@pytest.mark.parametrize("value", [2**53 - 1, "plain ~", [], {"hashes": {"sha256": ""}}, True])
def test_what_all_read_alike_keeps_to_the_rules(value):
    verify_rules(json.dumps({"signed": {"x": value}}).encode())


def test_a_store_that_is_empty_holds_no_product():
    product = Product()
    product.store = MemoryStore()
    with pytest.raises(VerificationError, match=r"metadata/1\.root\.json is missing"):
        product.open()
