"""The online keys in KMS: able to sign, the ones that root names, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from publisher.doctor.aws.asking import ask, settle
from publisher.doctor.aws.key_policy import Key, Users, judge_policy
from publisher.doctor.aws.keys_in_root import CEREMONY, CHECK, check_root
from publisher.doctor.aws.policy import parse_policy
from publisher.doctor.aws.role_rights.keys import Keys
from publisher.doctor.aws.scene import Scene, describe_key
from publisher.doctor.findings import Finding, fail, ok, warn
from publisher.infra.arns import account_of, partition_of
from publisher.infra.keys.kms import signs_elsewhere
from publisher.infra.keys.states import mend_of
from publisher.infra.keys.uses import Owner, wrong_alias, wrong_tag
from publisher.infra.requirements import KEY_SPECS

_OWN = f"make another for it, give its ARN in infra.toml, and {CEREMONY}"
_LOOK_AFTER = "look after that key elsewhere too, or replace it by one that KMS has made here alone"
# Operations of a grant that tell of a key, and change nothing.
_HARMLESS = {"GetPublicKey", "DescribeKey", "Verify", "RetireGrant"}


def check_keys(scene: Scene) -> list[Finding]:
    """Check each key of the product's stack: what it is, who may use it, what else it is for.

    DescribeKey, GetPublicKey, GetKeyPolicy, ListGrants, ListAliases, ListResourceTags.
    """
    found = []
    checks = (_check_state, _check_policy, _check_grants, _check_aliases, _check_tags)
    for role, key in scene.deployment.keys.items():
        for check in checks:
            found += settle(CHECK, partial(check, scene, role, key))
    return [*found, *check_root(scene)]


def key_specs(scene: Scene) -> dict[str, str]:
    """Return by role of what spec the keys are: one that is given may differ from the stack's own.

    Raises:
        UnansweredError: KMS does not say.
    """
    keys = scene.deployment.keys.items()
    return {role: str(describe_key(scene, key).get("KeySpec", "")) for role, key in keys}


def judge_state(role: str, key: str, metadata: Mapping[str, Any]) -> list[Finding]:
    """Return whether a key can sign (DescribeKey's KeyMetadata)."""
    state, spec = metadata.get("KeyState", ""), metadata.get("KeySpec", "")
    if metadata.get("KeyUsage") != "SIGN_VERIFY" or spec not in KEY_SPECS:
        says = f"the key of {role} is of {spec} for {metadata.get('KeyUsage')}, not for signing"
        mend = f"make another, of {' or '.join(KEY_SPECS)}, and {CEREMONY}"
        return [fail(CHECK, says, mend)]
    if state != "Enabled":
        says = f"the key of {role} is {state}: it signs nothing"
        return [fail(CHECK, says, mend_of(state, key))]
    found = [ok(CHECK, f"the key of {role} can sign ({spec})")]
    for why in signs_elsewhere(metadata):
        found.append(warn(CHECK, f"the key of {role} is not here alone: {why}", _LOOK_AFTER))
    return found


def judge_grants(role: str, key: str, grants: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Return who may use a key by a grant, whatever the policies say (ListGrants' Grants)."""
    found = []
    for grant in grants:
        if uses := sorted(set(grant.get("Operations", [])) - _HARMLESS):
            whom = grant.get("GranteePrincipal", "somebody")
            says = f"a grant lets {whom} do {', '.join(uses)} with the key of {role}"
            mend = f"aws kms revoke-grant --key-id {key} --grant-id {grant['GrantId']}"
            found.append(fail(CHECK, says, mend))
    return found


def _check_state(scene: Scene, role: str, key: str) -> list[Finding]:
    return judge_state(role, key, describe_key(scene, key))


def _check_policy(scene: Scene, role: str, key: str) -> list[Finding]:
    kms = scene.clients.kms
    answer = ask("kms:GetKeyPolicy", kms.get_key_policy, KeyId=key, PolicyName="default")
    metadata = describe_key(scene, key)
    arn = str(metadata.get("Arn", key))
    specs = {role: str(metadata.get("KeySpec", ""))}
    way, *_ = Keys({role: arn}, specs).ways(role)
    users = Users(partition_of(arn), account_of(arn), scene.deployment.roles)
    return judge_policy(Key(role, arn, way), parse_policy(answer["Policy"]), users)


def _check_aliases(scene: Scene, role: str, key: str) -> list[Finding]:
    pages = scene.clients.kms.get_paginator("list_aliases").paginate(KeyId=_arn(scene, key))
    aliases = ask("kms:ListAliases", lambda: [one for page in pages for one in page["Aliases"]])
    names = [one.get("AliasName", "") for one in aliases]
    return _judge_use(role, wrong_alias(role, _owner(scene), names))


def _check_tags(scene: Scene, role: str, key: str) -> list[Finding]:
    pages = scene.clients.kms.get_paginator("list_resource_tags").paginate(KeyId=_arn(scene, key))
    tags = ask("kms:ListResourceTags", lambda: [one for page in pages for one in page["Tags"]])
    told = {one["TagKey"]: one["TagValue"] for one in tags}
    return _judge_use(role, wrong_tag(role, _owner(scene), told))


def _judge_use(role: str, wrong: str) -> list[Finding]:
    return [fail(CHECK, f"the key of {role} is not for it alone: {wrong}", _OWN)] if wrong else []


def _owner(scene: Scene) -> Owner:
    return Owner(scene.deployment.product, scene.deployment.stack)


def _arn(scene: Scene, key: str) -> str:
    """Return a key's ARN, for calls that take no alias."""
    return key if key.startswith("arn:") else str(describe_key(scene, key)["Arn"])


def _check_grants(scene: Scene, role: str, key: str) -> list[Finding]:
    key_id = _arn(scene, key)
    pages = scene.clients.kms.get_paginator("list_grants").paginate(KeyId=key_id)
    grants = ask("kms:ListGrants", lambda: [one for page in pages for one in page["Grants"]])
    return judge_grants(role, key_id, grants)
