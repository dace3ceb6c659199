"""What must hold of signing keys: fit for TUF, never public, never lost with a stack."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.infra.node import at, is_true, items, may_be_true, number, text
from publisher.infra.policies import Statement, actions, conditions, is_for_all, statements
from publisher.infra.requirements import KEY_SPECS
from publisher.infra.rules.bucket_access import is_account
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.view import View

_MIN_PENDING_DAYS = 30


def _spec(view: View) -> Iterator[Fault]:
    for key in view.of("KMS::Key"):
        for spec in view.values(key.get("KeySpec")) or ["anything"]:
            if spec not in KEY_SPECS:
                yield key.name, f"KeySpec can be {spec or 'SYMMETRIC_DEFAULT'}"
        if (usage := key.get("KeyUsage")) != "SIGN_VERIFY":
            yield key.name, f"KeyUsage is {usage or 'ENCRYPT_DECRYPT'}"
        if may_be_true(key.get("EnableKeyRotation")):
            yield key.name, "KMS does not rotate asymmetric keys"
        if not is_true(True if key.get("Enabled") is None else key.get("Enabled")):
            yield key.name, "it is disabled, and signs nothing"


def _retained(view: View) -> Iterator[Fault]:
    for key in view.of("KMS::Key"):
        if policies := key.policies_not_retain():
            yield key.name, f"{' and '.join(policies)} not Retain"
        days = key.get("PendingWindowInDays")
        if number(days, _MIN_PENDING_DAYS, unknown=0) < _MIN_PENDING_DAYS:
            yield key.name, f"it is gone {text(days)} days after a mistake"


def _policy(view: View) -> Iterator[Fault]:
    for key in view.of("KMS::Key"):
        policy = statements(key.get("KeyPolicy"))
        allowed = [one for one in policy if one.get("Effect") != "Deny"]
        if any(is_for_all(one) or "NotPrincipal" in one for one in allowed):
            yield key.name, "everybody may use it"
        for one in (one for statement in allowed for one in _others(statement)):
            yield key.name, f"{one} may use it, whatever IAM says"
        if not any("kms:*" in actions(one) and _is_for_account(one) for one in allowed):
            yield key.name, "the account cannot manage it, which can lock everybody out"
        if len(allowed) < len(policy):
            yield key.name, "it denies something, which can lock everybody out"


def _others(statement: Statement) -> list[str]:
    """Return whom a statement is for but the account."""
    principal = statement.get("Principal")
    known = principal if isinstance(principal, dict) else {}
    named = [one for value in known.values() for one in items(value)]
    return [text(one) for one in named if not is_account(one)]


def _is_for_account(statement: Statement) -> bool:
    """Say whether a statement is for the account, on no condition."""
    return not conditions(statement) and any(
        map(is_account, items(at(statement, "Principal", "AWS")))
    )


RULES = (
    Rule(
        "key-spec",
        "signing keys are Ed25519 or P-256, for signing",
        "set KeySpec to ECC_NIST_EDWARDS25519 or ECC_NIST_P256, KeyUsage to SIGN_VERIFY",
        _spec,
    ),
    Rule(
        "key-retained",
        "keys outlive their stack, and a deletion can be called off for 30 days",
        "set DeletionPolicy and UpdateReplacePolicy to Retain, PendingWindowInDays to 30",
        _retained,
    ),
    Rule(
        "key-policy",
        "the account, and nobody else by the key's policy, has rights on a key",
        "allow kms:* to the account's root alone: then IAM decides",
        _policy,
    ),
)
