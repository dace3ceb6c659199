"""What a stack is to be, and what is told of it afterwards: pure."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from publisher.infra.cloudformation.change_sets import Request
from publisher.infra.outputs import next_step, settings_lines
from publisher.infra.ownership import may_share, tags
from publisher.infra.settings import InfraSettings
from publisher.infra.stack_requests import (
    capabilities,
    importing,
    in_force,
    other_bucket,
    parameters,
)
from publisher.infra.template import load, read

OTA = {"BucketName": "acme-firmware", "BaseUrl": "https://d1.cloudfront.net/"}


def settings(**stacks):
    return InfraSettings("slotcast", "sensor", stacks=stacks)


def declared(kind):
    return load(read(kind))["Parameters"]


def test_roles_follow_the_bucket_and_its_rules():
    wanted = settings(ota={"BucketName": "acme", "ConditionalWrites": "NotEnforced"}, ci={})
    assert parameters(wanted, "ci", declared("ci"), {}) == {
        "Product": "sensor",
        "BucketName": "acme",
        "ConditionalWrites": "NotEnforced",
    }


@pytest.mark.parametrize("own", [{}, {"BucketName": "acme"}])
def test_what_infra_toml_says_goes_before_what_ota_says(own):
    wanted = settings(ota={"BucketName": "acme"}, ci=own)
    told = {**OTA, "ConditionalWrites": "NotEnforced"}
    found = parameters(wanted, "ci", declared("ci"), told)
    assert found == {"Product": "sensor", "BucketName": "acme"}


@pytest.mark.parametrize("own", [{}, {"BucketName": "acme"}])
def test_another_bucket_of_ota_is_told(own):
    wanted = settings(ota={"BucketName": "acme"}, ci=own, logs={})
    says = "the bucket acme, as infra.toml says, and ota has acme-firmware"
    assert other_bucket(wanted, "ci", OTA) == says
    assert other_bucket(wanted, "ci", {"BucketName": "acme"}) == ""
    assert other_bucket(wanted, "ci", {}) == ""  # it is not there yet
    assert other_bucket(wanted, "logs", OTA) == ""


def test_the_file_is_named_that_says_another_bucket():
    wanted = replace(settings(ota={"BucketName": "acme"}, ci={}), path=Path("eu/infra.toml"))
    assert other_bucket(wanted, "ci", OTA).startswith("the bucket acme, as eu/infra.toml says")


def test_what_is_left_out_is_as_the_template_has_it_by_default():
    asked = {"A": {"Type": "String"}, "B": {"Default": "b"}, "C": {"Default": 30}}
    assert in_force(asked, {"A": "a"}) == {"A": "a", "B": "b", "C": "30"}
    assert in_force(asked, {"A": "a", "B": ""})["B"] == ""


def test_roles_may_stand_on_a_bucket_that_another_made():
    wanted = settings(ci={"BucketName": "theirs"})
    found = parameters(wanted, "ci", declared("ci"), {})
    assert found == {"Product": "sensor", "BucketName": "theirs"}


def test_logs_wait_for_the_distribution():
    wanted = settings(ota={"BucketName": "acme"}, logs={"LogBucketName": "acme-logs"})
    assert parameters(wanted, "logs", declared("logs"), {}) is None
    arn = "arn:aws:cloudfront::111122223333:distribution/E1"
    found = parameters(wanted, "logs", declared("logs"), {**OTA, "DistributionArn": arn})
    assert found == {"DistributionArn": arn, "LogBucketName": "acme-logs"}


def test_nothing_of_a_product_is_on_what_all_products_share():
    for kind in ("ota", "logs"):
        assert tags(settings(), kind) == {"slotcast:name": "slotcast", "slotcast:stack": kind}
    assert tags(settings(), "ci")["slotcast:product"] == "sensor"


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"Type": "AWS::S3::Bucket"}, ()),
        ({"Type": "AWS::IAM::Role"}, ("CAPABILITY_IAM",)),
        ({"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r"}}, ("CAPABILITY_NAMED_IAM",)),
    ],
)
def test_only_what_a_template_needs_is_acknowledged(resource, expected):
    assert capabilities({"Resources": {"X": resource}}) == expected


def test_a_bucket_is_imported_by_a_name_and_not_by_a_parameter():
    asked = Request("slotcast-ota", read("ota"), {"BucketName": "acme-firmware"})
    found = importing(asked)
    before, after = load(asked.template), json.loads(found.template)
    assert after["Resources"]["Bucket"]["Properties"].pop("BucketName") == "acme-firmware"
    assert before["Resources"]["Bucket"]["Properties"].pop("BucketName") == {"Ref": "BucketName"}
    assert after == before
    assert found.imports


def test_who_may_stand_on_the_same_edge_is_told_by_the_names_of_stacks():
    names = ["slotcast-ota", "slotcast-sensor-ci", "slotcast-lamp-ci", "other-lamp-ci"]
    assert may_share(names, settings()) == ["slotcast-sensor-ci", "slotcast-lamp-ci"]


def test_lines_for_slotcast_toml_tell_what_there_is():
    assert settings_lines("us-east-1", {}, {}) == []
    assert settings_lines("us-east-1", {}, {"TimestampKeyArn": "awskms:arn:x"}) == [
        "[keys]",
        'timestamp = ["awskms:arn:x"]',
    ]


def test_the_next_step_of_a_product_that_is_founded_is_not_to_found_it():
    (only,) = next_step("sensor", "us-east-1", OTA, is_founded=True)
    assert "slotcast doctor" in only
    assert next_step("sensor", "us-east-1", {}, is_founded=False) == []
