"""Whom the denials of the bucket's policy spare: nobody but whoever deploys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from publisher.doctor.aws.bucket.denials import CHECK, PUT_BACK
from publisher.doctor.aws.bucket.requests import is_denied, named, strangers
from publisher.doctor.aws.policy import Statement
from publisher.doctor.findings import Finding, fail, warn
from publisher.infra.policies import Request


class Deployer(NamedTuple):
    """The one whom the templates' denials spare (DeployRoleArn).

    Attributes:
        arn: as the stack `ota` was told; "" where it spares nobody.
        is_known: whether there is such a stack; of another bucket it may be any one principal.
    """

    arn: str
    is_known: bool


class Spared(NamedTuple):
    """Who may do what the templates deny to all but whoever deploys.

    Attributes:
        who: in words, with which a sentence begins.
        is_wrong: whether the policy names somebody in the deployer's place.
    """

    who: str
    is_wrong: bool

    def finding(self, what: str) -> Finding:
        """Return that they can do something."""
        judge = fail if self.is_wrong else warn
        return judge(CHECK, f"{self.who} can {what}", PUT_BACK)


def spared(
    statements: Sequence[Statement], requests: Sequence[Request], deployer: Deployer
) -> Spared | None:
    """Return who may do one of some things; None where it is at most whoever deploys."""
    if not _all_denied(statements, requests, strangers(statements)):
        return Spared("whoever IAM allows it", is_wrong=False)
    free = [arn for arn in named(statements) if not _all_denied(statements, requests, [arn])]
    if not deployer.is_known:
        who = f"not only whoever deploys ({', '.join(free)})"
        return Spared(who, is_wrong=False) if len(free) > 1 else None
    others = ", ".join(arn for arn in free if arn != deployer.arn)
    return Spared(f"{others}, not named by DeployRoleArn,", is_wrong=True) if others else None


def _all_denied(
    statements: Sequence[Statement], requests: Sequence[Request], whom: Sequence[str]
) -> bool:
    return all(is_denied(statements, one, whom) for one in requests)
