"""What is lost where a parameter changes: named by it, as infra.toml has it.

A change set tells of such a parameter only that a bucket's policy, say, would be another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from publisher.infra.losses.guard import Loss
from publisher.infra.names import DEPLOYER, DOMAIN

CERTIFICATE, ZONE, WEB_ACL = "CertificateArn", "HostedZoneId", "WebAclArn"
BOUNDARY = "PermissionsBoundaryArn"


def parameter_losses(before: Mapping[str, str], after: Mapping[str, str]) -> list[Loss]:
    """Return a loss for each parameter whose change takes something away.

    Args:
        before: a stack's parameters as they are; {} where there is none.
        after: the same as they would be, defaults among them; what is missing is gone.
    """
    found = {}
    for name, says in _SAYS.items() if before else ():
        was, becomes = before.get(name, ""), after.get(name, "")
        if was != becomes and (told := says(was, becomes)):
            found[name] = told
    if DOMAIN in found:
        for name in (CERTIFICATE, ZONE):  # another name needs others
            found.pop(name, None)
    return [Loss(name, told) for name, told in found.items()]


def _of_domain(was: str, becomes: str) -> str:
    return was and f"the edge no longer answers to {was}, which boards in the field ask"


def _of_certificate(was: str, becomes: str) -> str:
    # ACM renews a certificate under the same ARN.
    return was and (
        f"the edge no longer shows {was}: boards in the field accept another one only if its CA, "
        "or its key, is in their set (`slotcast pins show`)"
    )


def _of_zone(was: str, becomes: str) -> str:
    if was and not becomes:
        return f"the edge's records leave the zone {was}: boards find it only if others have them"
    return was and (
        f"the edge's records move from the zone {was} to {becomes}: boards find it only if its "
        "name is delegated there"
    )


def _of_web_acl(was: str, becomes: str) -> str:
    if not becomes:
        return f"the edge is no longer behind {was}"
    return f"{becomes} decides which boards the edge answers"


def _of_deployer(was: str, becomes: str) -> str:
    if was and not becomes:
        return f"the bucket's settings are no longer for {was} alone: IAM decides who changes them"
    return was and f"{becomes}, and no longer {was}, may change the bucket's settings, and delete"


def _of_boundary(was: str, becomes: str) -> str:
    return was and f"{was} no longer bounds what the roles may do"


_SAYS: Mapping[str, Callable[[str, str], str]] = {
    DOMAIN: _of_domain,
    CERTIFICATE: _of_certificate,
    ZONE: _of_zone,
    WEB_ACL: _of_web_acl,
    DEPLOYER: _of_deployer,
    BOUNDARY: _of_boundary,
}
PARAMETERS = frozenset(_SAYS)
