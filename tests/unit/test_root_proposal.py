"""A proposal between people who do not trust whoever hands it to them."""

import copy
import hashlib
import json
from datetime import timedelta

import pytest
from products import NOW, Product
from securesystemslib.signer import CryptoSigner, Signature

from publisher.errors import KeyAccessError, SettingsError, VerificationError
from publisher.root.changes import RootChanges, next_root
from publisher.root.proposal import MAX_BYTES, Proposal, merge
from publisher.root.words import signature_lines

EXPIRES = NOW + timedelta(days=400)


@pytest.fixture(scope="module")
def product():
    return Product()


@pytest.fixture(scope="module")
def proposal(product):
    return proposed(product)


def proposed(product, **changes):
    chain = (product.read("metadata/1.root.json"),)
    root = product.open().root()
    changes = changes or {"renews": True}
    return Proposal(chain, next_root(root, RootChanges(**changes), EXPIRES))


def tampered(proposal, change):
    """The proposal after `change` had its way with the fields of its file."""
    fields = json.loads(proposal.to_bytes())
    change(fields)
    return Proposal.from_bytes(json.dumps(fields).encode())


def verify(product, proposal, now=NOW):
    proposal.verify(product.settings.root_sha256, now)


def test_a_file_holds_all_that_a_signer_needs(product, proposal):
    read = Proposal.from_bytes(proposal.to_bytes())
    assert (read.chain, read.sha256) == (proposal.chain, proposal.sha256)
    verify(product, read)
    fields = json.loads(proposal.to_bytes())
    first = fields["chain"][0].encode()  # what `jq -j '.chain[0]'` prints
    assert hashlib.sha256(first).hexdigest() == product.settings.root_sha256


def test_a_signature_by_each_of_two_people_makes_it_enough(product, proposal):
    one, two, _ = product.signers["root"]
    signed = proposal.signed_by(one)
    assert not signed.is_signed
    assert list(signature_lines(signed.former, signed.metadata))[0] == (
        f"signed by 1 key of root 1, 2 needed: {one.public_key.keyid[:8]}; can still sign: "
        f"{two.public_key.keyid[:8]}, {product.signers['root'][2].public_key.keyid[:8]}"
    )
    with pytest.raises(VerificationError, match=r"1 of 3 root keys that 1\.root\.json"):
        signed.verify_signed()
    whole = signed.signed_by(two)
    assert whole.is_signed
    whole.verify_signed()


def test_who_signs_twice_changes_nothing(product, proposal):
    signed = proposal.signed_by(product.signers["root"][0])
    assert signed.signed_by(product.signers["root"][0]) is signed


def test_a_new_root_key_counts_for_the_new_root_alone(product):
    new = CryptoSigner.generate_ed25519()
    gone = product.signers["root"][2].public_key.keyid
    proposal = proposed(product, replacements=[("root", gone, new.public_key)])
    signed = proposal.signed_by(product.signers["root"][0]).signed_by(new)
    with pytest.raises(VerificationError, match=r"1 of 3 root keys that 1\.root\.json"):
        signed.verify_signed()
    signed.signed_by(product.signers["root"][2]).verify_signed()


def test_a_key_that_neither_root_lists_for_root_is_refused(product, proposal):
    for signer in (CryptoSigner.generate_ed25519(), product.signers["targets"][0]):
        with pytest.raises(KeyAccessError, match="neither root 1 nor root 2"):
            proposal.signed_by(signer)


def test_copies_that_were_signed_apart_become_one(product, proposal):
    one, two, _ = product.signers["root"]
    whole = merge([proposal.signed_by(one), proposal.signed_by(two)])
    assert whole.is_signed
    assert whole.file() == merge([proposal.signed_by(two), proposal.signed_by(one)]).file()


def test_copies_of_two_proposals_are_not_merged(product, proposal):
    with pytest.raises(SettingsError, match="not copies of one proposal"):
        merge([proposal, proposed(product, thresholds=[("root", 3)])])


def test_a_signature_that_counts_for_nothing_is_left_out(product, proposal):
    signed = proposal.signed_by(product.signers["root"][0])

    def change(fields):
        fields["root"]["signatures"][0]["sig"] = "00" * 64
        fields["root"]["signatures"].append({"keyid": "ab" * 32, "sig": "00" * 64})

    assert tampered(signed, change).sound().metadata.signatures == {}


@pytest.mark.parametrize(
    "respell", [lambda sig: f"{sig[:2]} {sig[2:]}", lambda sig: f"{sig}\n", lambda sig: f" {sig}"]
)
def test_a_signature_that_boards_do_not_read_counts_for_nothing(product, proposal, respell):
    signed = proposal.signed_by(product.signers["root"][0])
    whole = signed.signed_by(product.signers["root"][1])

    def change(fields):
        sig = fields["root"]["signatures"][0]["sig"]
        fields["root"]["signatures"][0]["sig"] = respell(sig)

    other = tampered(whole, change)
    assert not other.is_signed
    assert len(merge([other]).metadata.signatures) == 1
    with pytest.raises(VerificationError, match=r"1 of 3 root keys that 1\.root\.json"):
        other.verify_signed()
    assert merge([other, whole]).is_signed
    assert (
        other.signed_by(product.signers["root"][0]).signed_by(product.signers["root"][1]).is_signed
    )


def test_a_root_that_boards_refuse_is_not_ready_however_many_have_signed_it(product, proposal):
    whole = proposal.signed_by(product.signers["root"][0]).signed_by(product.signers["root"][1])
    whole.metadata.signatures["ab" * 32] = Signature("ab" * 32, "0 0")
    with pytest.raises(VerificationError, match="the signature of key abababab is not hex digits"):
        whole.verify_signed()


def test_the_digits_to_compare_are_those_of_the_whole_and_too_many_to_find_again(proposal):
    assert proposal.sha256.startswith(proposal.digits.replace(" ", ""))
    assert len(proposal.digits.replace(" ", "")) == 32


def swap_chain(fields):
    fields["chain"] = [Product().read("metadata/1.root.json").decode()]


def cut_version(fields):
    fields["root"]["signed"]["version"] = 3


def own_key_under_a_false_name(fields):
    signed = fields["root"]["signed"]
    key = CryptoSigner.generate_ed25519().public_key
    signed["keys"][next(iter(signed["keys"]))] = key.to_dict()


def add_a_root(fields):
    fields["chain"].append(fields["chain"][0])


def reach_past_keys(fields):
    fields["root"]["signed"]["roles"]["targets"]["threshold"] = 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (swap_chain, "is not the root of fingerprint"),
        (add_a_root, r"2\.root\.json does not verify"),
        (cut_version, "root 3 does not follow root 1"),
        (own_key_under_a_false_name, "is misnamed"),
        (reach_past_keys, "1 keys for a threshold of 2"),
    ],
)
def test_a_tampered_proposal_is_refused(product, proposal, change, says):
    with pytest.raises(VerificationError, match=says):
        verify(product, tampered(proposal, change))


def test_what_was_changed_after_signing_has_no_signatures(product, proposal):
    signed = proposal.signed_by(product.signers["root"][0])

    def change(fields):
        fields["root"]["signed"]["roles"]["root"]["threshold"] = 1

    other = tampered(signed, change)
    verify(product, other)
    assert other.sound().metadata.signatures == {}


def test_an_expired_proposal_is_refused(product, proposal):
    verify(product, proposal, EXPIRES - timedelta(seconds=1))
    with pytest.raises(VerificationError, match="expired on 2027-12-27"):
        verify(product, proposal, EXPIRES)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b'{"type": "slotcast-root-proposal"}',
        b'{"type": "slotcast-root-proposal", "chain": [], "root": {}}',
        b'{"type": "slotcast-root-proposal", "chain": [1], "root": {}}',
        b'{"type": "slotcast-root-proposal", "chain": ["x"], "root": {"signed": {}}}',
        b'{"type": "slotcast-root-proposal", "chain": ["x"], "root": {"signatures": 1}}',
        b'{"type": "slotcast-root-proposal", "chain": ["\\ud800"], "root": {}}',
        b'{"type": "slotcast-root-proposal", "chain": ["x"], "root": {"signed": ROOT,'
        b' "signatures": [{"keyid": null, "sig": "00"}]}}',
        b'{"type": "slotcast-root-proposal", "chain": ["x"], "root": {"signed": ROOT,'
        b' "signatures": [{"keyid": "ab", "sig": 7}]}}',
        b"[" * 100_000,
        b" " * (MAX_BYTES + 1),
    ],
)
def test_what_is_no_proposal_is_told_so(proposal, data):
    root = json.dumps(proposal.root.to_dict()).encode()
    with pytest.raises(ValueError, match="."):
        Proposal.from_bytes(data.replace(b"ROOT", root))


def test_every_field_that_is_bent_is_refused_in_words(product, proposal):
    """Whoever hands the file on may have written anything into it."""
    whole = json.loads(proposal.to_bytes())["root"]
    refused = 0
    for path in paths(whole):
        for value in (None, True, -1, "x", [], {}, [[]], {"a": 1}):
            bent = copy.deepcopy(whole)
            put(bent, path, value)
            refused += is_refused(product, proposal, bent)
    assert refused > 300


def is_refused(product, proposal, root):
    def change(fields):
        fields["root"] = root

    try:
        verify(product, tampered(proposal, change))
    except (ValueError, VerificationError):
        return True
    return False


def paths(value, path=()):
    if path:
        yield path
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for name, item in items:
            yield from paths(item, (*path, name))


def put(value, path, new):
    for name in path[:-1]:
        value = value[name]
    value[path[-1]] = new
