"""What boto3 and S3 say when something is wrong, in words that tell what to do."""

from __future__ import annotations

from botocore.exceptions import (
    ClientError,
    ConnectionError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ReadTimeoutError,
    SSLError,
)

from publisher.errors import StoreError

_CREDENTIALS = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use a role"
_REGION = "set region in [store] of slotcast.toml to the bucket's own"
_ENDPOINT = "check endpoint_url and region in [store] of slotcast.toml, and the network"
_PERMISSIONS = (
    "the credentials need s3:PutObject and s3:GetObject on the bucket's objects, and s3:ListBucket "
    "on the bucket (without it a missing key, too, is answered with access denied)"
)

# By S3's error code: what it means, and what to do.
_BY_CODE = {
    "NoSuchBucket": ("there is no such bucket", "create it, or correct bucket in [store]"),
    "AccessDenied": ("access denied", _PERMISSIONS),
    "AllAccessDisabled": ("access denied", _PERMISSIONS),
    "InvalidAccessKeyId": ("the access key is not known there", _CREDENTIALS),
    "SignatureDoesNotMatch": ("the secret key does not fit the access key", _CREDENTIALS),
    "ExpiredToken": ("the session's credentials have expired", "sign in again"),
    "RequestTimeTooSkewed": (
        "this machine's clock is wrong",
        "set it; S3 allows 15 minutes",
    ),
    "AuthorizationHeaderMalformed": ("the bucket is in another region", _REGION),
    "PermanentRedirect": ("the bucket is in another region", _REGION),
    "IllegalLocationConstraintException": ("the bucket is in another region", _REGION),
    "InvalidBucketName": ("that is not a bucket's name", "correct bucket in [store]"),
    "SlowDown": ("the bucket is busy", "run the same command again in a while"),
}

# By boto3's exception, the narrower kinds first.
_BY_KIND: tuple[tuple[type[Exception], str, str], ...] = (
    (NoCredentialsError, "no credentials were found", _CREDENTIALS),
    (PartialCredentialsError, "the credentials are incomplete", _CREDENTIALS),
    (NoRegionError, "no region is set", _REGION),
    (SSLError, "the endpoint's certificate is not trusted", _ENDPOINT),
    (EndpointConnectionError, "the endpoint cannot be reached", _ENDPOINT),
    (ConnectTimeoutError, "the endpoint does not answer", _ENDPOINT),
    (ReadTimeoutError, "the endpoint stopped answering", _ENDPOINT),
    (ConnectionError, "the connection broke", _ENDPOINT),
    (HTTPClientError, "the connection broke", _ENDPOINT),
)


def status_of(error: ClientError) -> int:
    """Return the HTTP status of an answer that S3 gave."""
    return error.response["ResponseMetadata"]["HTTPStatusCode"]


def explain(error: Exception, bucket: str) -> StoreError:
    """Return a StoreError that says what happened to the bucket, and what to do."""
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
        said = f"S3 answered {status_of(error)} {code}"
        message, hint = _BY_CODE.get(code, (said, ""))
        if status_of(error) == 403 and code not in _BY_CODE:
            message, hint = "access denied", _PERMISSIONS
        return StoreError(f"bucket {bucket}: {message}", hint)
    for kind, message, hint in _BY_KIND:
        if isinstance(error, kind):
            return StoreError(f"bucket {bucket}: {message}", hint)
    return StoreError(f"bucket {bucket}: {error}", _ENDPOINT)
