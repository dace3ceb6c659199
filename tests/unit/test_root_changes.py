import json
from datetime import timedelta

import pytest
from products import NOW, Product
from published_product import refused_points
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import Metadata

from publisher.errors import KeyAccessError, SettingsError, VerificationError
from publisher.public_keys import find_public_key
from publisher.root_changes import RootChanges, next_root, verify_follows
from publisher.root_words import caution_lines, change_lines

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
        f"root: key {added.pop()[:8]} (Ed25519) is added",
        "root: 2 of 3 keys must sign -> 1 of 4",
        f"targets: key {gone[:8]} (Ed25519) is removed",
        f"targets: key {key.keyid[:8]} (Ed25519) is added",
        f"expires: {root.expires:%Y-%m-%d} -> {EXPIRES:%Y-%m-%d}",
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
        f"expires: {root.expires:%Y-%m-%d} -> {EXPIRES:%Y-%m-%d}"
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
