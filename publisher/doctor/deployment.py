"""What is deployed, by the outputs of its stacks, and what it is held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tuf.api.metadata import Root

from publisher.infra.settings import stack_name

# The outputs of a stack by its name and region; None where there is no such stack.
ReadOutputs = Callable[[str, str], Mapping[str, str] | None]

# CloudFront's logs are delivered from there alone, wherever the bucket is.
LOGS_REGION = "us-east-1"

_ROLES = {"release": "ReleaseRoleArn", "refresh": "RefreshRoleArn", "gc": "GcRoleArn"}
_KEYS = {"targets": "TargetsKeyArn", "snapshot": "SnapshotKeyArn", "timestamp": "TimestampKeyArn"}


@dataclass(frozen=True)
class Deployment:
    """One product's part of what the stacks made; "" and missing names are what they did not make.

    Attributes:
        region: of the bucket, the roles' keys and their stacks.
        roles: ARNs by `release`, `refresh`, `gc`.
        keys: what KMS knows each key by (an ARN, an alias), by `targets`, `snapshot`, `timestamp`.
        has_logs: whether there is a stack that delivers the distribution's logs.
    """

    bucket: str
    distribution_id: str
    region: str
    product: str
    roles: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    has_logs: bool = False


@dataclass(frozen=True)
class Wanted:
    """What slotcast.toml and the published root say, against which a deployment is held.

    Attributes:
        base_url: `[edge] base_url`, without the product.
        root: the root that is in force; None where it could not be read.
        now: the time, in UTC.
    """

    base_url: str
    root: Root | None
    now: datetime


def find_deployment(name: str, product: str, region: str, outputs: ReadOutputs) -> Deployment:
    """Return what the stacks NAME-ota, NAME-PRODUCT-ci and NAME-logs say that they made."""
    edge = outputs(f"{name}-ota", region) or {}
    ci = outputs(stack_name(name, "ci", product), region) or {}
    return Deployment(
        bucket=edge.get("BucketName", ""),
        distribution_id=edge.get("DistributionId", ""),
        region=region,
        product=product,
        roles=_named(_ROLES, ci),
        keys={role: _without_scheme(key) for role, key in _named(_KEYS, ci).items()},
        has_logs=outputs(f"{name}-logs", LOGS_REGION) is not None,
    )


def _named(names: Mapping[str, str], outputs: Mapping[str, str]) -> dict[str, str]:
    return {name: outputs[output] for name, output in names.items() if outputs.get(output)}


def _without_scheme(key: str) -> str:
    return key.removeprefix("awskms:")
