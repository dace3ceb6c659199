"""Whom the bucket's policy lets delete what boards ask for, write past it, and change the bucket.

Tried by requests (requests.py), as of somebody whom the policy does not name.
"""

from __future__ import annotations

from collections.abc import Sequence

from publisher.doctor.aws.bucket.denials import CHECK, PUT_BACK
from publisher.doctor.aws.bucket.excepted import Deployer, spared
from publisher.doctor.aws.bucket.requests import everybody, is_denied, named
from publisher.doctor.aws.policy import Statement
from publisher.doctor.findings import Finding, ok, some, warn
from publisher.infra.bucket_actions import REPLICATES, SETTINGS
from publisher.infra.policies import BY_TLS, Request
from publisher.infra.sample_paths import FILES, IMMUTABLE, POINTERS

# A name that is deleted can be created anew; what is named by its digest alone cannot become
# anything else.
_NAMES = tuple(path for path in (*POINTERS, *IMMUTABLE) if path not in FILES)


def judge_deletes(
    statements: Sequence[Statement], product: str, gc: str, deployer: Deployer
) -> list[Finding]:
    """Return whether what boards ask for by name stays, and what `slotcast gc` removes can go.

    To If-None-Match a delete marker is no object: whoever deletes a name can create it anew.

    Args:
        gc: ARN of the role that removes; "" where there is none: anybody's right will do.
    """
    free = {one: spared(statements, [_deleting(product, one)], deployer) for one in _NAMES}
    first = {who: one for one, who in reversed(free.items()) if who}
    found = [
        who.finding(f"delete {product}/{one}, for one, and create it anew as something else")
        for who, one in first.items()
    ]
    whom = [gc] if gc else everybody(statements)
    kept = [path for path in FILES if is_denied(statements, _deleting(product, path), whom)]
    for kind in dict.fromkeys(map(_kind, kept)):
        path = next(one for one in kept if _kind(one) == kind)
        says = f"{product}/{path} cannot be deleted, which `slotcast gc` does"
        found.append(warn(CHECK, says, PUT_BACK))
    return found or [ok(CHECK, "names cannot be deleted; what `slotcast gc` removes can")]


def judge_versions(
    statements: Sequence[Statement], product: str, deployer: Deployer
) -> list[Finding]:
    """Return whether past versions can be deleted by nobody but whoever deploys, who is named."""
    if who := spared(statements, _deleting_versions(product), deployer):
        return [who.finding("delete past versions, for good")]
    if who := spared(statements, _lifting(product), deployer):
        return [who.finding("lift the lock of a release (s3:BypassGovernanceRetention)")]
    return [ok(CHECK, "past versions cannot be deleted, nor locks lifted")]


def judge_settings(statements: Sequence[Statement], deployer: Deployer) -> list[Finding]:
    """Return whether nobody but whoever deploys can change the bucket's settings.

    The templates deny it where they are told who deploys: without that, nobody could any more.
    """
    free = {one: spared(statements, [_setting(one)], deployer) for one in SETTINGS}
    whom = [who for who in dict.fromkeys(free.values()) if who]
    if not whom:
        return [ok(CHECK, "the bucket's settings can be changed by whoever deploys alone")]
    if not deployer.arn and not named(statements):
        says = "the bucket's settings can be changed by whoever IAM allows it: no DeployRoleArn"
        return [ok(CHECK, says)]
    actions = {who: some([one for one, other in free.items() if other == who]) for who in whom}
    return [who.finding(f"change the bucket's settings: {actions[who]}") for who in whom]


def judge_deployer(
    statements: Sequence[Statement], product: str, deployer: Deployer
) -> list[Finding]:
    """Return what is denied to whoever deploys, whom the templates spare."""
    if not deployer.arn:
        return []
    names = [_deleting(product, path) for path in _NAMES]
    past = [*_deleting_versions(product), *_lifting(product)]
    requests = [*names, *past, *map(_setting, SETTINGS)]
    denied = [one.action for one in requests if is_denied(statements, one, [deployer.arn])]
    what = some([*dict.fromkeys(denied)])
    says = f"whoever deploys, {deployer.arn}, is denied {what}: the account's root user alone may"
    return [warn(CHECK, says, PUT_BACK)] if denied else []


def judge_replication(statements: Sequence[Statement], product: str) -> list[Finding]:
    """Return whether nothing is written or deleted by replication, which knows no condition."""
    whom = everybody(statements)
    for action in REPLICATES:
        for path in (*POINTERS, *IMMUTABLE):
            if not is_denied(statements, Request(action, f"{product}/{path}", BY_TLS), whom):
                says = f"replication from another bucket may overwrite or delete here ({action})"
                return [warn(CHECK, says, PUT_BACK)]
    return [ok(CHECK, "nothing is written by replication from another bucket")]


def _kind(path: str) -> str:
    """Return what kind of file it is, `payloads` or `images`: one of a kind is told."""
    return path.partition("/")[0]


def _deleting(product: str, path: str, what: str = "") -> Request:
    return Request(f"s3:DeleteObject{what}", f"{product}/{path}", BY_TLS)


def _deleting_versions(product: str) -> list[Request]:
    return [_deleting(product, path, "Version") for path in (*POINTERS, *IMMUTABLE)]


def _lifting(product: str) -> list[Request]:
    paths = (*POINTERS, *IMMUTABLE)
    return [Request("s3:BypassGovernanceRetention", f"{product}/{one}", BY_TLS) for one in paths]


def _setting(action: str) -> Request:
    return Request(action, "", BY_TLS)
