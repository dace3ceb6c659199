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
from publisher.doctor.aws.policy import Statement, apart, nobody
from publisher.doctor.findings import Finding, fail, ok, warn
from publisher.infra.arns import account_of, region_of
from publisher.infra.deployer import is_deployer as is_same
from publisher.infra.jobs import keys_of
from publisher.infra.node import items
from publisher.infra.policies import Request, allows, surely_allows
from publisher.infra.wildcards import matches

_SIGN = "kms:sign"
# What tells of a key, and changes nothing.
_READS = {"kms:getpublickey", "kms:describekey", "kms:verify", "kms:getkeypolicy", "kms:listgrants"}
_PUT_BACK = by_stack("put the template's policy back")
_TAKE_OUT = (
    "take that out of the key's own policy (aws kms put-key-policy): what its job needs, the role "
    "may by its policy in IAM"
)
_IF_UNWANTED = "take the statement out, if that is not wanted"
# Who is to sign where the stack has no role that does: people, by rights that IAM gives them.
_ANYBODY = "anybody in the account"


class Key(NamedTuple):
    """A key whose policy is judged.

    Attributes:
        role: whose it is: `targets`, `snapshot` or `timestamp`.
        arn: its own, of no alias.
        way: condition keys of a request to sign as boards verify it, and their values.
    """

    role: str
    arn: str
    way: Mapping[str, str]


class Users(NamedTuple):
    """Who is known of those whom a key's policy may name.

    Attributes:
        partition: of AWS, the key's.
        account: the key's.
        roles: the product's, ARNs by `release`, `refresh`, `gc`.
    """

    partition: str
    account: str
    roles: Mapping[str, str]

    def account_itself(self) -> set[str]:
        """Return how a policy names the account, for IAM to decide."""
        return {f"AWS:{self.account}", f"AWS:arn:{self.partition}:iam::{self.account}:root"}

    def named(self, statement: Statement) -> set[str]:
        """Return which of the product's roles a statement names, by sessions of theirs too."""
        return {role for one in statement.principals if (role := self._role_of(one))}

    def others(self, statement: Statement) -> list[str]:
        """Return whom a statement names beside the account and the product's roles."""
        others = set(statement.principals) - self.account_itself()
        return sorted(one for one in others if not self._role_of(one))

    def signers(self, role: str) -> dict[str, str]:
        """Return who is to sign by a role's key, in words, with their ARNs; "" where none is."""
        mine = {user: arn for user, arn in self.roles.items() if role in keys_of(user)}
        return {f"the {user} role": arn for user, arn in mine.items()} or {_ANYBODY: ""}

    def _role_of(self, principal: str) -> str:
        who = principal.removeprefix("AWS:")
        return next((role for role, arn in self.roles.items() if is_same(who, arn)), "")


def judge_policy(key: Key, statements: Sequence[Statement], users: Users) -> list[Finding]:
    """Return who may use a key by its own policy, and who may not, though it is to sign by it."""
    role = key.role
    found = [finding for one in statements for finding in _judge_statement(role, one, users)]
    for who, arn in users.signers(role).items():
        if not any(_lets_sign(key, one, arn, users) for one in statements):
            says = f"the policy of {role}'s key is not known to let {who} sign"
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
    if statement.is_for_strangers():
        says = f"the key of {role} may be used by everybody on a condition too: {statement.name}"
        yield warn(CHECK, says, _IF_UNWANTED)
    else:
        yield from _judge_others(role, statement, users)


def _judge_others(role: str, statement: Statement, users: Users) -> Iterator[Finding]:
    """Yield whom a statement names beside the account and the product's roles."""
    own, strange, deleted = apart(users.others(statement), users.account)
    if strange:
        whom = f"{', '.join(strange)}, of another account,"
        says = f"the key of {role} may be used by {whom} too: {statement.name}"
        yield fail(CHECK, says, "take the statement out (aws kms put-key-policy)")
    if own:
        says = f"the key of {role} may be used by {', '.join(own)} too: {statement.name}"
        yield warn(CHECK, says, _IF_UNWANTED)
    if deleted:
        says = f"the key of {role} may be used by {nobody(deleted)}: {statement.name}"
        yield warn(CHECK, says, _IF_UNWANTED)


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


def _lets_sign(key: Key, statement: Statement, arn: str, users: Users) -> bool:
    """Whether a statement lets a role sign by a key, or IAM decide, whatever nobody knows here."""
    mine = {f"AWS:{arn}", *users.account_itself()}
    is_named = bool(mine & set(statement.principals)) and not statement.is_principal_negated
    return (
        statement.is_allow
        and statement.covers(_SIGN)
        and (is_named or statement.is_for_all())
        and _is_about(statement, key.arn)
        and _holds(statement, _signing(key, arn, users.account))
    )


def _is_about(statement: Statement, arn: str) -> bool:
    """Whether a statement's resource is a key: in its own policy it may name any other as well."""
    is_named = "Resource" in statement.document
    named = items(statement.document.get("Resource" if is_named else "NotResource"))
    return is_named == any(matches(str(one), arn) for one in named)


def _signing(key: Key, arn: str, account: str) -> dict[str, str]:
    """Return what is known of a role's request to sign by a key (IAM, KMS: condition keys)."""
    told = {
        **key.way,
        "aws:PrincipalArn": arn,
        "aws:PrincipalAccount": account_of(arn),
        "aws:RequestedRegion": region_of(key.arn),
        "aws:SecureTransport": "true",
        "kms:CallerAccount": account,
    }
    return {name.lower(): value for name, value in told.items() if value}


def _holds(statement: Statement, context: Mapping[str, str]) -> bool:
    """Whether a statement's conditions hold for sure; one that is not known does not."""
    policy = [{**one, "Action": "*", "Resource": "*"} for one in unaddressed([statement])]
    return surely_allows(policy, Request(_SIGN, context=context))
