"""Whom the bucket's policy lets delete what boards ask for, write past it, and change the bucket.

Tried by requests (requests.py), as of somebody whom the policy does not name.
"""

from __future__ import annotations

from collections.abc import Sequence

from publisher.doctor.aws.bucket.denials import CHECK, PUT_BACK
from publisher.doctor.aws.bucket.requests import BY_TLS, everybody, is_denied, named, strangers
from publisher.doctor.aws.policy import Statement
from publisher.doctor.findings import Finding, ok, warn
from publisher.infra.rules.bucket_settings import REPLICATES, SETTINGS
from publisher.infra.rules.policies import Request
from publisher.infra.sample_paths import FILES, IMMUTABLE, POINTERS

_MOST_NAMED = 5
# A name that is deleted can be created anew; what is named by its digest alone cannot become
# anything else.
_NAMES = tuple(path for path in (*POINTERS, *IMMUTABLE) if path not in FILES)


def judge_deletes(statements: Sequence[Statement], product: str, gc: str) -> list[Finding]:
    """Return whether what boards ask for by name stays, and what `slotcast gc` removes can go.

    To If-None-Match a delete marker is no object: whoever deletes a name can create it anew.

    Args:
        gc: ARN of the role that removes; "" where there is none: anybody's right will do.
    """
    names = {f"{product}/{path}": _deleting(product, path) for path in _NAMES}
    free = {name: who for name, one in names.items() if (who := _who_may(statements, [one]))}
    whom = [gc] if gc else everybody(statements)
    kept = [path for path in FILES if is_denied(statements, _deleting(product, path), whom)]
    says = [
        f"{who} can delete {name}, for one, and create it anew as something else"
        for name, who in list(free.items())[:1]
    ]
    says += [f"{product}/{path} cannot be deleted, which `slotcast gc` does" for path in kept]
    if not says:
        return [ok(CHECK, "names cannot be deleted; what `slotcast gc` removes can")]
    return [warn(CHECK, one, PUT_BACK) for one in says]


def judge_versions(statements: Sequence[Statement], product: str) -> list[Finding]:
    """Return whether past versions can be deleted by nobody but whoever deploys, who is named."""
    paths = (*POINTERS, *IMMUTABLE)
    if who := _who_may(statements, [_deleting(product, path, "Version") for path in paths]):
        return [warn(CHECK, f"{who} can delete past versions, for good", PUT_BACK)]
    lifting = [
        Request("s3:BypassGovernanceRetention", f"{product}/{path}", BY_TLS) for path in paths
    ]
    if who := _who_may(statements, lifting):
        says = f"{who} can lift the lock of a release (s3:BypassGovernanceRetention)"
        return [warn(CHECK, says, PUT_BACK)]
    return [ok(CHECK, "past versions cannot be deleted, nor locks lifted")]


def judge_settings(statements: Sequence[Statement], deployer: str) -> list[Finding]:
    """Return whether nobody but whoever deploys can change the bucket's settings.

    The templates deny it where they are told who deploys: without that, nobody could any more.

    Args:
        deployer: ARN of whoever deploys, as the stack was told; "" where it was not.
    """
    free = {one: _who_may(statements, [Request(one, "", BY_TLS)]) for one in SETTINGS}
    free = {action: who for action, who in free.items() if who}
    if not free:
        return [ok(CHECK, "the bucket's settings can be changed by whoever deploys alone")]
    if not deployer and not named(statements):
        says = "the bucket's settings can be changed by whoever IAM allows it: no DeployRoleArn"
        return [ok(CHECK, says)]
    more = f" and {len(free) - _MOST_NAMED} more" if len(free) > _MOST_NAMED else ""
    what = ", ".join([*free][:_MOST_NAMED]) + more
    who = next(iter(free.values()))
    return [warn(CHECK, f"{who} can change the bucket's settings: {what}", PUT_BACK)]


def judge_replication(statements: Sequence[Statement], product: str) -> list[Finding]:
    """Return whether nothing is written or deleted by replication, which knows no condition."""
    whom = everybody(statements)
    for action in REPLICATES:
        for path in (*POINTERS, *IMMUTABLE):
            if not is_denied(statements, Request(action, f"{product}/{path}", BY_TLS), whom):
                says = f"replication from another bucket may overwrite or delete here ({action})"
                return [warn(CHECK, says, PUT_BACK)]
    return [ok(CHECK, "nothing is written by replication from another bucket")]


def _deleting(product: str, path: str, what: str = "") -> Request:
    return Request(f"s3:DeleteObject{what}", f"{product}/{path}", BY_TLS)


def _who_may(statements: Sequence[Statement], requests: Sequence[Request]) -> str:
    """Return who may do one of some things; "" where it is at most one whom the policy names."""
    if not all(is_denied(statements, one, strangers(statements)) for one in requests):
        return "whoever IAM allows it"
    free = [
        arn
        for arn in named(statements)
        if not all(is_denied(statements, one, [arn]) for one in requests)
    ]
    return f"not only whoever deploys ({', '.join(free)})" if len(free) > 1 else ""
