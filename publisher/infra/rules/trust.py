"""Who may take a role: whole subjects of one issuer's tokens, or principals by name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from publisher.infra.rules.model import Finding, Rule
from publisher.infra.rules.node import at, items, text
from publisher.infra.rules.policies import Statement, actions, conditions, statements
from publisher.infra.rules.view import View

_WILDCARD = re.compile(r"[*?]")
# A subject that a parameter must not take.
_TOO_WIDE = ("*", "repo:*", "repo:acme/*", "repo:acme/sensor:*", "repo:acme/sensor:environment:*")


def _trusts(view: View) -> Iterator[tuple[str, Statement]]:
    for role in view.of("IAM::Role"):
        for statement in statements(role.get("AssumeRolePolicyDocument")):
            if statement.get("Effect") == "Allow":
                yield role.name, statement


def _subjects(view: View) -> Iterator[Finding]:
    for name, statement in _trusts(view):
        federated = at(statement.get("Principal"), "Federated") is not None
        if federated or "sts:AssumeRoleWithWebIdentity" in actions(statement):
            yield from ((name, says) for says in _subject_problems(view, statement))


def _subject_problems(view: View, statement: Statement) -> Iterator[str]:
    subjects, audiences = _compared(statement, ":sub"), _compared(statement, ":aud")
    if not subjects:
        yield "the token's sub is not compared with StringEquals: whose token it is does not matter"
    for subject in subjects:
        if says := _subject_problem(view, subject):
            yield says
    if not audiences or any(_WILDCARD.search(text(one)) for one in audiences):
        yield "the token's aud is not compared with StringEquals: it may be meant for others"


def _compared(statement: Statement, claim: str) -> list[object]:
    """Return what a claim of the token, of whichever issuer, has to equal."""
    return [
        value
        for (operator, key), values in conditions(statement).items()
        if operator == "StringEquals" and key.endswith(claim)
        for value in values
    ]


def _subject_problem(view: View, subject: object) -> str:
    if not isinstance(subject, dict):
        wide = _WILDCARD.search(str(subject)) or str(subject).count(":") < 2
        return f"the subject {subject} is not a whole one" if wide else ""
    parameter = view.parameters.get(str(subject.get("Ref")))
    pattern = at(parameter, "AllowedPattern")
    if pattern is None:
        return f"the parameter {text(subject)} takes any subject: it has no AllowedPattern"
    taken = [one for one in _TOO_WIDE if re.fullmatch(pattern, one)]
    return f"the parameter {text(subject)} takes {taken[0]}" if taken else ""


def _principals(view: View) -> Iterator[Finding]:
    for name, statement in _trusts(view):
        principal = statement.get("Principal")
        named = items(at(principal, "AWS") if isinstance(principal, dict) else principal)
        if "NotPrincipal" in statement:
            yield name, "all but somebody may take it"
        for one in named:
            if says := _principal_problem(view, one):
                yield name, says


def _principal_problem(view: View, principal: object) -> str:
    value = text(principal)
    if "*" in value:
        return "everybody may take it"
    if value.endswith(":root") or re.fullmatch(r"\d{12}|\$\{AWS::AccountId\}", value):
        return "whoever has rights in the account may take it"
    parameter = view.parameters.get(str(at(principal, "Ref")))
    pattern = at(parameter, "AllowedPattern")
    if parameter is not None and (pattern is None or re.fullmatch(pattern, "*")):
        return f"the parameter {value} takes everybody"
    return ""


RULES = (
    Rule(
        "trust-subjects",
        "a workflow is trusted by its whole subject and audience, without wildcards",
        "compare sub and aud with StringEquals; take the subject from a token",
        _subjects,
    ),
    Rule(
        "trust-principals",
        "other principals are trusted by name",
        "name roles or users, without wildcards, and not the account's root",
        _principals,
    ),
)
