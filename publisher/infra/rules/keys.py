"""What must hold of signing keys: fit for TUF, never public, never lost with a stack."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.infra.rules.bucket import is_true, retained
from publisher.infra.rules.model import Finding, Rule
from publisher.infra.rules.node import at, items, number, text
from publisher.infra.rules.policies import actions, is_for_all, statements
from publisher.infra.rules.view import View

_SPECS = {"ECC_NIST_EDWARDS25519", "ECC_NIST_P256"}
_MIN_PENDING_DAYS = 30


def _spec(view: View) -> Iterator[Finding]:
    for key in view.of("KMS::Key"):
        for spec in view.values(key.get("KeySpec")) or ["anything"]:
            if spec not in _SPECS:
                yield key.name, f"KeySpec can be {spec or 'SYMMETRIC_DEFAULT'}"
        if (usage := key.get("KeyUsage")) != "SIGN_VERIFY":
            yield key.name, f"KeyUsage is {usage or 'ENCRYPT_DECRYPT'}"
        if is_true(key.get("EnableKeyRotation")):
            yield key.name, "KMS does not rotate asymmetric keys"


def _retained(view: View) -> Iterator[Finding]:
    for key in view.of("KMS::Key"):
        if lost := retained(key):
            yield key.name, f"{' and '.join(lost)} not Retain"
        days = number(key.get("PendingWindowInDays"), _MIN_PENDING_DAYS)
        if days < _MIN_PENDING_DAYS:
            yield key.name, f"it is gone {days:g} days after a mistake"


def _policy(view: View) -> Iterator[Finding]:
    for key in view.of("KMS::Key"):
        policy = statements(key.get("KeyPolicy"))
        allowed = [one for one in policy if one.get("Effect") == "Allow"]
        if any(is_for_all(one) or "NotPrincipal" in one for one in allowed):
            yield key.name, "everybody may use it"
        account = [one for one in allowed if "kms:*" in actions(one) and _is_account(one)]
        if not account:
            yield key.name, "the account cannot manage it, which can lock everybody out"


def _is_account(statement: object) -> bool:
    principals = items(at(statement, "Principal", "AWS"))
    return any(text(one).endswith("${AWS::AccountId}:root") for one in principals)


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
