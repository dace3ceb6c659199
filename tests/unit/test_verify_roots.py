"""The chain of roots, as the reviewer's tool judges it."""

import re

import pytest
from published_product import NOW, PublishedProduct, compact, key_of, refused_points, sha256
from securesystemslib.signer import CryptoSigner
from verify_reports import errors, only_error, report_of, warnings

from publisher.verify import verify


@pytest.fixture
def product():
    return PublishedProduct()


def rotate_root(product, signers=None, version=2):
    product.root.version = version
    product.sign_root(signers)


def test_another_fingerprint_is_refused(product):
    product.fingerprint = "00" * 32
    only_error(product, "metadata/1.root.json: its SHA-256 is")


def test_nothing_is_trusted_where_nothing_is_published():
    report = verify(lambda key: None, "sensor", "00" * 32, NOW)
    assert report.objects == ()
    (finding,) = report.findings
    assert "it is missing: nothing is published here, or not for readers" in finding.message


def test_a_new_root_signed_by_old_and_new_keys_is_followed(product):
    old = product.signers["root"]
    fresh = CryptoSigner.generate_ed25519()
    product.root.revoke_key(old[0].public_key.keyid, "root")
    product.root.add_key(fresh.public_key, "root")
    rotate_root(product, [*old, fresh])
    assert errors(product) == []
    before, own = report_of(product).objects[1].signatures
    assert (before.named_by, before.threshold, before.keys) == ("1.root.json", 2, 2)
    assert before.keyids == tuple(sorted(signer.public_key.keyid for signer in old))
    assert own.named_by == "2.root.json"
    assert own.keyids == tuple(sorted(s.public_key.keyid for s in (old[1], fresh)))


def test_the_reason_names_keys_threshold_and_the_root_that_lists_them(product):
    first, second = sorted(signer.public_key.keyid for signer in product.signers["root"])
    assert report_of(product).objects[0].reason == (
        "its SHA-256 is the fingerprint; signed by 2 of 2 root keys that 1.root.json names "
        f"(2 needed): {first[:8]}, {second[:8]}; expires on 2027-11-22"
    )


def test_a_new_root_that_the_old_keys_did_not_sign_is_refused(product):
    for signer in product.signers["root"]:
        product.root.revoke_key(signer.public_key.keyid, "root")
    fresh = [CryptoSigner.generate_ed25519() for _ in range(2)]
    for signer in fresh:
        product.root.add_key(signer.public_key, "root")
    rotate_root(product, fresh)
    only_error(product, "2.root.json: signed by 0 of 2 root keys that 1.root.json names (2 needed)")


def test_a_new_root_that_its_own_keys_did_not_sign_is_refused(product):
    old = product.signers["root"]
    product.root.revoke_key(old[0].public_key.keyid, "root")
    product.root.add_key(CryptoSigner.generate_ed25519().public_key, "root")
    rotate_root(product, old)
    only_error(product, "2.root.json: signed by 1 of 2 root keys that 2.root.json names (2 needed)")


def test_a_root_below_its_threshold_is_refused(product):
    signers = product.signers["root"][:1]
    rotate_root(product, signers)
    keyid = signers[0].public_key.keyid[:8]
    only_error(
        product,
        f"2.root.json: signed by 1 of 2 root keys that 1.root.json names (2 needed): {keyid}",
    )


def test_a_root_under_another_versions_name_is_refused(product):
    product.root.version = 3
    product.put("metadata/2.root.json", product.sign(product.root))
    only_error(product, "2.root.json: it is version 3, not 2")


def test_a_key_under_two_ids_is_refused(product):
    key = product.signers["timestamp"][0].public_key
    fields = {**key.to_dict(), "x-note": "the same key"}
    digest = sha256(compact(fields))
    product.root.add_key(type(key).from_dict(digest, fields), "timestamp")
    rotate_root(product)
    only_error(product, "2.root.json: one public key is listed under two key ids")


@pytest.mark.parametrize(
    "respell",
    [str.upper, lambda text: f"{text[:32]} {text[32:]}"],
    ids=["upper case", "a space"],
)
def test_a_key_that_is_spelled_otherwise_is_refused(product, respell):
    key = product.signers["timestamp"][0].public_key
    fields = {**key.to_dict(), "keyval": {"public": respell(key.keyval["public"])}}
    digest = sha256(compact(fields))
    product.root.add_key(type(key).from_dict(digest, fields), "timestamp")
    rotate_root(product)
    only_error(product, "is neither Ed25519, as 64 lower-case hex digits, nor P-256, in PEM")


def test_a_key_with_more_beside_it_does_not_count_twice(product):
    key = product.signers["timestamp"][0].public_key
    fields = {**key.to_dict(), "keyval": {**key.keyval, "note": "x"}}
    product.root.add_key(type(key).from_dict(sha256(compact(fields)), fields), "timestamp")
    rotate_root(product)
    only_error(product, "2.root.json: one public key is listed under two key ids")


def test_a_key_of_another_kind_is_refused(product):
    key = CryptoSigner.generate_ecdsa().public_key
    fields = key.to_dict()
    fields["keyval"]["public"] = fields["keyval"]["public"].replace("\n", "")
    product.root.add_key(type(key).from_dict(sha256(compact(fields)), fields), "timestamp")
    rotate_root(product)
    only_error(product, "is neither Ed25519, as 64 lower-case hex digits, nor P-256, in PEM")


def test_a_key_id_that_is_not_the_key_s_sha256_is_refused_in_every_root(product):
    key = CryptoSigner.generate_ed25519().public_key
    misnamed = type(key).from_dict("ab" * 32, key.to_dict())
    product.root.add_key(misnamed, "timestamp")
    rotate_root(product)
    product.root.revoke_key(misnamed.keyid, "timestamp")
    rotate_root(product, version=3)
    only_error(product, f"2.root.json: key abababab is misnamed: its SHA-256 is {key.keyid}")


def test_a_threshold_that_nobody_can_reach_is_refused(product):
    product.root.roles["targets"].threshold = 2
    rotate_root(product)
    only_error(product, "2.root.json: targets has 1 keys for a threshold of 2")


def test_a_key_that_signs_for_no_role_is_a_warning(product):
    key = CryptoSigner.generate_ed25519().public_key
    product.root.keys[key.keyid] = key
    rotate_root(product)
    assert warnings(product) == [f"key {key.keyid[:8]} signs for no role"]


def test_a_signature_that_counts_for_nothing_is_a_notice(product):
    stranger = CryptoSigner.generate_ed25519()
    rotate_root(product, [*product.signers["root"], stranger])
    (finding,) = report_of(product).findings
    assert finding.severity == "notice"
    keyid = stranger.public_key.keyid[:8]
    assert finding.message == f"the signature of key {keyid} counts for nothing"


def test_without_consistent_snapshots_a_root_is_refused(product):
    product.root.consistent_snapshot = False
    rotate_root(product)
    only_error(product, "2.root.json: consistent snapshots are off")


def test_a_root_that_one_key_can_replace_is_a_warning(product):
    product.root.roles["root"].threshold = 1
    rotate_root(product)
    assert errors(product) == []
    assert warnings(product) == ["one root key alone can replace all keys: its threshold is 1"]


def test_a_key_of_several_roles_is_a_warning(product):
    key = product.signers["timestamp"][0].public_key
    product.root.add_key(key, "snapshot")
    rotate_root(product)
    assert errors(product) == []
    (warning,) = warnings(product)
    assert warning == f"key {key.keyid[:8]} signs for several roles: snapshot, timestamp"


@pytest.mark.parametrize("public", refused_points())
def test_a_key_that_anybody_can_sign_for_or_that_is_not_canonical_is_refused(product, public):
    product.root.add_key(key_of(public), "timestamp")
    rotate_root(product)
    (error,) = errors(product)
    assert re.search("2.root.json: key .* is (of small order|a point that is not in canon)", error)


def test_a_key_next_to_those_of_small_order_is_none_of_them(product):
    product.root.add_key(key_of("03" + "00" * 31), "timestamp")
    rotate_root(product)
    assert errors(product) == []
