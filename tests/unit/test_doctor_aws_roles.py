"""What the doctor finds wrong with roles: who takes them, and what they may."""

import json
from collections import Counter
from dataclasses import replace
from urllib.parse import quote

import pytest
from aws_account import ALONE, Account
from aws_answers import (
    ANNA,
    BUCKET,
    BUCKET_ARN,
    IAM,
    KEYS,
    PRODUCT,
    REFRESH,
    ROLES,
    SUBJECT,
    make_ota,
    policies,
)
from iam_evaluation import decide
from made_stacks import ACCOUNT

from publisher.doctor.aws.deployment import StackSaid, Trusted, find_deployment
from publisher.doctor.aws.policy import parse_policy
from publisher.doctor.aws.role_rights.simulated import check_rights
from publisher.doctor.aws.role_rights.simulator import batches
from publisher.doctor.aws.role_rights.table import wanted
from publisher.doctor.aws.trust import check_trust
from publisher.infra.sample_paths import PAYLOAD

GITHUB = "token.actions.githubusercontent.com"


def trusting(*statements):
    """What is found of the release role, if these are the statements of its trust policy."""
    account = Account()
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **s} for s in statements]}
    document = {"AssumeRolePolicyDocument": quote(json.dumps(policy))}
    account.alter("get_role", lambda answer: answer["Role"].update(document))
    account.deployment = replace(account.deployment, roles={"release": ROLES["release"]})
    return account.bad(check_trust)


def github(**conditions):
    return {
        "Principal": {"Federated": f"{IAM}:oidc-provider/{GITHUB}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": conditions,
    }


AUDIENCE = {f"{GITHUB}:aud": "sts.amazonaws.com"}
EVIL = "repo:evil/evil:ref:refs/heads/main"
FOREIGN = "arn:aws:iam::444455556666:role/x"


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        pytest.param(
            github(StringEquals=AUDIENCE),
            "any workflow of anybody on GitHub may take the role",
            id="no subject",
        ),
        pytest.param(
            github(StringEquals=AUDIENCE, StringLike={f"{GITHUB}:sub": "repo:acme/sensor:*"}),
            "the subject has a wildcard: repo:acme/sensor:*",
            id="subject with a wildcard",
        ),
        pytest.param(
            github(StringEquals={**AUDIENCE, f"{GITHUB}:sub": "repo:${aws:username}/sensor:ref:x"}),
            "the subject has a wildcard: repo:${aws:username}/sensor:ref:x",
            id="subject with a variable",
        ),
        pytest.param(
            github(StringEquals=AUDIENCE, StringLike={f"{GITHUB}:sub": SUBJECT}),
            "the subject is not compared whole (StringEquals)",
            id="subject not compared whole",
        ),
        pytest.param(
            github(StringEquals={**AUDIENCE, f"{GITHUB}:repository_id": "5678"}),
            "the subject is not compared whole (StringEquals)",
            id="another claim alone",
        ),
        pytest.param(
            github(StringEquals={f"{GITHUB}:sub": SUBJECT}),
            "GitHub's tokens for another audience are taken: any",
            id="no audience",
        ),
        pytest.param(
            {"Principal": "*", "Action": "sts:AssumeRole"},
            "everybody, in any account, may take the role",
            id="everybody",
        ),
        pytest.param(
            {"Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
            "everybody, in any account, may take the role",
            id="everybody of AWS",
        ),
        pytest.param(
            {"NotPrincipal": {"AWS": ANNA}, "Action": "sts:AssumeRole"},
            "everybody, in any account, may take the role",
            id="all but one",
        ),
        pytest.param(
            github(StringEquals={**AUDIENCE, f"{GITHUB}:sub": [SUBJECT, EVIL]}),
            f"{EVIL} may take the role, and is no subject of the stack's",
            id="somebody else's subject",
        ),
        pytest.param(
            github(StringEquals={**AUDIENCE, f"{GITHUB}:sub": EVIL, f"{GITHUB}:Sub": SUBJECT}),
            f"{EVIL} may take the role, and is no subject of the stack's",
            id="the subject in two spellings",
        ),
        pytest.param(
            github(StringEquals={**AUDIENCE, f"{GITHUB}:sub": REFRESH}),
            f"{REFRESH} may take the role, and is no subject of the stack's",
            id="another role's subject",
        ),
        pytest.param(
            github(StringEquals={**AUDIENCE, f"{GITHUB}:sub": "repo:acme/sensor:pull_request"}),
            "whoever opens a pull request may take the role: repo:acme/sensor:pull_request",
            id="pull requests",
        ),
        pytest.param(
            {"Principal": {"AWS": f"{IAM}:role/attacker"}, "Action": "sts:AssumeRole"},
            f"{IAM}:role/attacker may take the role, and is not in TrustedPrincipalArns",
            id="another role of the account",
        ),
        pytest.param(
            {"Principal": {"AWS": f"{IAM}:root"}, "Action": "sts:AssumeRole"},
            f"whoever IAM lets in account {ACCOUNT} may take the role",
            id="the whole account",
        ),
        pytest.param(
            {"Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"},
            "whoever IAM lets in account 444455556666 may take the role",
            id="another account",
        ),
        pytest.param(
            {"Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
            "lambda.amazonaws.com may take the role",
            id="a service",
        ),
        pytest.param(
            {
                "Principal": {"Federated": f"{IAM}:oidc-provider/gitlab.com"},
                "Action": "sts:AssumeRoleWithWebIdentity",
            },
            f"{IAM}:oidc-provider/gitlab.com may take the role",
            id="another provider",
        ),
        *(
            pytest.param(
                {**github(StringEquals=AUDIENCE), "Principal": {"Federated": provider}},
                f"{provider} may take the role",
                id=f"a provider with GitHub's name in its own, {number}",
            )
            for number, provider in enumerate(
                (
                    f"{IAM}:oidc-provider/evil.example/oidc-provider/{GITHUB}",
                    f"arn:aws:iam::444455556666:oidc-provider/{GITHUB}",
                )
            )
        ),
    ],
)
def test_who_may_take_a_role_and_should_not_is_told(statement, says):
    found = trusting(statement)
    assert list(found) == [f"FAIL role-trust: release: {says}"]
    assert "`slotcast infra apply`" in found[f"FAIL role-trust: release: {says}"]


@pytest.mark.parametrize(
    ("seconds", "says"), [(3600, []), (43200, ["43200 s"]), (3601, ["3601 s"])]
)
def test_credentials_that_live_longer_than_an_hour_are_told(seconds, says):
    account = Account()
    account.alter("get_role", lambda answer: answer["Role"].update(MaxSessionDuration=seconds))
    account.deployment = replace(account.deployment, roles={"release": ROLES["release"]})
    assert list(account.bad(check_trust)) == [
        f"WARN role-trust: release: its credentials may live for {one}, and whoever gets hold of "
        "them as long"
        for one in says
    ]


def test_jobs_that_refresh_and_may_release_too_are_told_as_a_plan_does():
    account = Account()
    subjects = {"release": (SUBJECT, REFRESH), "refresh": (REFRESH,)}
    account.deployment = replace(account.deployment, trusted=Trusted(subjects, (ANNA,)))
    found = account.bad(check_trust)
    assert list(found) == [f"WARN role-trust: release: {REFRESH} refreshes, and may release too"]
    assert all(mend.startswith("take it out of ReleaseSubjects") for mend in found.values())


def test_a_principal_that_was_deleted_is_warned_of():
    found = trusting({"Principal": {"AWS": "AROA1234567890EXAMPLE"}, "Action": "sts:AssumeRole"})
    says = "release: nobody, as AROA1234567890EXAMPLE was deleted, may take the role"
    assert list(found) == [f"WARN role-trust: {says}"]


def test_principals_of_another_account_are_warned_of_once_although_they_are_wanted():
    account, wanted_by = Account(), (ANNA, FOREIGN)
    policy = {"Effect": "Allow", "Principal": {"AWS": [*wanted_by]}, "Action": "sts:AssumeRole"}
    document = {"AssumeRolePolicyDocument": quote(json.dumps({"Statement": policy}))}
    account.alter("get_role", lambda answer: answer["Role"].update(document))
    account.deployment = replace(account.deployment, trusted=Trusted(principals=wanted_by))
    assert list(account.bad(check_trust)) == [
        f"WARN role-trust: {FOREIGN}, of another account, may take the roles by "
        "TrustedPrincipalArns"
    ]


def test_an_empty_principal_is_nobody():
    assert trusting({"Principal": {"AWS": ""}, "Action": "sts:AssumeRole"}) == {}


def test_who_may_take_a_role_is_told_by_the_parameters_of_its_stack():
    told = {"ReleaseSubjects": f"{SUBJECT},{EVIL}", "TrustedPrincipalArns": ""}
    stacks = {"acme-sensor-ci": StackSaid({}, told)}
    found = find_deployment("acme", "sensor", "us-east-1", lambda name, _: stacks.get(name))
    assert found.trusted == Trusted({"release": (SUBJECT, EVIL), "refresh": ()}, ())


def test_who_deploys_is_told_by_the_parameter_of_its_stack():
    deployer = f"{IAM}:role/deploy"
    stacks = {"acme-ota": StackSaid({"BucketName": BUCKET}, {"DeployRoleArn": deployer})}
    found = find_deployment("acme", "sensor", "us-east-1", lambda name, _: stacks.get(name))
    assert (found.bucket, found.deployer) == (BUCKET, deployer)


def test_the_web_acl_is_told_by_the_parameter_of_its_stack():
    stacks = {"acme-ota": StackSaid({"BucketName": BUCKET}, {"WebAclArn": "arn:acl"})}
    found = find_deployment("acme", "sensor", "us-east-1", lambda name, _: stacks.get(name))
    assert found.web_acl == "arn:acl"


def added(statement, role="refresh"):
    """What is found, if somebody gave a role another policy."""
    account = Account()
    account.more_policies[ROLES[role]] = {"Statement": {"Effect": "Allow", **statement}}
    return account.bad(check_rights)


def test_a_role_that_was_given_everything():
    found = added({"Action": "*", "Resource": "*"})
    signs = f"refresh: may do kms:Sign on {KEYS['targets']}: would sign targets"
    assert f"FAIL role-rights: {signs}" in found
    assert Counter(words.split(":")[1] for words in found) == {" refresh": len(found)}
    assert len(found) > 20
    (mend,) = set(found.values())
    assert mend.startswith("leave the role the template's policy alone, and take others from it")


def test_a_role_that_may_write_what_it_offers_boards():
    found = added({"Action": "s3:PutObject", "Resource": f"{BUCKET_ARN}/{PRODUCT}/stable/*"})
    assert list(found) == [
        f"FAIL role-rights: refresh: may do s3:PutObject on {BUCKET_ARN}/{PRODUCT}/stable/sensor/"
        "version.json: would offer boards something else"
    ]


def test_keys_of_two_kinds_are_each_tried_in_their_own_ways():
    account = Account()
    describe = account.answers["describe_key"]

    def of_two_kinds(params):
        found = describe(params)
        if params["KeyId"] == KEYS["targets"]:
            found["KeyMetadata"]["KeySpec"] = "ECC_NIST_P256"
        return found

    account.answers["describe_key"] = of_two_kinds
    assert account.bad(check_rights) == {}
    account.more_policies[ROLES["refresh"]] = {
        "Statement": {"Effect": "Allow", "Action": "kms:Sign", "Resource": KEYS["timestamp"]}
    }
    assert list(account.bad(check_rights)) == [
        f"FAIL role-rights: refresh: may do kms:Sign on {KEYS['timestamp']}: would sign in a way "
        "that boards do not verify"
    ]


def test_a_right_that_was_taken_away():
    account = Account()
    account.more_policies[ROLES["gc"]] = {
        "Statement": {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}
    }
    (says,) = account.bad(check_rights)
    assert says.startswith("FAIL role-rights: gc: may not do s3:DeleteObject on arn:aws:s3:::")
    assert says.endswith("and 1 more, which it needs: removes what nothing needs")


def test_what_the_buckets_policy_denies_counts():
    account = Account()
    account.more_policies[ROLES["release"]] = {
        "Statement": {"Effect": "Allow", "Action": "s3:DeleteObjectVersion", "Resource": "*"}
    }
    assert account.bad(check_rights) == {}  # all but the deployer are denied it
    account.change_policy(lambda found: found.clear())
    (says,) = account.bad(check_rights)
    assert says.startswith("FAIL role-rights: release: may do s3:DeleteObjectVersion on ")


def test_a_simulator_that_does_not_tell_resources_apart_is_not_believed():
    account = Account()

    def leave_out(answer):
        for one in answer["EvaluationResults"]:
            one.pop("ResourceSpecificResults", None)

    account.alter("simulate_principal_policy", leave_out)
    account.deployment = replace(account.deployment, roles={"release": ROLES["release"]})
    (says,) = account.bad(check_rights)
    assert says.startswith("UNKNOWN role-rights: release: the simulator has no answer for")


def test_a_context_key_that_policies_ask_for_is_told():
    account = Account()

    def miss_keys(answer):
        for one in answer["EvaluationResults"]:
            for each in one.get("ResourceSpecificResults", []):
                each["MissingContextValues"] = ["s3:if-none-match", "aws:SourceIp"]

    account.alter("simulate_principal_policy", miss_keys)
    account.deployment = replace(account.deployment, roles={"release": ROLES["release"]})
    assert list(account.bad(check_rights)) == [
        "UNKNOWN role-rights: release: policies ask for aws:sourceip, which is not simulated"
    ]


REGIONS = {"aws:RequestedRegion": ["us-east-1", "eu-central-1"]}
GLOBAL = ["iam:*", "sts:*", "cloudfront:*"]


@pytest.mark.parametrize(
    "guard",
    [
        [{"Effect": "Allow", "Condition": {"StringEquals": REGIONS}}],
        [{}, {"Effect": "Deny", "Condition": {"StringNotEquals": REGIONS}}],
        [
            {},
            {
                "Effect": "Deny",
                "Action": None,
                "NotAction": GLOBAL,
                "Condition": {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}},
            },
        ],
    ],
)
def test_a_boundary_that_guards_regions_is_nothing_to_tell(guard):
    account = Account()
    written = [{"Effect": "Allow", "Action": "*", "Resource": "*", **one} for one in guard]
    account.boundary = {
        "Statement": [{k: v for k, v in one.items() if v is not None} for one in written]
    }
    assert account.bad(check_rights) == {}


def test_a_boundary_of_another_region_is_told():
    account = Account()
    elsewhere = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    account.boundary["Statement"]["Condition"] = elsewhere
    assert {one.split()[0] for one in account.bad(check_rights)} == {"FAIL"}


def test_services_with_one_endpoint_are_asked_of_in_its_region():
    account, regions = Account(), {}
    account.deployment = replace(account.deployment, region="eu-central-1")
    simulate = account.answers["simulate_principal_policy"]

    def note(params):
        (region,) = [
            one["ContextKeyValues"][0]
            for one in params["ContextEntries"]
            if one["ContextKeyName"] == "aws:RequestedRegion"
        ]
        for action in params["ActionNames"]:
            regions.setdefault(action.partition(":")[0], set()).add(region)
        return simulate(params)

    account.answers["simulate_principal_policy"] = note
    account.look(check_rights)
    here = dict.fromkeys(("s3", "kms", "sts", "cloudformation"), {"eu-central-1"})
    assert regions == {**here, **dict.fromkeys(("iam", "cloudfront"), {"us-east-1"})}


PERIMETER = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": [BUCKET_ARN, f"{BUCKET_ARN}/*"],
    "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}},
}


def test_a_denial_that_spares_services_is_nothing_that_is_not_known_of_roles():
    account = Account()
    ours = {"ArnNotEquals": {"aws:PrincipalArn": [*ROLES.values()]}}
    spared = {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
    denial = {**PERIMETER, "Condition": {**ours, **spared}}
    account.change_policy(lambda found: found.append(denial))
    assert account.bad(check_rights) == {}


def test_what_is_needed_and_denied_for_want_of_a_key_is_not_known():
    account = Account()
    account.change_policy(lambda found: found.append(PERIMETER))
    account.deployment = replace(account.deployment, roles={"refresh": ROLES["refresh"]})
    assert list(account.bad(check_rights)) == [
        "UNKNOWN role-rights: refresh: policies ask for aws:principalorgid, which is not "
        "simulated: without that, 6 of the things that it needs are denied"
    ]


def test_what_is_allowed_and_must_not_be_is_wrong_whatever_is_not_known():
    account = Account()
    account.change_policy(lambda found: found.append(PERIMETER))
    account.deployment = replace(account.deployment, roles={"refresh": ROLES["refresh"]})
    signs = {"Effect": "Allow", "Action": "kms:Sign", "Resource": KEYS["targets"]}
    unless = {"Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}}
    account.more_policies[ROLES["refresh"]] = {"Statement": {**signs, **unless}}
    found = list(account.bad(check_rights))
    assert [one.split()[0] for one in found] == ["FAIL", "UNKNOWN"]
    assert found[0].endswith("would sign targets")
    assert "aws:principalorgid, aws:sourcevpc" in found[1]


def test_rows_are_asked_in_few_calls_and_none_is_left_out():
    rows = [row for row in wanted(PRODUCT, BUCKET, KEYS) if row.role == "release"]
    calls = batches(rows)
    asked = Counter(
        (action, resource, one.context)
        for one in calls
        for action in one.actions
        for resource in one.resources
    )
    assert set(asked.values()) == {1}
    assert len(asked) == len(rows)
    assert len(calls) < len(rows) / 3


def simulating(answer):
    """The release role's account, and the calls of the simulator; what it answers by the call."""
    account, calls = Account(), []
    account.deployment = replace(account.deployment, roles={"release": ROLES["release"]})
    simulate = account.answers["simulate_principal_policy"]

    def note(params):
        calls.append(params)
        return answer(params) or simulate(params)

    account.answers["simulate_principal_policy"] = note
    return account, calls


def test_a_batch_of_actions_that_do_not_go_together_is_asked_one_by_one():
    account, calls = simulating(lambda params: None)
    assert account.bad(check_rights) == {}
    asked = [call["ActionNames"] for call in calls]
    refused = [names for names in asked if len(names) > 1 and {*names} & ALONE]
    assert len(refused) == 2
    for names in refused:
        at = asked.index(names)
        assert asked[at + 1 : at + 1 + len(names)] == [(one,) for one in names]
    rows = [row for row in wanted(PRODUCT, BUCKET, KEYS) if row.role == "release"]
    assert len(asked) == len(batches(rows)) + sum(map(len, refused))


def test_an_action_that_the_simulator_never_takes_is_not_known_and_the_rest_is():
    creates = {"Effect": "Allow", "Action": "iam:CreateUser", "Resource": "*"}
    account, _ = simulating(
        lambda params: "InvalidInput" if "iam:PassRole" in params["ActionNames"] else None
    )
    assert list(account.bad(check_rights)) == [
        "UNKNOWN role-rights: release: the simulator does not take iam:PassRole on *: "
        "iam:SimulatePrincipalPolicy: AWS answered InvalidInput"
    ]
    account.more_policies[ROLES["release"]] = {"Statement": creates}
    found = list(account.bad(check_rights))
    assert [one.split()[0] for one in found] == ["FAIL", "UNKNOWN"]
    assert "release: may do iam:CreateUser on *" in found[0]


def test_a_role_that_the_simulator_takes_at_no_price_is_told_of_once():
    account, _ = simulating(lambda params: "InvalidInput")
    (says,) = account.bad(check_rights)
    rows = [row for row in wanted(PRODUCT, BUCKET, KEYS) if row.role == "release"]
    assert "release: the simulator does not take s3:PutObject on arn:aws:s3:::" in says
    assert f" and {len(rows) - 1} more: iam:SimulatePrincipalPolicy: AWS answered" in says


def test_another_error_is_not_asked_about_again():
    account, calls = simulating(lambda params: "ServiceFailure")
    assert len(account.bad(check_rights)) == len(calls) == 1


def test_context_keys_are_given_as_what_policies_compare_them_as():
    account, calls = simulating(lambda params: None)
    account.look(check_rights)
    types = {
        (one["ContextKeyName"], one["ContextKeyType"])
        for call in calls
        for one in call["ContextEntries"]
    }
    assert {(name, kind) for name, kind in types if kind != "string"} == {
        ("aws:PrincipalIsAWSService", "boolean"),
        ("aws:SecureTransport", "boolean"),
        ("s3:ObjectCreationOperation", "boolean"),
        ("s3:TlsVersion", "numeric"),
    }
    assert len(types) == len({name for name, _ in types})


@pytest.mark.parametrize("spec", ["ECC_NIST_EDWARDS25519", "ECC_NIST_P256"])
def test_the_templates_give_each_role_what_the_table_wants(spec):
    bucket = parse_policy(make_ota().properties("BucketPolicy")["PolicyDocument"])
    denials = [one for one in bucket if not one.is_allow]
    given = {role: [*policies(role, spec), *denials] for role in ROLES}
    request = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.2"}
    for row in wanted(PRODUCT, BUCKET, KEYS, dict.fromkeys(KEYS, spec)):
        context = {**request, "aws:PrincipalArn": ROLES[row.role], **row.context}
        got = decide(given[row.role], row.action, row.resource, context)
        assert (got == "allowed") == row.wanted, row


def test_the_table_tells_a_right_for_each_thing_that_a_role_needs():
    rows = {(row.role, row.action, row.resource): row for row in wanted(PRODUCT, BUCKET, KEYS)}
    mine = f"{BUCKET_ARN}/{PRODUCT}/{PAYLOAD}"
    assert rows["gc", "s3:DeleteObject", mine].wanted
    assert not rows["release", "s3:DeleteObject", mine].wanted
    assert not rows["refresh", "kms:Sign", KEYS["targets"]].wanted
    assert rows["release", "kms:GetPublicKey", KEYS["targets"]].wanted
    assert {row.role for row in rows.values()} == set(ROLES)


def test_roles_without_keys_are_looked_at_all_the_same():
    account = Account()
    account.deployment = replace(account.deployment, keys={})
    assert account.bad(check_rights) == {}


def test_keys_that_the_stacks_did_not_make_are_not_in_the_table():
    assert not any("kms" in row.action for row in wanted(PRODUCT, BUCKET, {}))
    assert ACCOUNT not in str(wanted(PRODUCT, BUCKET, {}))
