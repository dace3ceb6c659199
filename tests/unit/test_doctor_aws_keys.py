"""What the doctor finds wrong with the keys in KMS."""

import json
from dataclasses import replace

import pytest
from aws_account import Account
from aws_answers import KEYS, ROLES, public_key, root
from cryptography.hazmat.primitives.asymmetric.ec import SECP256K1, SECP384R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from securesystemslib.signer import SSlibKey

from publisher.doctor.aws.keys import check_keys
from publisher.settings import KeySettings


def described(**words):
    """An account with one key, of which KMS tells otherwise."""
    account = Account()
    account.alter("describe_key", lambda answer: answer["KeyMetadata"].update(words))
    account.deployment = replace(account.deployment, keys={"targets": KEYS["targets"]})
    return account


@pytest.mark.parametrize(
    ("words", "says", "mend"),
    [
        pytest.param(
            {"KeyState": "Disabled"},
            "FAIL signing-keys: the key of targets is Disabled: it signs nothing",
            f"aws kms enable-key --region us-east-1 --key-id {KEYS['targets']}",
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


LOST = (
    "or, if the stack's key was replaced on purpose, as it was lost or stolen, never put it back: "
    'docs/operator.md, "A signing key lost"'
)


def replaced(*roles, **keys):
    """An account whose keys for some roles root does not name; `keys` is [keys]."""
    account, there = Account(), root()
    for role in roles:
        there.add_key(SSlibKey.from_crypto(public_key(f"former {role}")), role)
        there.revoke_key(SSlibKey.from_crypto(public_key(role)).keyid, role)
    account.wanted = replace(account.wanted, root=there, keys=KeySettings(**keys))
    return account


def ids(role):
    """The first digits of the key that root names, and of the stack's."""
    return [SSlibKey.from_crypto(public_key(name)).keyid[:8] for name in (f"former {role}", role)]


def test_keys_that_root_does_not_name_want_one_ceremony_unless_they_were_lost():
    account = replaced(*KEYS, **{role: (f"awskms:{KEYS[role]}",) for role in KEYS})
    changes = [f"--replace {role}={ids(role)[0]}:awskms:{KEYS[role]}" for role in KEYS]
    mend = f"slotcast root propose --out root-2.json {' '.join(changes)}; {LOST}"
    assert account.bad(check_keys) == {
        f"FAIL signing-keys: root names {ids(role)[0]} for {role}, KMS has {ids(role)[1]}: what it "
        "signs boards refuse": f"hold a root ceremony (docs/keys.md): {mend}"
        for role in KEYS
    }
    assert not any("root names the key" in one.says for one in account.look(check_keys))


@pytest.mark.parametrize(
    "uri",
    [
        "file:keys/timestamp-2.pem",
        "awskms:arn:aws:kms:us-east-1:111122223333:key/2?region=us-east-1",
        "awskms:alias/by-hand",
    ],
)
def test_a_key_that_root_and_keys_have_both_replaced_may_be_meant_to_be(uri):
    account = replaced("timestamp", timestamp=(uri,))
    with_arns(account)
    former, mine = ids("timestamp")
    [(says, mend)] = account.bad(check_keys).items()
    assert says == (
        f"WARN signing-keys: root names {former} for timestamp, KMS has {mine}, and [keys] does "
        "not name that either: the stack's roles can sign by no other"
    )
    assert mend.endswith(LOST)


def test_an_alias_of_the_stack_s_own_key_is_that_key():
    account = replaced("timestamp", timestamp=("awskms:alias/timestamp",))
    with_arns(account)
    assert [one.split()[0] for one in account.bad(check_keys)] == ["FAIL"]


def with_arns(account):
    """Let KMS tell the ARN behind an alias."""
    there = {"alias/timestamp": KEYS["timestamp"], "alias/by-hand": f"{KEYS['timestamp']}-2"}
    sound = account.answers["describe_key"]

    def describe(params):
        arn = there.get(params["KeyId"], params["KeyId"])
        return {"KeyMetadata": {**sound(params)["KeyMetadata"], "Arn": arn}}

    account.answers["describe_key"] = describe


@pytest.mark.parametrize(
    ("mine", "above", "power"),
    [
        ("snapshot", "targets", "who refreshes could release"),
        ("timestamp", "targets", "who refreshes could release"),
        ("snapshot", "root", "who refreshes could change all keys"),
        ("timestamp", "root", "who refreshes could change all keys"),
        ("targets", "root", "who releases could change all keys"),
    ],
)
def test_a_key_that_root_names_for_a_role_above_its_own_too_is_told(mine, above, power):
    account, there = Account(), root()
    for name in ("former", mine):
        there.add_key(SSlibKey.from_crypto(public_key(name)), above)
    account.wanted = replace(account.wanted, root=there)
    own = SSlibKey.from_crypto(public_key(mine)).keyid[:8]
    says = f"FAIL signing-keys: root names the key of {mine}, {own}, for {above} too: {power}"
    mend = f"slotcast root propose --out root-2.json --remove {above}={own}"
    assert account.bad(check_keys) == {says: f"hold a root ceremony (docs/keys.md): {mend}"}


def test_the_only_key_of_targets_is_replaced_where_it_is_a_refreshing_one_s():
    account = replaced("targets")
    for keyid in [*account.wanted.root.roles["targets"].keyids]:
        account.wanted.root.revoke_key(keyid, "targets")
    account.wanted.root.add_key(SSlibKey.from_crypto(public_key("snapshot")), "targets")
    own = SSlibKey.from_crypto(public_key("snapshot")).keyid[:8]
    (mend,) = [m for says, m in account.bad(check_keys).items() if "for targets too" in says]
    assert mend.endswith(f"--replace targets={own}:KEY")


def test_one_key_for_snapshot_and_timestamp_is_nothing_to_tell():
    account, there = Account(), root()
    there.add_key(SSlibKey.from_crypto(public_key("snapshot")), "timestamp")
    account.wanted = replace(account.wanted, root=there)
    assert account.bad(check_keys) == {}


def test_without_a_root_it_is_not_known_whether_it_names_the_keys():
    account = Account()
    account.wanted = replace(account.wanted, root=None)
    found = [words.split(":")[0] for words in account.bad(check_keys)]
    assert found == ["UNKNOWN signing-keys"] * 3


def der_of(key):
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


# On the curve of SM2, of which cryptography knows nothing (RFC 5480; GB/T 32918, its OID).
SM2 = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004") + b"\1" * 64


@pytest.mark.parametrize(
    "der",
    [
        der_of(generate_private_key(65537, 2048)),
        der_of(generate_ec_key(SECP384R1())),
        der_of(generate_ec_key(SECP256K1())),
        SM2,
    ],
    ids=["RSA", "P-384", "secp256k1", "SM2"],
)
def test_a_key_of_no_kind_that_boards_verify(der):
    account = described()
    account.answers["get_public_key"] = {"PublicKey": der}
    found = account.bad(check_keys)
    assert list(found) == ["FAIL signing-keys: the key of targets is of no kind that boards verify"]


def test_a_key_that_cannot_be_read_is_not_known():
    account = described()
    account.answers["get_public_key"] = {"PublicKey": b"no DER"}
    (found,) = account.bad(check_keys)
    assert found.startswith("UNKNOWN signing-keys: the answer is not as AWS describes it: ")


USED_BY_ANOTHER = (
    "signing-keys: the key of targets may be used by AWS:444455556666, of another account, too: "
    "Added"
)


def with_key_policy(key="targets", **statement):
    """What is found of a key to whose policy somebody added a statement."""
    account = Account()
    policy = json.loads(account.answers["get_key_policy"]["Policy"])
    policy["Statement"].append({"Sid": "Added", "Effect": "Allow", "Resource": "*", **statement})
    account.answers["get_key_policy"] = {"Policy": json.dumps(policy)}
    account.deployment = replace(account.deployment, keys={key: KEYS[key]})
    return account.bad(check_keys)


def session_of(role):
    account = ROLES[role].split(":")[4]
    return f"arn:aws:sts::{account}:assumed-role/{role}/job"


@pytest.mark.parametrize(
    ("key", "role", "actions", "what"),
    [
        ("targets", "refresh", "kms:Sign", "kms:sign"),
        ("targets", "gc", ["kms:DescribeKey", "kms:Sign"], "kms:sign"),
        ("timestamp", "gc", "kms:*", "kms:*"),
        ("targets", "release", ["kms:Sign", "kms:PutKeyPolicy"], "kms:putkeypolicy"),
        ("snapshot", "refresh", ["kms:CreateGrant", "kms:S*"], "kms:creategrant, kms:s*"),
        ("snapshot", "release", "kms:ScheduleKeyDeletion", "kms:schedulekeydeletion"),
    ],
)
def test_a_role_that_a_keys_own_policy_lets_do_more_than_its_job_is_told(key, role, actions, what):
    for principal in (ROLES[role], session_of(role)):
        found = with_key_policy(key, Principal={"AWS": principal}, Action=actions)
        (says,) = found
        assert says == (
            f"FAIL signing-keys: the policy of {key}'s key lets the {role} role do {what}: Added"
        )
        assert found[says].startswith("take that out of the key's own policy")


def test_a_role_that_a_condition_of_a_keys_own_policy_names_is_told():
    condition = {"ArnEquals": {"aws:PrincipalArn": ROLES["refresh"]}}
    assert list(with_key_policy(Principal="*", Action="kms:Sign", Condition=condition)) == [
        "FAIL signing-keys: the policy of targets's key lets the refresh role do kms:sign: Added",
        "WARN signing-keys: the key of targets may be used by everybody on a condition too: Added",
    ]


def test_everybody_of_the_account_are_the_roles_too():
    condition = {"StringEquals": {"kms:CallerAccount": ROLES["gc"].split(":")[4]}}
    found = with_key_policy(Principal={"AWS": "*"}, Action="kms:Sign", Condition=condition)
    assert [one.split()[0] for one in found] == ["FAIL", "FAIL", "WARN"]


def test_a_given_keys_policy_may_name_who_signs_with_it():
    account, refresh = Account(), [ROLES["release"], ROLES["refresh"]]
    signing = {"Effect": "Allow", "Principal": {"AWS": refresh}, "Resource": "*"}
    signing["Action"] = ["kms:Sign", "kms:GetPublicKey", "kms:DescribeKey"]
    account.answers["get_key_policy"] = {"Policy": json.dumps({"Statement": signing})}
    account.deployment = replace(account.deployment, keys={"timestamp": KEYS["timestamp"]})
    assert account.bad(check_keys) == {}


def test_a_policy_that_says_one_thing_twice_is_not_judged():
    account = described()
    twice = '{"Statement": [], "Statement": [{"Effect": "Allow"}]}'
    account.answers["get_key_policy"] = {"Policy": twice}
    assert list(account.bad(check_keys)) == [
        "UNKNOWN signing-keys: the answer is not as AWS describes it: ValueError the policy has "
        "Statement twice in one place"
    ]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"Origin": "EXTERNAL"}, ["it was imported: who has a copy of it signs as well"]),
        ({"MultiRegion": True}, ["its replicas in other regions sign as well"]),
        ({"Origin": "AWS_KMS", "MultiRegion": False}, []),
    ],
)
def test_a_key_that_signs_elsewhere_too_is_to_be_looked_after_there(words, why):
    found = described(**words).bad(check_keys)
    assert list(found) == [
        f"WARN signing-keys: the key of targets is not here alone: {one}" for one in why
    ]
    assert all(mend.startswith("look after that key elsewhere too") for mend in found.values())


def test_a_key_for_everybody():
    assert list(with_key_policy(Principal="*", Action="kms:Sign")) == [
        "FAIL signing-keys: the key of targets may be used by everybody: statement Added"
    ]


def test_a_key_for_another_account():
    assert list(with_key_policy(Principal={"AWS": "444455556666"}, Action="kms:*")) == [
        f"FAIL {USED_BY_ANOTHER}"
    ]


def test_another_role_of_the_account_is_to_be_looked_at():
    admin = ROLES["release"].replace("slotcast/release", "Admin")
    assert list(with_key_policy(Principal={"AWS": admin}, Action="kms:Put*")) == [
        f"WARN signing-keys: the key of targets may be used by AWS:{admin} too: Added"
    ]


def test_somebody_deleted_whom_a_keys_policy_names_is_nobody():
    assert list(with_key_policy(Principal={"AWS": "AIDA1234567890EXAMPLE"}, Action="kms:*")) == [
        "WARN signing-keys: the key of targets may be used by nobody, as AIDA1234567890EXAMPLE was "
        "deleted: Added"
    ]


@pytest.mark.parametrize("action", ["kms:DisableKey", "kms:TagResource", "kms:ReplicateKey"])
def test_whatever_another_account_may_do_to_a_key_is_told(action):
    found = with_key_policy(Principal={"AWS": "444455556666"}, Action=["kms:DescribeKey", action])
    assert list(found) == [f"FAIL {USED_BY_ANOTHER}"]


def test_a_key_for_all_but_one_is_for_everybody():
    found = with_key_policy(NotPrincipal={"AWS": ROLES["release"]}, Action="kms:Sign")
    assert list(found) == [
        "FAIL signing-keys: the key of targets may be used by everybody: statement Added"
    ]


def test_a_grant_lets_use_a_key_whatever_the_policies_say():
    account = described()
    reads = {"GrantId": "g1", "GranteePrincipal": "ann", "Operations": ["GetPublicKey", "Verify"]}
    signs = {"GrantId": "g2", "GranteePrincipal": "ben", "Operations": ["GetPublicKey", "Sign"]}
    account.answers["list_grants"] = {"Grants": [reads, signs]}
    assert account.bad(check_keys) == {
        "FAIL signing-keys: a grant lets ben do Sign with the key of targets": "aws kms "
        f"revoke-grant --key-id {KEYS['targets']} --grant-id g2"
    }


@pytest.mark.parametrize(
    ("alias", "says"),
    [
        (
            "alias/slotcast-lamp-ci-timestamp",
            "the stack slotcast-lamp-ci signs with it: alias/slotcast-lamp-ci-timestamp",
        ),
        (
            "alias/slotcast-sensor-ci-snapshot",
            "it is the key of snapshot: alias/slotcast-sensor-ci-snapshot",
        ),
    ],
)
def test_a_key_that_signs_for_another_stack_or_role_too_is_told(alias, says):
    account = described()
    account.alter("list_aliases", lambda answer: answer["Aliases"].append({"AliasName": alias}))
    assert account.bad(check_keys) == {
        f"FAIL signing-keys: the key of targets is not for it alone: {says}": "make another for "
        "it, give its ARN in infra.toml, and hold a root ceremony (docs/keys.md)"
    }


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("slotcast:product", "lamp", "it is the product lamp's, by its tag slotcast:product"),
        (
            "aws:cloudformation:logical-id",
            "SnapshotSigningKey",
            "a stack has made it for snapshot, by its tag aws:cloudformation:logical-id",
        ),
    ],
)
def test_a_key_that_was_made_for_another_product_or_role_is_told(name, value, says):
    account = described()
    account.answers["list_resource_tags"] = {"Tags": [{"TagKey": name, "TagValue": value}]}
    (found,) = account.bad(check_keys)
    assert found == f"FAIL signing-keys: the key of targets is not for it alone: {says}"


@pytest.mark.parametrize(
    ("method", "permission"),
    [("list_aliases", "kms:ListAliases"), ("list_resource_tags", "kms:ListResourceTags")],
)
def test_what_else_a_key_is_for_is_not_known_where_it_may_not_be_asked(method, permission):
    account = described()
    account.answers[method] = "AccessDeniedException"
    (found,) = account.bad(check_keys)
    assert found == f"UNKNOWN signing-keys: access denied to {permission}"


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


ROOT = "arn:aws:iam::111122223333:root"
SIGNING = ["kms:Sign", "kms:GetPublicKey"]


def signing_where(*statements, key="timestamp", roles=ROLES):
    """Who is said not to be let sign by a key, if these are the statements of its policy."""
    account = Account()
    written = [
        {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*", **one}
        for one in statements
    ]
    account.answers["get_key_policy"] = {"Policy": json.dumps({"Statement": written})}
    account.deployment = replace(account.deployment, keys={key: KEYS[key]}, roles=roles)
    found = account.bad(check_keys)
    told = f"FAIL signing-keys: the policy of {key}'s key is not known to let "
    assert all(mend.startswith("put the template's policy back: ") for mend in found.values())
    assert all(one.startswith(told) for one in found)
    return [one.removeprefix(told).removesuffix(" sign") for one in found]


BOTH = ["the release role", "the refresh role"]


@pytest.mark.parametrize(
    "statement",
    [
        {"Condition": {"ArnLike": {"aws:PrincipalArn": ROOT.replace("root", "role/Admin")}}},
        {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "firmware"}}},
        {"Condition": {"StringEquals": {"kms:SigningAlgorithm": "ED25519_PH_SHA_512"}}},
        {"Condition": {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}}},
        {"Resource": KEYS["targets"]},
        {"NotResource": "*"},
        {"Action": ["kms:Describe*", "kms:Put*"]},
        {"Principal": {"AWS": ROOT.replace("root", "role/Admin")}, "Action": "kms:DescribeKey"},
        {"Principal": {"AWS": session_of("release")}, "Action": SIGNING},
    ],
)
def test_a_key_whose_policy_does_not_let_its_signers_sign_for_sure(statement):
    if "NotResource" in statement:
        statement = {**statement, "Resource": []}
    assert signing_where(statement) == BOTH


@pytest.mark.parametrize(
    "statement",
    [
        {},
        {"Principal": {"AWS": "111122223333"}},
        {"Resource": KEYS["timestamp"]},
        {"Resource": [KEYS["targets"], KEYS["timestamp"].replace("timestamp", "*")]},
        {"Condition": {"ArnLike": {"aws:PrincipalArn": ROOT.replace("root", "role/slotcast/*")}}},
        {"Condition": {"StringEquals": {"kms:SigningAlgorithm": "ED25519_SHA_512"}}},
        {"Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}},
        {
            "Condition": {
                "StringEquals": {"kms:CallerAccount": "111122223333"},
                "Bool": {"aws:SecureTransport": "true"},
            }
        },
    ],
)
def test_a_key_whose_policy_lets_the_account_decide_for_its_signers(statement):
    assert signing_where(statement) == []


@pytest.mark.parametrize(
    ("partition", "says"),
    [
        ("aws-us-gov", []),
        (
            "aws",
            [
                f"WARN signing-keys: the key of targets may be used by AWS:{ROOT} too: Allow kms:*",
                "FAIL signing-keys: the policy of targets's key is not known to let the release "
                "role sign",
            ],
        ),
    ],
)
def test_the_account_itself_is_of_the_key_s_partition(partition, says):
    account = described(Arn=KEYS["targets"].replace("arn:aws:", "arn:aws-us-gov:"))
    decides = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    decides["Principal"] = {"AWS": ROOT.replace("arn:aws:", f"arn:{partition}:")}
    account.answers["get_key_policy"] = {"Policy": json.dumps({"Statement": decides})}
    assert list(account.bad(check_keys)) == says


def test_each_role_that_signs_is_let_by_some_statement():
    release = {"Principal": {"AWS": ROLES["release"]}, "Action": SIGNING}
    assert signing_where(release) == ["the refresh role"]
    assert signing_where(release, key="targets") == []
    assert signing_where(release, {**release, "Principal": {"AWS": ROLES["refresh"]}}) == []


def test_without_a_role_that_signs_somebody_in_the_account_must_be_let():
    assert signing_where({}, roles={}) == []
    assert signing_where(roles={}) == ["anybody in the account"]
