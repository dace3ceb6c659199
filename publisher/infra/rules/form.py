"""How policies have to be written, for other rules to tell what they do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from publisher.infra.node import Node, at, items, text
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.view import Resource, View

_NAMES = {"Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource"}
_STATEMENT = {*_NAMES, "Condition"}
_WHO = {"AWS", "Service", "Federated"}
_FUNCTION = {"Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join", "Fn::Split"}
_ACTION = re.compile(r"\*|[a-z0-9-]+:[A-Za-z*?]+")
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_PSEUDO = {"AWS::Partition", "AWS::AccountId", "AWS::Region"}
# A parameter in a resource that took one of these would name more than one thing.
_TOO_WIDE = ("", "*", "?", "a*", "a/b", "a/*", "a:b")
# A parameter that is all of a resource, and took one of these, would be no one key.
_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
_NO_KEY = (
    "arn:aws:kms:us-east-1:111122223333:key/*",
    f"arn:aws:kms:*:111122223333:key/{_ID}",
    f"arn:aws:kms:us-east-1:*:key/{_ID}",
    f"arn:aws:kms:us-east-1:111122223333:key/{_ID[:-1]}?",
    "arn:aws:kms:us-east-1:111122223333:alias/targets",
    "arn:aws:s3:::acme-firmware",
    "arn:aws:iam::111122223333:role/release",
)


def _documents(resource: Resource) -> Iterator[Node]:
    """Yield all policy documents of a resource."""
    if resource.kind == "AWS::S3::BucketPolicy":
        yield resource.get("PolicyDocument")
    if resource.kind == "AWS::KMS::Key" and resource.get("KeyPolicy") is not None:
        yield resource.get("KeyPolicy")
    if resource.kind == "AWS::IAM::Role":
        yield resource.get("AssumeRolePolicyDocument")
        yield from (at(one, "PolicyDocument") for one in items(resource.get("Policies")))


def _form(view: View) -> Iterator[Fault]:
    for resource in view.resources.values():
        for document in _documents(resource):
            yield from ((resource.name, says) for says in _document_problems(view, document))


def _document_problems(view: View, document: Node) -> Iterator[str]:
    if not isinstance(document, dict) or at(document, "Version") != "2012-10-17":
        yield "a policy is not a document of version 2012-10-17"
        return
    for statement in items(document.get("Statement")):
        if not isinstance(statement, dict) or _FUNCTION.intersection(statement):
            yield "a statement is not written out"
        else:
            name = text(statement.get("Sid", "a statement"))
            yield from (f"{name}: {says}" for says in _statement_problems(view, statement))


def _statement_problems(view: View, statement: dict[str, Node]) -> Iterator[str]:
    for name in sorted(statement.keys() - _STATEMENT):
        yield f"{name} is not one of the parts that are known"
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield "Effect is neither Allow nor Deny"
    yield from _principal_problems(view, statement.get("Principal", "*"))
    for action in items(statement.get("Action", statement.get("NotAction"))):
        if not isinstance(action, str) or not _ACTION.fullmatch(action):
            yield f"{text(action)} is no action"
    for resource in items(statement.get("Resource", statement.get("NotResource"))):
        if says := _resource_problem(view, resource):
            yield says
    yield from _condition_problems(statement.get("Condition"))


def _principal_problems(view: View, principal: Node) -> Iterator[str]:
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal or principal.keys() - _WHO:
        yield f"the principal {text(principal)} is of no known form"
        return
    for one in (one for value in principal.values() for one in items(value)):
        if not _is_text(view, one):
            yield f"the principal {text(one)} is of no known form"


def _is_text(view: View, node: Node) -> bool:
    """Say whether this is text, or refers to what the template has."""
    if isinstance(node, str):
        return "${" not in node
    if not isinstance(node, dict) or len(node) != 1:
        return False
    if not {"Ref", "Fn::GetAtt", "Fn::Sub"} & node.keys():
        return False
    names = {name.partition(".")[0] for name in _VARIABLE.findall(text(node))}
    return names <= {*_PSEUDO, *view.parameters, *view.resources}


def _resource_problem(view: View, resource: Node) -> str:
    found = text(resource)
    if not _is_text(view, resource):
        return f"the resource {found} is of no known form"
    for name in _VARIABLE.findall(found):
        if name in view.parameters and view.takes({"Ref": name}, _TOO_WIDE):
            return f"the parameter {name} in {found} takes more than a name"
    if (name := view.name_in(resource)) in view.parameters:
        wide = view.takes({"Ref": name}, _NO_KEY)
        return f"the parameter {name} takes {wide[0]}, which is no key" if wide else ""
    begins = re.match(r"\$\{([A-Za-z0-9]+)\.Arn\}", found)
    own = begins is not None and begins[1] in view.resources
    return "" if found == "*" or found.startswith("arn:") or own else f"{found} is no ARN"


def _condition_problems(condition: Node) -> Iterator[str]:
    if condition is None:
        return
    if not isinstance(condition, dict) or not all(isinstance(v, dict) for v in condition.values()):
        yield "Condition is of no known form"
    elif _FUNCTION & (condition.keys() | {key for keys in condition.values() for key in keys}):
        yield "Condition is not written out"
    else:
        named = [f"{name} {key}".lower() for name, keys in condition.items() for key in keys]
        for one in dict.fromkeys(one for one in named if named.count(one) > 1):
            yield f"{one} is asked twice, and both have to hold; write it once"


RULES = (
    Rule(
        "policy-form",
        "policies are written out: who, what and on what can be told without deploying them",
        "write Effect and Action as they are, and each condition key once; take principals and "
        "resources from the template by Ref, GetAtt or Sub, and from parameters whose "
        "AllowedPattern takes no wildcards",
        _form,
    ),
)
