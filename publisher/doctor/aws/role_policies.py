"""What the roles' own policies allow, statement by statement, held against what their jobs need.

The simulator answers for what it is asked about (role_rights/), and no table names all that an
account has. So the policies are read too: each action must be one that the templates' rules let the
role have, and each resource of the product, or a key that the role signs with; where objects are
changed, of the paths that the role's job changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from publisher.doctor.aws.asking import ask, settle
from publisher.doctor.aws.mends import by_stack
from publisher.doctor.aws.policy import Statement, parse_policy
from publisher.doctor.aws.reach_of_roles import Own, own_of
from publisher.doctor.aws.scene import Scene
from publisher.doctor.findings import Finding, fail, ok, some
from publisher.infra.jobs import actions_of
from publisher.infra.policies import actions, resources

CHECK = "role-policies"
_TAKE_OUT = by_stack("leave the role the template's policy alone, and take the rest from it")
_READS = {"s3:getobject", "s3:listbucket", "s3:listbucketmultipartuploads"}


def check_role_policies(scene: Scene) -> list[Finding]:
    """Check each role's policies (ListRolePolicies, GetRolePolicy, ListAttachedRolePolicies)."""
    looks: tuple[Callable[[Scene, str, str], list[Finding]], ...] = (_check_own, _check_attached)
    return [
        finding
        for role, arn in scene.deployment.roles.items()
        for look in looks
        for finding in settle(CHECK, partial(look, scene, role, arn))
    ]


def judge_policies(
    role: str, policies: Mapping[str, Sequence[Statement]], own: Own
) -> list[Finding]:
    """Return what a role's inline policies allow beside its job.

    Args:
        role: `release`, `refresh` or `gc`.
        policies: their statements, by name.
    """
    says = [
        f"{role}: policy {name}, {statement.name}, {what}"
        for name, statements in policies.items()
        for statement in statements
        if statement.is_allow
        for what in _too_much(role, statement, own)
    ]
    if says:
        return [fail(CHECK, one, _TAKE_OUT) for one in says]
    named = ", ".join(policies) or "there is none"
    return [ok(CHECK, f"{role}: its own policies ({named}) allow nothing beside its job")]


def judge_attached(role: str, attached: Sequence[str]) -> list[Finding]:
    """Return which managed policies a role has, by their ARNs: the template attaches none."""
    says = f"{role}: {some(attached)} is attached, of which the template knows nothing"
    return [fail(CHECK, says, _TAKE_OUT)] if attached else []


def _too_much(role: str, statement: Statement, own: Own) -> Iterator[str]:
    """Yield what one statement allows that the role has no need of."""
    document = statement.document
    if "NotAction" in document or "NotResource" in document:
        yield "allows all but what it names"
    needed = actions_of(role)
    if more := [one for one in actions(document) if one.lower() not in needed]:
        yield f"allows {some(more)}, which its job does not need"
    if others := [one for one in resources(document) if not own.has(one)]:
        yield f"is for {some(others)}: neither of the product, nor a key that the role signs with"
    changes = [one for one in actions(document) if _changes(one, needed)]
    wide = [one for one in resources(document) if not own.may_change(one)]
    if changes and wide:
        yield f"allows {some(changes)} on {some(wide)}, where its job changes nothing"


def _changes(action: str, needed: set[str]) -> bool:
    """Whether an action that a role needs does more with an object than to read it."""
    name = action.lower()
    return name in needed and name.startswith("s3:") and name not in _READS


def _check_own(scene: Scene, role: str, arn: str) -> list[Finding]:
    client, name = scene.clients.iam, arn.rpartition("/")[2]
    pages = client.get_paginator("list_role_policies").paginate(RoleName=name)
    names = ask(
        "iam:ListRolePolicies", lambda: [one for page in pages for one in page["PolicyNames"]]
    )
    get = partial(client.get_role_policy, RoleName=name)
    policies = {
        one: parse_policy(ask("iam:GetRolePolicy", get, PolicyName=one)["PolicyDocument"])
        for one in names
    }
    return judge_policies(role, policies, own_of(scene, role, arn))


def _check_attached(scene: Scene, role: str, arn: str) -> list[Finding]:
    pages = scene.clients.iam.get_paginator("list_attached_role_policies").paginate(
        RoleName=arn.rpartition("/")[2]
    )
    attached = ask(
        "iam:ListAttachedRolePolicies",
        lambda: [one["PolicyArn"] for page in pages for one in page["AttachedPolicies"]],
    )
    return judge_attached(role, attached)
