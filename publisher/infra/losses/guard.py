"""What a change must not take away: pure rules over what a change set would do.

A bucket that holds anything is never let go, whoever asks; and a key never becomes one of another
kind, as AWS fails the update. What else boards or people depend on goes only where it is named
(`--let-go`). What is lost while the resource stays: in_place.py; by a parameter: parameters.py,
keys.py; with a whole stack: removal.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from publisher.infra.cloudformation.resource_changes import Change
from publisher.infra.cloudformation.stacks import Stack
from publisher.infra.errors import GuardError
from publisher.infra.names import DOMAIN

BUCKET = "AWS::S3::Bucket"
BUCKET_POLICY = "AWS::S3::BucketPolicy"
KEY = "AWS::KMS::Key"
DISTRIBUTION = "AWS::CloudFront::Distribution"
ROLE = "AWS::IAM::Role"
ALIAS = "AWS::KMS::Alias"
RECORD = "AWS::Route53::RecordSet"
CERTIFICATE = "AWS::CertificateManager::Certificate"

# What is lost with each, where it is removed.
_LOST = {
    BUCKET: "slotcast.toml, the roles and the edge name the bucket",
    KEY: (
        "nobody can sign for its role any more: make another by hand, give its ARN in infra.toml, "
        "and root lists it by a ceremony"
    ),
    DISTRIBUTION: "boards ask its host name; another distribution has another",
    BUCKET_POLICY: "the edge may no longer read the bucket",
    "AWS::CloudFront::OriginAccessControl": "the edge may no longer read the bucket",
    RECORD: "boards no longer find the edge by its name",
    CERTIFICATE: "boards no longer accept the edge under its name",
    ALIAS: "slotcast.toml may name the key by it",
    ROLE: "the jobs that assume it can no longer work",
}
# The same, where another takes its place. Not those of which the other serves at once; a record is
# told by what of it changes (in_place.py).
_LOST_IF_REPLACED = {
    **{kind: _LOST[kind] for kind in (BUCKET, KEY, DISTRIBUTION, ALIAS)},
    CERTIFICATE: (
        "boards accept another one only if its CA, or its key, is in their set "
        "(`slotcast pins show`)"
    ),
    ROLE: "another has another ARN: jobs name this one, and can no longer work",
}
# Replaced by no property, or by its name alone ("Update requires" in the resource reference): they
# count where CloudFormation is sure of it, as emulators take any property for one that might.
_SURELY = (DISTRIBUTION, ROLE, ALIAS)
# What a key is made with, and what counts where nothing is said. To change one fails the update,
# whatever the change set says of replacement (resource reference, AWS::KMS::Key).
_FIXED = {
    "KeySpec": "SYMMETRIC_DEFAULT",
    "KeyUsage": "ENCRYPT_DECRYPT",
    "Origin": "AWS_KMS",
    "MultiRegion": "false",
}
_OTHER_KEY = (
    "so the update would fail: make a key of that kind by hand (docs/keys.md), give its ARN as "
    "TargetsKey, SnapshotKey or TimestampKey, and root lists it by a ceremony"
)
# Whoever deletes one of these stacks strands boards, or the people who release.
_PROTECTED = ("ota", "ci")
_KEEP = "put infra.toml, or the template, back as it was"


@dataclass(frozen=True)
class Loss:
    """A resource that would go, what is lost with it, and whether nothing lets that happen.

    A parameter stands for a resource where its change is what loses something.
    """

    resource: str
    says: str
    is_final: bool = False

    def to_dict(self) -> Mapping[str, object]:
        """Return it for JSON."""
        return {"resource": self.resource, "says": self.says, "final": self.is_final}


def lacks_protection(kind: str, stack: Stack | None) -> bool:
    """Whether a stack should have termination protection, and has not; None is one to come."""
    return kind in _PROTECTED and not (stack is not None and stack.is_protected)


def buckets_at_stake(changes: Iterable[Change]) -> list[str]:
    """Return the names of the buckets that would be removed or replaced."""
    return [
        change.physical_id
        for change in changes
        if change.type == BUCKET and _goes(change) and change.physical_id
    ]


def losses(
    changes: Iterable[Change], holdings: Mapping[str, str], told: Collection[str] = ()
) -> list[Loss]:
    """Return what would be lost by a change set, and what it would fail on.

    Args:
        holdings: what each bucket at stake holds, in words; "" for one that is empty.
        told: the parameters of which a loss is told already.
    """
    found = (
        _loss(change, holdings)
        for change in changes
        if (_goes(change) or _fixed(change)) and not _follows_name(change, told)
    )
    return [loss for loss in found if loss is not None]


def verify_losses(found: Sequence[Loss], let_go: Collection[str]) -> None:
    """Raise GuardError unless nothing is lost but what is named.

    Args:
        let_go: names of resources and parameters, as the template has them.
    """
    held = [loss for loss in found if loss.is_final or loss.resource not in let_go]
    if not held:
        return
    final = any(loss.is_final for loss in held)
    every = dict.fromkeys((*let_go, *(loss.resource for loss in held)))
    names = " ".join(f"--let-go {name}" for name in every)
    hint = _KEEP if final else f"{_KEEP}; or, if it is to be: {names}"
    lines = tuple(f"  {loss.resource}: {loss.says}" for loss in held)
    raise GuardError("refused: it would take away what is needed", hint, lines)


def _goes(change: Change) -> bool:
    return change.is_removed or change.is_replaced


def _fixed(change: Change) -> list[str]:
    """Return the properties of a key that it would change, and that stay as the key was made."""
    if change.type != KEY or change.action != "Modify":
        return []
    altered = {one.path for one in change.altered}
    return [name for name in _FIXED if name in altered and _differs(change, name)]


def _differs(change: Change, name: str) -> bool:
    if not (change.before and change.after):
        return True  # what nobody tells may be the worst
    before, after = (found.get(name, _FIXED[name]) for found in (change.before, change.after))
    return str(before).lower() != str(after).lower()  # AWS writes true as "true"


def _follows_name(change: Change, told: Collection[str]) -> bool:
    """Whether it is the certificate of a name that goes, as is told: another needs another one."""
    return change.type == CERTIFICATE and change.is_replaced and DOMAIN in told


def _lost(change: Change) -> str:
    if change.is_removed:
        return _LOST.get(change.type, "")
    if change.type in _SURELY and change.replacement != "True":
        return ""
    return _LOST_IF_REPLACED.get(change.type, "")


def _loss(change: Change, holdings: Mapping[str, str]) -> Loss | None:
    how = "removed" if change.is_removed else "replaced"
    if change.type == BUCKET:
        held = holdings.get(change.physical_id, "what cannot be told")
        if held:
            says = f"{change.physical_id} holds {held}, and would be {how}"
            return Loss(change.logical_id, says, is_final=True)
    if fixed := _fixed(change):
        says = f"{' and '.join(fixed)} cannot change once a key is made, {_OTHER_KEY}"
        return Loss(change.logical_id, says, is_final=True)
    lost = _lost(change)
    may = "might be" if change.replacement == "Conditional" or change.action == "Dynamic" else "is"
    return Loss(change.logical_id, f"{may} {how}: {lost}") if lost else None
