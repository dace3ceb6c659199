"""Keys that infra.toml gives to the stack `ci`: what is taken, what is looked at, what it costs."""

import json
from pathlib import Path

import pytest
from botocore.stub import Stubber
from iam_evaluation import decide
from infra_cloud import change, client, stack_id, stub_aws
from made_stacks import Made

from publisher.doctor.aws.policy import parse_policy
from publisher.errors import SettingsError
from publisher.infra import clients
from publisher.infra.cloudformation.stacks import Stack
from publisher.infra.errors import InfraError
from publisher.infra.keys.given import verify_unmixed
from publisher.infra.keys.kms import Given, verify_key
from publisher.infra.keys.uses import Owner
from publisher.infra.losses.keys import key_losses
from publisher.infra.settings import packaged_templates, parse_infra
from publisher.infra.template import read

CI, REGION, ACCOUNT = "slotcast-sensor-ci", "us-east-1", "111122223333"
SUBJECT = "repo:acme@1/sensor@2:environment:release"
HEAD = '[infra]\nname = "slotcast"\nproduct = "sensor"\n[ota]\nBucketName = "acme-firmware"\n[ci]\n'


def arn(number, region=REGION, account=ACCOUNT):
    return f"arn:aws:kms:{region}:{account}:key/1234abcd-12ab-34cd-56ef-{number:012x}"


# What infra.toml says


@pytest.fixture(scope="module")
def templates():
    return packaged_templates()


@pytest.fixture
def parse(templates):
    return lambda **keys: parse_infra(toml(**keys), templates).stacks["ci"]


def toml(**keys):
    return HEAD + "".join(f'{name} = "{value}"\n' for name, value in keys.items())


def test_keys_that_are_there_already_are_taken_by_their_arns(parse):
    keys = {"TargetsKey": "None", "SnapshotKey": arn(1), "TimestampKey": arn(1)}
    assert parse(**keys) == keys  # one key for two roles that the same people sign


@pytest.mark.parametrize(
    ("name", "value", "says", "hint"),
    [
        ("SnapshotKey", f"awskms:{arn(1)}", "not an ARN alone", f'write SnapshotKey = "{arn(1)}"'),
        ("TargetsKey", f"awskms:{arn(1)}?region=us-east-1", "not an ARN alone", f'"{arn(1)}"'),
        ("TargetsKey", "alias/mine", "not the ARN of the key", "describe-key --key-id alias/mine "),
        ("TargetsKey", "awskms:alias/mine", "not the ARN of the key", "--key-id alias/mine "),
        ("TimestampKey", arn(1)[-36:], "not the ARN of the key", f"--key-id {arn(1)[-36:]} "),
        ("TimestampKey", "None", "nothing could be refreshed", "only TargetsKey"),
        ("SnapshotKey", "none", "nothing could be refreshed", "only TargetsKey"),
        ("TargetsKey", "none", '"none" is no choice', 'write TargetsKey = "None"'),
        ("TimestampKey", "create", '"create" is no choice', 'write TimestampKey = "Create"'),
        ("TimestampKey", arn(1)[:-1] + "*", "does not match", "the ARN of a KMS key"),
        ("TimestampKey", "", "does not match", "Create, or the ARN"),
        ("SnapshotKey", arn(1, "eu-west-1"), "is in eu-west-1, the stack in us-east-1", "region"),
    ],
)
def test_what_names_no_key_of_the_stacks_region_is_refused(parse, name, value, says, hint):
    with pytest.raises(SettingsError) as caught:
        parse(**{name: value})
    assert f"[ci] {name}" in str(caught.value)
    assert says in str(caught.value)
    assert hint in caught.value.hint


@pytest.mark.parametrize("other", ["SnapshotKey", "TimestampKey"])
def test_who_refreshes_is_not_given_the_key_of_targets(parse, other):
    with pytest.raises(SettingsError, match="are one key: who refreshes could sign releases"):
        parse(**{other: arn(1), "TargetsKey": arn(1)})


# What the template makes of it


def may_sign(role, key, algorithm="ED25519_SHA_512"):
    """Whether a role of a stack to which the keys 1, 2 and 3 are given may sign with a key."""
    given = dict(
        zip(("TargetsKey", "SnapshotKey", "TimestampKey"), map(arn, (1, 2, 3)), strict=True)
    )
    made = Made("ci", {"Product": "sensor", "BucketName": "acme-firmware", **given}, {})
    (policy,) = made.properties(f"{role}Role")["Policies"]
    statements = parse_policy(json.dumps(policy["PolicyDocument"]))
    context = {"kms:SigningAlgorithm": algorithm}
    return decide(statements, "kms:Sign", key, context) == "allowed"


def test_roles_sign_with_the_keys_that_are_given_and_no_others():
    keys = [arn(number) for number in (1, 2, 3, 4)]
    assert [may_sign("Release", key) for key in keys] == [True, True, True, False]
    assert [may_sign("Refresh", key) for key in keys] == [False, True, True, False]


def test_a_given_key_may_be_of_another_spec_than_those_of_the_stack():
    ways = ("ED25519_SHA_512", "ECDSA_SHA_256", "ED25519_PH_SHA_512", "ECDSA_SHA_384")
    assert [may_sign("Release", arn(1), way) for way in ways] == [True, True, False, False]


# What KMS says


def described(**more):
    found = {"KeyId": "k", "KeyState": "Enabled", "KeyUsage": "SIGN_VERIFY"}
    return {"KeyMetadata": {**found, "KeySpec": "ECC_NIST_EDWARDS25519", **more}}


@pytest.fixture
def kms():
    found = Stubber(client("kms"))
    with found:
        yield found
        found.assert_no_pending_responses()


def look(kms, key=None, role="timestamp"):
    """What is to be known of a key that is given to the product sensor for a role."""
    return verify_key(kms.client, Given(role, key or arn(1), Owner("sensor", CI), ACCOUNT))


def is_used(kms, *aliases, **tags):
    """Queue what KMS tells of who uses a key."""
    asked = {"KeyId": arn(1)}
    kms.add_response("list_aliases", {"Aliases": [{"AliasName": one} for one in aliases]}, asked)
    told = [{"TagKey": NAMES[name], "TagValue": value} for name, value in tags.items()]
    kms.add_response("list_resource_tags", {"Tags": told}, asked)


NAMES = {"product": "slotcast:product", "resource": "aws:cloudformation:logical-id"}


@pytest.mark.parametrize("spec", ["ECC_NIST_EDWARDS25519", "ECC_NIST_P256"])
def test_a_key_that_can_sign_is_taken(kms, spec):
    kms.add_response("describe_key", described(KeySpec=spec), {"KeyId": arn(1)})
    is_used(kms)
    assert look(kms) == []


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"Origin": "EXTERNAL"}, "it was imported: who has a copy of it signs as well"),
        ({"MultiRegion": True}, "its replicas in other regions sign as well"),
    ],
)
def test_a_key_that_may_sign_elsewhere_too_is_taken_with_a_warning(kms, told, says):
    kms.add_response("describe_key", described(**told))
    is_used(kms)
    assert look(kms) == [f"TimestampKey: look after that key elsewhere too: {says}"]


@pytest.mark.parametrize(
    ("role", "aliases", "tags"),
    [
        ("timestamp", [f"alias/{CI}-timestamp"], {"product": "sensor"}),
        ("timestamp", [f"alias/{CI}-snapshot"], {"resource": "SnapshotSigningKey"}),
        ("targets", [f"alias/{CI}-targets"], {"resource": "TargetsSigningKey"}),
        ("targets", ["alias/firmware-signing"], {"resource": "MyKey"}),
        ("snapshot", ["alias/firmware-snapshot"], {}),
    ],
)
def test_a_key_of_the_stack_s_own_or_made_by_hand_is_nobody_else_s(kms, role, aliases, tags):
    kms.add_response("describe_key", described())
    is_used(kms, *aliases, **tags)
    assert look(kms, role=role) == []


@pytest.mark.parametrize(
    ("role", "alias", "says"),
    [
        ("snapshot", "alias/slotcast-lamp-ci-targets", "stack slotcast-lamp-ci signs with it"),
        ("targets", "alias/slotcast-lamp-ci-targets", "stack slotcast-lamp-ci signs with it"),
        ("timestamp", "alias/slotcast-lamp-ci-timestamp", "stack slotcast-lamp-ci signs with it"),
        ("timestamp", f"alias/{CI}-targets", "it is the key of targets"),
        ("snapshot", "alias/firmware-targets", "it is the key of targets"),
        ("targets", f"alias/{CI}-snapshot", "it is the key of snapshot"),
    ],
)
def test_a_key_that_signs_for_another_stack_or_role_is_refused(kms, role, alias, says):
    kms.add_response("describe_key", described())
    aliases = {"Aliases": [{"AliasName": "alias/mine"}, {"AliasName": alias}]}
    kms.add_response("list_aliases", aliases, {"KeyId": arn(1)})
    with pytest.raises(InfraError, match=f"not for {role} here: .*{says}") as caught:
        look(kms, role=role)
    assert "create-key" in caught.value.hint


@pytest.mark.parametrize(
    ("role", "tags", "says"),
    [
        ("timestamp", {"product": "lamp"}, "it is the product lamp's"),
        ("snapshot", {"product": "sensor", "resource": "TargetsSigningKey"}, "made it for targets"),
        ("targets", {"resource": "TimestampSigningKey"}, "made it for timestamp"),
    ],
)
def test_a_key_that_was_made_for_another_product_or_role_is_refused(kms, role, tags, says):
    kms.add_response("describe_key", described())
    is_used(kms, **tags)
    with pytest.raises(InfraError, match=says):
        look(kms, role=role)


@pytest.mark.parametrize(
    ("told", "says", "hint"),
    [
        ({"KeyState": "Disabled"}, "is Disabled, and signs nothing", f"--key-id {arn(1)}"),
        ({"KeyState": "PendingDeletion"}, "is PendingDeletion", "cancel-key-deletion --region us"),
        ({"KeyState": "Unavailable"}, "is Unavailable", "describe-key"),
        ({"KeySpec": "RSA_2048"}, "of RSA_2048 for SIGN_VERIFY", "create-key"),
        ({"KeyUsage": "ENCRYPT_DECRYPT"}, "for ENCRYPT_DECRYPT", "--key-usage SIGN_VERIFY"),
    ],
)
def test_a_key_that_cannot_sign_is_refused(kms, told, says, hint):
    kms.add_response("describe_key", described(**told), {"KeyId": arn(1)})
    with pytest.raises(InfraError, match=says) as caught:
        look(kms)
    assert str(caught.value).startswith("TimestampKey: ")
    assert hint in caught.value.hint


def test_a_key_that_is_not_there_is_refused(kms):
    kms.add_client_error("describe_key", "NotFoundException", "Key does not exist", 400)
    with pytest.raises(InfraError, match="TimestampKey: there is no key arn:") as caught:
        look(kms)
    assert "list-keys --region us-east-1" in caught.value.hint


def test_a_key_of_another_account_is_refused_unasked(kms):
    with pytest.raises(InfraError, match="account 999922223333's, and the stack 111122223333's"):
        look(kms, arn(1, account="999922223333"))


def test_whoever_may_not_look_at_keys_is_told_so_and_not_held_up(kms):
    said = "User: x is not authorized to perform: kms:DescribeKey on this resource"
    kms.add_client_error("describe_key", "AccessDeniedException", said, 400)
    is_used(kms)
    (says,) = look(kms)
    assert "was not looked at: access denied to kms:DescribeKey" in says


def test_whoever_may_not_ask_whose_a_key_is_is_told_so_too(kms):
    kms.add_response("describe_key", described())
    for method in ("list_aliases", "list_resource_tags"):
        said = f"User: x is not authorized to perform: kms:{method} on this resource"
        kms.add_client_error(method, "AccessDeniedException", said, 400)
    role, product = look(kms)
    assert "whether another stack or role signs with that key was not looked at" in role
    assert "whether that key is another product's was not looked at" in product


# What a change takes away


def lost(before, after, **outputs):
    """What is lost, by resource, where the key of timestamp changes."""
    stack = Stack(CI, stack_id(CI), "UPDATE_COMPLETE", outputs=outputs, parameters=before)
    return {one.resource: one.says for one in key_losses(stack, after)}


CREATED, GIVEN = {"TimestampKey": "Create"}, {"TimestampKey": arn(1)}


def test_a_key_that_is_given_in_place_of_the_stacks_own_needs_a_ceremony():
    found = lost({}, GIVEN, TimestampKeyArn=f"awskms:{arn(2)}")
    assert list(found) == ["TimestampSigningKey"]
    says = found["TimestampSigningKey"]
    assert f"sign timestamp with {arn(1)} instead" in says
    assert "have that root signed before" in says
    assert says.endswith(f"{arn(2)} stays in KMS")


@pytest.mark.parametrize("after", [{}, CREATED, {"TimestampKey": arn(2)}])
def test_a_given_key_that_is_given_up_needs_one_too(after):
    assert "have that root signed before" in lost(GIVEN, after)["TimestampAlias"]


def test_the_stacks_own_key_may_be_given_to_it():
    says = lost(CREATED, GIVEN, TimestampKeyArn=f"awskms:{arn(1)}")["TimestampSigningKey"]
    assert says.endswith("the roles go on signing with it")


def test_targets_that_go_offline_are_lost_to_the_roles_and_come_back_at_no_loss():
    offline = {"TargetsKey": "None"}
    assert "no role signs targets any more" in lost({}, offline)["TargetsSigningKey"]
    assert "no role signs targets any more" in lost({"TargetsKey": arn(1)}, offline)["TargetsAlias"]
    assert lost(offline, {}) == lost(offline, {"TargetsKey": arn(1)}) == {}


def test_nothing_is_lost_where_no_key_changes_or_no_stack_is_there():
    assert lost({}, CREATED) == lost(GIVEN, GIVEN) == {}
    shell = Stack(CI, stack_id(CI), "REVIEW_IN_PROGRESS", parameters=CREATED)
    assert key_losses(shell, GIVEN) == key_losses(None, GIVEN) == []


# The commands


@pytest.fixture
def aws(monkeypatch, tmp_path, kms):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(clients, "kms", lambda region: kms.client)
    found = stub_aws(monkeypatch)
    with found.cloud.stub:
        yield found
        found.cloud.stub.assert_no_pending_responses()


def planned(aws, *changes, before=()):
    """Queue what a plan of ci asks: ota, ci, which signs with keys 2 to 4, and a change set."""
    aws.cloud.is_there("slotcast-ota", outputs={"BucketName": "acme-firmware"})
    roles = {"Targets": 2, "Snapshot": 3, "Timestamp": 4}
    outputs = {f"{role}KeyArn": f"awskms:{arn(number)}" for role, number in roles.items()}
    aws.cloud.is_there(CI, parameters=dict(before), outputs=outputs)
    aws.cloud.has_change_sets(CI)
    aws.cloud.makes_change_set(CI)
    aws.cloud.works_out(CI, *changes)
    aws.cloud.drops_change_set(CI)


REMOVED = change("TimestampSigningKey", "AWS::KMS::Key", "Remove", PolicyAction="Retain")


def test_plan_tells_of_the_ceremony_once_and_that_apply_would_refuse(run, aws, kms):
    Path("infra.toml").write_text(toml(TimestampKey=arn(1)))
    kms.add_response("describe_key", described(), {"KeyId": arn(1)})
    is_used(kms)
    planned(aws, REMOVED)
    code, out, _ = run("infra", "plan", "ci")
    assert code == 1
    assert (
        out.count("would take away TimestampSigningKey")
        == out.count("have that root signed before")
        == 1
    )
    assert "remove, the old one stays" in out


@pytest.fixture
def by_default(monkeypatch):
    """Write a template of ci in which keys are given by default; its options for a command."""
    monkeypatch.setattr("publisher.commands.infra_planning.broken", lambda template: [])

    def written(**keys):
        text = read("ci")
        for name, key in keys.items():
            head = f"  {name}:\n    Type: String\n    Default: "
            assert f"{head}Create\n" in text
            text = text.replace(f"{head}Create\n", f"{head}{key}\n")
        Path("mine.yaml").write_text(text)
        return "--template", "ci=mine.yaml"

    return written


def test_a_key_that_the_template_gives_by_default_is_looked_at_and_lost_as_any(
    run, aws, kms, by_default
):
    Path("infra.toml").write_text(toml())
    kms.add_response("describe_key", described(), {"KeyId": arn(1)})
    is_used(kms)
    planned(aws, REMOVED)
    code, out, _ = run("infra", "plan", "ci", *by_default(TimestampKey=arn(1)))
    assert code == 1
    assert f"the roles sign timestamp with {arn(1)} instead" in out


@pytest.mark.parametrize(
    ("defaults", "says"),
    [
        ({"SnapshotKey": arn(1)}, "are one key: who refreshes could sign releases"),
        ({"SnapshotKey": arn(2, "eu-west-1")}, "that key is in eu-west-1, the stack in us-east-1"),
        ({"SnapshotKey": arn(2)}, "SnapshotKey is the key of TargetsKey until now"),
    ],
)
def test_a_key_by_default_is_no_other_than_infra_toml_may_give(
    run, aws, kms, by_default, defaults, says
):
    Path("infra.toml").write_text(toml(TargetsKey=arn(1)))
    planned(aws, REMOVED)
    code, _, err = run("infra", "plan", "ci", *by_default(**defaults))
    assert (code, says in err) == (1, True)


def test_plan_leaves_nothing_behind_where_a_key_cannot_sign(run, aws, kms):
    Path("infra.toml").write_text(toml(TimestampKey=arn(1)))
    kms.add_response("describe_key", described(KeyState="Disabled"), {"KeyId": arn(1)})
    planned(aws, REMOVED)
    code, _, err = run("infra", "plan", "ci")
    assert code == 1
    assert "TimestampKey: that key is Disabled" in err


def test_plan_warns_of_a_job_that_refreshes_and_may_release_too(run, aws):
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    both = "".join(f'{name}Subjects = ["{SUBJECT}"]\n' for name in ("Release", "Refresh"))
    Path("infra.toml").write_text(toml(OidcProviderArn=provider) + both)
    planned(aws, change("ReleaseRole", "AWS::IAM::Role"))
    code, _, err = run("infra", "plan", "ci")
    assert (code, f"warning: [ci] {SUBJECT} refreshes, and may release too" in err) == (0, True)


def test_a_key_that_was_given_before_is_not_looked_at_again(run, aws):
    Path("infra.toml").write_text(toml(TimestampKey=arn(1)))
    planned(aws, change("ReleaseRole", "AWS::IAM::Role"), before=GIVEN)
    assert run("infra", "plan", "ci")[0] == 0


TARGETS = {"TargetsKey": arn(2)}
MIXED = {**TARGETS, "SnapshotKey": arn(2)}


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ({}, {"TargetsKey": arn(3)}, "TargetsKey is the key of SnapshotKey"),
        ({}, {"SnapshotKey": arn(2)}, "SnapshotKey is the key of TargetsKey"),
        ({}, {"TargetsKey": arn(1), "SnapshotKey": arn(2)}, "SnapshotKey is the key of TargetsKey"),
        ({}, {"TargetsKey": "None", "TimestampKey": arn(2)}, "TimestampKey is the key of Targ"),
        ({}, {"TargetsKey": arn(3), "SnapshotKey": arn(2)}, "Key is the key of "),
        (TARGETS, {"SnapshotKey": arn(2)}, "SnapshotKey is the key of TargetsKey"),
        (MIXED, {"TargetsKey": arn(1), "SnapshotKey": arn(2)}, "SnapshotKey is the key of Targ"),
    ],
)
@pytest.mark.parametrize("let_go", [(), ("--let-go", "TargetsAlias", "--let-go", "SnapshotAlias")])
def test_no_role_takes_over_a_key_so_that_who_refreshes_could_release(
    run, aws, before, after, name, let_go
):
    Path("infra.toml").write_text(toml(**after))
    planned(aws, change("ReleaseRole", "AWS::IAM::Role"), before=before)
    code, _, err = run("infra", "plan", "ci", *let_go)
    assert code == 1
    assert name in err
    assert "who refreshes could sign releases" in err


def test_a_stack_whose_targets_have_the_key_of_another_role_is_mended_by_giving_that_one_up():
    in_use = {"TargetsKey": arn(2), "SnapshotKey": arn(2)}
    verify_unmixed({"TargetsKey": arn(2), "SnapshotKey": arn(1)}, in_use)
    with pytest.raises(SettingsError, match="SnapshotKey is the key of TargetsKey until now"):
        verify_unmixed({"TargetsKey": arn(1), "SnapshotKey": arn(2)}, in_use)
