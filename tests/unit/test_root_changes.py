import copy
import json
from datetime import timedelta
from hashlib import sha256

import pytest
from products import NOW, Product
from published_product import refused_points
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import Key, Metadata

from publisher.errors import KeyAccessError, SettingsError, VerificationError
from publisher.root.changes import RootChanges, next_root, verify_follows
from publisher.root.public_keys import find_public_key
from publisher.root.words import caution_lines, change_lines

EXPIRES = NOW + timedelta(days=400)


@pytest.fixture(scope="module")
def root():
    return Product().open().root()


def new_key():
    return CryptoSigner.generate_ed25519().public_key


def keyids(root, role):
    return root.roles[role].keyids


def changed(root, **changes):
    return next_root(root, RootChanges(**changes), EXPIRES).signed


def test_an_added_key_joins_those_of_its_role(root):
    key = new_key()
    new = changed(root, additions=[("targets", key)])
    assert keyids(new, "targets") == [*keyids(root, "targets"), key.keyid]
    assert (new.version, new.expires) == (2, EXPIRES)


def test_a_key_is_removed_by_the_first_digits_of_its_id(root):
    gone = keyids(root, "root")[1]
    new = changed(root, removals=[("root", gone[:8].upper())])
    assert gone not in keyids(new, "root")
    assert gone not in new.keys


def test_a_replaced_key_leaves_the_only_role_that_it_had(root):
    key, old = new_key(), keyids(root, "snapshot")[0]
    new = changed(root, replacements=[("snapshot", old, key)])
    assert keyids(new, "snapshot") == [key.keyid]
    assert old not in new.keys


def test_a_key_may_move_from_one_role_to_another(root):
    key = root.keys[keyids(root, "snapshot")[0]]
    new = changed(root, additions=[("timestamp", key)])
    assert key.keyid in keyids(new, "timestamp")
    assert list(caution_lines(new, root)) == [
        f"key {key.keyid[:8]} signs for snapshot and timestamp: whoever steals it has all"
    ]


def test_the_root_that_is_changed_stays_as_it_was(root):
    before = json.dumps(root.to_dict())
    changed(root, additions=[("root", new_key())], thresholds=[("root", 3)])
    assert json.dumps(root.to_dict()) == before


def test_what_changes_is_told_in_words(root):
    key, gone = new_key(), keyids(root, "targets")[0]
    new = changed(
        root,
        replacements=[("targets", gone, key)],
        additions=[("root", new_key())],
        thresholds=[("root", 1)],
    )
    lines = list(change_lines(root, new))
    added = set(keyids(new, "root")) - set(keyids(root, "root"))
    assert lines == [
        f"root: key {added.pop()} (Ed25519) is added",
        "root: 2 of 3 keys must sign -> 1 of 4",
        f"targets: key {gone[:8]} (Ed25519) is removed",
        f"targets: key {key.keyid} (Ed25519) is added",
        "expires: 2027-11-22T07:00:00Z -> 2027-12-27T07:00:00Z",
    ]
    assert list(caution_lines(new, root)) == [
        "root needs fewer signatures than before: 1 in place of 2",
        "one root key alone can replace all keys",
    ]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "nothing changes"),
        ({"removals": [("targets", "00")]}, "targets has no key 00"),
        ({"removals": [("root", "")]}, "root has several keys"),
        ({"thresholds": [("targets", 0)]}, "anybody could sign for it"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(root, changes, says):
    with pytest.raises(SettingsError, match=says):
        changed(root, **changes)


def test_a_key_is_not_added_twice(root):
    key = root.keys[keyids(root, "targets")[0]]
    with pytest.raises(SettingsError, match="targets has key .* already"):
        changed(root, additions=[("targets", key)])


@pytest.mark.parametrize("role", ["targets", "timestamp"])
def test_the_last_key_of_a_role_is_not_removed(root, role):
    with pytest.raises(VerificationError, match=f"{role} has 0 keys for a threshold of 1"):
        changed(root, removals=[(role, keyids(root, role)[0])])


def test_a_threshold_that_nobody_reaches_is_refused(root):
    with pytest.raises(VerificationError, match="root has 3 keys for a threshold of 4"):
        changed(root, thresholds=[("root", 4)])


def test_a_root_that_boards_have_no_room_for_is_refused(root):
    keys = [("targets", new_key()) for _ in range(90)]
    with pytest.raises(VerificationError, match="boards take 16,384"):
        changed(root, additions=keys)


def test_more_signatures_than_boards_read_are_refused_before_anybody_signs(root):
    keys = [("root", new_key()) for _ in range(24)]
    with pytest.raises(VerificationError, match="not signed"):
        changed(root, additions=keys)


def test_a_key_under_which_anybody_signs_is_refused(root):
    for public in refused_points()[:2]:
        key = find_public_key(public, list)
        with pytest.raises(VerificationError, match="small order"):
            changed(root, additions=[("targets", key)])


def test_a_new_expiry_alone_has_to_be_asked_for(root):
    new = changed(root, renews=True)
    assert list(change_lines(root, new)) == [
        "expires: 2027-11-22T07:00:00Z -> 2027-12-27T07:00:00Z"
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"version": 3}, "root 3 does not follow root 1"),
        ({"version": 1}, "root 1 does not follow root 1"),
        ({"consistent_snapshot": False}, "it changes consistent_snapshot"),
        ({"spec_version": "1.0.30"}, "it changes spec_version"),
        ({"x-note": "hidden"}, "it changes x-note"),
    ],
)
def test_nothing_else_changes(root, change, says):
    fields = {**changed(root, renews=True).to_dict(), **change}
    whole = Metadata.from_dict({"signatures": [], "signed": fields})
    with pytest.raises(VerificationError, match=says):
        verify_follows(root, whole)


def test_a_key_without_a_role_is_refused(root):
    new = changed(root, renews=True)
    key = new_key()
    new.keys[key.keyid] = key
    with pytest.raises(VerificationError, match="signs for no role"):
        verify_follows(root, Metadata(new))


def with_new_key(root, fields, keyid=""):
    """The next root, with a key of these fields for targets that no tool of ours makes."""
    keyid = keyid or sha256(encode_canonical(fields).encode()).hexdigest()
    new = changed(root, renews=True)
    new.add_key(Key.from_dict(keyid, fields), "targets")
    return Metadata(new)


def test_a_new_key_with_fields_that_nobody_is_told_of_is_refused(root):
    """They would let a thief try until the first digits of its id are those of another key."""
    key = new_key().to_dict()
    inside = {**key, "keyval": {**key["keyval"], "x": "1"}}
    for fields in ({**key, "x": "1"}, inside):
        with pytest.raises(VerificationError, match="has fields that a key does not have"):
            verify_follows(root, with_new_key(root, copy.deepcopy(fields)))


def test_a_former_key_does_not_come_back_under_another_id(root):
    fields = {**new_key().to_dict(), "x": "1"}
    former = with_new_key(root, copy.deepcopy(fields)).signed
    former.version = root.version
    [odd] = former.keys.keys() - root.keys.keys()
    new = next_root(former, RootChanges(renews=True), EXPIRES)
    new.signed.revoke_key(odd, "targets")
    del fields["x"]
    plain = sha256(encode_canonical(fields).encode()).hexdigest()
    new.signed.add_key(Key.from_dict(plain, fields), "targets")
    with pytest.raises(VerificationError, match="is a key of root 1 under a new id"):
        verify_follows(former, new)


def test_two_keys_that_look_alike_to_people_are_refused(root, monkeypatch):
    monkeypatch.setattr("publisher.root.changes.verify_keys", lambda new: None)
    alike = keyids(root, "root")[0][:8] + "0" * 56
    with pytest.raises(VerificationError, match=f"two keys begin with {alike[:8]}"):
        verify_follows(root, with_new_key(root, new_key().to_dict(), alike))


def test_the_order_of_keys_stands(root):
    new = changed(root, additions=[("targets", new_key()), ("targets", new_key())])
    verify_follows(root, Metadata(new))
    for role in ("root", "targets"):
        other = copy.deepcopy(new)
        other.roles[role].keyids.reverse()
        with pytest.raises(VerificationError, match=f"it changes the order of keys of {role}"):
            verify_follows(root, Metadata(other))


def test_a_public_key_is_hex_or_pem_or_that_of_a_signer(tmp_path, root):
    signer = CryptoSigner.generate_ed25519()
    key = signer.public_key
    assert find_public_key(key.keyval["public"], list) == key
    assert find_public_key("awskms:alias/x", lambda uris: [signer]) == key
    path = tmp_path / "a.pub"
    path.write_bytes(to_public_pem(signer))
    assert find_public_key(str(path), list) == key


def to_public_pem(signer):
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return signer._private_key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )


def test_what_is_no_public_key_is_refused(tmp_path):
    path = tmp_path / "a.pub"
    path.write_bytes(b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    with pytest.raises(KeyAccessError, match="no public key in PEM"):
        find_public_key(str(path), list)
    with pytest.raises(SettingsError, match="cannot be read"):
        find_public_key("missing.pub", list)


def test_an_rsa_key_is_refused(tmp_path):
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = generate_private_key(65537, 2048).public_key()
    path = tmp_path / "a.pub"
    path.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(KeyAccessError, match="neither an Ed25519 nor a P-256 key"):
        find_public_key(str(path), list)
    assert SSlibKey.from_crypto(public).keytype == "rsa"
