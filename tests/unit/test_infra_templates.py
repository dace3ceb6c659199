"""infra/*.yaml: what they take and tell, and how any template is read."""

import re

import pytest
from infra_defects import sound_templates
from made_stacks import Made

from publisher.infra.names import STACKS
from publisher.infra.template import MAX_BYTES, TemplateError, load, read

SOUND = sound_templates()
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.parametrize(
    ("stack", "name", "value"),
    [
        ("ota", "DeployRoleArn", "arn:aws:iam::123456789012:role/deploy"),
        ("ota", "DeployRoleArn", "arn:aws:iam::123456789012:user/people/anna@acme.example"),
        ("ci", "ReleaseSubjects", "repo:acme@1/sensor@2:environment:firmware-stable"),
        ("ci", "ReleaseSubjects", "repo:acme/sensor:ref:refs/tags/v1.0.0"),
        ("ci", "RefreshSubjects", "repo:acme/sensor:ref:refs/heads/release/main"),
        ("ci", "TargetsKey", "None"),
        ("ci", "SnapshotKey", f"arn:aws:kms:eu-west-1:123456789012:key/{KEY_ID}"),
        ("ci", "TimestampKey", f"arn:aws-cn:kms:cn-north-1:123456789012:key/mrk-{'0f' * 16}"),
    ],
)
def test_one_principal_one_job_and_one_key_are_taken(stack, name, value):
    assert re.fullmatch(SOUND[stack]["Parameters"][name]["AllowedPattern"], value)


@pytest.mark.parametrize(
    ("stack", "name", "value"),
    [
        ("ota", "DeployRoleArn", "arn:aws:iam::123456789012:role/*"),
        ("ota", "DeployRoleArn", "arn:aws:iam::123456789012:role/deplo?"),
        ("ota", "DeployRoleArn", "arn:aws:iam::123456789012:user/${aws:username}"),
        ("ci", "TrustedPrincipalArns", "arn:aws:iam::123456789012:user/${aws:username}"),
        ("ci", "ReleaseSubjects", "repo:acme/sensor:environment:$"),
        ("ci", "PermissionsBoundaryArn", "arn:aws:iam::123456789012:policy/${aws:username}"),
        ("ci", "ReleaseSubjects", "repo:acme/sensor:pull_request"),
        ("ci", "ReleaseSubjects", "repo:acme/sensor:ref:refs/pull/1/merge"),
        ("ci", "ReleaseSubjects", "repo:acme/sensor:environment:*"),
        ("ci", "RefreshSubjects", "repo:acme/sensor:pull_request"),
        ("ci", "RefreshSubjects", "repo:acme/sensor"),
        ("ci", "TimestampKey", "None"),
        ("ci", "TimestampKey", "arn:aws:kms:eu-west-1:123456789012:key/*"),
        ("ci", "SnapshotKey", "arn:aws:kms:eu-west-1:123456789012:alias/snapshot"),
        ("ci", "TargetsKey", f"awskms:arn:aws:kms:eu-west-1:123456789012:key/{KEY_ID}"),
        ("ci", "TargetsKey", f"Create|arn:aws:kms:eu-west-1:123456789012:key/{KEY_ID}"),
    ],
)
def test_several_at_once_variables_and_pull_requests_are_refused(stack, name, value):
    assert not re.fullmatch(SOUND[stack]["Parameters"][name]["AllowedPattern"], value)


@pytest.mark.parametrize("name", STACKS)
def test_a_template_can_be_sent_in_one_request(name):
    assert len(read(name).encode()) < MAX_BYTES


def test_two_stacks_of_one_product_have_keys_of_different_names():
    """An alias is one of its account and region, and nobody's second one is created."""
    roles = ("Targets", "Snapshot", "Timestamp")
    keys = {f"{role}SigningKey": role for role in roles}
    names = {
        Made("ci", {"AWS::StackName": stack}, keys).properties(f"{role}Alias")["AliasName"]
        for stack in ("slotcast-sensor-ci", "trial-sensor-ci")
        for role in roles
    }
    assert len(names) == 6
    assert all(re.fullmatch(r"alias/[a-zA-Z0-9/_-]+", name) for name in names)


def test_there_is_no_template_of_another_name():
    with pytest.raises(ValueError, match="only ota, logs, ci"):
        read("../pyproject")


def test_short_functions_become_long_ones():
    template = load(
        """
        Resources:
          A:
            Type: T
            Properties:
              Ref: !Ref B
              GetAtt: !GetAtt B.Outputs.Arn
              Nested: !If [C, !Sub "${B}", !Ref AWS::NoValue]
              Sub: !Sub ["${X}", {X: !Ref B}]
              Condition: !Condition C
              Version: 2012-10-17
        """
    )
    assert template["Resources"]["A"]["Properties"] == {
        "Ref": {"Ref": "B"},
        "GetAtt": {"Fn::GetAtt": ["B", "Outputs.Arn"]},
        "Nested": {"Fn::If": ["C", {"Fn::Sub": "${B}"}, {"Ref": "AWS::NoValue"}]},
        "Sub": {"Fn::Sub": ["${X}", {"X": {"Ref": "B"}}]},
        "Condition": {"Condition": "C"},
        "Version": "2012-10-17",
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Resources:\n  A: {Type: T}\n  A: {Type: T}\n", "line 3: A occurs twice in one mapping"),
        ("Resources:\n  A: !Reff B\n", "line 2: !Reff is no function of CloudFormation"),
        ("Resources:\n  A: [1\n", "line 3: expected ',' or ']'"),
        ("Resources:\n  ? [a]\n  : b\n", "line 2: a name must be a plain word"),
        ("Resources:\n  A: !!python/object:os.system {}\n", "line 2: could not determine"),
        ("Resources: {}\n---\nResources: {}\n", "line 2: but found another document"),
        ("Resources: \x07\n", "the template is not YAML"),
        ("", "the template has no Resources"),
        ("Resources: []\n", "the template has no Resources"),
        ("Resources:\n  A: {Properties: {}}\n", "the resource A has no Type"),
        (f"Resources: {{}} #{'.' * MAX_BYTES}", "CloudFormation takes 51,200 at once"),
    ],
)
def test_what_is_no_template_is_refused_with_its_line(text, says):
    with pytest.raises(TemplateError) as caught:
        load(text)
    assert says in str(caught.value)
