"""The AWS services that stacks need, by region."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from publisher.infra.explain import explain

if TYPE_CHECKING:
    from types_boto3_cloudformation.client import CloudFormationClient
    from types_boto3_kms.client import KMSClient
    from types_boto3_s3.client import S3Client
    from types_boto3_sts.client import STSClient


def _config() -> Config:
    return Config(
        retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=10, read_timeout=60
    )


@contextmanager
def _making(region: str) -> Iterator[None]:
    """Turn what boto3 says of settings that make no client into InfraError."""
    try:
        yield
    except (BotoCoreError, ValueError) as error:  # ValueError: AWS_ENDPOINT_URL is no URL
        raise explain(error, f"region {region}") from error


def cloudformation(region: str) -> CloudFormationClient:
    """Make a CloudFormation client; AWS_ENDPOINT_URL leads it to an emulator."""
    with _making(region):
        return Session().client("cloudformation", region_name=region, config=_config())


def kms(region: str) -> KMSClient:
    """Make a KMS client."""
    with _making(region):
        return Session().client("kms", region_name=region, config=_config())


def s3(region: str) -> S3Client:
    """Make an S3 client."""
    with _making(region):
        return Session().client("s3", region_name=region, config=_config())


def sts(region: str) -> STSClient:
    """Make an STS client."""
    with _making(region):
        return Session().client("sts", region_name=region, config=_config())
