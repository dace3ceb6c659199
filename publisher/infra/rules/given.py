"""What parameters take: as the templates here have them.

A pattern cannot be told by samples: it may take what was not tried. So they are held to the word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from publisher.infra.node import Node, at, items, text, walk
from publisher.infra.rules.conditions import asks
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.view import View

_ARN = "arn:aws[a-z-]*"
_ONE, _SEVERAL = "String", "CommaDelimitedList"
_BUCKET = "[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"
_JOBS = "(repo:[^*?$,: ]+:(environment:[^*?$,: ]+|ref:refs/(heads|tags)/[^*?$,: ]+))?"
_KEY = (
    f"{_ARN}:kms:[a-z0-9-]+:[0-9]{{12}}:key/"
    "([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})"
)
# What guards something: the type and the AllowedPattern. In a policy, $ begins a variable, which
# is somebody else for each request (IAM user guide, "Policy elements: Variables and tags").
_PATTERNS: Mapping[str, tuple[str, str]] = {
    "Product": (_ONE, "[a-z0-9][a-z0-9._-]{0,31}"),
    "BucketName": (_ONE, _BUCKET),
    "LogBucketName": (_ONE, _BUCKET),
    "DeployRoleArn": (_ONE, f"({_ARN}:iam::[0-9]{{12}}:(role|user)/[^*?$ ]+)?"),
    "ReleaseSubjects": (_SEVERAL, _JOBS),
    "RefreshSubjects": (_SEVERAL, _JOBS),
    "OidcProviderArn": (
        _ONE,
        f"({_ARN}:iam::[0-9]{{12}}:oidc-provider/token\\.actions\\.githubusercontent\\.com)?",
    ),
    "TrustedPrincipalArns": (_SEVERAL, f"({_ARN}:iam::[0-9]{{12}}:(role|user)/[^*?$, ]+)?"),
    "TargetsKey": (_ONE, f"(Create|None|{_KEY})"),
    "SnapshotKey": (_ONE, f"(Create|{_KEY})"),
    "TimestampKey": (_ONE, f"(Create|{_KEY})"),
    "PermissionsBoundaryArn": (_ONE, f"({_ARN}:iam::([0-9]{{12}}|aws):policy/[^*?$ ]+)?"),
}
_WRITES, _SETTINGS = "ConditionalWrites", {"Enforced", "NotEnforced"}
_POLICIES = ("PolicyDocument", "AssumeRolePolicyDocument", "KeyPolicy")
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9]+)\}")
_TARGETS = "TargetsKey"
_IS_GIVEN = {"Fn::Not": [{"Fn::Or": [asks(_TARGETS, "Create"), asks(_TARGETS, "None")]}]}


def _patterns(view: View) -> Iterator[Fault]:
    for name, (kind, pattern) in _PATTERNS.items():
        found = view.parameters.get(name)
        if found is not None and at(found, "AllowedPattern") != pattern:
            yield name, f"its AllowedPattern is another: {at(found, 'AllowedPattern')}"
        if found is not None and at(found, "Type") != kind:
            yield name, f"its type is {at(found, 'Type')}"
    known = {pattern for _, pattern in _PATTERNS.values()}
    for name in sorted(_in_policies(view) & view.parameters.keys()):
        if at(view.parameters[name], "AllowedPattern") not in known:
            yield name, "a policy names it, and its AllowedPattern is none that is known"
    found = view.parameters.get(_WRITES)
    if found is not None and set(at(found, "AllowedValues") or ()) != _SETTINGS:
        yield _WRITES, "it takes more, or other values, than Enforced and NotEnforced"


def _in_policies(view: View) -> set[str]:
    """Return what policies refer to."""
    documents = (
        node[name]
        for resource in view.resources.values()
        for node in walk(resource.body)
        for name in _POLICIES
        if name in node
    )
    return {name for one in documents for node in walk(one) for name in _names(node)}


def _names(node: Mapping[str, Node]) -> list[str]:
    return _VARIABLE.findall(text(node)) if {"Ref", "Fn::Sub", "Fn::Join"} & node.keys() else []


def _keys_apart(view: View) -> Iterator[Fault]:
    if _TARGETS not in view.parameters:
        return
    held = [rule for rule in view.rules.values() if at(rule, "RuleCondition") in (None, _IS_GIVEN)]
    asserted = [at(one, "Assert") for rule in held for one in items(at(rule, "Assertions"))]
    for other in ("SnapshotKey", "TimestampKey"):
        if {"Fn::Not": [{"Fn::Equals": [{"Ref": _TARGETS}, {"Ref": other}]}]} not in asserted:
            yield other, f"it may be the key of {_TARGETS}: who refreshes would sign releases"


RULES = (
    Rule(
        "parameter-patterns",
        "parameters that guard something take what they do here, and nothing more",
        "put the AllowedPattern, the type and the AllowedValues of infra/*.yaml back",
        _patterns,
    ),
    Rule(
        "keys-apart",
        "no key is given for targets and for another role too",
        "assert under Rules, as infra/ci.yaml does, that TargetsKey equals neither of the others",
        _keys_apart,
    ),
)
