"""The AWS services that the doctor asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boto3.session import Session
from botocore.config import Config

from publisher.infra.names import EDGE_REGION

if TYPE_CHECKING:
    from types_boto3_acm.client import ACMClient
    from types_boto3_cloudfront.client import CloudFrontClient
    from types_boto3_iam.client import IAMClient
    from types_boto3_kms.client import KMSClient
    from types_boto3_logs.client import CloudWatchLogsClient
    from types_boto3_s3.client import S3Client


@dataclass(frozen=True)
class Clients:
    """A boto3 client each; `s3` and `kms` in the bucket's region, `acm` and `logs` in us-east-1."""

    s3: S3Client
    cloudfront: CloudFrontClient
    acm: ACMClient
    iam: IAMClient
    kms: KMSClient
    logs: CloudWatchLogsClient


def connect(session: Session, region: str) -> Clients:
    """Make the clients; each asks up to six times, as IAM soon has enough of simulating.

    Raises:
        BotoCoreError: there is no such region or profile.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 6}, connect_timeout=10, read_timeout=30
    )
    return Clients(
        s3=session.client("s3", region_name=region, config=config),
        cloudfront=session.client("cloudfront", region_name=EDGE_REGION, config=config),
        acm=session.client("acm", region_name=EDGE_REGION, config=config),
        iam=session.client("iam", region_name=EDGE_REGION, config=config),
        kms=session.client("kms", region_name=region, config=config),
        logs=session.client("logs", region_name=EDGE_REGION, config=config),
    )
