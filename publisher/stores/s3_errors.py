"""What boto3 and S3 say when something is wrong, in words that tell what to do."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import ClientError, FlexibleChecksumError, IncompleteReadError

from publisher.aws_errors import CREDENTIALS, explain_silence
from publisher.errors import StoreError

_REGION = "set region in [store] of slotcast.toml"
_ENDPOINT = "check endpoint_url and region in [store] of slotcast.toml, and the network"
_LATER = "run the same command again in a while: it goes on where this one stopped"
_ROLE = (
    "check the role's trust policy; for a CI job, the audience and the subject of its OIDC token"
)
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
    "InvalidAccessKeyId": ("the access key is not known there", CREDENTIALS),
    "SignatureDoesNotMatch": ("the secret key does not fit the access key", CREDENTIALS),
    "ExpiredToken": ("the session's credentials have expired", "sign in again"),
    "ExpiredTokenException": ("the session's credentials have expired", "sign in again"),
    "TokenRefreshRequired": ("the session's credentials have expired", "sign in again"),
    "InvalidToken": ("the session token is not accepted", "sign in again"),
    "InvalidBucketName": ("that is not a bucket's name", "correct bucket in [store]"),
    "NotImplemented": ("it does not know what it was asked for", _NO_CONDITIONS),
    "BadDigest": ("what arrived there is not what was sent: its checksum differs", _LATER),
    "XAmzContentSHA256Mismatch": (
        "what arrived there is not what was sent: its checksum differs",
        _LATER,
    ),
}
_OTHER_REGION = (
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
)
_DENIED = ("AccessDenied", "AllAccessDisabled", "AccountProblem")
_SKEWED = ("RequestTimeTooSkewed", "RequestExpired")


def status_of(error: ClientError) -> int:
    """Return the HTTP status of an answer that S3 gave."""
    return error.response["ResponseMetadata"]["HTTPStatusCode"]


def explain(error: Exception, bucket: str, now: datetime | None = None) -> StoreError:
    """Return a StoreError that says what happened to the bucket, and what to do.

    Args:
        now: what the clock here says; by default it is read.
    """
    if isinstance(error, ClientError):
        message, hint = _answered(error, now or datetime.now(UTC))
    else:
        message, hint = _failed(error)
    return StoreError(f"bucket {bucket}: {message}", hint)


def date_of(answer: Mapping[str, Any]) -> datetime | None:
    """Return the Date header of what boto3 returned or raised (RFC 9110, 6.6.1), if it has one."""
    with suppress(ValueError):
        date = parsedate_to_datetime(_header(answer, "date"))
        return date if date.tzinfo else None
    return None


def _answered(error: ClientError, now: datetime) -> tuple[str, str]:
    """Put in words what S3, or whoever gives out its credentials, has answered."""
    code, said = error.response["Error"]["Code"], _said(error)
    if error.operation_name.startswith("AssumeRole"):
        return f"the role cannot be assumed: {code}{said}", _ROLE
    if code in _OTHER_REGION:
        return _other_region(error)
    if code in _SKEWED:
        return _skewed(date_of(error.response), now), "set it; S3 allows 15 minutes"
    if code.startswith("KMS."):
        return f"its KMS key cannot be used: {code}{said}", "enable the key, or choose another"
    if code in _BY_CODE:
        return _BY_CODE[code]
    if code in _DENIED or status_of(error) == 403:
        return _denied(said)
    return _other(error)


def _denied(said: str) -> tuple[str, str]:
    words = said.lower()
    if "object lock" in words or "worm" in words or "retention" in words:
        return f"an object lock forbids it{said}", _LOCKED
    if "kms" in words:
        return f"the credentials may not use the KMS key that encrypts it{said}", _KMS
    return f"access denied{said}", _PERMISSIONS


def _other(error: ClientError) -> tuple[str, str]:
    """Put in words what has no words of its own; what passes was tried several times."""
    status, code = status_of(error), error.response["Error"]["Code"]
    answer = f"S3 answered {status} {code}{_said(error)}"
    if status < 500 and status != 429:
        return answer, ""
    tries = error.response["ResponseMetadata"].get("RetryAttempts", 0) + 1
    return f"it is busy or broken: {answer}, {tries} times" if tries > 1 else answer, _LATER


def _other_region(error: ClientError) -> tuple[str, str]:
    """Say in which region the bucket is, as far as the answer tells."""
    details: dict[str, Any] = dict(error.response["Error"])
    region = _header(error.response, "x-amz-bucket-region") or details.get("Region", "")
    where = region or "another region"
    name = f'"{region}"' if region else "the bucket's own"
    return f"the bucket is in {where}", f"set region = {name} in [store] of slotcast.toml"


def _skewed(there: datetime | None, now: datetime) -> str:
    if there is None:
        return "this machine's clock is wrong"
    off = timedelta(seconds=round(abs(now - there).total_seconds()))
    return f"this machine's clock is {off} {'ahead' if now > there else 'behind'} (h:mm:ss)"


def _failed(error: Exception) -> tuple[str, str]:
    """Put in words why there was no answer."""
    if isinstance(error, IncompleteReadError):
        return "an object ended too early", _LATER
    if isinstance(error, FlexibleChecksumError):
        return "an object does not match its checksum", _LATER
    return explain_silence(error, _REGION, _ENDPOINT)


def _said(error: ClientError) -> str:
    """Return what the answer says beyond its code, to stand behind it."""
    text = error.response["Error"].get("Message", "").strip()
    return f" ({text.rstrip('.')})" if text.rstrip(".").lower() not in ("", "access denied") else ""


def _header(answer: Mapping[str, Any], name: str) -> str:
    found: str = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get(name, "")
    return found
