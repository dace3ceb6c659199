"""`slotcast doctor` on the account's settings: a sound deployment, and what it may not look at."""

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from aws_account import Account
from aws_answers import BUCKET, DISTRIBUTION, KEYS, ROLES
from botocore.exceptions import EndpointConnectionError

from publisher.doctor.account_names import ACCOUNT_NAMES
from publisher.doctor.aws import connect
from publisher.doctor.aws.deployment import Deployment, StackSaid, Trusted, find_deployment
from publisher.doctor.aws.policy import parse_policy
from publisher.doctor.check_names import NAMES
from publisher.infra.errors import InfraError

ROOT = Path(__file__).parents[2]
# For the stacks' outputs, for what is published, and for whose a bucket is that denies; not for the
# account's settings.
_BESIDE = {"cloudformation:DescribeStacks", "s3:GetObject", "s3:ListAllMyBuckets"}

NOBODY = Trusted({"release": (), "refresh": ()})


def documented():
    """The permissions in docs/doctor.md."""
    text = (ROOT / "docs" / "doctor.md").read_text()
    policy = json.loads(re.search(r"```json\n(.*?)```", text, re.DOTALL)[1])
    return {action for one in parse_policy(policy) for action in written(one)}


def written(statement):
    actions = statement.document["Action"]
    return [actions] if isinstance(actions, str) else actions


def test_what_the_templates_make_is_sound():
    found = Account().look()
    assert [one for one in found if one.state != "OK"] == []
    assert {one.check for one in found} >= {
        "bucket-private",
        "bucket-policy",
        "distribution-tls",
        "certificate-acm",
        "logs",
        "signing-keys",
        "role-trust",
        "role-policies",
        "role-rights",
    }


def test_what_may_not_be_looked_at_is_unknown_and_names_the_permission():
    account, sound = Account(), Account().answers
    account.answers = {**dict.fromkeys(sound, "AccessDenied"), **only(sound, "get_distribution")}
    denied = [one for one in account.look() if one.state == "UNKNOWN"]
    assert len(denied) > 20
    for one in denied:
        permission = one.says.rpartition(" ")[2]
        assert one.mend == f"allow {permission} to who runs the doctor (docs/doctor.md)"
    account.answers |= only(sound, "describe_delivery_sources")
    account.answers |= only(sound, "list_role_policies")
    denied += account.look()
    wanted = {one.mend.split()[1] for one in denied if one.state == "UNKNOWN"}
    assert wanted | {"cloudfront:GetDistribution"} == documented() - _BESIDE


def only(answers, name):
    return {name: answers[name]}


def test_a_denied_distribution_leaves_the_rest_to_be_looked_at():
    account = Account()
    account.answers["get_distribution"] = "AccessDenied"
    account.deployment = replace(account.deployment, roles={}, keys={})
    found = account.look()
    assert [one.says for one in found if one.state == "UNKNOWN"] == [
        "access denied to cloudfront:GetDistribution",
        "the account's settings were not looked at: no ci stack was found",
    ]
    assert len(found) > 12


def test_nothing_is_asked_where_nothing_is_deployed():
    account = Account()
    account.answers = {}
    account.deployment = replace(
        account.deployment, bucket="", distribution_id="", roles={}, keys={}
    )
    assert [one.state for one in account.look()] == ["UNKNOWN"] * 3


def test_a_deployment_is_what_the_outputs_of_its_stacks_say():
    outputs = {
        ("acme-ota", "eu-central-1"): {"BucketName": BUCKET, "DistributionId": DISTRIBUTION},
        ("acme-sensor-ci", "eu-central-1"): {
            "RefreshRoleArn": ROLES["refresh"],
            "TimestampKeyArn": f"awskms:{KEYS['timestamp']}",
        },
        ("acme-logs", "us-east-1"): {},
    }
    stacks = {names: StackSaid(told, {}) for names, told in outputs.items()}
    found = find_deployment("acme", "sensor", "eu-central-1", lambda *names: stacks.get(names))
    assert found == Deployment(
        bucket=BUCKET,
        distribution_id=DISTRIBUTION,
        region="eu-central-1",
        product="sensor",
        roles={"refresh": ROLES["refresh"]},
        keys={"timestamp": KEYS["timestamp"]},
        has_logs=True,
        trusted=NOBODY,
        stack="acme-sensor-ci",
    )


def test_a_stack_for_logs_that_cannot_be_asked_for_leaves_the_rest_known():
    error = InfraError("stack acme-logs: access denied to DescribeStacks")

    def read(stack, region):
        if region == "us-east-1":
            raise error
        return StackSaid({"BucketName": BUCKET, "DistributionId": DISTRIBUTION}, {})

    found = find_deployment("acme", "sensor", "eu-central-1", read)
    assert (found.bucket, found.distribution_id) == (BUCKET, DISTRIBUTION)
    assert (found.has_logs, found.logs_error) == (False, error)
    with pytest.raises(InfraError):  # the others are there too
        find_deployment("acme", "sensor", "us-east-1", read)


def test_the_parser_knows_the_names_of_all_of_the_account_s_checks():
    sound, denied, nothing = Account(), Account(), Account()
    denied.answers = dict.fromkeys(denied.answers, "AccessDenied")
    nothing.deployment = Deployment("", "", "us-east-1", "sensor")
    gone = only_bucket(Account())
    gone.answers["get_bucket_location"] = "NoSuchBucket"
    told = {one.check for account in (sound, denied, nothing, gone) for one in account.look()}
    assert told == set(ACCOUNT_NAMES)
    assert not told & set(NAMES)


def test_each_service_is_asked_where_it_is():
    session = SimpleNamespace(client=lambda name, region_name, config: region_name)
    regions = vars(connect(session, "eu-central-1"))
    assert {name for name, region in regions.items() if region == "eu-central-1"} == {"s3", "kms"}
    assert {regions[name] for name in ("acm", "logs")} == {"us-east-1"}


def test_what_is_not_deployed_is_left_out():
    found = find_deployment("acme", "sensor", "us-east-1", lambda name, region: None)
    stack = "acme-sensor-ci"
    assert found == Deployment("", "", "us-east-1", "sensor", trusted=NOBODY, stack=stack)


@pytest.mark.parametrize(
    ("parameters", "bucket"), [({"BucketName": "ours"}, "ours"), ({}, "slotcast.toml's")]
)
def test_a_bucket_that_no_stack_has_made_is_the_one_that_the_roles_or_the_settings_name(
    parameters, bucket
):
    ci = StackSaid({"ReleaseRoleArn": ROLES["release"]}, parameters)
    stacks = {"acme-sensor-ci": ci}
    found = find_deployment(
        "acme", "sensor", "us-east-1", lambda name, region: stacks.get(name), "slotcast.toml's"
    )
    assert found.bucket == bucket


def test_a_bucket_without_the_stack_s_edge_is_not_held_against_one():
    account = only_bucket(Account())
    assert list(account.bad()) == [
        "UNKNOWN distribution: the account's settings were not looked at: no ota stack was found",
        "UNKNOWN roles: the account's settings were not looked at: no ci stack was found",
    ]


def test_a_bucket_that_is_gone_is_told_once_and_leads_to_what_puts_it_back():
    account = only_bucket(Account())
    bucket = {name for name in account.answers if "bucket" in name or "public_access" in name}
    account.answers |= dict.fromkeys(bucket, "NoSuchBucket")
    found = account.look()
    assert [(one.state, one.check, one.says) for one in found[:2]] == [
        ("FAIL", "bucket-region", f"there is no bucket {BUCKET}"),
        ("UNKNOWN", "bucket", "11 checks of the bucket not done: see bucket-region"),
    ]
    assert 'docs/operator.md, "When something is gone"' in found[0].mend
    assert [one.check for one in found[2:]] == ["distribution", "roles"]


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"list_buckets": {"Buckets": [{"Name": f"{BUCKET}-logs"}]}}, "FAIL"),
        ({}, "UNKNOWN"),
        ({"list_buckets": "AccessDenied"}, "UNKNOWN"),
    ],
)
def test_a_bucket_whose_name_another_account_has_is_told_from_one_that_denies(change, state):
    account = Account()
    account.answers |= {"get_bucket_location": "AccessDenied", **change}
    [found] = [one for one in account.look() if one.check == "bucket-region"]
    assert found.state == state
    assert found.says.startswith("that bucket is not this account's: ") == (state == "FAIL")


def test_a_bucket_that_no_stack_here_has_made_may_be_another_account_s():
    account = only_bucket(Account())
    account.answers |= {"get_bucket_location": "AccessDenied", "list_buckets": {"Buckets": []}}
    assert [one.state for one in account.look() if one.check == "bucket-region"] == ["UNKNOWN"]


def only_bucket(account):
    account.deployment = replace(account.deployment, distribution_id="", roles={}, keys={})
    return account


def test_no_answer_is_unknown():
    def silent(params):
        raise EndpointConnectionError(endpoint_url="https://s3.example")

    account = only_bucket(Account())
    account.answers["get_bucket_versioning"] = silent
    assert "UNKNOWN bucket-versions: the endpoint cannot be reached" in account.bad()


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("NotImplemented", "this server does not know s3:GetBucketVersioning"),
        ("NoSuchBucket", "s3:GetBucketVersioning: there is no such bucket: see bucket-region"),
        ("ExpiredToken", "s3:GetBucketVersioning: the session's credentials have expired"),
        ("MethodNotAllowed", "s3:GetBucketVersioning: AWS answered MethodNotAllowed"),
    ],
)
def test_another_answer_is_unknown_and_told(code, says):
    account = only_bucket(Account())
    account.answers["get_bucket_versioning"] = code
    assert f"UNKNOWN bucket-versions: {says}" in account.bad()


@pytest.mark.parametrize(
    ("policy", "kind"),
    [
        ('["no policy"]', "ValueError"),
        ('{"Statement": [{}]}', "KeyError"),
        ('{"Statement": [1]}', "TypeError"),
        ('{"Statement": [{"Effect": "Allow", "Condition": 1}]}', "AttributeError"),
    ],
)
def test_an_answer_of_another_form_is_unknown(policy, kind):
    account = only_bucket(Account())
    account.answers["get_bucket_policy"] = {"Policy": policy}
    assert next(iter(account.bad())).startswith(
        f"UNKNOWN bucket-policy: the answer is not as AWS describes it: {kind} "
    )
