"""Who may take each role, by its trust policy (IAM user guide, "OIDC federation")."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from publisher.doctor.aws.asking import ask, settle
from publisher.doctor.aws.mends import by_stack
from publisher.doctor.aws.policy import Statement, account_of, parse_policy
from publisher.doctor.aws.scene import Scene
from publisher.doctor.findings import Finding, fail, ok, warn

CHECK = "role-trust"
_TAKE_OUT = by_stack("take the statement out, if it is not wanted")
_NAME = by_stack("name roles or users of the account in TrustedPrincipalArns")
_WHOLE = by_stack("set the whole subject in infra.toml")
_GITHUB = "token.actions.githubusercontent.com"
_AUDIENCE = "sts.amazonaws.com"


def check_trust(scene: Scene) -> list[Finding]:
    """Check who may take each role (GetRole)."""
    found = []
    for role, arn in scene.deployment.roles.items():
        found += settle(CHECK, partial(_check_role, scene, role, arn))
    return found


def judge_trust(role: str, account: str, statements: tuple[Statement, ...]) -> list[Finding]:
    """Return who can take a role that should not.

    Args:
        account: the role's.
    """
    allows = [one for one in statements if one.is_allow]
    found = [finding for one in allows for finding in _judge(role, account, one)]
    return found or [ok(CHECK, f"{role}: {'; '.join(_whom(allows)) or 'nobody'} may take the role")]


def _check_role(scene: Scene, role: str, arn: str) -> list[Finding]:
    name = arn.rpartition("/")[2]
    answer = ask("iam:GetRole", scene.clients.iam.get_role, RoleName=name)
    policy = parse_policy(answer["Role"]["AssumeRolePolicyDocument"])
    return judge_trust(role, account_of(arn), policy)


def _judge(role: str, account: str, statement: Statement) -> Iterator[Finding]:
    if statement.is_for_all():
        yield fail(CHECK, f"{role}: everybody, in any account, may take the role", _TAKE_OUT)
        return
    for principal in statement.principals:
        kind, _, who = principal.partition(":")
        if kind == "Federated" and who.endswith(f"oidc-provider/{_GITHUB}"):
            yield from _judge_github(role, statement)
        elif kind != "AWS":
            yield warn(CHECK, f"{role}: {who} may take the role", _TAKE_OUT)
        elif says := _strange(who, account):
            yield warn(CHECK, f"{role}: {says} may take the role", _NAME)


def _strange(who: str, account: str) -> str:
    """Return what is strange about a principal of AWS; "" for a role or user of the account."""
    if who.isdigit() or who.endswith(":root"):
        return f"whoever IAM lets in account {account_of(who)}"
    if not who.startswith("arn:"):  # what IAM puts in the place of a name that was deleted
        return f"nobody, as {who} was deleted,"
    return "" if account_of(who) == account else f"{who}, of another account,"


def _judge_github(role: str, statement: Statement) -> Iterator[Finding]:
    audience = statement.values(f"{_GITHUB}:aud", "StringEquals")
    if audience != (_AUDIENCE,):
        taken = ", ".join(audience) or "any"
        says = f"{role}: GitHub's tokens for another audience are taken: {taken}"
        yield fail(CHECK, says, by_stack(f"compare it with {_AUDIENCE}"))
    subjects = statement.values(f"{_GITHUB}:sub", "StringEquals")
    loose = statement.values(f"{_GITHUB}:sub", "StringLike", "ForAnyValue:StringLike")
    wild = [one for one in (*subjects, *loose) if "*" in one or "?" in one]
    if wild:
        says = f"{role}: the subject has a wildcard: {', '.join(wild)}"
        yield fail(CHECK, says, _WHOLE)
    elif not subjects:
        others = statement.condition_keys() - {f"{_GITHUB}:aud"}
        says = f"{role}: the subject is not compared whole (StringEquals)"
        says = says if others else f"{role}: any workflow of anybody on GitHub may take the role"
        yield fail(CHECK, says, _WHOLE)


def _whom(allows: list[Statement]) -> Iterator[str]:
    for one in allows:
        yield from one.values(f"{_GITHUB}:sub", "StringEquals")
        yield from (who[4:] for who in one.principals if who.startswith("AWS:"))
