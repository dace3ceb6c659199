"""An account as deployed on the emulator, and what somebody changes in it by hand.

Of both: what the doctor then says.
"""

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.infra.deployment import BUCKET, PRODUCT
from tests.infra.desk import Desk
from tests.infra.doctor_lines import Expected, is_told

_UNCONDITIONAL = (
    "ConditionalWrites is NotEnforced in this infra.toml, as the emulator lacks the condition keys"
)
# What is not in order as deployed, by why.
_KNOWN: Mapping[str, tuple[Expected, ...]] = {
    _UNCONDITIONAL: (
        ("FAIL", "bucket-policy", "what never changes can be overwritten"),
        ("WARN", "bucket-policy", "metadata/timestamp.json can be replaced blindly"),
    ),
    "the emulator's CloudFormation leaves lifecycle rules out": (
        ("WARN", "bucket-lifecycle", "parts of unfinished uploads are paid for"),
        ("WARN", "bucket-lifecycle", "past pointers are paid for, for ever"),
    ),
    "the emulator's CloudFormation leaves Object Lock out": (
        ("WARN", "bucket-lock", "Object Lock is not available"),
    ),
    "the emulator's edge keeps nothing": (
        ("WARN", "cache-hits", "is fetched from the origin each time"),
    ),
    "this infra.toml names no domain": (
        ("WARN", "distribution-names", "CloudFront's name, which cannot move to another edge"),
        ("WARN", "distribution-tls", "CloudFront's own certificate lets in TLS 1.0 too"),
    ),
    "there is one authority for all boards here": (
        ("WARN", "pin-sets", "1 CA root has no backup, and no key is pinned"),
    ),
    "the emulator's GetRole does not tell of uses": (
        ("UNKNOWN", "refresh-role-used", "iam:GetRole does not tell here when a role was last"),
    ),
    "the emulator's simulator looks at one resource of a request, and at no condition": (
        ("UNKNOWN", "role-rights", "release: the simulator has no answer for s3:PutObject"),
        ("UNKNOWN", "role-rights", "refresh: the simulator has no answer for s3:PutObject"),
        ("UNKNOWN", "role-rights", "gc: the simulator has no answer for s3:PutObject"),
    ),
}
# The same, each with why.
SOUND = {one: why for why, told in _KNOWN.items() for one in told}
_PEM = b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"


def not_as_deployed(found: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """What is found (state, check, what it says) that is in order as deployed."""
    return [one for one in found if not any(is_told(known, [one]) for known in SOUND)]


def unblock_public_access(desk: Desk) -> None:
    _client(desk, "s3").delete_public_access_block(Bucket=BUCKET)


def suspend_versions(desk: Desk) -> None:
    suspended = {"Status": "Suspended"}
    _client(desk, "s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=suspended)


def let_any_distribution_read(desk: Desk) -> None:
    _change_statement(desk, "EdgeReads", lambda statement: statement.pop("Condition"))


def let_names_be_deleted(desk: Desk) -> None:
    """Let names be deleted, and images not."""
    images = {"Resource": f"arn:aws:s3:::{BUCKET}/*/images/*"}
    _change_statement(desk, "DenyDeletingNames", lambda statement: statement.update(images))


def _change_statement(desk: Desk, sid: str, change: Callable[[dict], object]) -> None:
    s3 = _client(desk, "s3")
    policy = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])
    change(next(one for one in policy["Statement"] if one["Sid"] == sid))
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))


def leave_pem(desk: Desk) -> None:
    _put(desk, f"{PRODUCT}/keys/targets.pem", _PEM)


def leave_bare_key(desk: Desk) -> None:
    _put(desk, f"{PRODUCT}/beta/b1/version.json", _root_seed(desk))


def leave_key_beside_the_product(desk: Desk) -> None:
    _put(desk, "notes.txt", base64.b64encode(_root_seed(desk)))


def _put(desk: Desk, name: str, data: bytes) -> None:
    _client(desk, "s3").put_object(Bucket=BUCKET, Key=name, Body=data)


def _root_seed(desk: Desk) -> bytes:
    root = load_pem_private_key((desk.folder / "keys/root-1.pem").read_bytes(), None)
    assert isinstance(root, Ed25519PrivateKey)
    return root.private_bytes_raw()


def answer_plain_http(desk: Desk) -> None:
    cloudfront, found = _client(desk, "cloudfront"), desk.deployment.ota["DistributionId"]
    config = cloudfront.get_distribution_config(Id=found)
    for behavior in config["DistributionConfig"]["CacheBehaviors"]["Items"]:
        behavior["ViewerProtocolPolicy"] = "allow-all"
    words = {"DistributionConfig": config["DistributionConfig"], "IfMatch": config["ETag"]}
    cloudfront.update_distribution(Id=found, **words)


def trust_more_subjects(desk: Desk) -> None:
    iam, name = _client(desk, "iam"), _refresh_role(desk)
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    text = json.dumps(trust).replace("sensor@5678:environment:firmware-refresh", "*")
    text = text.replace("StringEquals", "StringLike")
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=text)


def add_policy(desk: Desk) -> None:
    own = {
        "Sid": "Admin",
        "Effect": "Allow",
        "Action": "iam:*",
        "Resource": "arn:aws:iam::*:role/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": own})
    iam, name = _client(desk, "iam"), _refresh_role(desk)
    iam.put_role_policy(RoleName=name, PolicyName="more", PolicyDocument=policy)


def attach_policy(desk: Desk) -> None:
    policy = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    _client(desk, "iam").attach_role_policy(RoleName=_refresh_role(desk), PolicyArn=policy)


def disable_key(desk: Desk) -> None:
    _client(desk, "kms").disable_key(KeyId=desk.deployment.keys["timestamp"])


def _refresh_role(desk: Desk) -> str:
    return desk.deployment.ci["RefreshRoleArn"].rpartition("/")[2]


def _client(desk: Desk, service: str):
    return desk.deployment.aws.client(service, desk.deployment.deployer)


@dataclass(frozen=True)
class Harm:
    """One thing that somebody changes by hand.

    Attributes:
        what: in words.
        do: changes it.
        told: what the doctor says then, and did not before.
    """

    what: str
    do: Callable[[Desk], None]
    told: tuple[Expected, ...]


HARM = (
    Harm(
        "the block of public access is taken from the bucket",
        unblock_public_access,
        (("FAIL", "bucket-private", "public access is not blocked"),),
    ),
    Harm(
        "versioning is suspended",
        suspend_versions,
        (("FAIL", "bucket-versions", "versioning is Suspended"),),
    ),
    Harm(
        "the bucket's policy: the condition that names the distribution is taken out",
        let_any_distribution_read,
        (("FAIL", "bucket-policy", "lets any distribution of CloudFront, of anybody, read"),),
    ),
    Harm(
        "the bucket's policy: the statement against deleting names is put on images instead",
        let_names_be_deleted,
        (
            ("WARN", "bucket-policy", f"can delete {PRODUCT}/metadata/timestamp.json, for one"),
            (
                "WARN",
                "bucket-policy",
                f"{PRODUCT}/images/{'0' * 64}.bin cannot be deleted, which `slotcast",
            ),
        ),
    ),
    Harm(
        "a private key in PEM is put under the product",
        leave_pem,
        (
            ("FAIL", "bucket-keys", f"in the bucket lies {PRODUCT}/keys/targets.pem"),
            (
                "FAIL",
                "private-keys",
                f"{PRODUCT}/keys/targets.pem in s3://{BUCKET} is a private key",
            ),
            ("FAIL", "served-keys", "the edge serves keys/targets.pem to everybody"),
        ),
    ),
    Harm(
        "a key of root, its 32 bytes alone, is put under the name of a version.json",
        leave_bare_key,
        (
            (
                "FAIL",
                "private-keys",
                f"{PRODUCT}/beta/b1/version.json in s3://{BUCKET} is the private key",
            ),
        ),
    ),
    Harm(
        "the same key in base64 is put beside the product, as notes.txt",
        leave_key_beside_the_product,
        (("FAIL", "bucket-keys", "notes.txt in the bucket is the private key of root, "),),
    ),
    Harm(
        "the distribution's behaviours let HTTP in beside HTTPS",
        answer_plain_http,
        (("FAIL", "distribution-behaviours", "plain HTTP is answered"),),
    ),
    Harm(
        "in the refresh role's trust repository and environment become *, StringEquals StringLike",
        trust_more_subjects,
        (("FAIL", "role-trust", "the subject has a wildcard: repo:acme@1234/*"),),
    ),
    Harm(
        "the refresh role is given a policy more, with iam:*",
        add_policy,
        (
            (
                "FAIL",
                "role-policies",
                "policy more, Admin, allows iam:*, which its job does not need",
            ),
        ),
    ),
    Harm(
        "AWS's ReadOnlyAccess is attached to the refresh role",
        attach_policy,
        (("FAIL", "role-policies", "arn:aws:iam::aws:policy/ReadOnlyAccess is attached"),),
    ),
    Harm(
        "the key of timestamp is disabled",
        disable_key,
        (("FAIL", "signing-keys", "the key of timestamp is Disabled"),),
    ),
)
