"""What roles may do: the actions that their job needs, by name, for an hour."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.infra.jobs import ACTIONS
from publisher.infra.node import at, items, number
from publisher.infra.policies import Statement, actions, resources, statements
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.view import Resource, View

_MAX_SESSION_S = 3600
_BOUNDARY = "PermissionsBoundaryArn"


def policy_of(role: Resource) -> list[Statement]:
    """Return the statements of all inline policies of a role."""
    documents = (at(one, "PolicyDocument") for one in items(role.get("Policies")))
    return [statement for document in documents for statement in statements(document)]


def allowed_of(view: View) -> Iterator[tuple[Resource, Statement]]:
    """Yield each statement that allows a role something, with the role."""
    for role in view.of("IAM::Role"):
        for statement in policy_of(role):
            if statement.get("Effect") != "Deny":
                yield role, statement


def _wildcards(view: View) -> Iterator[Fault]:
    for role in view.of("IAM::Role"):
        if role.get("ManagedPolicyArns"):
            yield role.name, "it has managed policies, which nothing here bounds"
    for role, statement in allowed_of(view):
        name = statement.get("Sid", "a statement")
        yield from ((role.name, f"{name} {says}") for says in _too_wide(statement))


def _too_wide(statement: Statement) -> Iterator[str]:
    if "NotAction" in statement or "NotResource" in statement:
        yield "allows all but what it names"
    for action in actions(statement):
        if "*" in action:
            yield f"allows {action}"
    for resource in resources(statement):
        if resource == "*":
            yield "allows it on every resource of the account"


def _actions(view: View) -> Iterator[Fault]:
    for role, statement in allowed_of(view):
        own = {one.lower() for one in ACTIONS.get(role.name, ())}
        for action in actions(statement):
            if action.lower() not in own:
                yield role.name, f"{action} is allowed, which it has no need of"


def _boundary(view: View) -> Iterator[Fault]:
    if view.is_given(_BOUNDARY, "HasBoundary"):
        for role in view.of("IAM::Role"):
            if role.get("PermissionsBoundary") != {"Ref": _BOUNDARY}:
                yield role.name, f"{_BOUNDARY} does not bound it"


def _session(view: View) -> Iterator[Fault]:
    for role in view.of("IAM::Role"):
        seconds = number(role.get("MaxSessionDuration"), _MAX_SESSION_S)
        if seconds > _MAX_SESSION_S:
            yield role.name, f"its credentials live for {seconds:g} s"


RULES = (
    Rule(
        "role-wildcards",
        "roles are allowed named actions on named resources",
        "name each action and each resource, in a policy of the role's own",
        _wildcards,
    ),
    Rule(
        "role-actions",
        "a role is allowed the actions of its job, and no others",
        "leave s3:GetObject, s3:PutObject and so on (infra/ci.yaml); settings, IAM and the edge "
        "are for people",
        _actions,
    ),
    Rule(
        "role-boundary",
        "each role has the boundary that the account demands, where one is given",
        "set PermissionsBoundary to !Ref PermissionsBoundaryArn, under HasBoundary",
        _boundary,
    ),
    Rule(
        "role-session",
        "credentials live for an hour at most",
        "set MaxSessionDuration to 3600",
        _session,
    ),
)
