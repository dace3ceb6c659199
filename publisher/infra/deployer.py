"""Whether who deploys is the one whom `DeployRoleArn` of the stack `ota` names.

Nobody else may change the bucket's settings then, and no request fails when that role is not there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from publisher.infra.arns import account_of
from publisher.infra.names import DEPLOYER

_SESSION = re.compile(r"arn:[^:]+:sts::\d+:assumed-role/(?P<name>[^/]+)/.+")
_ROLE = re.compile(r"arn:[^:]+:iam::\d+:role/(?:.+/)?(?P<name>[^/]+)")


def named_deployers(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return who may change the bucket's settings: as the stack is, and as it would be."""
    named = (parameters.get(DEPLOYER, "") for parameters in (before, after))
    return [arn for arn in dict.fromkeys(named) if arn]


def is_deployer(caller: str, named: str) -> bool:
    """Whether a caller is the named role or user.

    A session's ARN has its role's name without the path (IAM user guide, "IAM identifiers"), so
    that a slip in the path is not seen.

    Args:
        caller: as GetCallerIdentity tells it.
        named: a role's ARN in IAM, or a user's.
    """
    session, role = _SESSION.fullmatch(caller), _ROLE.fullmatch(named)
    if session is None or role is None:
        return caller == named
    return session["name"] == role["name"] and account_of(caller) == account_of(named)


def cautions(caller: str, named: Collection[str]) -> list[str]:
    """Return a warning for each of those named that the caller is not."""
    return [
        f"{DEPLOYER} is {arn}, and you are {caller}: nobody but the former may change the "
        "bucket's settings, and if there is no such role, the account's root user alone; deploy as "
        "it, or mend that line"
        for arn in named
        if not is_deployer(caller, arn)
    ]
