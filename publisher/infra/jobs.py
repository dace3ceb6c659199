"""What the job of each role is, by its logical id in infra/ci.yaml: actions, paths and keys.

The rules hold a template against this, the doctor what is there.
"""

from __future__ import annotations

_READS = ("s3:GetObject", "s3:ListBucket")
_PARTS = ("s3:ListBucketMultipartUploads", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
_SIGNS = ("kms:Sign", "kms:GetPublicKey")
# All that a role may be allowed; one that is not here, nothing.
ACTIONS = {
    "ReleaseRole": {*_READS, *_PARTS, *_SIGNS, "s3:PutObject"},
    "RefreshRole": {*_READS, *_SIGNS, "s3:PutObject"},
    "GcRole": {*_READS, *_PARTS, "s3:PutObject", "s3:DeleteObject"},
}
_FILES = ("payloads/*.slc", "images/*.bin")
_REFRESHED = ("metadata/*.snapshot.json", "metadata/timestamp.json")
# Where a role may do more than read, below its product.
PATTERNS = {
    "ReleaseRole": (
        (*_REFRESHED, "metadata/*.targets.json", "targets/*.json", "*/version.json") + _FILES
    ),
    "RefreshRole": _REFRESHED,
    "GcRole": _FILES,
}
# Whose keys a role may sign with, by the end of their aliases.
SIGNS = {
    "ReleaseRole": {"targets", "snapshot", "timestamp"},
    "RefreshRole": {"snapshot", "timestamp"},
}


def actions_of(role: str) -> set[str]:
    """Return the actions that a role needs, in lower case.

    Args:
        role: `release`, `refresh` or `gc`.
    """
    return {one.lower() for one in ACTIONS[_logical_id(role)]}


def keys_of(role: str) -> set[str]:
    """Return whose keys a role signs with, of `targets`, `snapshot` and `timestamp`."""
    return SIGNS.get(_logical_id(role), set())


def paths_of(role: str) -> tuple[str, ...]:
    """Return patterns of the paths below the product where a role does more than read."""
    return PATTERNS[_logical_id(role)]


def _logical_id(role: str) -> str:
    """Return what infra/ci.yaml calls a role."""
    return f"{role.title()}Role"
