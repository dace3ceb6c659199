"""What lets a key in KMS sign again, by its state (AWS KMS API reference, KeyMetadata)."""

from __future__ import annotations

from publisher.infra.arns import region_of

_MENDS = {
    "Disabled": "aws kms enable-key {key}",
    "PendingDeletion": "aws kms cancel-key-deletion {key}, then enable-key, at once",
}
_OTHERS = "aws kms describe-key {key} tells why"


def mend_of(state: str, key: str) -> str:
    """Return the command for a key that is not enabled.

    Args:
        key: its ARN; or its id or alias, in the region that is set for the AWS CLI.
    """
    region = f"--region {region_of(key)} " if key.startswith("arn:") else ""
    return _MENDS.get(state, _OTHERS).format(key=f"{region}--key-id {key}")
