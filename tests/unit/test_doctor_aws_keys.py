"""What the doctor finds wrong with the keys in KMS."""

import json
from dataclasses import replace

import pytest
from aws_account import Account
from aws_answers import KEYS, ROLES, public_key, root
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from securesystemslib.signer import SSlibKey

from publisher.doctor.aws.keys import check_keys


def described(**words):
    """An account with one key, of which KMS tells otherwise."""
    account = Account()
    sound = account.answers["describe_key"]

    def answer(params):
        return {"KeyMetadata": {**sound(params)["KeyMetadata"], **words}}

    account.answers["describe_key"] = answer
    account.deployment = replace(account.deployment, keys={"targets": KEYS["targets"]})
    return account


@pytest.mark.parametrize(
    ("words", "says", "mend"),
    [
        pytest.param(
            {"KeyState": "Disabled"},
            "FAIL signing-keys: the key of targets is Disabled: it signs nothing",
            f"aws kms enable-key --key-id {KEYS['targets']}",
            id="disabled",
        ),
        pytest.param(
            {"KeyState": "PendingDeletion"},
            "FAIL signing-keys: the key of targets is PendingDeletion: it signs nothing",
            "cancel-key-deletion",
            id="about to be deleted",
        ),
        pytest.param(
            {"KeyState": "Unavailable"},
            "FAIL signing-keys: the key of targets is Unavailable: it signs nothing",
            "aws kms describe-key",
            id="of another state",
        ),
        pytest.param(
            {"KeySpec": "RSA_2048"},
            "FAIL signing-keys: the key of targets is of RSA_2048 for SIGN_VERIFY, not for signing",
            "root ceremony",
            id="of another kind",
        ),
        pytest.param(
            {"KeyUsage": "ENCRYPT_DECRYPT"},
            "FAIL signing-keys: the key of targets is of ECC_NIST_EDWARDS25519 for "
            "ENCRYPT_DECRYPT, not for signing",
            "root ceremony",
            id="for another use",
        ),
    ],
)
def test_a_key_that_cannot_sign_is_told(words, says, mend):
    found = described(**words).bad(check_keys)
    assert list(found) == [says]
    assert mend in found[says]


def test_a_key_that_root_does_not_name_wants_a_ceremony():
    account = Account()
    there, mine = root(), SSlibKey.from_crypto(public_key("timestamp"))
    there.add_key(SSlibKey.from_crypto(public_key("former")), "timestamp")
    there.revoke_key(mine.keyid, "timestamp")
    (former,) = there.roles["timestamp"].keyids
    account.wanted = replace(account.wanted, root=there)
    assert account.bad(check_keys) == {
        f"FAIL signing-keys: root names {former[:8]} for timestamp, KMS has {mine.keyid[:8]}: what "
        "it signs boards refuse": "hold a root ceremony (docs/keys.md): slotcast root propose "
        f"--replace timestamp={former[:8]}:awskms:{KEYS['timestamp']}"
    }


def test_without_a_root_it_is_not_known_whether_it_names_the_keys():
    account = Account()
    account.wanted = replace(account.wanted, root=None)
    found = [words.split(":")[0] for words in account.bad(check_keys)]
    assert found == ["UNKNOWN signing-keys"] * 3


def test_a_key_of_no_kind_that_boards_verify():
    account = Account()
    rsa = generate_private_key(65537, 2048).public_key()
    der = rsa.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    account.answers["get_public_key"] = {"PublicKey": der}
    assert "FAIL signing-keys: the key of targets is of no kind that boards verify" in account.bad(
        check_keys
    )


def with_key_policy(**statement):
    account = Account()
    policy = json.loads(account.answers["get_key_policy"]["Policy"])
    policy["Statement"].append({"Sid": "Added", "Effect": "Allow", "Resource": "*", **statement})
    account.answers["get_key_policy"] = {"Policy": json.dumps(policy)}
    account.deployment = replace(account.deployment, keys={"targets": KEYS["targets"]})
    return account.bad(check_keys)


def test_a_key_for_everybody():
    assert list(with_key_policy(Principal="*", Action="kms:Sign")) == [
        "FAIL signing-keys: the key of targets may be used by everybody: statement Added"
    ]


def test_a_key_for_another_account():
    assert list(with_key_policy(Principal={"AWS": "444455556666"}, Action="kms:*")) == [
        "WARN signing-keys: the key of targets may be used by AWS:444455556666 too: Added"
    ]


@pytest.mark.parametrize(
    "statement",
    [
        {"Principal": {"AWS": "444455556666"}, "Action": "kms:GetPublicKey"},
        {"Principal": {"AWS": ROLES["release"]}, "Action": "kms:Sign"},
    ],
)
def test_who_reads_a_key_or_is_the_products_own_is_nothing_to_tell(statement):
    assert with_key_policy(**statement) == {}


def test_a_key_whose_policy_denies_is_to_be_looked_at():
    words = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "kms:*"}
    assert list(with_key_policy(**words)) == [
        "WARN signing-keys: the policy of targets's key denies some to sign: statement Added"
    ]


def test_a_key_that_nobody_in_the_account_may_use():
    account = Account()
    account.answers["get_key_policy"] = {"Policy": json.dumps({"Statement": []})}
    says = "FAIL signing-keys: the policy of targets's key lets nobody in the account sign"
    assert account.bad(check_keys)[says].startswith("put the template's policy back: ")
