"""What S3 alone says when something is wrong, in words that tell what to do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError, FlexibleChecksumError, IncompleteReadError

from publisher.aws_errors import (
    LATER,
    code_of,
    denied_action,
    explain_caller,
    explain_silence,
    header_of,
    is_denied,
    message_of,
    remark_of,
    status_of,
)
from publisher.errors import StoreError

_REGION = "set region in [store] of slotcast.toml"
_ENDPOINT = (
    "check endpoint_url and region in [store] of slotcast.toml, AWS_ENDPOINT_URL if it is set, and "
    "the network"
)
_LATER = f"{LATER}: it goes on where this one stopped"
_PERMISSIONS = (
    "the credentials need s3:PutObject and s3:GetObject on the bucket's objects, and s3:ListBucket "
    "on the bucket (without it a missing key, too, is answered with access denied); "
    "`slotcast gc` needs s3:DeleteObject on the objects too"
)
_KMS = (
    "they need kms:GenerateDataKey on it to write, and kms:Decrypt to read and to write in parts; "
    "the key's own policy must allow it too"
)
_LOCKED = "wait until its retention is over, or have whoever set the lock lift it"
_NO_CONDITIONS = (
    "without If-None-Match and If-Match two publishers at once undo each other's work: "
    "use a store that knows them, as AWS S3 does"
)

# By S3's error code: what it means, and what to do.
_BY_CODE = {
    "NoSuchBucket": ("there is no such bucket", "create it, or correct bucket in [store]"),
    "InvalidBucketName": ("that is not a bucket's name", "correct bucket in [store]"),
    "NotImplemented": ("it does not know what it was asked for", _NO_CONDITIONS),
    "BadDigest": ("what arrived there is not what was sent: its checksum differs", _LATER),
    "XAmzContentSHA256Mismatch": (
        "what arrived there is not what was sent: its checksum differs",
        _LATER,
    ),
}
# By the operation that reads: the permission that it needs.
_READS = {"GetObject": "s3:GetObject", "ListObjectsV2": "s3:ListBucket"}
_OTHER_REGION = (
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
)


def explain(error: Exception, bucket: str, now: datetime | None = None) -> StoreError:
    """Return a StoreError that says what happened to the bucket, and what to do.

    Args:
        now: what the clock here says; by default it is read.
    """
    if isinstance(error, ClientError):
        message, hint = _answered(error, now)
    else:
        message, hint = _failed(error)
    return StoreError(f"bucket {bucket}: {message}", hint)


def refused_read(error: ClientError) -> str:
    """Return the one permission that reading was refused for; "" where it was something else.

    S3 answers a missing object with AccessDenied where s3:ListBucket is missing, and names what it
    missed in the message (S3 user guide, "Troubleshoot access denied errors").
    """
    if error.operation_name not in _READS or not is_denied(error):
        return ""
    return denied_action(error) or _READS[error.operation_name]


def _answered(error: ClientError, now: datetime | None) -> tuple[str, str]:
    """Put in words what S3, or whoever gives out its credentials, has answered."""
    code = code_of(error)
    if code in _OTHER_REGION:
        return _other_region(error)
    if code.startswith("KMS."):
        says = f"its KMS key cannot be used: {code}{remark_of(error)}"
        return says, "enable the key, or choose another"
    if code in _BY_CODE:
        return _BY_CODE[code]
    if code != "SlowDown" and (words := explain_caller(error, now)):
        return words
    return _denied(error) if is_denied(error) else _other(error)


def _denied(error: ClientError) -> tuple[str, str]:
    words, said = message_of(error).lower(), remark_of(error)
    if "object lock" in words or "worm" in words or "retention" in words:
        return f"an object lock forbids it{said}", _LOCKED
    if "kms" in words:
        return f"the credentials may not use the KMS key that encrypts it{said}", _KMS
    return f"access denied{said}", _PERMISSIONS


def _other(error: ClientError) -> tuple[str, str]:
    """Put in words what has no words of its own; what passes was tried several times."""
    status = status_of(error)
    answer = f"S3 answered {status} {code_of(error)}{remark_of(error)}"
    if status < 500 and status != 429:
        return answer, ""
    tries = error.response["ResponseMetadata"].get("RetryAttempts", 0) + 1
    return f"it is busy or broken: {answer}, {tries} times" if tries > 1 else answer, _LATER


def _other_region(error: ClientError) -> tuple[str, str]:
    """Say in which region the bucket is, as far as the answer tells."""
    details: dict[str, Any] = dict(error.response["Error"])
    region = header_of(error.response, "x-amz-bucket-region") or details.get("Region", "")
    where = region or "another region"
    name = f'"{region}"' if region else "the bucket's own"
    return f"the bucket is in {where}", f"set region = {name} in [store] of slotcast.toml"


def _failed(error: Exception) -> tuple[str, str]:
    """Put in words why there was no answer."""
    if isinstance(error, IncompleteReadError):
        return "an object ended too early", _LATER
    if isinstance(error, FlexibleChecksumError):
        return "an object does not match its checksum", _LATER
    return explain_silence(error, _REGION, _ENDPOINT)
