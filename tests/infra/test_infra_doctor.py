"""`slotcast doctor` sees what the stacks made, and what somebody has changed by hand since."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from device.virtual.images import build_app
from tests.infra.deployment import BUCKET, PRODUCT, Deployment
from tests.infra.desk import Desk

# Not in order, and why: gaps of the emulator, a distribution without a domain of its own, and one
# authority for all boards here.
SOUND = {
    ("FAIL", "bucket-policy"),  # ConditionalWrites=NotEnforced
    ("WARN", "bucket-policy"),  # the same
    ("WARN", "bucket-lifecycle"),
    ("WARN", "bucket-lock"),
    ("WARN", "cache-hits"),
    ("WARN", "distribution-names"),
    ("WARN", "distribution-tls"),
    ("WARN", "pin-sets"),
    ("UNKNOWN", "refresh-role-used"),
    ("UNKNOWN", "role-rights"),
}
# What is said of each thing that somebody changed, by state and check.
HARM = (
    ("FAIL", "bucket-private", "public access is not blocked"),
    ("FAIL", "bucket-policy", "lets any distribution of CloudFront, of anybody, read"),
    ("WARN", "bucket-policy", f"can delete {PRODUCT}/metadata/timestamp.json, for one"),
    (
        "WARN",
        "bucket-policy",
        f"{PRODUCT}/images/{'0' * 64}.bin cannot be deleted, which `slotcast",
    ),
    ("FAIL", "bucket-versions", "versioning is Suspended"),
    ("FAIL", "bucket-keys", f"in the bucket lies {PRODUCT}/keys/targets.pem"),
    ("FAIL", "bucket-keys", "notes.txt in the bucket is the private key of root, "),
    ("FAIL", "private-keys", f"{PRODUCT}/keys/targets.pem in s3://{BUCKET} is a private key"),
    ("FAIL", "private-keys", f"{PRODUCT}/beta/b1/version.json in s3://{BUCKET} is the private key"),
    ("FAIL", "served-keys", "the edge serves keys/targets.pem to everybody"),
    ("FAIL", "distribution-behaviours", "plain HTTP is answered"),
    ("FAIL", "role-trust", "the subject has a wildcard: repo:acme@1234/*"),
    ("FAIL", "role-policies", "policy more, Admin, allows iam:*, which its job does not need"),
    ("FAIL", "role-policies", "arn:aws:iam::aws:policy/ReadOnlyAccess is attached"),
    ("FAIL", "signing-keys", "the key of timestamp is Disabled"),
)


@pytest.fixture(scope="module")
def desk(deployment: Deployment) -> Desk:
    """A product with a release, beside infra.toml."""
    desk = Desk(deployment, deployment.folder)
    desk.found()
    assert desk.release(deployment.role("release"), "1.0.0", build_app()).code == 0
    return desk


def findings(desk: Desk, *words: str) -> list[dict[str, str]]:
    """What the doctor finds that is not in order."""
    done = desk.run(desk.deployment.deployer, "doctor", "--json", *words)
    assert done.out, done.err
    found = json.loads(done.out)["findings"]
    assert len(found) > 20
    return [one for one in found if one["state"] != "OK"]


def test_a_sound_deployment_has_no_faults_but_those_of_the_emulator(desk: Desk) -> None:
    assert {(one["state"], one["check"]) for one in findings(desk)} == SOUND


def test_what_somebody_changed_by_hand_is_found(desk: Desk, deployment: Deployment) -> None:
    harm_bucket(deployment)
    harm_policy(deployment)
    leave_keys(desk)
    harm_edge(deployment)
    harm_roles_and_keys(deployment)
    found = [(one["state"], one["check"], one["says"]) for one in findings(desk)]
    assert [harm for harm in HARM if not any(is_told(harm, one) for one in found)] == []


def is_told(harm: tuple[str, str, str], found: tuple[str, str, str]) -> bool:
    return harm[:2] == found[:2] and harm[2] in found[2]


def harm_bucket(deployment: Deployment) -> None:
    s3 = deployment.aws.client("s3", deployment.deployer)
    s3.delete_public_access_block(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})


def harm_policy(deployment: Deployment) -> None:
    """Let any distribution read, names be deleted, and images not."""
    s3 = deployment.aws.client("s3", deployment.deployer)
    policy = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])
    for statement in policy["Statement"]:
        if statement["Sid"] == "EdgeReads":
            del statement["Condition"]
        if statement["Sid"] == "DenyDeletingNames":
            statement["Resource"] = f"arn:aws:s3:::{BUCKET}/*/images/*"
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))


def leave_keys(desk: Desk) -> None:
    """Leave keys in the bucket: one by its name, and a root key bare, in and beside the product."""
    s3 = desk.deployment.aws.client("s3", desk.deployment.deployer)
    pem = b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"
    root = load_pem_private_key((desk.folder / "keys/root-1.pem").read_bytes(), None)
    assert isinstance(root, Ed25519PrivateKey)
    seed = root.private_bytes_raw()
    for name, data in (
        (f"{PRODUCT}/keys/targets.pem", pem),
        (f"{PRODUCT}/beta/b1/version.json", seed),
        ("notes.txt", base64.b64encode(seed)),
    ):
        s3.put_object(Bucket=BUCKET, Key=name, Body=data)


def harm_edge(deployment: Deployment) -> None:
    cloudfront = deployment.aws.client("cloudfront", deployment.deployer)
    found = deployment.ota["DistributionId"]
    config = cloudfront.get_distribution_config(Id=found)
    for behavior in config["DistributionConfig"]["CacheBehaviors"]["Items"]:
        behavior["ViewerProtocolPolicy"] = "allow-all"
    words = {"DistributionConfig": config["DistributionConfig"], "IfMatch": config["ETag"]}
    cloudfront.update_distribution(Id=found, **words)


def harm_roles_and_keys(deployment: Deployment) -> None:
    iam = deployment.aws.client("iam", deployment.deployer)
    name = deployment.ci["RefreshRoleArn"].rpartition("/")[2]
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    text = json.dumps(trust).replace("sensor@5678:environment:firmware-refresh", "*")
    text = text.replace("StringEquals", "StringLike")
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=text)
    own = {
        "Sid": "Admin",
        "Effect": "Allow",
        "Action": "iam:*",
        "Resource": "arn:aws:iam::*:role/*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": own})
    iam.put_role_policy(RoleName=name, PolicyName="more", PolicyDocument=document)
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    kms = deployment.aws.client("kms", deployment.deployer)
    kms.disable_key(KeyId=deployment.keys["timestamp"])
