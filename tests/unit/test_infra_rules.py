"""The assertions on infra/'s templates: each holds of ours, and catches what it is there for."""

from copy import deepcopy
from itertools import combinations, product

import pytest
from infra_defects import DEFECTS, sound_templates
from infra_defects.edits import declaring, fields, output, parameter, put, sid

from publisher.infra.rules import RULES, broken
from publisher.infra.rules.choices import choices
from publisher.infra.template import TemplateError, load

BY_NAME = {rule.name: rule for rule in RULES}
SOUND = sound_templates()
LIFECYCLE = "LifecycleConfiguration/Rules/"
DAY = {"DaysAfterInitiation": 1}
BY_IF_EXISTS = {"BoolIfExists": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("name", SOUND)
def test_our_templates_obey_every_rule(name):
    assert broken(SOUND[name]) == []


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("ota", parameter("PriceClass", "Default", "PriceClass_All")),
        ("ota", parameter("OriginShieldRegion", "Default", "eu-central-1")),
        ("ota", parameter("BucketName", "Description", "Ours")),
        ("ota", put("Bucket", "Tags", [{"Key": "team", "Value": "firmware"}])),
        ("ota", put("Bucket", LIFECYCLE + "0/NoncurrentVersionExpiration/NoncurrentDays", 120)),
        ("ota", put("Bucket", LIFECYCLE + "2/AbortIncompleteMultipartUpload", DAY)),
        ("ota", put("PointerCaching", "CachePolicyConfig/DefaultTTL", 30)),
        ("ota", put("Distribution", "DistributionConfig/Comment", "Ours, for $5 a month")),
        ("ota", put("Certificate", "KeyAlgorithm", "EC_prime256v1")),
        ("ota", output("Region", {"Ref": "AWS::Region"})),
        ("ota", sid("BucketPolicy", "DenyWithoutTls", "Condition", BY_IF_EXISTS)),
        ("ota", sid("BucketPolicy", "DenyWithoutTls", "Sid", "NoHttp")),
        ("ci", parameter("KeySpec", "Default", "ECC_NIST_P256")),
        ("ci", put("ReleaseRole", "Tags", [{"Key": "team", "Value": "firmware"}])),
        ("ci", put("TargetsSigningKey", "Description", "Ours")),
        ("ci", declaring("Team", put("GcRole", "Description", {"Ref": "Team"}))),
        ("logs", parameter("RetentionDays", "Default", 90)),
        ("logs", fields("x-edge-request-id")),
    ],
)
def test_what_does_no_harm_may_be_changed(name, edit):
    template = deepcopy(SOUND[name])
    edit(template)
    assert template != SOUND[name]
    assert broken(template) == []


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda one: f"{one.rule}: {one.what}")
def test_a_seeded_defect_is_caught_by_its_rule(defect):
    found = broken(defect.seeded(SOUND[defect.template]), [BY_NAME[defect.rule]])
    assert found
    assert all(one.says and one.mend and one.resource for one in found)


def test_no_rule_is_without_a_seeded_defect():
    assert {rule.name for rule in RULES} == {defect.rule for defect in DEFECTS}
    assert len(BY_NAME) == len(RULES)


def test_a_breach_says_what_is_wrong_where_and_how_to_mend_it():
    defect = next(one for one in DEFECTS if one.what == "OAC without SourceArn")
    assert [str(one) for one in broken(defect.seeded(SOUND["ota"]))] == [
        "BucketPolicy: distributions of any account may read: AWS:SourceArn is missing "
        "(edge-access); allow s3:GetObject on condition of AWS:SourceArn; without s3:ListBucket a "
        "missing object stays 403"
    ]


@pytest.mark.parametrize("branch", [1, 2])
def test_either_branch_of_a_condition_has_to_hold(branch):
    template = load(TWO_BRANCHES)
    choice = template["Resources"]["Key"]["Properties"]["KeyUsage"]["Fn::If"]
    assert not any(one.rule == "key-spec" for one in broken(template))
    choice[branch] = "ENCRYPT_DECRYPT"
    assert [one.says for one in broken(template) if one.rule == "key-spec"] == [
        "KeyUsage is ENCRYPT_DECRYPT"
    ]


def test_a_branch_that_two_conditions_lead_to_together_has_to_hold():
    template = load(TWO_BRANCHES)
    inner = {"Fn::If": ["IsOld", "ENCRYPT_DECRYPT", "SIGN_VERIFY"]}
    template["Resources"]["Key"]["Properties"]["KeyUsage"]["Fn::If"][1] = inner
    assert any(one.rule == "key-spec" for one in broken(template))


def test_a_resource_that_is_made_under_a_condition_has_to_hold():
    template = load(TWO_BRANCHES)
    template["Resources"]["Key"] |= {"Condition": "IsOld", "DeletionPolicy": "Delete"}
    assert any(one.rule == "key-retained" for one in broken(template))


def test_our_templates_obey_although_emulators_can_do_without_the_conditional_denies():
    """They stand under ConditionalWrites, which is NotEnforced for emulators alone."""
    assert broken(SOUND["ota"]) == []
    policy = SOUND["ota"]["Resources"]["BucketPolicy"]["Properties"]["PolicyDocument"]
    conditional = [one["Fn::If"][0] for one in policy["Statement"] if "Fn::If" in one]
    assert conditional.count("EnforcesConditionalWrites") == 2


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        ({"Condition": "Unheard"}, "the condition Unheard is not declared"),
        ({"Properties": {"X": {"Fn::If": ["Unheard", 1, 2]}}}, "Unheard is not declared"),
    ],
)
def test_a_condition_that_is_not_declared_is_named(edit, says):
    template = load(TWO_BRANCHES)
    template["Resources"]["Key"] |= edit
    with pytest.raises(TemplateError, match=says):
        broken(template)


def test_conditions_that_cannot_all_be_tried_are_refused():
    template = load(TWO_BRANCHES)
    for number in range(13):
        asks = {"Fn::Equals": [{"Ref": "Stage"}, f"stage {number}"]}
        template["Conditions"][f"Is{number}"] = asks
    with pytest.raises(TemplateError, match="they ask 15 questions"):
        broken(template)


def test_any_two_conditions_are_met_in_each_way_that_can_be():
    conditions = load(FOUR_CONDITIONS)["Conditions"]
    found = list(choices(conditions, "Enforced"))
    every = [
        {"A": a, "B": b, "C": a and not b, "D": b or d}
        for a, b, d in product((False, True), repeat=3)
    ]
    assert pairs_of(found) == pairs_of(every)
    assert len(found) < len(every)


def pairs_of(found):
    return {pair for one in found for pair in combinations(sorted(one.items()), 2)}


def test_a_parameter_is_not_two_things_at_once():
    template = load(TWO_BRANCHES)
    template["Conditions"]["IsTest"] = {"Fn::Equals": ["test", {"Ref": "Stage"}]}
    both = {"Fn::If": ["IsTest", "ENCRYPT_DECRYPT", "SIGN_VERIFY"]}
    template["Resources"]["Key"]["Properties"]["KeyUsage"]["Fn::If"][1] = both
    assert not any(one.rule == "key-spec" for one in broken(template))


@pytest.mark.parametrize("form", [True, [], {"Fn::Equals": ["a"]}, {"Fn::Or": 1}])
def test_a_condition_that_is_none_is_refused(form):
    template = load(TWO_BRANCHES)
    template["Conditions"]["IsOld"] = form
    with pytest.raises(TemplateError, match="a form that is not known"):
        broken(template)


def test_a_pattern_that_is_none_is_a_breach():
    template = load(TWO_BRANCHES)
    template["Parameters"]["Stage"] |= {"AllowedPattern": "(", "Default": "live"}
    assert any(one.rule == "defaults" for one in broken(template))


def test_what_a_rule_cannot_read_is_a_breach_of_it():
    template = load(TWO_BRANCHES)
    template["Resources"]["Key"]["Properties"]["PendingWindowInDays"] = "a month"
    found = [one for one in broken(template) if one.rule == "key-retained"]
    assert [one.resource for one in found] == ["the template"]
    assert "could not convert" in found[0].says


def test_a_defect_that_only_emulators_would_meet_is_found_too():
    defect = next(one for one in DEFECTS if "not enforced" in one.what)
    assert any(one.says.endswith("allows *") for one in broken(defect.seeded(SOUND["ci"])))


FOUR_CONDITIONS = """
Conditions:
  A: !Equals [!Ref X, ""]
  B: !Equals [!Ref Y, "yes"]
  C: !And [!Condition A, !Not [!Condition B]]
  D: !Or [!Condition B, !Equals [!Ref Z, "yes"]]
Resources: {}
"""

TWO_BRANCHES = """
Parameters:
  Stage: {Type: String}
  Age: {Type: String}
Conditions:
  IsLive: !Equals [!Ref Stage, live]
  IsOld: !And [!Not [!Equals [!Ref Age, new]], !Condition IsLive]
Resources:
  Key:
    Type: AWS::KMS::Key
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      KeySpec: ECC_NIST_P256
      KeyUsage: !If [IsLive, SIGN_VERIFY, SIGN_VERIFY]
"""
