"""Wycheproof's signature vectors: no wrong accept, no wrong reject.

Where policy is stricter than the vectors, or they leave a choice, a test of its own says which
cases these are and why; their number is held against what the files have, so none passes unseen.
"""

from binascii import a2b_base64
from hashlib import sha256

from check import vectors

from slotcast import ed25519, p256, rsa_pss

HEAP_KIB = 2048  # for the vectors' JSON


def _cases(algorithm):
    """Of every case: its group, its flags, message, signature, result, and a name for a message."""
    for group in vectors("wycheproof_" + algorithm)["groups"]:
        for number, comment, flags, message, signature, result in group["cases"]:
            name = "%s %d: %s" % (group["file"], number, comment)
            yield group, flags, a2b_base64(message), a2b_base64(signature), result, name


def _pss_cases(wanted):
    """RSASSA-PSS cases of the groups for which wanted(group) holds, with our verdict."""
    for group, _, message, signature, result, name in _cases("rsa_pss"):
        if wanted(group):
            modulus = int.from_bytes(a2b_base64(group["modulus"]), "big")
            digest = sha256(message).digest()
            yield rsa_pss.verify(modulus, group["exponent"], signature, digest), result, name


def _is_tufs(group):
    return group["salt_bytes"] == 32 and group["mgf_hash"] == "SHA-256"


def test_ed25519_gets_every_verdict_right():
    count = 0
    for group, _, message, signature, result, name in _cases("ed25519"):
        if result != "acceptable":
            count += 1
            public = a2b_base64(group["public"])
            assert ed25519.verify_bytes(public, signature, message) is (result == "valid"), name
    assert count == 210 - 29


def test_ed25519_where_the_vectors_leave_a_choice():
    # A key of small order fits signatures that nobody made. One of mixed order is a key as another,
    # and the signatures satisfy the equation without the cofactor.
    verdicts = {"SmallOrderPublicKey": False, "MixedOrderPublicKey": True}
    counts = dict.fromkeys(verdicts, 0)
    for group, flags, message, signature, result, name in _cases("ed25519"):
        if result == "acceptable":
            counts[flags] += 1
            public = a2b_base64(group["public"])
            assert ed25519.verify_bytes(public, signature, message) is verdicts[flags], name
    assert counts == {"SmallOrderPublicKey": 8, "MixedOrderPublicKey": 21}


def test_p256_gets_every_verdict_right():
    counts = {"valid": 0, "invalid": 0}
    for group, _, message, signature, result, name in _cases("p256"):
        counts[result] += 1
        public = a2b_base64(group["public"])
        digest = sha256(message).digest()
        assert p256.verify(public, signature, digest) is (result == "valid"), name
    assert counts == {"valid": 174, "invalid": 310}


def test_rsa_pss_gets_every_verdict_right():
    counts = {"valid": 0, "invalid": 0}
    for verdict, result, name in _pss_cases(_is_tufs):
        counts[result] += 1
        assert verdict is (result == "valid"), name
    assert counts == {"valid": 3 * 63 + 1, "invalid": 3 * 45}


def test_rsa_pss_with_a_salt_of_another_length_is_refused():
    count = 0
    for verdict, _, name in _pss_cases(lambda group: group["salt_bytes"] != 32):
        count += 1
        # The vector has a salt of 32 bytes where the group's have none: that is ours.
        assert verdict is name.endswith("_0 69: s_len changed to 32"), name
    assert count == 103 + 25


def test_rsa_pss_with_a_mask_of_another_hash_is_refused():
    count = 0
    for verdict, _, name in _pss_cases(lambda group: group["mgf_hash"] != "SHA-256"):
        count += 1
        assert verdict is False, name
    assert count == 24
