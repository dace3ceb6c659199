"""Settings, and what services do beyond policies: does the emulator? Each thing tried by itself."""

import json
from collections.abc import Callable, Mapping
from functools import partial

from botocore.exceptions import ClientError, WaiterError

from publisher.infra.names import ROLE_OUTPUTS
from tests.infra.access_rows import answer
from tests.infra.account import add_user, assume_by_token, document
from tests.infra.deployment import BUCKET, REFRESH_SUBJECT, Deployment, deploy_defaults, infra
from tests.infra.feature_conditions import ED25519, Probe
from tests.infra.rights_rows import ALLOWED, tried

_KEY = "a-feature/two"


def _caches(deployment: Deployment) -> bool:
    deployment.aws.client("s3", deployment.deployer).put_object(Bucket=BUCKET, Key=_KEY, Body=b"1")
    seen = [answer(deployment.aws, deployment.host, "GET", _KEY) for _ in range(2)]
    return seen[1].headers["x-cache"].startswith("Hit")


def _sends_headers(deployment: Deployment) -> bool:
    """Those of the response headers policy are sent, and those that it removes are not."""
    deployment.aws.client("s3", deployment.deployer).put_object(Bucket=BUCKET, Key=_KEY, Body=b"1")
    headers = answer(deployment.aws, deployment.host, "GET", _KEY).headers
    added = headers["strict-transport-security"] and headers["x-content-type-options"]
    return bool(added) and "x-amz-version-id" not in headers and "server" not in headers


def _setting(read: str, has: Callable[[Mapping[str, object]], object]) -> Probe:
    """Whether the bucket has what the template says."""

    def probe(deployment: Deployment) -> bool:
        s3 = deployment.aws.client("s3", deployment.deployer)
        try:
            return bool(has(getattr(s3, read)(Bucket=BUCKET)))
        except ClientError:
            return False

    return probe


def _verifies_tokens(deployment: Deployment) -> bool:
    take = partial(assume_by_token, deployment.aws, deployment.ci["RefreshRoleArn"])
    return tried(partial(take, subject=REFRESH_SUBJECT)) != ALLOWED  # its signature is none


def _limits_messages(deployment: Deployment) -> bool:
    kms = deployment.aws.client("kms", deployment.deployer)
    try:
        kms.sign(KeyId=deployment.keys["targets"], Message=bytes(4097), **ED25519)
    except ClientError:
        return True
    return False


def _joins_in_conditions(deployment: Deployment) -> bool:
    """Where nobody is trusted, as `slotcast infra init` leaves it, no role is made."""
    stacks = deploy_defaults(deployment)
    return not ROLE_OUTPUTS.values() & stacks["ci"].keys()


def _refuses_an_alias(deployment: Deployment) -> bool:
    """Of two stacks that give two keys one name, the second fails."""
    kms = deployment.aws.client("kms", deployment.deployer)
    kms.create_alias(AliasName="alias/taken", TargetKeyId=deployment.keys["targets"])
    key = {"AliasName": "alias/taken", "TargetKeyId": deployment.keys["snapshot"]}
    body = json.dumps({"Resources": {"Alias": {"Type": "AWS::KMS::Alias", "Properties": key}}})
    client = deployment.aws.client("cloudformation", deployment.deployer)
    client.create_stack(StackName="takes-an-alias", TemplateBody=body)
    return not _is_made(client, "takes-an-alias")


def _checks_passing(deployment: Deployment) -> bool:
    own = {"Effect": "Allow", "Action": ["cloudformation:*", "sns:*"], "Resource": "*"}
    client = deployment.aws.client("cloudformation", add_user(deployment.aws, "passer", own))
    body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    role = deployment.ci["ReleaseRoleArn"]
    create = partial(client.create_stack, StackName="passed", TemplateBody=body, RoleARN=role)
    return tried(create) != ALLOWED


def _simulates_context(deployment: Deployment) -> bool:
    iam = deployment.aws.client("iam", deployment.deployer)
    value = {"ContextKeyType": "string", "ContextKeyValues": ["yes"]}
    where = {"Condition": {"StringEquals": {"aws:PrincipalTag/a": "yes"}}, "Effect": "Allow"}
    found = iam.simulate_custom_policy(
        PolicyInputList=[document({**where, "Action": "s3:GetObject", "Resource": "*"})],
        ActionNames=["s3:GetObject"],
        ContextEntries=[{"ContextKeyName": "aws:PrincipalTag/a", **value}],
    )
    return found["EvaluationResults"][0]["EvalDecision"] == "allowed"


def _plans_by_condition(deployment: Deployment) -> bool:
    """A new stack without a domain has no record in Route 53."""
    folder = deployment.folder / "another"
    folder.mkdir(exist_ok=True)
    text = (deployment.folder / "infra.toml").read_text()
    other = text.replace('name = "slotcast"', 'name = "other"').replace(BUCKET, "other-bucket")
    (folder / "infra.toml").write_text(other)
    plan = json.loads(infra(deployment.aws, deployment.deployer, folder, "plan", "--json").out)
    return "AWS::Route53::RecordSet" not in json.dumps(plan)


def _takes_in(deployment: Deployment) -> bool:
    """A bucket that outlived its stack becomes part of a new one."""
    bucket = {"DeletionPolicy": "Retain", "Properties": {"BucketName": "that-stayed"}}
    body = json.dumps({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", **bucket}}})
    deployment.aws.client("s3", deployment.deployer).create_bucket(Bucket="that-stayed")
    client = deployment.aws.client("cloudformation", deployment.deployer)
    words = {"ImportExistingResources": True, "ChangeSetType": "CREATE", "TemplateBody": body}
    made = client.create_change_set(StackName="taker", ChangeSetName="take-in", **words)
    client.execute_change_set(ChangeSetName=made["Id"])
    return _is_made(client, "taker")


def _is_made(client: object, stack: str) -> bool:
    wait = client.get_waiter("stack_create_complete").wait
    try:
        wait(StackName=stack, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
    except WaiterError:
        return False
    return True


SERVICES: Mapping[str, Probe] = {
    "setting: lifecycle": _setting("get_bucket_lifecycle_configuration", lambda it: it["Rules"]),
    "setting: object lock": _setting("get_object_lock_configuration", bool),
    "setting: versioning": _setting("get_bucket_versioning", lambda it: it["Status"] == "Enabled"),
    "setting: encryption": _setting("get_bucket_encryption", bool),
    "setting: ownership": _setting("get_bucket_ownership_controls", bool),
    "setting: public access block": _setting("get_public_access_block", bool),
    "OIDC: signature of a token": _verifies_tokens,
    "KMS: at most 4,096 bytes": _limits_messages,
    "CloudFormation: Fn::Join in a condition": _joins_in_conditions,
    "CloudFormation: an alias that is there": _refuses_an_alias,
    "IAM: PassRole": _checks_passing,
    "IAM: simulation with context": _simulates_context,
    "edge: caching": _caches,
    "edge: response headers": _sends_headers,
    "change sets: taking in a bucket": _takes_in,
    "change sets: conditions": _plans_by_condition,
}
