"""Stacks and change sets, against what CloudFormation's model allows to ask and to answer."""

from dataclasses import replace
from datetime import timedelta
from unittest.mock import Mock

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
)
from infra_cloud import MADE, Cloud, change, change_set_id, stack_id

from publisher.infra import explain as shared
from publisher.infra.cloudformation import change_sets
from publisher.infra.cloudformation.change_sets import Request
from publisher.infra.cloudformation.errors import explain
from publisher.infra.cloudformation.states import is_sound, verify_changeable, verify_done
from publisher.infra.errors import InfraError
from publisher.infra.template import load

NAME = "slotcast-ota"
REQUEST = Request(NAME, "Resources: {}", {"BucketName": "acme"}, {"slotcast:name": "slotcast"})
BUCKET = "AWS::S3::Bucket"


@pytest.fixture
def cloud():
    found = Cloud()
    with found.stub:
        yield found
        found.stub.assert_no_pending_responses()


def make(cloud, there=None):
    return change_sets.create(cloud.stacks, REQUEST, "slotcast-1", there)


@pytest.mark.parametrize(
    ("endpoint", "emulated"),
    [
        ("", False),
        ("https://cloudformation.cn-north-1.amazonaws.com.cn", False),
        ("https://vpce-1.cloudformation.us-east-1.vpce.amazonaws.com", False),
        ("https://cloudformation.us-east-1.api.aws", False),
        ("http://127.0.0.1:4566", True),
        ("https://localhost.localstack.cloud:4566", True),
        ("https://amazonaws.com.example.org", True),
    ],
)
def test_an_emulator_is_told_by_its_endpoint(monkeypatch, endpoint, emulated):
    if endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    assert Cloud().stacks.are_emulated is emulated


# Change sets


def test_a_change_set_is_asked_for_with_all_that_the_stack_is_to_be(cloud):
    cloud.makes_change_set(
        NAME,
        "CREATE",
        ChangeSetName="slotcast-1",
        TemplateBody="Resources: {}",
        Parameters=[{"ParameterKey": "BucketName", "ParameterValue": "acme"}],
        Tags=[{"Key": "slotcast:name", "Value": "slotcast"}],
        Capabilities=[],
        ImportExistingResources=False,
    )
    cloud.works_out(NAME, status="CREATE_PENDING")
    cloud.works_out(NAME, status="CREATE_IN_PROGRESS")
    cloud.works_out(NAME, change("Bucket", BUCKET, "Add"))
    found = make(cloud)
    assert (found.is_new, found.is_empty) == (True, False)
    assert [one.logical_id for one in found.changes] == ["Bucket"]
    assert cloud.waits == [1.0, 1.0]


def test_changes_on_a_second_page_count(cloud):
    cloud.makes_change_set(NAME, "CREATE")
    first = {"Status": "CREATE_COMPLETE", "NextToken": "more", "Changes": []}
    second = [{"ResourceChange": change("Bucket", BUCKET, "Add")}]
    for _ in ("without values", "with values"):
        cloud.answers("describe_change_set", first)
        cloud.answers("describe_change_set", {"Status": "CREATE_COMPLETE", "Changes": second})
    assert [one.logical_id for one in make(cloud).changes] == ["Bucket"]


def test_what_aws_drops_where_values_are_asked_for_counts_all_the_same(cloud):
    cloud.is_there(NAME)
    cloud.makes_change_set(NAME)
    key = change("Key", "AWS::KMS::Key", replacement="True")
    context = {"BeforeContext": '{"Properties": {"A": 1}}'}
    cloud.works_out(NAME, change("Bucket", BUCKET, **context), key, dropped=["Key"])
    bucket, dropped = make(cloud, cloud.stacks.find(NAME)).changes
    assert (bucket.logical_id, bucket.before) == ("Bucket", {"A": 1})
    assert (dropped.logical_id, dropped.is_replaced) == ("Key", True)


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes. Submit different information to create.",
        "No updates are to be performed.",
    ],
)
def test_an_empty_change_set_means_that_nothing_is_to_do(cloud, reason):
    cloud.is_there(NAME)
    cloud.makes_change_set(NAME, "UPDATE")
    cloud.works_out(NAME, status="FAILED", reason=reason)
    found = make(cloud, cloud.stacks.find(NAME))
    assert (found.is_new, found.is_empty, found.changes) == (False, True, ())


def test_a_change_of_outputs_alone_is_no_empty_one(cloud):
    cloud.is_there(NAME)
    cloud.makes_change_set(NAME)
    cloud.works_out(NAME)
    assert not make(cloud, cloud.stacks.find(NAME)).is_empty


def test_a_change_set_that_is_refused_leaves_nothing_and_says_why(cloud):
    cloud.makes_change_set(NAME, "CREATE")
    cloud.works_out(NAME, status="FAILED", reason="Validation failed with 1 error(s)")
    fault = {
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": "Bucket",
        "ValidationStatusReason": "acme is taken",
    }
    asked = {"ChangeSetName": change_set_id(NAME), "Filters": {"FailedEvents": True}}
    cloud.answers("describe_events", {"OperationEvents": [fault, fault]}, **asked)
    cloud.drops_shell(NAME)
    with pytest.raises(InfraError, match="CloudFormation refuses it: Validation failed") as caught:
        make(cloud)
    assert caught.value.more == ("  Bucket: acme is taken",)


def test_what_was_found_may_be_denied_and_the_rest_is_still_told(cloud):
    cloud.makes_change_set(NAME, "CREATE")
    cloud.works_out(NAME, status="FAILED", reason="no")
    cloud.refuses("describe_events", "AccessDenied", "")
    cloud.drops_shell(NAME)
    with pytest.raises(InfraError, match="CloudFormation refuses it: no"):
        make(cloud)


def test_ctrl_c_takes_the_change_set_away(cloud):
    cloud.makes_change_set(NAME, "CREATE")
    cloud.works_out(NAME, status="CREATE_PENDING")
    cloud.drops_shell(NAME)

    def interrupt(seconds):
        raise KeyboardInterrupt

    cloud.stacks.sleep = interrupt
    with pytest.raises(KeyboardInterrupt):
        make(cloud)


@pytest.fixture
def interrupted(cloud):
    """Ctrl-C while the request for a change set is on its way: nobody knows its id."""

    def interrupt(**asked):
        raise KeyboardInterrupt

    cloud.client.create_change_set = interrupt
    return cloud


def is_asked_to_drop(cloud):
    asked = {"StackName": NAME, "ChangeSetName": "slotcast-1"}
    cloud.answers("delete_change_set", {}, **asked)


def test_ctrl_c_before_aws_has_answered_takes_away_what_comes_of_it_later(interrupted):
    gone = ("delete_change_set", "ValidationError", f"Stack [{NAME}] does not exist")
    interrupted.refuses(*gone)
    is_asked_to_drop(interrupted)
    interrupted.is_there(NAME, "REVIEW_IN_PROGRESS")
    interrupted.has_change_sets(NAME)
    interrupted.removes(NAME)
    interrupted.refuses(*gone)
    with pytest.raises(KeyboardInterrupt):
        make(interrupted)
    assert interrupted.waits == [1.0, 1.0]


def test_ctrl_c_before_aws_has_answered_leaves_a_stack_that_was_there(interrupted):
    interrupted.is_there(NAME)
    there = interrupted.stacks.find(NAME)
    for _ in range(3):
        is_asked_to_drop(interrupted)
    with pytest.raises(KeyboardInterrupt):
        make(interrupted, there)


def test_a_change_set_in_the_making_is_taken_away_as_soon_as_aws_lets_go_of_it(cloud):
    cloud.is_there(NAME)
    there = cloud.stacks.find(NAME)
    cloud.makes_change_set(NAME)
    cloud.client.get_paginator = Mock(side_effect=KeyboardInterrupt)
    cloud.refuses("delete_change_set", "InvalidChangeSetStatus", "it is CREATE_IN_PROGRESS")
    cloud.drops_change_set(NAME)
    with pytest.raises(KeyboardInterrupt):
        make(cloud, there)
    assert cloud.waits == [1.0]


def test_a_shell_in_which_somebody_else_s_change_set_waits_is_left(cloud):
    cloud.makes_change_set(NAME, "CREATE")
    cloud.works_out(NAME)
    found = make(cloud)
    cloud.drops_change_set(NAME)
    cloud.is_there(NAME, "REVIEW_IN_PROGRESS", by_id=True)
    cloud.has_change_sets(NAME, ("anna-tries", MADE))
    change_sets.discard(cloud.stacks, found)


def test_a_shell_that_was_left_is_created_not_updated(cloud):
    cloud.is_there(NAME, "REVIEW_IN_PROGRESS")
    there = cloud.stacks.find(NAME)
    verify_changeable(there.name, there.status)
    cloud.makes_change_set(NAME, "CREATE")
    cloud.works_out(NAME)
    assert make(cloud, there).is_new


def test_what_a_killed_run_left_is_taken_away_and_nothing_else(cloud):
    cloud.is_there(NAME)
    there, now = cloud.stacks.find(NAME), MADE + timedelta(hours=2)
    names = [("slotcast-old", MADE), ("anna-tries", MADE), ("slotcast-new", now)]
    cloud.has_change_sets(NAME, *names)
    cloud.answers("delete_change_set", {}, StackName=stack_id(NAME), ChangeSetName="slotcast-old")
    change_sets.sweep(cloud.stacks, there, now)


# Following a change


def executed(cloud):
    cloud.makes_change_set(NAME, "CREATE")
    cloud.works_out(NAME, change("Bucket", BUCKET, "Add"))
    return make(cloud)


def execute(cloud, found):
    watch = change_sets.begin(cloud.stacks, found)
    return change_sets.finish(cloud.stacks, found, watch)


def test_what_describes_the_stack_from_before_the_change_is_not_taken_for_its_end(cloud):
    cloud.is_there(NAME)
    cloud.makes_change_set(NAME)
    cloud.works_out(NAME, change("Bucket", BUCKET))
    found = make(cloud, cloud.stacks.find(NAME))
    before, begun = (NAME, "CREATE_COMPLETE", ""), (NAME, "UPDATE_IN_PROGRESS", "")
    cloud.happened(NAME, before)
    cloud.is_told_to_execute(NAME)
    cloud.is_there(NAME, "CREATE_COMPLETE", by_id=True)  # not told of the change yet
    cloud.happened(NAME, before)
    cloud.is_there(NAME, "CREATE_COMPLETE", by_id=True)
    cloud.happened(NAME, begun, before)
    cloud.is_there(NAME, "UPDATE_COMPLETE", by_id=True)
    cloud.happened(NAME, (NAME, "UPDATE_COMPLETE", ""), begun, before)
    assert execute(cloud, found).status == "UPDATE_COMPLETE"


def test_events_are_told_as_they_come_oldest_first_and_once(cloud):
    found = executed(cloud)
    before = (NAME, "REVIEW_IN_PROGRESS", "")
    begun = ("Bucket", "CREATE_IN_PROGRESS", "")
    done = ("Bucket", "CREATE_COMPLETE", "")
    edge = ("Edge", "CREATE_COMPLETE", "")
    cloud.happened(NAME, before)
    cloud.is_told_to_execute(NAME)
    cloud.is_there(NAME, "CREATE_IN_PROGRESS", by_id=True)
    cloud.happened(NAME, done, begun, before)
    cloud.is_there(NAME, by_id=True, outputs={"BucketName": "acme"})
    cloud.happened(NAME, (NAME, "CREATE_COMPLETE", ""), edge, done, begun, before)
    stack = execute(cloud, found)
    assert stack.outputs == {"BucketName": "acme"}
    assert cloud.notes == [f"  CREATE_COMPLETE {name} ({BUCKET})" for name in ("Bucket", "Edge")]
    assert cloud.waits == [5.0]


def test_a_rollback_is_told_with_its_causes_not_with_what_they_cancelled(cloud):
    found = executed(cloud)
    cloud.executes(
        NAME,
        ("Edge", "CREATE_FAILED", "Resource creation cancelled"),
        ("Bucket", "CREATE_FAILED", "acme already exists"),
        status="ROLLBACK_COMPLETE",
    )
    with pytest.raises(InfraError, match="its creation failed, and was undone") as caught:
        execute(cloud, found)
    assert caught.value.more == ("  Bucket: acme already exists",)
    assert "slotcast infra destroy" in caught.value.hint


def test_who_took_a_bucket_in_in_vain_is_told_to_run_the_same_again(cloud):
    """The usual hint is for who has not thought of --import-existing."""
    found = replace(executed(cloud), imports=True)
    cloud.happened(NAME)
    asked = {"ChangeSetName": change_set_id(NAME), "RetainExceptOnCreate": False}
    cloud.answers("execute_change_set", {}, **asked)
    cloud.is_there(NAME, "ROLLBACK_COMPLETE", by_id=True)
    cloud.happened(NAME, (NAME, "ROLLBACK_COMPLETE", ""), ("Edge", "CREATE_FAILED", "no"))
    with pytest.raises(InfraError, match="its creation failed") as caught:
        execute(cloud, found)
    assert "then the same command again" in caught.value.hint
    assert "--import-existing" not in caught.value.hint


def test_a_creation_that_never_began_is_asked_why(cloud):
    found = executed(cloud)
    cloud.executes(NAME, status="ROLLBACK_COMPLETE")
    fault = {
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": "Bucket",
        "ValidationStatusReason": "acme is taken",
    }
    asked = {"StackName": stack_id(NAME), "Filters": {"FailedEvents": True}}
    cloud.answers("describe_events", {"OperationEvents": [fault]}, **asked)
    with pytest.raises(InfraError) as caught:
        execute(cloud, found)
    assert caught.value.more == ("  Bucket: acme is taken",)


def test_a_stack_is_gone_when_nobody_knows_it_any_more(cloud):
    cloud.is_there(NAME)
    there = cloud.stacks.find(NAME)
    cloud.happened(NAME)
    cloud.answers("delete_stack", {}, StackName=stack_id(NAME))
    cloud.is_absent(NAME)
    cloud.stacks.remove(there)


def test_a_template_in_json_comes_back_as_text(cloud):
    cloud.was_deployed_with(NAME, '{"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}}')
    assert list(load(cloud.stacks.template(NAME))["Resources"]) == ["Bucket"]


# States


@pytest.mark.parametrize(
    ("status", "says", "hint"),
    [
        ("ROLLBACK_COMPLETE", "its creation failed, and was undone", "slotcast infra destroy ota"),
        ("ROLLBACK_FAILED", "undoing that failed too", "slotcast infra destroy ota"),
        ("CREATE_FAILED", "its creation failed", "slotcast infra destroy ota"),
        ("DELETE_FAILED", "could not be removed whole", "slotcast infra destroy ota"),
        ("UPDATE_ROLLBACK_FAILED", "undoing that failed", f"update-rollback --stack-name {NAME}"),
        ("UPDATE_IN_PROGRESS", "another change is under way", "wait"),
        ("DELETE_IN_PROGRESS", "another change is under way", "wait"),
    ],
)
def test_a_stack_that_takes_no_change_is_told_how_to_mend(status, says, hint):
    with pytest.raises(InfraError, match=f"{NAME} is {status}: .*{says}") as caught:
        verify_changeable(NAME, status)
    assert hint in caught.value.hint
    assert not is_sound(status)


@pytest.mark.parametrize(
    "status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"]
)
def test_a_stack_that_is_whole_takes_a_change(status):
    verify_changeable(NAME, status)
    assert is_sound(status)


def test_an_update_that_was_undone_is_a_failure_though_the_stack_is_whole():
    with pytest.raises(InfraError, match="all is as it was before") as caught:
        verify_done(NAME, "UPDATE_ROLLBACK_COMPLETE", "no such zone", ())
    assert caught.value.more == ("  no such zone",)


# What AWS says


def refusal(code, message="", operation="CreateChangeSet"):
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


DENIED = "User: arn:aws:iam::1:user/x is not authorized to perform: iam:CreateRole on resource: y"


@pytest.mark.parametrize(
    ("error", "says", "hint"),
    [
        (refusal("AccessDenied", DENIED), "access denied to iam:CreateRole", "permission"),
        (refusal("AccessDenied"), "access denied to CreateChangeSet", "permission"),
        (refusal("InvalidClientTokenId"), "the access key is not known", "not enabled"),
        (refusal("SignatureDoesNotMatch"), "secret key does not fit", "AWS_PROFILE"),
        (refusal("ExpiredToken"), "credentials have expired", "sign in again"),
        (refusal("RequestExpired"), "clock is wrong", "set it"),
        (refusal("Throttling"), "AWS asks to slow down", "again in a while"),
        (refusal("InvalidChangeSetStatus"), "somebody else has changed", "same command again"),
        (refusal("LimitExceededException"), "as many stacks as", "quota"),
        (refusal("AlreadyExistsException"), "somebody else has begun to", "same command again"),
        (
            refusal("ValidationError", "Stack is in UPDATE_IN_PROGRESS state and can not be"),
            r"another change is under way \(UPDATE_IN_PROGRESS\)",
            "wait",
        ),
        (refusal("ValidationError", "Unrecognized type."), "refuses it: Unrecognized type$", ""),
        (refusal("Odd", "What?"), r"AWS answered Odd to CreateChangeSet \(What\?\)", ""),
        (NoCredentialsError(), "no credentials were found", "AWS_PROFILE"),
        (NoRegionError(), "no region is set", "infra.toml"),
        (EndpointConnectionError(endpoint_url="x"), "cannot be reached", "AWS_ENDPOINT_URL"),
    ],
)
def test_what_aws_says_is_put_in_words(error, says, hint):
    found = explain(error, "stack x")
    assert str(found).startswith("stack x: ")
    with pytest.raises(InfraError, match=says):
        raise found
    assert hint in found.hint


def test_what_another_service_says_is_not_put_in_words_of_cloudformation_s():
    limited = refusal("LimitExceededException", "too many", "DescribeKey")
    refused = refusal("ValidationError", "odd", "GetObject")
    says = str(shared.explain(limited, "TimestampKey"))
    assert says == "TimestampKey: AWS answered LimitExceededException to DescribeKey (too many)"
    says = str(shared.explain(refused, "bucket acme"))
    assert says == "bucket acme: AWS answered ValidationError to GetObject (odd)"


def test_a_stack_that_may_not_be_read_is_not_taken_for_absent(cloud):
    cloud.refuses("describe_stacks", "AccessDenied", DENIED, 403)
    with pytest.raises(InfraError, match="access denied"):
        cloud.stacks.find(NAME)
