"""Who may use a key by its own policy, whatever IAM says of them.

In KMS a key's policy is enough by itself: only where it allows an account's root, IAM decides (AWS
KMS developer guide, "Key policies in AWS KMS"). The templates name the account's alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from publisher.doctor.aws.evaluated import unaddressed
from publisher.doctor.aws.keys_in_root import CHECK
from publisher.doctor.aws.mends import by_stack
from publisher.doctor.aws.policy import Statement
from publisher.doctor.findings import Finding, fail, ok, warn
from publisher.infra.deployer import is_deployer as is_same
from publisher.infra.jobs import keys_of
from publisher.infra.policies import Request, allows

_SIGN = "kms:sign"
# What tells of a key, and changes nothing.
_READS = {"kms:getpublickey", "kms:describekey", "kms:verify", "kms:getkeypolicy", "kms:listgrants"}
_PUT_BACK = by_stack("put the template's policy back")
_TAKE_OUT = (
    "take that out of the key's own policy (aws kms put-key-policy): what its job needs, the role "
    "may by its policy in IAM"
)


class Users(NamedTuple):
    """Who is known of those whom a key's policy may name.

    Attributes:
        account: the key's.
        roles: the product's, ARNs by `release`, `refresh`, `gc`.
    """

    account: str
    roles: Mapping[str, str]

    def account_itself(self) -> set[str]:
        """Return how a policy names the account, for IAM to decide."""
        roots = (f"arn:{part}:iam::{self.account}:root" for part in ("aws", "aws-cn", "aws-us-gov"))
        return {f"AWS:{one}" for one in (self.account, *roots)}

    def named(self, statement: Statement) -> set[str]:
        """Return which of the product's roles a statement names, by sessions of theirs too."""
        return {role for one in statement.principals if (role := self._role_of(one))}

    def others(self, statement: Statement) -> list[str]:
        """Return whom a statement names beside the account and the product's roles."""
        others = set(statement.principals) - self.account_itself()
        return sorted(one for one in others if not self._role_of(one))

    def _role_of(self, principal: str) -> str:
        who = principal.removeprefix("AWS:")
        return next((role for role, arn in self.roles.items() if is_same(who, arn)), "")


def judge_policy(role: str, statements: Sequence[Statement], users: Users) -> list[Finding]:
    """Return who may use a key by its own policy, beside whom IAM lets in the account.

    Args:
        role: whose key it is: `targets`, `snapshot` or `timestamp`.
    """
    found = [finding for one in statements for finding in _judge_statement(role, one, users)]
    if not any(_lets_account(role, one, users) for one in statements):
        says = f"the policy of {role}'s key lets nobody in the account sign"
        found.append(fail(CHECK, says, _PUT_BACK))
    for one in statements:
        if not one.is_allow and one.covers(_SIGN):
            says = f"the policy of {role}'s key denies some to sign: statement {one.name}"
            found.append(warn(CHECK, says, "see that it is not for the roles; it is not simulated"))
    return found or [ok(CHECK, f"the key of {role} is for the account alone")]


def _judge_statement(role: str, statement: Statement, users: Users) -> Iterator[Finding]:
    """Yield whom a statement lets use a key who need not, or who need it for less."""
    if not statement.is_allow or set(statement.actions) <= _READS:
        return
    if statement.is_for_strangers() and not statement.conditions:
        says = f"the key of {role} may be used by everybody: statement {statement.name}"
        yield fail(CHECK, says, _PUT_BACK)
        return
    for user, what in _roles_let(role, statement, users):
        says = f"the policy of {role}'s key lets the {user} role do {what}: {statement.name}"
        yield fail(CHECK, says, _TAKE_OUT)
    others = ", ".join(users.others(statement))
    whom = "everybody on a condition" if statement.is_for_strangers() else others
    if whom:
        says = f"the key of {role} may be used by {whom} too: {statement.name}"
        yield warn(CHECK, says, "take the statement out, if that is not wanted")


def _roles_let(role: str, statement: Statement, users: Users) -> Iterator[tuple[str, str]]:
    """Yield which of the product's roles a statement lets do what their job has no need of."""
    named = users.named(statement)
    for user, arn in users.roles.items():
        is_told = (user in named) != statement.is_principal_negated or statement.is_for_all()
        signs = {_SIGN} if role in keys_of(user) else set()
        more = sorted(set(statement.actions) - _READS - signs)
        if more and is_told and _might_hold(statement, arn):
            yield user, ", ".join(more)


def _might_hold(statement: Statement, arn: str) -> bool:
    """Whether a statement's conditions might hold for a role; those of other kinds are taken to."""
    policy = [{**one, "Action": "*", "Resource": "*"} for one in unaddressed([statement])]
    return allows(policy, Request("kms:Sign", context={"aws:principalarn": arn}))


def _lets_account(role: str, statement: Statement, users: Users) -> bool:
    """Whether a statement lets somebody sign who may."""
    signers = {user for user in users.named(statement) if role in keys_of(user)}
    is_theirs = bool(users.account_itself() & set(statement.principals) or signers)
    return statement.is_allow and statement.covers(_SIGN) and (is_theirs or statement.is_for_all())
