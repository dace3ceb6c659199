"""The online keys in KMS: able to sign, the ones that root names, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from securesystemslib.signer import SSlibKey
from tuf.api.metadata import Root

from publisher.doctor.aws.asking import ask, settle
from publisher.doctor.aws.mends import by_stack
from publisher.doctor.aws.policy import Statement, account_of, parse_policy
from publisher.doctor.aws.scene import Scene
from publisher.doctor.findings import Finding, fail, ok, unknown, warn

CHECK = "signing-keys"
_SPECS = ("ECC_NIST_EDWARDS25519", "ECC_NIST_P256")
_STATES = {
    "Disabled": "aws kms enable-key --key-id {key}",
    "PendingDeletion": "aws kms cancel-key-deletion --key-id {key}, then enable-key, at once",
}
_CEREMONY = "hold a root ceremony (docs/keys.md)"
_PUT_BACK = by_stack("put the template's policy back")
_USES = ("kms:Sign", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:CreateGrant")


def check_keys(scene: Scene) -> list[Finding]:
    """Check each key that the stacks made (DescribeKey, GetPublicKey, GetKeyPolicy)."""
    found = []
    for role, key in scene.deployment.keys.items():
        for check in (_check_state, _check_root, _check_policy):
            found += settle(CHECK, partial(check, scene, role, key))
    return found


def key_spec(scene: Scene) -> str:
    """Return of what spec the stacks' keys are; Ed25519's where there are none.

    Raises:
        UnansweredError: KMS does not say.
    """
    for key in scene.deployment.keys.values():
        return str(_describe(scene, key).get("KeySpec", ""))
    return _SPECS[0]


def judge_state(role: str, key: str, metadata: Mapping[str, Any]) -> list[Finding]:
    """Return whether a key can sign (DescribeKey's KeyMetadata)."""
    state, spec = metadata.get("KeyState", ""), metadata.get("KeySpec", "")
    if metadata.get("KeyUsage") != "SIGN_VERIFY" or spec not in _SPECS:
        says = f"the key of {role} is of {spec} for {metadata.get('KeyUsage')}, not for signing"
        mend = f"make another, of {' or '.join(_SPECS)}, and {_CEREMONY}"
        return [fail(CHECK, says, mend)]
    if state != "Enabled":
        says = f"the key of {role} is {state}: it signs nothing"
        mend = _STATES.get(state, f"aws kms describe-key --key-id {key} tells why")
        return [fail(CHECK, says, mend.format(key=key))]
    return [ok(CHECK, f"the key of {role} can sign ({spec})")]


def judge_root(role: str, key: str, keyid: str, root: Root | None) -> list[Finding]:
    """Return whether root names a key for its role.

    Args:
        key: what KMS knows it by.
        keyid: TUF's id of the public key that KMS gives.
    """
    if root is None:
        return [unknown(CHECK, f"whether root names the key of {role}: root could not be read")]
    named = root.roles[role].keyids
    if keyid in named:
        return [ok(CHECK, f"root names the key of {role}, {keyid[:8]}")]
    says = f"root names {', '.join(one[:8] for one in named)} for {role}, KMS has {keyid[:8]}"
    change = f"slotcast root propose --replace {role}={named[0][:8]}:awskms:{key}"
    return [fail(CHECK, f"{says}: what it signs boards refuse", f"{_CEREMONY}: {change}")]


def judge_policy(
    role: str, statements: tuple[Statement, ...], account: str, roles: Mapping[str, str]
) -> list[Finding]:
    """Return who may use a key by its own policy, beside whom IAM lets in the account."""
    mine = {f"AWS:{one}" for one in roles.values()} | {f"AWS:{account}"}
    mine |= {f"AWS:arn:{part}:iam::{account}:root" for part in ("aws", "aws-cn", "aws-us-gov")}
    found = [finding for one in statements for finding in _judge_statement(role, one, mine)]
    if not any(_lets_account(one, mine) for one in statements):
        says = f"the policy of {role}'s key lets nobody in the account sign"
        found.append(fail(CHECK, says, _PUT_BACK))
    for one in statements:
        if not one.is_allow and one.covers("kms:Sign"):
            says = f"the policy of {role}'s key denies some to sign: statement {one.name}"
            found.append(warn(CHECK, says, "see that it is not for the roles; it is not simulated"))
    return found or [ok(CHECK, f"the key of {role} is for the account alone")]


def _judge_statement(role: str, statement: Statement, mine: set[str]) -> Iterator[Finding]:
    """Yield whom a statement of a key's policy lets use it, beside those of the account."""
    if not statement.is_allow or not any(statement.covers(action) for action in _USES):
        return
    others = sorted(set(statement.principals) - mine)
    if statement.is_for_all() and not statement.conditions:
        says = f"the key of {role} may be used by everybody: statement {statement.name}"
        yield fail(CHECK, says, _PUT_BACK)
    elif others:
        says = f"the key of {role} may be used by {', '.join(others)} too: {statement.name}"
        yield warn(CHECK, says, "take the statement out, if that is not wanted")


def _check_state(scene: Scene, role: str, key: str) -> list[Finding]:
    return judge_state(role, key, _describe(scene, key))


def _check_root(scene: Scene, role: str, key: str) -> list[Finding]:
    answer = ask("kms:GetPublicKey", scene.clients.kms.get_public_key, KeyId=key)
    public = load_der_public_key(answer["PublicKey"])
    if not isinstance(public, Ed25519PublicKey | EllipticCurvePublicKey):
        return [fail(CHECK, f"the key of {role} is of no kind that boards verify", _CEREMONY)]
    return judge_root(role, key, SSlibKey.from_crypto(public).keyid, scene.wanted.root)


def _check_policy(scene: Scene, role: str, key: str) -> list[Finding]:
    kms = scene.clients.kms
    answer = ask("kms:GetKeyPolicy", kms.get_key_policy, KeyId=key, PolicyName="default")
    account = account_of(key) or str(_describe(scene, key).get("AWSAccountId", ""))
    statements = parse_policy(answer["Policy"])
    return judge_policy(role, statements, account, scene.deployment.roles)


def _describe(scene: Scene, key: str) -> Mapping[str, Any]:
    answer = ask("kms:DescribeKey", scene.clients.kms.describe_key, KeyId=key)
    metadata: Mapping[str, Any] = answer["KeyMetadata"]
    return metadata


def _lets_account(statement: Statement, mine: set[str]) -> bool:
    whom = bool(mine & set(statement.principals)) or statement.is_for_all()
    return statement.is_allow and whom and statement.covers("kms:Sign")
