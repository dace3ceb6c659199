"""What every check is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from publisher.doctor.aws.asking import ask, ask_unless
from publisher.doctor.aws.clients import Clients
from publisher.doctor.aws.deployment import Deployment, Wanted


@dataclass(frozen=True)
class Scene:
    """The deployment, whom to ask about it, and what it is held against."""

    deployment: Deployment
    clients: Clients
    wanted: Wanted


def bucket_setting(
    scene: Scene, permission: str, absent: str, call: Callable[..., Mapping[str, Any]]
) -> Mapping[str, Any]:
    """Return what S3 answers of one of the bucket's settings; {} where there is none of the kind.

    Args:
        absent: the error code by which S3 says so.

    Raises:
        UnansweredError: see `ask`.
    """
    answer = ask_unless(permission, absent, call, Bucket=scene.deployment.bucket)
    return {} if answer is None else answer


def read_role(scene: Scene, arn: str) -> Mapping[str, Any]:
    """Return what IAM says of a role (GetRole's Role); UnansweredError as `ask`."""
    name = arn.rpartition("/")[2]
    answer = ask("iam:GetRole", scene.clients.iam.get_role, RoleName=name)
    role: Mapping[str, Any] = answer["Role"]
    return role


def describe_key(scene: Scene, key: str) -> Mapping[str, Any]:
    """Return what KMS says of a key (DescribeKey's KeyMetadata); UnansweredError as `ask`."""
    answer = ask("kms:DescribeKey", scene.clients.kms.describe_key, KeyId=key)
    metadata: Mapping[str, Any] = answer["KeyMetadata"]
    return metadata
