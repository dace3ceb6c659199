"""CloudFormation as a test scripts it: what is asked, in order, and what is answered."""

from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace

import boto3
from botocore.stub import ANY, Stubber

from publisher.infra.cloudformation.stacks import Stacks
from publisher.infra.rules import broken
from publisher.infra.template import load

ACCOUNT = "arn:aws:cloudformation:us-east-1:111122223333"
MADE = datetime(2026, 11, 23, tzinfo=UTC)
TAGS = {"slotcast:name": "slotcast"}


def client(service):
    return boto3.client(
        service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="s"
    )


def stack_id(name):
    return f"{ACCOUNT}:stack/{name}/1"


def change_set_id(name):
    return f"{ACCOUNT}:changeSet/slotcast-{name}/1"


def pairs(key, value, items):
    return [{key: name, value: text} for name, text in items.items()]


class Cloud:
    """A stubbed client, and the stacks on it; each method queues one call."""

    def __init__(self):
        self.client = client("cloudformation")
        self.stub = Stubber(self.client)
        self.notes = []
        self.waits = []
        self.stacks = Stacks(self.client, self.notes.append, self.waits.append)

    def answers(self, method, answer, **asked):
        self.stub.add_response(method, answer, asked or None)

    def refuses(self, method, code, message, status=400):
        self.stub.add_client_error(method, code, message, status)

    def is_absent(self, name):
        self.refuses("describe_stacks", "ValidationError", f"Stack with id {name} does not exist")

    def is_there(self, name, status="CREATE_COMPLETE", *, protected=False, by_id=False, **more):
        """Describe a stack; `more` are outputs, parameters and tags."""
        kind = name.rpartition("-")[2]
        tags = {**TAGS, "slotcast:stack": kind}
        if kind == "ci":
            tags["slotcast:product"] = "sensor"
        stack = {
            "StackName": name,
            "StackId": stack_id(name),
            "CreationTime": MADE,
            "StackStatus": status,
            "EnableTerminationProtection": protected,
            "Outputs": pairs("OutputKey", "OutputValue", more.get("outputs", {})),
            "Parameters": pairs("ParameterKey", "ParameterValue", more.get("parameters", {})),
            "Tags": pairs("Key", "Value", more.get("tags", tags)),
        }
        asked = stack_id(name) if by_id else name
        self.answers("describe_stacks", {"Stacks": [stack]}, StackName=asked)

    def has_change_sets(self, name, *summaries):
        found = [{"ChangeSetName": text, "CreationTime": made} for text, made in summaries]
        self.answers("list_change_sets", {"Summaries": found}, StackName=stack_id(name))

    def makes_change_set(self, name, kind="UPDATE", **asked):
        """Take a change set; `asked` is what it must be asked with, beside what always is."""
        always = ("StackName", "ChangeSetName", "TemplateBody", "Parameters", "Tags")
        expected = dict.fromkeys((*always, "Capabilities", "ImportExistingResources"), ANY)
        expected |= {"StackName": name, "ChangeSetType": kind, **asked}
        answer = {"Id": change_set_id(name), "StackId": stack_id(name)}
        self.answers("create_change_set", answer, **expected)

    def works_out(self, name, *changes, status="CREATE_COMPLETE", reason="", dropped=()):
        """Describe a change set; `dropped` are left out where values are asked for."""
        plain = [{key: one[key] for key in one if "Context" not in key} for one in changes]
        self._describes(name, plain, {"Status": status, "StatusReason": reason}, False)
        if status == "CREATE_COMPLETE":
            told = [one for one in changes if one["LogicalResourceId"] not in dropped]
            self._describes(name, told, {"Status": status}, True)

    def _describes(self, name, changes, answer, with_values):
        found = [{"Type": "Resource", "ResourceChange": change} for change in changes]
        asked = {"ChangeSetName": change_set_id(name), "IncludePropertyValues": with_values}
        self.answers("describe_change_set", {**answer, "Changes": found}, **asked)

    def would_change_nothing(self, name):
        reason = "The submitted information didn't contain changes. Submit different information."
        self.works_out(name, status="FAILED", reason=reason)

    def drops_change_set(self, name):
        asked = {"StackName": stack_id(name), "ChangeSetName": change_set_id(name)}
        self.answers("delete_change_set", {}, **asked)

    def drops_shell(self, name):
        """Take a change set away, and the stack that it would have created."""
        self.drops_change_set(name)
        self.is_there(name, "REVIEW_IN_PROGRESS", by_id=True)
        self.has_change_sets(name)
        self.removes(name)

    def removes(self, name, *events):
        self.happened(name)
        self.answers("delete_stack", {}, StackName=stack_id(name))
        self.is_there(name, "DELETE_COMPLETE", by_id=True)
        self.happened(name, (name, "DELETE_COMPLETE", ""), *events)

    def happened(self, name, *events):
        """Tell events, the newest first: (logical id, status, reason)."""
        found = [
            {
                "StackId": stack_id(name),
                "EventId": f"{logical}-{status}",
                "StackName": name,
                "Timestamp": MADE,
                "LogicalResourceId": logical,
                "PhysicalResourceId": stack_id(name) if logical == name else logical.lower(),
                "ResourceType": "AWS::S3::Bucket",
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
            }
            for logical, status, reason in events
        ]
        self.answers("describe_stack_events", {"StackEvents": found}, StackName=stack_id(name))

    def is_told_to_execute(self, name):
        asked = {"ChangeSetName": change_set_id(name), "RetainExceptOnCreate": True}
        self.answers("execute_change_set", {}, **asked)

    def executes(self, name, *events, status="CREATE_COMPLETE", **more):
        self.happened(name)
        self.is_told_to_execute(name)
        self.is_there(name, status, by_id=True, **more)
        self.happened(name, (name, status, ""), *events)

    def consists_of(self, name, *resources):
        """List a stack's resources: (logical id, physical id, type)."""
        found = [
            {
                "LogicalResourceId": logical,
                "PhysicalResourceId": physical,
                "ResourceType": kind,
                "LastUpdatedTimestamp": MADE,
                "ResourceStatus": "CREATE_COMPLETE",
            }
            for logical, physical, kind in resources
        ]
        answer = {"StackResourceSummaries": found}
        self.answers("list_stack_resources", answer, StackName=name)

    def was_deployed_with(self, name, template):
        self.answers(
            "get_template", {"TemplateBody": template}, StackName=name, TemplateStage="Original"
        )


class Buckets:
    """A stubbed S3 client; each method queues what one bucket is asked."""

    def __init__(self):
        self.client = client("s3")
        self.stub = Stubber(self.client)

    def holds(self, bucket, *prefixes):
        found = {"CommonPrefixes": [{"Prefix": prefix} for prefix in prefixes]}
        self.stub.add_response(
            "list_objects_v2", found, {"Bucket": bucket, "Delimiter": "/", "MaxKeys": ANY}
        )
        if not prefixes:
            self.had(bucket)

    def had(self, bucket, *keys):
        versions = {"Versions": [{"Key": key} for key in keys]}
        self.stub.add_response("list_object_versions", versions, {"Bucket": bucket, "MaxKeys": 1})


def change(logical, kind, action="Modify", replacement="False", physical="", **more):
    """A ResourceChange of DescribeChangeSet."""
    found = {"LogicalResourceId": logical, "ResourceType": kind, "Action": action, **more}
    if action == "Modify":
        found["Replacement"] = replacement
    if physical:
        found["PhysicalResourceId"] = physical
    return found


@cache
def parsed(text):
    """A template; parsing and judging the same ones for each test would take most of the time."""
    return load(text)


@cache
def judged(text):
    return broken(parsed(text))


def stub_aws(monkeypatch):
    """Put stubs in the place of AWS for the command line; returns them."""
    cloud, buckets, texts = Cloud(), Buckets(), {}

    def remember(text):
        texts[id(parsed(text))] = text
        return parsed(text)

    monkeypatch.setattr("publisher.infra.template.load", remember)
    monkeypatch.setattr("publisher.commands.infra_planning.broken", lambda t: judged(texts[id(t)]))
    monkeypatch.setattr("publisher.infra.clients.cloudformation", lambda region: cloud.client)
    monkeypatch.setattr("publisher.infra.clients.s3", lambda region: buckets.client)
    return SimpleNamespace(cloud=cloud, buckets=buckets)
