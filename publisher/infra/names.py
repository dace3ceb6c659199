"""The names that stacks go by: their kinds and regions, and what their outputs are called."""

from __future__ import annotations

import re

FILE_NAME = "infra.toml"
# In the order of creation: each needs what stands before it.
STACKS = ("ota", "logs", "ci")
# CloudFront takes certificates from there alone, and has its metrics and log deliveries there,
# wherever the bucket is (Amazon CloudFront developer guide, "Requirements for using SSL/TLS
# certificates", "Configure standard logging (v2)").
EDGE_REGION = "us-east-1"

# Outputs of the stack `ci`, by role in the account and by role in TUF.
ROLE_OUTPUTS = {"release": "ReleaseRoleArn", "refresh": "RefreshRoleArn", "gc": "GcRoleArn"}
KEY_OUTPUTS = {
    "targets": "TargetsKeyArn",
    "snapshot": "SnapshotKeyArn",
    "timestamp": "TimestampKeyArn",
}
# Its parameters for the same roles' keys.
KEY_PARAMETERS = {"targets": "TargetsKey", "snapshot": "SnapshotKey", "timestamp": "TimestampKey"}
# Its resources for the same keys, where it makes them, and for what slotcast.toml may name them by.
KEY_RESOURCES = {
    "targets": "TargetsSigningKey",
    "snapshot": "SnapshotSigningKey",
    "timestamp": "TimestampSigningKey",
}
ALIAS_RESOURCES = {
    "targets": "TargetsAlias",
    "snapshot": "SnapshotAlias",
    "timestamp": "TimestampAlias",
}
# The parameters of the stack `ota` for the name that boards ask, and for the one who alone may
# change the bucket's settings.
DOMAIN = "DomainName"
DEPLOYER = "DeployRoleArn"
# Before a key's ARN or alias: how slotcast.toml says that it is in KMS.
KEY_SCHEME = "awskms:"
# On the stack `ci`, and on all that is in it.
PRODUCT_TAG = "slotcast:product"
_CI_ENDS = "-ci"


def stack_name(name: str, kind: str, product: str) -> str:
    """Return a stack's name; what a product's name may have and a stack's not becomes a dash."""
    if kind != "ci":
        return f"{name}-{kind}"
    return f"{name}-{re.sub('[^a-z0-9]', '-', product)}{_CI_ENDS}"


def may_be_ci(stack: str) -> bool:
    """Whether a stack may be some product's `ci`, by its name."""
    return stack.endswith(_CI_ENDS)


def stack_region(kind: str, region: str) -> str:
    """Return where a stack is: that of the logs is where CloudFront hands them out."""
    return EDGE_REGION if kind == "logs" else region
