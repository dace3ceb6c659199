"""`slotcast doctor` sees what the stacks made, and what somebody has changed by hand since."""

import json

import pytest

from device.virtual.images import build_app
from tests.infra.deployment import BUCKET, PRODUCT, Deployment
from tests.infra.desk import Desk

# Not in order, and why: gaps of the emulator, a distribution without a domain of its own, and one
# authority for all boards here.
SOUND = {
    ("FAIL", "bucket-policy"),  # ConditionalWrites=NotEnforced
    ("WARN", "bucket-lifecycle"),
    ("WARN", "bucket-lock"),
    ("WARN", "cache-hits"),
    ("WARN", "distribution-names"),
    ("WARN", "distribution-tls"),
    ("WARN", "pin-sets"),
    ("UNKNOWN", "role-rights"),
}
# What is said of each thing that somebody changed.
HARM = {
    "bucket-private": "public access is not blocked",
    "bucket-policy": "lets any distribution of CloudFront, of anybody, read",
    "bucket-versions": "versioning is Suspended",
    "bucket-keys": f"in the bucket lies {PRODUCT}/keys/targets.pem",
    "private-keys": f"{PRODUCT}/keys/targets.pem in s3://{BUCKET} is a private key",
    "served-keys": "the edge serves keys/targets.pem to everybody",
    "distribution-behaviours": "plain HTTP is answered",
    "role-trust": "the subject has a wildcard: repo:acme@1234/*",
    "signing-keys": "the key of timestamp is Disabled",
}


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
    harm_edge(deployment)
    harm_roles_and_keys(deployment)
    faults = [one for one in findings(desk) if one["state"] == "FAIL"]
    said = {check: [one["says"] for one in faults if one["check"] == check] for check in HARM}
    missed = {check for check, words in HARM.items() if words not in " ".join(said[check])}
    assert missed == set()


def harm_bucket(deployment: Deployment) -> None:
    s3 = deployment.aws.client("s3", deployment.deployer)
    s3.delete_public_access_block(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    policy = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])
    for statement in policy["Statement"]:
        if statement["Sid"] == "EdgeReads":
            del statement["Condition"]
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    pem = b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"
    s3.put_object(Bucket=BUCKET, Key=f"{PRODUCT}/keys/targets.pem", Body=pem)


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
    kms = deployment.aws.client("kms", deployment.deployer)
    kms.disable_key(KeyId=deployment.keys["timestamp"])
