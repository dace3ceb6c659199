"""What a change set would lose of resources that stay, as DescribeChangeSet tells it."""

import json

import pytest
from infra_cloud import Cloud, change

from publisher.errors import PublisherError
from publisher.infra.cloudformation import change_sets
from publisher.infra.cloudformation.change_sets import Request
from publisher.infra.errors import GuardError
from publisher.infra.losses import in_place
from publisher.infra.losses.guard import verify_losses

NAME = "slotcast-ota"
BUCKET = "AWS::S3::Bucket"
KEY = "AWS::KMS::Key"
ALIAS = "AWS::KMS::Alias"
DISTRIBUTION = "AWS::CloudFront::Distribution"
RECORD = "AWS::Route53::RecordSet"
ROLE = "AWS::IAM::Role"
SHOWN = "DistributionConfig/ViewerCertificate/AcmCertificateArn"


def detail(path="", source="DirectModification", evaluation="Static", name="", cause=""):
    """A ResourceChangeDetail of a property."""
    target = {"Attribute": "Properties", "Name": name or path.split("/")[0]}
    if path:
        target["Path"] = f"/Properties/{path}"
    found = {"Target": target, "ChangeSource": source, "Evaluation": evaluation}
    return {**found, "CausingEntity": cause} if cause else found


def contexts(before, after):
    """What AWS tells of all properties, with IncludePropertyValues."""
    texts = [json.dumps({"Properties": properties}) for properties in (before, after)]
    return dict(zip(("BeforeContext", "AfterContext"), texts, strict=True))


def lost(kind, *details, replacement="False", named=(), **told):
    """What is lost by a change of a resource X, through what AWS's model allows to answer."""
    cloud = Cloud()
    cloud.is_there(NAME)
    cloud.makes_change_set(NAME)
    cloud.works_out(NAME, change("X", kind, "Modify", replacement, Details=[*details], **told))
    with cloud.stub:
        there = cloud.stacks.find(NAME)
        made = change_sets.create(cloud.stacks, Request(NAME, "{}", {}), "slotcast-1", there)
    return in_place.losses(made.changes, named)


@pytest.mark.parametrize(
    ("kind", "path", "says"),
    [
        (BUCKET, "LifecycleConfiguration/Rules/0/Status", "S3 deletes by it"),
        (BUCKET, "VersioningConfiguration/Status", "could not be restored"),
        (BUCKET, "BucketEncryption", "would be encrypted otherwise"),
        (BUCKET, "PublicAccessBlockConfiguration/BlockPublicPolicy", "others could be let in"),
        (BUCKET, "ObjectLockConfiguration", "could be deleted"),
        (DISTRIBUTION, "DistributionConfig/Enabled", "answers no board"),
        (DISTRIBUTION, "DistributionConfig/Aliases/0", "boards ask the edge by the names"),
        (DISTRIBUTION, SHOWN, "only if its CA, or its key, is in their set"),
        (DISTRIBUTION, "DistributionConfig/WebACLId", "which boards the edge answers"),
        (ROLE, "PermissionsBoundary", "no longer bounds"),
        (KEY, "Enabled", "nobody can sign"),
        (KEY, "KeyPolicy/Statement/0/Principal", "may be locked out"),
        (ALIAS, "TargetKeyId", "signs with another"),
        (RECORD, "Name", "no longer find the edge"),
        (RECORD, "HostedZoneId", "only if its name is delegated to that zone"),
        (RECORD, "AliasTarget/DNSName", "leads elsewhere"),
        (RECORD, "ResourceRecords/0", "leads elsewhere"),
    ],
)
def test_what_boards_or_people_depend_on_is_not_changed_in_place_by_the_way(kind, path, says):
    (loss,) = lost(kind, detail(path))
    assert (loss.resource, loss.is_final) == ("X", False)
    assert says in loss.says
    with pytest.raises(GuardError) as caught:
        verify_losses([loss], [])
    assert caught.value.hint.endswith("--let-go X")
    verify_losses([loss], ["X"])


def test_a_name_that_is_replaced_is_lost_as_well():
    (loss,) = lost(RECORD, detail("Name"), replacement="True")
    assert loss.says.startswith("Name is changed: boards no longer find")


@pytest.mark.parametrize(
    ("kind", "path", "before", "after"),
    [
        (DISTRIBUTION, "DistributionConfig/Enabled", "true", "false"),
        (DISTRIBUTION, "DistributionConfig/Aliases", ["a.example"], None),
        (DISTRIBUTION, "DistributionConfig/Aliases", ["a.example"], ["b.example"]),
        (DISTRIBUTION, SHOWN, "arn:1", "arn:2"),
        (DISTRIBUTION, SHOWN, "arn:1", None),
        (DISTRIBUTION, "DistributionConfig/WebACLId", None, "arn:1"),
        (DISTRIBUTION, "DistributionConfig/WebACLId", "arn:1", None),
        (ROLE, "PermissionsBoundary", "arn:1", None),
        (KEY, "Enabled", True, False),
        (BUCKET, "VersioningConfiguration", {"Status": "Enabled"}, {"Status": "Suspended"}),
        (BUCKET, "VersioningConfiguration", {"Status": "Enabled"}, None),
        (BUCKET, "BucketEncryption", {"a": 1}, None),
        (BUCKET, "LifecycleConfiguration", None, {"Rules": []}),
    ],
)
def test_values_that_lose_something_are_told(kind, path, before, after):
    assert len(lost(kind, detail(path), **values(path, before, after))) == 1


@pytest.mark.parametrize(
    ("kind", "path", "before", "after"),
    [
        (DISTRIBUTION, "DistributionConfig/Enabled", "false", "true"),
        (DISTRIBUTION, "DistributionConfig/Aliases", None, ["a.example"]),
        (DISTRIBUTION, "DistributionConfig/Aliases", ["a.example"], ["b.example", "a.example"]),
        (DISTRIBUTION, "DistributionConfig/PriceClass", "PriceClass_100", "PriceClass_All"),
        (DISTRIBUTION, SHOWN, None, "arn:1"),
        (ROLE, "PermissionsBoundary", None, "arn:1"),
        (KEY, "Enabled", False, True),
        (KEY, "Enabled", "true", None),
        (KEY, "Description", "a", "b"),
        (BUCKET, "VersioningConfiguration", {"Status": "Suspended"}, {"Status": "Enabled"}),
        (BUCKET, "BucketEncryption", None, {"a": 1}),
        (ROLE, "Description", "a", "b"),
    ],
)
def test_values_that_lose_nothing_are_not_held_up(kind, path, before, after):
    assert lost(kind, detail(path), **values(path, before, after)) == []


def values(path, before, after):
    """Contexts with a property of two values; None: it is not there."""
    found = []
    for value in (before, after):
        nested = {} if value is None else {path.rpartition("/")[2]: value}
        for name in reversed(path.split("/")[:-1]):
            nested = {name: nested}
        found.append({"Another": "x", **nested})
    return contexts(*found)


def test_what_only_follows_another_resource_is_no_loss_of_its_own():
    for source in ("ResourceAttribute", "ResourceReference"):
        follows = detail("AliasTarget/DNSName", source, "Dynamic", cause="Distribution.DomainName")
        assert lost(RECORD, follows) == []


@pytest.mark.parametrize(
    ("name", "kind", "path"),
    [
        ("DomainName", RECORD, "Name"),
        ("DomainName", RECORD, "HostedZoneId"),
        ("HostedZoneId", RECORD, "HostedZoneId"),
        ("DomainName", DISTRIBUTION, "DistributionConfig/Aliases"),
        ("DomainName", DISTRIBUTION, SHOWN),
        ("CertificateArn", DISTRIBUTION, SHOWN),
        ("WebAclArn", DISTRIBUTION, "DistributionConfig/WebACLId"),
        ("PermissionsBoundaryArn", ROLE, "PermissionsBoundary"),
    ],
)
def test_what_is_told_by_its_parameter_is_told_once(name, kind, path):
    assert lost(kind, detail(path), named=[name]) == []
    enabled = lost(DISTRIBUTION, detail("DistributionConfig/Enabled"), named=[name])
    assert len(enabled) == len(lost(kind, detail(path))) == 1


def test_what_else_a_viewer_certificate_sets_is_not_the_certificate():
    old = {"AcmCertificateArn": "arn:1", "MinimumProtocolVersion": "TLSv1.2_2021"}
    new = {**old, "MinimumProtocolVersion": "TLSv1.2_2025"}
    path = "DistributionConfig/ViewerCertificate"
    assert lost(DISTRIBUTION, detail(path), **values(path, old, new)) == []


def test_a_whole_property_without_its_parts_counts_unless_a_parameter_explains_it():
    # As emulators answer, without paths and values.
    whole = detail(name="DistributionConfig")
    assert [loss.says.partition(" ")[0] for loss in lost(DISTRIBUTION, whole)] == [
        "DistributionConfig/Enabled",
        "DistributionConfig/Aliases",
        SHOWN,
        "DistributionConfig/WebACLId",
    ]
    by_parameter = [
        detail(name="DistributionConfig", evaluation="Dynamic"),
        detail(name="DistributionConfig", source="ParameterReference", cause="PriceClass"),
    ]
    assert lost(DISTRIBUTION, *by_parameter) == []
    assert len(lost(KEY, detail(name="Enabled", source="ParameterReference", cause="On"))) == 1


def test_values_that_were_cut_off_count_as_the_worst():
    told = contexts({"Enabled": True}, {"Enabled": True})
    cut = {**told, "AfterContext": told["AfterContext"][:-4]}
    assert lost(KEY, detail("Enabled"), **told) == []
    assert len(lost(KEY, detail("Enabled"), **cut)) == 1


def test_two_losses_of_a_resource_are_let_go_by_one_word():
    found = lost(KEY, detail("Enabled"), detail("KeyPolicy"))
    with pytest.raises(PublisherError) as caught:
        verify_losses(found, [])
    assert caught.value.hint.count("--let-go X") == 1
    assert len(caught.value.more) == 2
