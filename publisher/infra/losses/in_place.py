"""What is lost while the resource itself stays: pure rules over the properties that change.

A bucket that no longer keeps versions, a distribution that is switched off or no longer answers to
its name, a key that is disabled: to CloudFormation each is a change in place like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from publisher.infra.cloudformation.resource_changes import Altered, Change
from publisher.infra.losses.guard import ALIAS, BUCKET, DISTRIBUTION, KEY, RECORD, ROLE, Loss
from publisher.infra.losses.parameters import BOUNDARY, CERTIFICATE, WEB_ACL, ZONE
from publisher.infra.names import DOMAIN


def _never(before: object, after: object) -> bool:
    return False


def _is_on(before: object, after: object) -> bool:
    # It is on where nothing is said; and AWS writes true as "true".
    return after is None or str(after).lower() == "true"


def _keeps_versions(before: object, after: object) -> bool:
    return isinstance(after, Mapping) and after.get("Status") == "Enabled"


def _is_new(before: object, after: object) -> bool:
    return before is None


def _keeps_all(before: object, after: object) -> bool:
    if not isinstance(before, list):
        return not before
    return isinstance(after, list) and all(one in after for one in before)


@dataclass(frozen=True)
class _Rule:
    """A property, what a change of it may lose, and the values with which it loses nothing.

    `parameters`: it goes with one of them, whose change is told by itself.
    """

    path: str
    lost: str
    is_harmless: Callable[[object, object], bool] = _never
    parameters: tuple[str, ...] = ()


_RULES = {
    BUCKET: (
        _Rule("LifecycleConfiguration", "S3 deletes by it, perhaps what boards still ask"),
        _Rule(
            "VersioningConfiguration",
            "what is replaced or removed could not be restored",
            _keeps_versions,
        ),
        _Rule("BucketEncryption", "what is written would be encrypted otherwise", _is_new),
        _Rule("PublicAccessBlockConfiguration", "others could be let in", _is_new),
        _Rule("ObjectLockConfiguration", "versions could be deleted that are locked now", _is_new),
    ),
    DISTRIBUTION: (
        _Rule("DistributionConfig/Enabled", "an edge that is off answers no board", _is_on),
        _Rule(
            "DistributionConfig/Aliases",
            "boards ask the edge by the names in it",
            _keeps_all,
            parameters=(DOMAIN,),
        ),
        _Rule(
            "DistributionConfig/ViewerCertificate/AcmCertificateArn",
            "boards accept another certificate only if its CA, or its key, is in their set",
            _is_new,
            parameters=(DOMAIN, CERTIFICATE),
        ),
        _Rule(
            "DistributionConfig/WebACLId",
            "it decides which boards the edge answers",
            parameters=(WEB_ACL,),
        ),
    ),
    ROLE: (
        _Rule(
            "PermissionsBoundary",
            "it no longer bounds what the role may do",
            _is_new,
            parameters=(BOUNDARY,),
        ),
    ),
    KEY: (
        _Rule("Enabled", "nobody can sign with a key that is disabled", _is_on),
        _Rule("KeyPolicy", "whoever signs, or administers the key, may be locked out"),
    ),
    ALIAS: (_Rule("TargetKeyId", "slotcast.toml may name the key by it, and signs with another"),),
    RECORD: (
        _Rule("Name", "boards no longer find the edge by its name", parameters=(DOMAIN,)),
        _Rule(
            "HostedZoneId",
            "boards find the edge only if its name is delegated to that zone",
            parameters=(DOMAIN, ZONE),
        ),
        _Rule("AliasTarget", "the name that boards ask leads elsewhere"),
        _Rule("ResourceRecords", "the name that boards ask leads elsewhere"),
    ),
}


def losses(changes: Iterable[Change], told: Collection[str] = ()) -> list[Loss]:
    """Return what is lost by properties that change.

    Args:
        told: the parameters of which a loss is told already, and with it of what goes with them.
    """
    return [
        Loss(change.logical_id, f"{rule.path} is changed: {rule.lost}")
        for change in changes
        if change.action == "Modify"
        for rule in _RULES.get(change.type, ())
        if not any(one in told for one in rule.parameters) and _breaks(rule, change)
    ]


def _breaks(rule: _Rule, change: Change) -> bool:
    if not any(_concerns(one, rule.path) for one in change.altered):
        return False
    if not (change.before and change.after):
        return True  # what nobody tells may be the worst
    before, after = _value(change.before, rule.path), _value(change.after, rule.path)
    return before != after and not rule.is_harmless(before, after)


def _concerns(one: Altered, path: str) -> bool:
    """Whether a property is the one at a path, a part of it, or has it among its parts."""
    if f"{path}/".startswith(f"{one.path}/"):
        return one.path == path or not one.is_vague
    return one.path.startswith(f"{path}/")


def _value(properties: Mapping[str, object], path: str) -> object:
    found: object = properties
    for name in path.split("/"):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
