"""Roots that all their keys have signed, and that no board may follow: thresholds, keyids, keys."""

from check import raises
from hostile_offers import HostileOffer
from repository_simulator import (
    RepositorySimulator,
    count_verifications,
    encoded,
    key_fields,
    keyid,
    keyid_of,
)
from signer import Signer

from slotcast.errors import RepositoryError

# The signer of the tests takes memory, not the code under test.
HEAP_KIB = 2048
ROLES = ("root", "timestamp", "snapshot", "targets")
HUGE = 2**53 - 1


def with_role(offer, role, **changes):
    """Root 2 that describes a role otherwise."""
    roles = dict(offer.fields["roles"])
    roles[role] = dict(roles[role], **changes)
    return offer.signed_with(roles=roles)


def refused(offer, data, says):
    offer.serve(data)
    offer.verify_refused(says)


# Thresholds


def test_thresholds_that_are_no_positive_integer_are_refused():
    offer = HostileOffer("root")
    for value in (0, -1, -HUGE, "1", True, False, None, [1]):
        refused(offer, with_role(offer, "timestamp", threshold=value), "threshold is not")
    for role in ROLES:
        refused(offer, with_role(offer, role, threshold=0), "threshold is not an integer")
    offer.verify_accepted(offer.signed_with())


def test_a_root_of_threshold_0_is_not_accepted_without_any_signature():
    offer = HostileOffer("root")
    offer.signers = []
    refused(offer, with_role(offer, "root", threshold=0), "root is signed by 0 of 2 keys")


def test_a_root_that_does_not_meet_its_own_threshold_is_refused():
    offer = HostileOffer("root")
    for threshold in (3, 4, HUGE):
        says = "root is signed by 2 of %d keys" % threshold
        refused(offer, with_role(offer, "root", threshold=threshold), says)
    offer.verify_accepted(offer.signed_with())


def test_a_threshold_that_a_role_cannot_meet_is_mended_by_the_next_root():
    for threshold in (2, HUGE):
        offer = HostileOffer("root")
        repository, files = offer.repository, offer.files
        data = with_role(offer, "timestamp", threshold=threshold)
        offer.serve(data)
        kept = dict(files.data, root=data)
        says = "timestamp is signed by 1 of %d keys" % threshold
        raises(RepositoryError, offer.client.refresh, says=says)
        raises(RepositoryError, repository.client(files).refresh, says=says)
        assert files.data == kept
        repository.root["version"] = 2
        repository.rotate_root("timestamp", "timestamp")
        offer.client.refresh()
        assert files.data["root"] == repository.served["metadata/3.root.json"]


# Keyids


def test_a_keyid_that_a_role_repeats_is_refused():
    offer = HostileOffer("root")
    for role in ROLES:
        keyids = offer.fields["roles"][role]["keyids"]
        refused(offer, with_role(offer, role, keyids=keyids + keyids[:1]), "lists a keyid twice")


def test_a_keyid_that_the_signatures_repeat_is_refused_in_every_role():
    for role in ROLES:
        offer = HostileOffer(role)
        offer.signers = offer.signers[:1] * 2
        refused(offer, offer.signed_with(), "two signatures by one keyid")


def test_a_keyid_that_is_not_the_hash_of_its_key_is_refused():
    offer = HostileOffer("root")
    keys = offer.fields["keys"]
    names = sorted(keys)
    swapped = dict(keys)
    swapped[names[0]], swapped[names[1]] = keys[names[1]], keys[names[0]]
    shouted = dict(keys)
    shouted[names[0].upper()] = shouted.pop(names[0])
    for wrong in (swapped, shouted, dict(keys, k=keys[names[0]]), {"": keys[names[0]]}):
        refused(offer, offer.signed_with(keys=wrong), "is not the hash of its key")
    offer.verify_accepted(offer.signed_with())


def test_keys_that_are_none_are_refused():
    offer = HostileOffer("root")
    for key in ({}, {"keytype": "ed25519"}, dict(key_fields(offer.signers[0]), keyval=[])):
        keys = dict(offer.fields["keys"])
        keys[keyid_of(key)] = key
        refused(offer, offer.signed_with(keys=keys), " is not a")
    for keys in (None, [], "k", 5):
        refused(offer, offer.signed_with(keys=keys), "keys is not an object")


def test_the_same_key_under_two_keyids_does_not_make_a_second_signature():
    for spelt in (dict, shouted_key, with_field):
        repository, one = RepositorySimulator(), Signer("root-1")
        other = spelt(key_fields(one))
        listed = {keyid(one): key_fields(one), keyid_of(other): other}
        repository.root["keys"].update(listed)
        repository.root["roles"]["root"] = {"keyids": sorted(listed), "threshold": 2}
        repository.root["version"] = 2
        again = Signer("root-1")
        again.keyid = keyid_of(other)
        signers = [one, Signer("root-2")] + ([] if spelt is dict else [again])
        files = repository.files()
        repository.write("root", signers)
        says = "root is signed by 1 of 2 keys"
        before = dict(files.data)
        raises(RepositoryError, repository.client(files).refresh, says=says)
        assert files.data == before


def shouted_key(key):
    return dict(key, keyval={"public": key["keyval"]["public"].upper()})


def with_field(key):
    return dict(key, x=1)


# Floods


def test_signatures_by_strangers_are_passed_over_and_never_verified():
    for role in ROLES:
        offer = HostileOffer(role)
        sound = offer.signed_with()
        strangers = [{"keyid": "%064x" % i, "sig": "00" * 64} for i in range(16)]
        flood = encoded(strangers)[:-1] + b","
        offer.serve(sound.replace(b"[", flood, 1))
        allowed = 4 if role == "root" else 0
        assert count_verifications(offer.client.refresh) <= allowed + 4
        assert len(offer.files.data[role]) > len(sound)


def test_keys_that_no_role_names_are_never_used():
    offer = HostileOffer("root")
    strangers = [dict(key_fields(offer.signers[0]), x=i) for i in range(60)]
    keys = dict(offer.fields["keys"])
    keys.update((keyid_of(key), key) for key in strangers)
    data = offer.signed_with(keys=keys)
    assert 12000 < len(data) < 16384
    # Two keys of two roots, and the three roles once more under the new one.
    assert count_verifications(lambda: offer.verify_accepted(data)) == 7


def test_signatures_are_verified_no_further_than_to_the_threshold():
    offer = HostileOffer("root")
    many = [Signer("many %d" % i) for i in range(12)]
    keys = dict(offer.fields["keys"])
    keys.update((keyid(one), key_fields(one)) for one in many)
    offer.signers = offer.signers + many
    roles = dict(offer.fields["roles"])
    roles["root"] = {"keyids": [keyid(one) for one in offer.signers], "threshold": 3}
    data = offer.signed_with(keys=keys, roles=roles)
    assert count_verifications(lambda: offer.verify_accepted(data)) == 2 + 3 + 3
