"""Who may take each role, held against who is to (IAM user guide, "OIDC federation")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from publisher.doctor.aws.asking import settle
from publisher.doctor.aws.deployment import Trusted
from publisher.doctor.aws.evaluated import is_pattern
from publisher.doctor.aws.mends import by_stack
from publisher.doctor.aws.policy import Statement, is_deleted, parse_policy
from publisher.doctor.aws.scene import Scene, read_role
from publisher.doctor.findings import Finding, fail, ok, warn
from publisher.infra.arns import account_of
from publisher.infra.subjects import of_both

CHECK = "role-trust"
_TAKE_OUT = by_stack("take the statement out, if it is not wanted")
_NAME = by_stack("name roles or users of the account in TrustedPrincipalArns")
_WHOLE = by_stack("set the whole subject in infra.toml")
_ENVIRONMENT = by_stack("set the subject of an environment in infra.toml")
_GITHUB = "token.actions.githubusercontent.com"
_AUDIENCE = "sts.amazonaws.com"
# Of any workflow that a pull request runs, and so of whoever may open one (GitHub's documentation,
# "OpenID Connect reference").
_PULL_REQUEST = ":pull_request"
# For how long credentials live at most, as infra/ci.yaml sets it.
_MAX_SESSION_S = 3600


def check_trust(scene: Scene) -> list[Finding]:
    """Check who may take each role, and for how long (GetRole)."""
    here = scene.deployment
    accounts = map(account_of, here.roles.values())
    found = [*judge_subjects(here.trusted), *judge_principals(here.trusted, accounts)]
    for role, arn in here.roles.items():
        found += settle(CHECK, partial(_check_role, scene, role, arn))
    return found


def judge_trust(
    role: str, account: str, statements: tuple[Statement, ...], trusted: Trusted
) -> list[Finding]:
    """Return who can take a role that should not.

    Args:
        account: the role's.
        trusted: who should.
    """
    allows = [one for one in statements if one.is_allow]
    found = [finding for one in allows for finding in _judge(role, account, one, trusted)]
    return found or [ok(CHECK, f"{role}: {'; '.join(_whom(allows)) or 'nobody'} may take the role")]


def judge_subjects(trusted: Trusted) -> list[Finding]:
    """Return whose jobs may take two roles, as the stack was told."""
    both = of_both(trusted.subjects.get("release", ()), trusted.subjects.get("refresh", ()))
    mend = by_stack("take it out of ReleaseSubjects in infra.toml, if that is not meant")
    return [warn(CHECK, f"release: {says}", mend) for says in both]


def judge_principals(trusted: Trusted, accounts: Iterable[str]) -> list[Finding]:
    """Return who of another account may take the roles, as the stack was told: all of them.

    Args:
        accounts: those of the roles.
    """
    own = {*accounts}
    others = [who for who in trusted.principals if own and account_of(who) not in own]
    says = f"{', '.join(others)}, of another account, may take the roles by TrustedPrincipalArns"
    return [warn(CHECK, says, _NAME)] if others else []


def judge_session(role: str, seconds: int) -> list[Finding]:
    """Return whether a role's credentials live longer than the template has it."""
    if seconds <= _MAX_SESSION_S:
        return []
    says = (
        f"{role}: its credentials may live for {seconds} s, and whoever gets hold of them as long"
    )
    return [warn(CHECK, says, by_stack(f"set MaxSessionDuration to {_MAX_SESSION_S}"))]


def _check_role(scene: Scene, role: str, arn: str) -> list[Finding]:
    told = read_role(scene, arn)
    policy = parse_policy(told["AssumeRolePolicyDocument"])
    return [
        *judge_trust(role, account_of(arn), policy, scene.deployment.trusted),
        *judge_session(role, told.get("MaxSessionDuration", _MAX_SESSION_S)),
    ]


def _judge(role: str, account: str, statement: Statement, trusted: Trusted) -> Iterator[Finding]:
    if statement.is_for_strangers():
        yield fail(CHECK, f"{role}: everybody, in any account, may take the role", _TAKE_OUT)
        return
    for principal in statement.principals:
        kind, _, who = principal.partition(":")
        if kind == "Federated" and _is_github(who, account):
            yield from _judge_github(role, statement, trusted.subjects.get(role, ()))
        elif kind != "AWS":
            yield fail(CHECK, f"{role}: {who} may take the role", _TAKE_OUT)
        elif who:
            yield from _judge_principal(role, who, trusted)


def _is_github(provider: str, account: str) -> bool:
    """Whether an identity provider is that of GitHub's jobs, in an account."""
    return provider.split(":", 4)[4:] == [f"{account}:oidc-provider/{_GITHUB}"]


def _judge_principal(role: str, who: str, trusted: Trusted) -> Iterator[Finding]:
    """Yield what is strange about a principal of AWS; nothing of one that is wanted."""
    if who.isdigit() or who.endswith(":root"):
        says = f"{role}: whoever IAM lets in account {account_of(who)} may take the role"
        yield fail(CHECK, says, _NAME)
    elif is_deleted(f"AWS:{who}"):
        yield warn(CHECK, f"{role}: nobody, as {who} was deleted, may take the role", _NAME)
    elif who not in trusted.principals:
        says = f"{role}: {who} may take the role, and is not in TrustedPrincipalArns"
        yield fail(CHECK, says, _NAME)


def _judge_github(role: str, statement: Statement, wanted: Sequence[str]) -> Iterator[Finding]:
    audience = statement.values(f"{_GITHUB}:aud", "StringEquals")
    if audience != (_AUDIENCE,):
        taken = ", ".join(audience) or "any"
        says = f"{role}: GitHub's tokens for another audience are taken: {taken}"
        yield fail(CHECK, says, by_stack(f"compare it with {_AUDIENCE}"))
    subjects = statement.values(f"{_GITHUB}:sub", "StringEquals")
    loose = statement.values(f"{_GITHUB}:sub", "StringLike", "ForAnyValue:StringLike")
    wild = [one for one in (*subjects, *loose) if is_pattern(one)]
    if wild:
        says = f"{role}: the subject has a wildcard: {', '.join(wild)}"
        yield fail(CHECK, says, _WHOLE)
    elif not subjects:
        others = statement.condition_keys() - {f"{_GITHUB}:aud"}
        says = f"{role}: the subject is not compared whole (StringEquals)"
        says = says if others else f"{role}: any workflow of anybody on GitHub may take the role"
        yield fail(CHECK, says, _WHOLE)
    else:
        yield from _judge_subjects(role, subjects, wanted)


def _judge_subjects(role: str, subjects: Sequence[str], wanted: Sequence[str]) -> Iterator[Finding]:
    """Yield which whole subjects may not take a role."""
    if open_to := [one for one in subjects if one.endswith(_PULL_REQUEST)]:
        says = f"{role}: whoever opens a pull request may take the role: {', '.join(open_to)}"
        yield fail(CHECK, says, _ENVIRONMENT)
    if others := [one for one in subjects if one not in {*wanted, *open_to}]:
        says = f"{role}: {', '.join(others)} may take the role, and is no subject of the stack's"
        yield fail(CHECK, says, _TAKE_OUT)


def _whom(allows: list[Statement]) -> Iterator[str]:
    for one in allows:
        yield from one.values(f"{_GITHUB}:sub", "StringEquals")
        yield from (who[4:] for who in one.principals if who.startswith("AWS:") and who[4:])
