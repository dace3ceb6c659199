"""What the roles' own policies allow beside their job, which no simulated request may be about."""

import json
from dataclasses import replace
from urllib.parse import quote

import pytest
from aws_account import Account
from aws_answers import BUCKET_ARN, IAM, KEYS, PRODUCT, ROLES
from made_stacks import ACCOUNT, REGION

from publisher.doctor.aws.role_policies import check_role_policies

OBJECTS = f"{BUCKET_ARN}/{PRODUCT}"
OTHER_KEY = KEYS["targets"].replace("targets", "camera")
NO_NEED = "which its job does not need"
NOT_OWN = "neither of the product, nor a key that the role signs with"


def given(role, statement, name="more"):
    """An account in which somebody gave a role another inline policy."""
    account = Account()
    list_own, get_own = (account.answers[one] for one in ("list_role_policies", "get_role_policy"))

    def get(params):
        if params["PolicyName"] != name:
            return get_own(params)
        document = {"Statement": {"Sid": "More", "Effect": "Allow", **statement}}
        return {**params, "PolicyDocument": quote(json.dumps(document))}

    account.answers["get_role_policy"] = get
    account.answers["list_role_policies"] = lambda params: {
        "PolicyNames": [*list_own(params)["PolicyNames"], *[name] * (params["RoleName"] == role)]
    }
    return account


def told(role, *says):
    return [f"FAIL role-policies: {role}: policy more, More, {one}" for one in says]


def test_the_templates_roles_have_policies_for_their_job_alone():
    found = Account().look(check_role_policies)
    assert [(one.state, one.says) for one in found] == [
        ("OK", f"{role}: its own policies ({role}) allow nothing beside its job") for role in ROLES
    ]


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:*", f"arn:aws:iam::{ACCOUNT}:role/*"),
        ("sts:AssumeRole", ROLES["release"]),
        ("cloudfront:*", f"arn:aws:cloudfront::{ACCOUNT}:distribution/E2EXAMPLE"),
        ("cloudformation:*", f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/slotcast-*/*"),
        ("lambda:*", "*"),
        ("*", "*"),
    ],
)
def test_rights_that_no_job_needs_are_told(action, resource):
    account = given("refresh", {"Action": action, "Resource": resource})
    found = account.bad(check_role_policies)
    assert list(found) == told(
        "refresh", f"allows {action}, {NO_NEED}", f"is for {resource}: {NOT_OWN}"
    )
    assert all("leave the role the template's policy alone" in mend for mend in found.values())


@pytest.mark.parametrize(
    ("role", "action", "resource"),
    [
        ("refresh", "kms:Sign", OTHER_KEY),
        ("refresh", "kms:Sign", KEYS["targets"]),
        ("release", "kms:Sign", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*"),
        ("gc", "s3:GetObject", KEYS["timestamp"]),
        ("release", "s3:PutObject", f"{BUCKET_ARN}/camera/*"),
        ("release", "s3:PutObject", f"{OBJECTS}-2/*"),
        ("release", "s3:PutObject", f"{BUCKET_ARN}/sens*/x"),
        ("release", "s3:GetObject", "arn:aws:s3:::logs/*"),
        ("gc", "s3:DeleteObject", f"{BUCKET_ARN}/*"),
        ("refresh", "s3:ListBucket", f"{BUCKET_ARN}*"),
    ],
)
def test_what_is_neither_the_products_nor_its_keys_is_told(role, action, resource):
    own = {"release": "*/version.json", "refresh": "metadata/timestamp.json", "gc": "images/*.bin"}
    there = [f"{OBJECTS}/{own[role]}", resource]
    account = given(role, {"Action": action, "Resource": there})
    assert list(account.bad(check_role_policies)) == told(role, f"is for {resource}: {NOT_OWN}")


@pytest.mark.parametrize(
    ("role", "action", "path"),
    [
        ("refresh", "s3:PutObject", "beta/gateway/version.json"),
        ("refresh", "s3:PutObject", "beta/*"),
        ("refresh", "s3:PutObject", "*/gateway/version.json"),
        ("refresh", "s3:PutObject", "login/index.html"),
        ("refresh", "s3:PutObject", "metadata/*.json"),
        ("release", "s3:PutObject", "metadata/2.root.json"),
        ("release", "s3:PutObject", "metadata/?.root.json"),
        ("release", "s3:PutObject", "images/*"),
        ("release", "s3:AbortMultipartUpload", "*"),
        ("gc", "s3:DeleteObject", "metadata/1.root.json"),
        ("gc", "S3:DeleteObject", "beta/*"),
        ("gc", "s3:PutObject", "targets/beta/*"),
    ],
)
def test_objects_of_the_product_that_a_job_does_not_change_are_told(role, action, path):
    changed = {"Action": ["s3:GetObject", action], "Resource": f"{OBJECTS}/{path}"}
    says = f"allows {action} on {OBJECTS}/{path}, where its job changes nothing"
    assert list(given(role, changed).bad(check_role_policies)) == told(role, says)


@pytest.mark.parametrize(
    ("role", "action", "path"),
    [
        ("refresh", "s3:PutObject", "metadata/*.snapshot.json"),
        ("release", "s3:PutObject", "beta/gateway/version.json"),
        ("release", "s3:PutObject", "beta/*/version.json"),
        ("gc", "s3:DeleteObject", "payloads/0123*.slc"),
        ("gc", "s3:GetObject", "metadata/1.root.json"),
    ],
)
def test_a_part_of_what_a_job_changes_and_reading_are_in_order(role, action, path):
    part = {"Action": action, "Resource": f"{OBJECTS}/{path}"}
    assert given(role, part).bad(check_role_policies) == {}


@pytest.mark.parametrize(
    ("role", "action"),
    [("refresh", "s3:DeleteObject"), ("release", "S3:PutBucketPolicy"), ("gc", "kms:Sign")],
)
def test_rights_of_another_job_are_told(role, action):
    account = given(role, {"Action": [action, "s3:GetObject"], "Resource": f"{OBJECTS}/*"})
    assert list(account.bad(check_role_policies)) == told(role, f"allows {action}, {NO_NEED}")


@pytest.mark.parametrize("part", [{"NotAction": "s3:GetObject"}, {"NotResource": OBJECTS}])
def test_all_but_what_is_named_is_too_much(part):
    account = given("gc", {"Action": "s3:GetObject", "Resource": f"{OBJECTS}/*", **part})
    assert list(account.bad(check_role_policies)) == told("gc", "allows all but what it names")


def test_more_of_the_same_and_denials_are_in_order():
    same = {"Action": "s3:getobject", "Resource": [f"{OBJECTS}/metadata/*"]}
    assert given("refresh", same).bad(check_role_policies) == {}
    assert given("refresh", {"Action": "kms:Sign", "Resource": KEYS["snapshot"]}).bad() == {}
    denial = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    assert given("refresh", denial).bad(check_role_policies) == {}


def test_managed_policies_are_told():
    account = Account()
    attached = [{"PolicyName": "a", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}]
    account.answers["list_attached_role_policies"] = lambda params: {
        "AttachedPolicies": attached if params["RoleName"] == "gc" else []
    }
    assert list(account.bad(check_role_policies)) == [
        "FAIL role-policies: gc: arn:aws:iam::aws:policy/AdministratorAccess is attached, of which "
        "the template knows nothing"
    ]


def test_a_key_that_the_stack_tells_by_an_alias_is_the_key_behind_it():
    account = Account()
    alias = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/timestamp"
    account.deployment = replace(account.deployment, keys={**KEYS, "timestamp": alias})
    account.answers["describe_key"] = {
        "KeyMetadata": {"KeyId": "timestamp", "Arn": KEYS["timestamp"]}
    }
    assert account.bad(check_role_policies) == {}


@pytest.mark.parametrize(
    ("method", "permission", "others"),
    [
        ("list_role_policies", "iam:ListRolePolicies", []),
        ("get_role_policy", "iam:GetRolePolicy", []),
        (
            "list_attached_role_policies",
            "iam:ListAttachedRolePolicies",
            ["gc: policy more, More, allows iam:*", "gc: policy more, More, is for arn:aws:iam:"],
        ),
    ],
)
def test_what_may_not_be_read_is_unknown_and_hides_nothing_else(method, permission, others):
    account = given("gc", {"Action": "iam:*", "Resource": f"{IAM}:role/*"})
    account.answers[method] = "AccessDenied"
    found = account.bad(check_role_policies)
    says = f"UNKNOWN role-policies: access denied to {permission}"
    assert found[says] == f"allow {permission} to who runs the doctor (docs/doctor.md)"
    told = [one.partition(": ")[2] for one in found if one != says]
    assert [one[: len(other)] for one, other in zip(told, others, strict=True)] == others
