"""What a change set, or a removal, must not take away."""

import json
from dataclasses import replace

import pytest
from infra_cloud import Buckets, change

from publisher.infra.buckets import holdings
from publisher.infra.cloudformation.resource_changes import Change
from publisher.infra.cloudformation.stacks import Resource, Stack
from publisher.infra.errors import GuardError, InfraError
from publisher.infra.losses.guard import (
    Loss,
    buckets_at_stake,
    losses,
    verify_losses,
)
from publisher.infra.losses.parameters import parameter_losses
from publisher.infra.losses.removal import removal, removal_lines, verify_keys_stay, verify_removal
from publisher.infra.template import load, read

BUCKET = "AWS::S3::Bucket"
KEY = "AWS::KMS::Key"
DISTRIBUTION = "AWS::CloudFront::Distribution"
CERTIFICATE = "AWS::CertificateManager::Certificate"
ROLE = "AWS::IAM::Role"
ALIAS = "AWS::KMS::Alias"
PLACE = "us-west-2:111122223333"
GIVEN = {"SnapshotKey": "Create", "TimestampKey": f"arn:aws:kms:{PLACE}:key/t"}
STACK_ID = f"arn:aws:cloudformation:{PLACE}:stack/slotcast-sensor-ci/1"
STACK = Stack("slotcast-sensor-ci", STACK_ID, "CREATE_COMPLETE")
KEPT = {"Resources": {"OwnKey": {"Type": KEY, "DeletionPolicy": "Retain"}}}


def one(kind, action="Modify", replacement="False", **more):
    """A change of a resource X, of a bucket acme, say."""
    return Change.of(change("X", kind, action, replacement, "acme", **more))


def lost(*changes, held=""):
    return losses(changes, {"acme": held})


@pytest.mark.parametrize("replacement", ["True", "Conditional"])
@pytest.mark.parametrize("policy", ["", "ReplaceAndRetain", "ReplaceAndDelete"])
def test_a_bucket_with_releases_is_never_replaced(replacement, policy):
    (loss,) = lost(one(BUCKET, replacement=replacement, PolicyAction=policy), held="sensor/")
    assert loss == Loss("X", "acme holds sensor/, and would be replaced", is_final=True)
    with pytest.raises(GuardError) as caught:
        verify_losses([loss], ["X"])  # not even where it is named
    assert caught.value.more == ("  X: acme holds sensor/, and would be replaced",)
    assert "--let-go" not in caught.value.hint


@pytest.mark.parametrize("action", ["Remove", "Dynamic"])
def test_a_bucket_with_releases_is_never_removed(action):
    (loss,) = lost(one(BUCKET, action, PolicyAction="Retain"), held="sensor/, lamp/")
    assert loss.is_final
    assert loss.says == "acme holds sensor/, lamp/, and would be removed"


def test_a_bucket_that_nobody_could_look_into_counts_as_full():
    (loss,) = losses([Change("X", BUCKET, "Remove")], {})
    assert loss.is_final
    assert "holds what cannot be told" in loss.says


def test_an_empty_bucket_goes_only_where_it_is_named():
    found = lost(one(BUCKET, replacement="True"), held="")
    with pytest.raises(GuardError) as caught:
        verify_losses(found, ["Y"])
    assert caught.value.hint.endswith("--let-go X")
    verify_losses(found, ["X"])


@pytest.mark.parametrize(
    ("kind", "replacement", "says"),
    [
        (KEY, "True", "is replaced: nobody can sign"),
        (KEY, "Conditional", "might be replaced: nobody can sign"),
        (DISTRIBUTION, "True", "is replaced: boards ask its host name"),
        (CERTIFICATE, "True", "is replaced: boards accept another one only if its CA"),
        (CERTIFICATE, "Conditional", "might be replaced: boards accept another one only if"),
        (ROLE, "True", "is replaced: another has another ARN: jobs name this one"),
        (ALIAS, "True", "is replaced: slotcast.toml may name the key by it"),
    ],
)
def test_what_people_and_boards_depend_on_is_not_replaced_by_the_way(kind, replacement, says):
    (loss,) = lost(one(kind, replacement=replacement))
    assert not loss.is_final
    assert loss.says.startswith(says)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (KEY, "nobody can sign"),
        (DISTRIBUTION, "boards ask its host name"),
        ("AWS::S3::BucketPolicy", "the edge may no longer read"),
        ("AWS::CloudFront::OriginAccessControl", "the edge may no longer read"),
        ("AWS::Route53::RecordSet", "boards no longer find"),
        (CERTIFICATE, "boards no longer accept"),
        (ALIAS, "slotcast.toml may name"),
        (ROLE, "the jobs that assume it"),
    ],
)
@pytest.mark.parametrize(("action", "how"), [("Remove", "is"), ("Dynamic", "might be")])
def test_what_people_and_boards_depend_on_is_not_removed_by_the_way(kind, says, action, how):
    (loss,) = lost(one(kind, action, PolicyAction="Retain"))
    assert loss.says.startswith(f"{how} removed: {says}")


@pytest.mark.parametrize(
    "harmless",
    [
        one(BUCKET),
        one(KEY),
        one(DISTRIBUTION),
        one(DISTRIBUTION, replacement="Conditional"),  # none of its properties replaces it
        one("AWS::S3::BucketPolicy", replacement="Conditional"),
        one(ROLE),
        one(ROLE, replacement="Conditional"),  # only by its name or path
        one(ALIAS, replacement="Conditional"),  # only by its name
        one(CERTIFICATE),
        one("AWS::CloudFront::CachePolicy", replacement="True"),
        one("AWS::CloudFront::CachePolicy", "Remove"),
        one(BUCKET, "Add"),
        one(BUCKET, "Import"),
    ],
)
def test_all_else_may_change(harmless):
    assert lost(harmless, held="sensor/") == []
    assert buckets_at_stake([harmless]) == []


def test_an_issued_certificate_that_goes_with_its_name_is_told_with_it():
    replaced, removed = one(CERTIFICATE, replacement="True"), one(CERTIFICATE, "Remove")
    assert losses([replaced], {}, ["DomainName"]) == []
    assert len(losses([removed], {}, ["DomainName"])) == 1
    assert len(losses([replaced], {}, ["HostedZoneId"])) == 1


def made(replacement, name, before=None, after=None):
    """A change of a key's property: with the values that AWS tells, or without any."""
    details = [{"Target": {"Attribute": "Properties", "Name": name}}]
    values = {"BeforeContext": before, "AfterContext": after}
    told = {
        side: json.dumps({"Properties": {"Enabled": True, **properties}})
        for side, properties in values.items()
        if properties is not None
    }
    return one(KEY, replacement=replacement, Details=details, **told)


@pytest.mark.parametrize("replacement", ["False", "Conditional", "True"])
@pytest.mark.parametrize("name", ["KeySpec", "KeyUsage", "Origin", "MultiRegion"])
def test_a_key_never_becomes_one_of_another_kind_whatever_the_change_set_says(name, replacement):
    (loss,) = lost(made(replacement, name))
    assert loss.says.startswith(f"{name} cannot change once a key is made, so the update would")
    with pytest.raises(GuardError) as caught:
        verify_losses([loss], ["X"])  # not even where it is named
    assert "by hand (docs/keys.md), give its ARN as TargetsKey" in caught.value.more[0]
    assert "--let-go" not in caught.value.hint


@pytest.mark.parametrize(
    ("name", "before", "after", "is_refused"),
    [
        ("KeySpec", {"KeySpec": "ECC_NIST_EDWARDS25519"}, {"KeySpec": "ECC_NIST_P256"}, True),
        ("MultiRegion", {"MultiRegion": "true"}, {}, True),
        ("MultiRegion", {"MultiRegion": "false"}, {"MultiRegion": False}, False),
        ("KeySpec", {"KeySpec": "ECC_NIST_P256"}, {"KeySpec": "ECC_NIST_P256"}, False),
        ("Origin", {"Origin": "AWS_KMS"}, {}, False),  # what counts where nothing is said
        ("Description", {"Description": "a"}, {"Description": "b"}, False),
    ],
)
def test_only_what_makes_another_kind_of_a_key_is_refused(name, before, after, is_refused):
    assert [loss.is_final for loss in lost(made("False", name, before, after))] == (
        [True] if is_refused else []
    )


def test_a_key_that_goes_for_one_that_is_given_can_still_be_let_go():
    verify_losses(lost(one(KEY, "Remove", PolicyAction="Retain")), ["X"])


def test_who_has_named_some_is_told_all_that_it_takes():
    found = [Loss(name, "gone") for name in ("Alias", "DomainName", "Role")]
    with pytest.raises(GuardError) as caught:
        verify_losses(found, ["DomainName"])
    assert caught.value.hint.endswith(
        "if it is to be: --let-go DomainName --let-go Alias --let-go Role"
    )
    assert caught.value.more == ("  Alias: gone", "  Role: gone")
    words = caught.value.hint.split("to be: ")[1].split()
    verify_losses(found, words[1::2])


def test_only_buckets_that_would_go_are_looked_into():
    changes = [one(BUCKET, "Remove"), one(KEY, "Remove"), Change("Y", BUCKET, "Add")]
    assert buckets_at_stake(changes) == ["acme"]


@pytest.mark.parametrize(
    ("name", "was", "becomes", "says"),
    [
        ("DomainName", "a.example", "", "no longer answers to a.example, which boards"),
        ("DomainName", "a.example", "b.example", "no longer answers to a.example, which boards"),
        ("CertificateArn", "arn:1", "arn:2", "no longer shows arn:1: boards in the field accept"),
        ("CertificateArn", "arn:1", "", "no longer shows arn:1: boards in the field accept"),
        ("HostedZoneId", "ZA", "ZB", "move from the zone ZA to ZB: boards find it only if"),
        ("HostedZoneId", "ZA", "", "leave the zone ZA: boards find it only if others have"),
        ("WebAclArn", "", "arn:1", "arn:1 decides which boards the edge answers"),
        ("WebAclArn", "arn:1", "arn:2", "arn:2 decides which boards the edge answers"),
        ("WebAclArn", "arn:1", "", "no longer behind arn:1"),
        ("DeployRoleArn", "arn:1", "", "settings are no longer for arn:1 alone: IAM decides"),
        ("DeployRoleArn", "arn:1", "arn:2", "arn:2, and no longer arn:1, may change"),
        ("PermissionsBoundaryArn", "arn:1", "", "arn:1 no longer bounds what the roles may do"),
        ("PermissionsBoundaryArn", "arn:1", "arn:2", "arn:1 no longer bounds what the roles"),
    ],
)
def test_what_a_parameter_stands_for_is_not_taken_away_by_the_way(name, was, becomes, says):
    after = {name: becomes} if becomes else {}
    (loss,) = parameter_losses({name: was, "Product": "sensor"}, after)
    assert (loss.resource, loss.is_final) == (name, False)
    assert says in loss.says


@pytest.mark.parametrize(
    ("name", "was", "becomes"),
    [
        ("DomainName", "", "a.example"),  # CloudFront's own name stays too
        ("CertificateArn", "", "arn:1"),
        ("HostedZoneId", "", "ZA"),
        ("DeployRoleArn", "", "arn:1"),
        ("PermissionsBoundaryArn", "", "arn:1"),
        ("WebAclArn", "arn:1", "arn:1"),
        ("PriceClass", "PriceClass_100", "PriceClass_All"),
    ],
)
def test_a_parameter_that_takes_nothing_away_may_change(name, was, becomes):
    assert parameter_losses({name: was}, {name: becomes}) == []


def test_a_new_stack_loses_nothing_by_its_parameters():
    assert parameter_losses({}, {"WebAclArn": "arn:1"}) == []


def test_what_goes_with_the_name_is_told_with_it():
    before = {"DomainName": "a.example", "CertificateArn": "arn:1", "HostedZoneId": "ZA"}
    after = {"DomainName": "b.example", "CertificateArn": "arn:2", "HostedZoneId": "ZB"}
    assert [loss.resource for loss in parameter_losses(before, after)] == ["DomainName"]


def test_a_change_is_told_with_what_changes():
    details = [
        {"Target": {"Name": "BucketName", "BeforeValue": "a", "AfterValue": "b" * 99}},
        {"Target": {"Attribute": "Tags"}},
        {
            "Target": {"Name": "KeySpec"},
            "ChangeSource": "ParameterReference",
            "CausingEntity": "KeySpec",
        },
        {"Target": {"Attribute": "Tags"}},
    ]
    told = one(BUCKET, replacement="True", PolicyAction="ReplaceAndRetain", Details=details)
    why = f"BucketName: a -> {'b' * 45}...; Tags; KeySpec (parameter KeySpec)"
    assert told.row() == ("X", BUCKET, "change, the old one stays", "yes", why)
    assert told.to_dict()["policy"] == "ReplaceAndRetain"
    assert Change.of(change("X", BUCKET, "Add")).row() == ("X", BUCKET, "create", "-", "-")


def test_a_property_is_named_once_with_what_is_told_of_its_change():
    """CloudFormation tells it twice: of the parameter, and of the template that refers to it."""
    name = {"Attribute": "Properties", "Name": "AssumeRolePolicyDocument"}
    details = [
        {"Target": name, "ChangeSource": "DirectModification", "Evaluation": "Dynamic"},
        {"Target": name, "ChangeSource": "ParameterReference", "CausingEntity": "Subjects"},
        {"Target": {"Name": "Tags"}},
        {"Target": {"Name": "Tags", "BeforeValue": "a", "AfterValue": "b"}},
    ]
    assert one("AWS::IAM::Role", Details=details).why == (
        "AssumeRolePolicyDocument (parameter Subjects)",
        "Tags: a -> b",
    )


# Removal


def resources():
    kinds = {"Bucket": BUCKET, "Distribution": DISTRIBUTION}
    return [Resource(name, name.lower(), kind) for name, kind in kinds.items()]


def test_the_bucket_of_the_template_outlives_its_stack():
    found = removal(resources(), load(read("ota")))
    assert [item.logical_id for item in found.goes] == ["Distribution"]
    assert [item.logical_id for item in found.stays] == ["Bucket"]
    verify_removal(found, {"bucket": "sensor/"})
    no_edge, *lines = removal_lines(found, {"bucket": "sensor/"}, STACK)
    assert "boards can no longer ask" in no_edge
    assert lines[0].startswith("stays: bucket bucket with sensor/, at S3's price")
    assert lines[1] == "  slotcast infra apply --import-existing"


def test_a_bucket_that_stays_without_its_policy_is_told_to_be_open_to_whom_iam_lets():
    policy = Resource("BucketPolicy", "acme", "AWS::S3::BucketPolicy")
    found = removal([*resources(), policy], load(read("ota")))
    *_, told = removal_lines(found, {"bucket": "sensor/"}, STACK)
    assert told.startswith("goes: the policy of that bucket; until a new stack gives it one, who")
    kept = {"DeletionPolicy": "Retain"}
    template = {"Resources": {"Bucket": kept, "BucketPolicy": kept}}
    assert "policy" not in "".join(
        removal_lines(removal([*found.stays, policy], template), {}, STACK)
    )


def test_of_what_stays_only_keys_are_told_to_be_deleted_in_kms():
    found = removal(resources(), load(read("ota")))
    assert len(removal_lines(found, {"bucket": "sensor/"}, STACK)) == 3
    assert not any("kms" in line for line in removal_lines(found, {}, STACK))


@pytest.mark.parametrize("policy", [{}, {"DeletionPolicy": "Delete"}])
def test_a_bucket_with_releases_does_not_go_with_its_stack(policy):
    found = removal(resources(), {"Resources": {"Bucket": {"Type": BUCKET, **policy}}})
    with pytest.raises(GuardError) as caught:
        verify_removal(found, {"bucket": "sensor/"})
    assert caught.value.more == ("  Bucket: bucket holds sensor/",)
    verify_removal(found, {"bucket": ""})


SIGNS = [Resource("TargetsSigningKey", "k-1", KEY)]


@pytest.mark.parametrize("policy", [{}, {"DeletionPolicy": "Delete"}])
@pytest.mark.parametrize(
    ("status", "hint"),
    [
        ("UPDATE_COMPLETE", "give it DeletionPolicy: Retain, and apply"),
        ("DELETE_FAILED", "--stack-name slotcast-sensor-ci --retain-resources Targets"),
    ],
)
def test_a_key_that_signs_does_not_go_with_its_stack(policy, status, hint):
    found = removal(SIGNS, {"Resources": {"TargetsSigningKey": {"Type": KEY, **policy}}})
    with pytest.raises(GuardError, match="a key that root may name would go") as caught:
        verify_keys_stay(found, replace(STACK, status=status))
    assert caught.value.more == ("  TargetsSigningKey: k-1",)
    assert hint in caught.value.hint


def test_keys_that_stay_or_never_were_handed_out_hold_no_removal_up():
    verify_keys_stay(removal(SIGNS, load(read("ci"))), STACK)
    verify_keys_stay(removal([Resource("ReleaseRole", "r", ROLE)], {}), STACK)
    for status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"):
        verify_keys_stay(removal(SIGNS, {}), replace(STACK, status=status))


def test_keys_stay_and_it_is_said_what_they_cost():
    keys = [Resource(name, f"id-{name}", KEY) for name in ("SnapshotSigningKey", "OwnKey")]
    found = removal(keys, load(read("ci")))
    _, told, how, *_ = removal_lines(found, {}, STACK)
    assert told.startswith("stays: 1 key in KMS, about $1 a month each")
    assert (
        how == "  aws kms schedule-key-deletion --region us-west-2 --key-id id-SnapshotSigningKey"
    )


def test_a_new_stack_is_told_of_all_keys_of_the_former_made_there_or_given():
    found = removal([Resource("SnapshotSigningKey", "s", KEY)], load(read("ci")))
    *_, section, snapshot, timestamp = removal_lines(found, {}, replace(STACK, parameters=GIVEN))
    assert section == "  [ci]"
    assert snapshot == f'  SnapshotKey = "arn:aws:kms:{PLACE}:key/s"'
    assert timestamp == f'  TimestampKey = "arn:aws:kms:{PLACE}:key/t"'


def test_keys_that_were_given_cost_as_much_and_are_deleted_where_they_are():
    given = {
        "SnapshotKey": f"arn:aws:kms:{PLACE}:key/s",
        "TimestampKey": f"arn:aws:kms:{PLACE}:key/s",
    }
    found = removal([Resource("TargetsSigningKey", "t", KEY)], load(read("ci")))
    lines = list(removal_lines(found, {}, replace(STACK, parameters=given)))
    told = next(at for at, line in enumerate(lines) if line.startswith("stays: 2 keys in KMS"))
    assert lines[told + 1 : told + 3] == [
        f"  aws kms schedule-key-deletion --region us-west-2 --key-id {key}" for key in "ts"
    ]
    assert lines[told + 4] == "  [ci]"


def test_a_key_that_no_parameter_gives_to_a_new_stack_is_not_offered_to_one():
    (key,) = removal([Resource("OwnKey", "k", KEY)], KEPT).stays
    stays, how = removal_lines(removal([key], KEPT), {}, STACK)
    assert stays.endswith("when root names them no more:")
    assert how.endswith("--key-id k")


def test_what_no_longer_works_without_roles_and_keys_is_said():
    gone = [Resource("ReleaseRole", "r", ROLE), Resource("OwnKey", "k", KEY)]
    roles, keys = removal_lines(removal(gone, {}), {}, STACK)
    assert roles.startswith("jobs can no longer release or refresh")
    assert keys.startswith("goes: 1 key in KMS; AWS deletes")


# What a bucket holds


def test_a_bucket_is_described_by_what_lies_at_its_top():
    buckets = Buckets()
    buckets.holds("acme", *[f"p{n}/" for n in range(7)])
    with buckets.stub:
        assert holdings(buckets.client, "acme") == "p0/, p1/, p2/, p3/, p4/, ..."


def test_old_versions_count_as_well():
    buckets = Buckets()
    answer = {"Bucket": "acme", "Delimiter": "/", "MaxKeys": 6}
    buckets.stub.add_response("list_objects_v2", {}, answer)
    buckets.had("acme", "sensor/metadata/timestamp.json")
    with buckets.stub:
        assert holdings(buckets.client, "acme") == "versions of objects that were removed"


def test_a_bucket_that_is_empty_or_gone_holds_nothing():
    buckets = Buckets()
    buckets.holds("acme")
    buckets.stub.add_client_error("list_objects_v2", "NoSuchBucket", "", 404)
    with buckets.stub:
        assert holdings(buckets.client, "acme") == ""
        assert holdings(buckets.client, "acme") == ""


def test_a_bucket_that_may_not_be_looked_into_stops_everything():
    buckets = Buckets()
    said = "User: x is not authorized to perform: s3:ListBucket on resource: y"
    buckets.stub.add_client_error("list_objects_v2", "AccessDenied", said, 403)
    with buckets.stub, pytest.raises(InfraError, match="bucket acme: access denied to s3:ListB"):
        holdings(buckets.client, "acme")
