"""Who may take a role: whole subjects of GitHub's tokens, or principals by name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from publisher.infra.node import Node, at, items, text
from publisher.infra.policies import Statement, actions, conditions, statements
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.view import View

_ISSUER = "token.actions.githubusercontent.com"
_PROVIDER = re.compile(
    r"arn:(?:\$\{AWS::Partition\}|aws[a-z-]*):iam::\$\{AWS::AccountId\}:oidc-provider/"
    + re.escape(_ISSUER)
)
_OTHER_PROVIDERS = (
    "*",
    "arn:aws:iam::123456789012:oidc-provider/evil.example",
    f"arn:aws:iam::123456789012:oidc-provider/{_ISSUER}.evil.example",
    f"arn:aws:iam::123456789012:oidc-provider/evil.example/{_ISSUER}",
    f"arn:aws:iam::123456789012:saml-provider/{_ISSUER}",
)
# A job in an environment, which GitHub guards, or of a branch or tag; whoever opens a pull request
# has the others (GitHub Docs, "OpenID Connect reference", subject claims).
_SUBJECT = re.compile(r"repo:[^*?$,: ]+:(environment:[^*?$,: ]+|ref:refs/(heads|tags)/[^*?$,: ]+)")
_TOO_WIDE = (
    *("*", "repo:*", "repo:acme/*", "repo:acme/sensor", "repo:acme/sensor:*"),
    *("repo:acme/sensor:environment:*", "repo:acme/sensor:environment:?"),
    *("repo:acme/sensor:pull_request", "repo:acme/sensor:ref:refs/pull/1/merge"),
    *("repo:acme/sensor:ref:refs/heads/*", "repo:acme/*:environment:release"),
)
# Whose jobs may take which role; no job takes another, such as the one that cleans up.
_JOBS = {"ReleaseRole": "ReleaseSubjects", "RefreshRole": "RefreshSubjects"}
_PEOPLE = "TrustedPrincipalArns"
_SOMEBODY = re.compile(
    r"arn:(?:\$\{AWS::Partition\}|aws[a-z-]*):iam::\$\{AWS::AccountId\}:(role|user)/[^*?$]+"
)
_EVERYBODY = (
    *("*", "123456789012", "arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:role/*"),
    *("arn:aws:iam::123456789012:role/?", "arn:aws:iam::123456789012:user/${aws:username}"),
)


def _trusts(view: View) -> Iterator[tuple[str, Statement]]:
    for role in view.of("IAM::Role"):
        for statement in statements(role.get("AssumeRolePolicyDocument")):
            if statement.get("Effect") != "Deny":
                yield role.name, statement


def _federated(view: View) -> Iterator[tuple[str, Statement]]:
    for name, statement in _trusts(view):
        federated = at(statement.get("Principal"), "Federated") is not None
        if federated or "sts:AssumeRoleWithWebIdentity" in actions(statement):
            yield name, statement


def _subjects(view: View) -> Iterator[Fault]:
    for name, statement in _federated(view):
        yield from ((name, says) for says in _subject_problems(view, name, statement))


def _subject_problems(view: View, role: str, statement: Statement) -> Iterator[str]:
    subjects, audiences = _compared(statement, "sub"), _compared(statement, "aud")
    if not subjects:
        yield "the token's sub is not compared with StringEquals: whose token it is does not matter"
    for subject in subjects:
        if says := _subject_problem(view, subject):
            yield says
        elif subject != {"Ref": _JOBS.get(role)}:
            yield f"{text(subject)} are not the jobs of this role"
    if audiences != ["sts.amazonaws.com"]:
        yield "the token's aud is not compared with StringEquals: it may be meant for others"


def _compared(statement: Statement, claim: str) -> list[Node]:
    """Return what a claim of GitHub's token has to equal."""
    return conditions(statement).get(("StringEquals", f"{_ISSUER}:{claim}"), [])


def _subject_problem(view: View, subject: Node) -> str:
    if not isinstance(subject, dict):
        return "" if _SUBJECT.fullmatch(text(subject)) else f"{subject} is no job that is guarded"
    taken = view.takes(subject, _TOO_WIDE)
    return f"the parameter {text(subject)} takes {taken[0]}" if taken else ""


def _provider(view: View) -> Iterator[Fault]:
    for name, statement in _federated(view):
        for one in items(at(statement.get("Principal"), "Federated")):
            refers = isinstance(one, dict) and "Ref" in one
            if taken := view.takes(one, _OTHER_PROVIDERS) if refers else []:
                yield name, f"the parameter {text(one)} takes {taken[0]}"
            elif not refers and not _PROVIDER.fullmatch(text(one)):
                yield name, f"tokens of {text(one)} are trusted"


def _principals(view: View) -> Iterator[Fault]:
    for name, statement in _trusts(view):
        principal = statement.get("Principal")
        named = items(at(principal, "AWS") if isinstance(principal, dict) else principal)
        for one in items(at(principal, "Service")):
            yield name, f"whatever runs in {text(one)} may take it"
        if "NotPrincipal" in statement:
            yield name, "all but somebody may take it"
        for one in named:
            if says := _principal_problem(view, one):
                yield name, says


def _principal_problem(view: View, principal: Node) -> str:
    value = text(principal)
    if "*" in value:
        return "everybody may take it"
    if value.endswith(":root") or re.fullmatch(r"\d{12}|\$\{AWS::AccountId\}", value):
        return "whoever has rights in the account may take it"
    if isinstance(principal, dict) and principal.get("Ref") in view.parameters:
        if principal["Ref"] != _PEOPLE:
            return f"the parameter {value} is not for people"
        taken = view.takes(principal, _EVERYBODY)
        return f"the parameter {value} takes {taken[0]}" if taken else ""
    return "" if _SOMEBODY.fullmatch(value) else f"{value}, of whichever account, may take it"


def _actions(view: View) -> Iterator[Fault]:
    for name, statement in _trusts(view):
        kinds = statement.get("Principal")
        federated = at(kinds, "Federated") is not None
        wanted = "sts:AssumeRoleWithWebIdentity" if federated else "sts:AssumeRole"
        if actions(statement) != [wanted] or (federated and len(kinds or ()) > 1):
            yield name, f"{', '.join(actions(statement)) or 'all but something'} is allowed"


RULES = (
    Rule(
        "trust-subjects",
        "a workflow is trusted by its whole subject and audience: in an environment, or of a "
        "branch or tag, never of a pull request; and each role's own jobs alone",
        "compare sub and aud with StringEquals: release with ReleaseSubjects, refresh with "
        "RefreshSubjects, which take :environment:NAME or :ref:refs/heads/NAME; no job cleans up",
        _subjects,
    ),
    Rule(
        "trust-provider",
        "tokens are GitHub's, by the identity provider of the account",
        "name oidc-provider/token.actions.githubusercontent.com, or a parameter that takes no "
        "other",
        _provider,
    ),
    Rule(
        "trust-principals",
        "other principals are trusted by name",
        "take roles or users from a parameter, without wildcards, and not the account's root",
        _principals,
    ),
    Rule(
        "trust-actions",
        "a role is taken by people with sts:AssumeRole, by workflows with their token, and no more",
        "allow sts:AssumeRoleWithWebIdentity to Federated, sts:AssumeRole to AWS",
        _actions,
    ),
)
