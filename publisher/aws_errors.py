"""What all of AWS's services refuse alike, in words that tell what to do.

Why boto3 has no answer at all (`explain_silence`), and answers about who asks, whatever was asked
for (`explain_caller`). What one service alone says is put in words by the module that asks it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import (
    ClientError,
    ConnectionError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    SSLError,
    SSOError,
    TokenRetrievalError,
)

_CREDENTIALS = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use a role"
LATER = "run the same command again in a while"
_SSO = "sign in again: `aws sso login`, with --profile where AWS_PROFILE names one"
_TRUST = "AWS_CA_BUNDLE names a file of CA certificates, for an endpoint of your own or a proxy"
_ROLE = (
    "check the role's trust policy; for a CI job, the audience and the subject of its OIDC token"
)

_Kinds = tuple[tuple[type[Exception], str], ...]

# By boto3's exception, the narrower kinds first.
_BY_CREDENTIALS: _Kinds = (
    (NoCredentialsError, "no credentials were found"),
    (PartialCredentialsError, "the credentials are incomplete"),
)
_BY_SIGN_IN: _Kinds = (
    (SSOError, "the sign-in (SSO) has expired, or there was none"),
    (TokenRetrievalError, "the sign-in (SSO) has expired, or there was none"),
)
_BY_REGION: _Kinds = (
    (NoRegionError, "no region is set"),
    (InvalidRegionError, "that is not a region"),
)
_BY_TRUST: _Kinds = ((SSLError, "the endpoint's certificate is not trusted"),)
_BY_NETWORK: _Kinds = (
    (EndpointConnectionError, "the endpoint cannot be reached"),
    (ConnectTimeoutError, "the endpoint does not answer"),
    (ReadTimeoutError, "the endpoint stopped answering"),
    (ConnectionError, "the connection broke"),
    (HTTPClientError, "the connection broke"),
)

# By an answer's error code: what it says of who asks ("Common Error Types" in the services' API
# references, "Error responses" in S3's). AWS's protocols call the same by other names.
_UNKNOWN_KEY = (
    "the access key is not known there",
    f"{_CREDENTIALS}; a region of AWS that is not enabled in the account answers so too",
)
_OTHER_SECRET = ("the secret key does not fit the access key", _CREDENTIALS)
_EXPIRED = ("the session's credentials have expired", "sign in again")
_BY_CODE = {
    "InvalidAccessKeyId": _UNKNOWN_KEY,
    "InvalidClientTokenId": _UNKNOWN_KEY,
    "UnrecognizedClientException": _UNKNOWN_KEY,
    "SignatureDoesNotMatch": _OTHER_SECRET,
    "InvalidSignatureException": _OTHER_SECRET,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "InvalidToken": ("the session token is not accepted", "sign in again"),
    "IncompleteSignature": ("the credentials are incomplete", _CREDENTIALS),
    "OptInRequired": (
        "the account has not signed up for the service, or the region is not enabled in it",
        "finish the sign-up or enable the region in the AWS console, or choose another region",
    ),
}
_CLOCK = {
    "RequestTimeTooSkewed": "set it; S3 allows 15 minutes",
    "RequestExpired": "set it; AWS allows 15 minutes",
}
# How others say so, by the code of a secret that does not fit (aws/aws-sdk-js #2340,
# aws/aws-sdk-go #2194).
_OLD_SIGNATURE = re.compile(r"Signature (expired|not\s+yet current)")
_SIGNATURE_AGE = "set it; AWS allows 5 minutes"
_THROTTLED = (
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
)
_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
# "403" is boto3's own, for an answer without a body.
_DENIED = (
    "403",
    "AccessDenied",
    "AccessDeniedException",
    "AccountProblem",
    "AllAccessDisabled",
    "Forbidden",
    "UnauthorizedOperation",
)


def explain_silence(error: Exception, region: str, endpoint: str) -> tuple[str, str]:
    """Return what happened, and a hint, for an error of boto3 that is no answer of the service.

    Args:
        region: the hint where the region is missing or wrong.
        endpoint: the hint where the endpoint is not reached, or nothing better is known.
    """
    if isinstance(error, ProfileNotFound):
        return str(error), _CREDENTIALS
    if isinstance(error, CredentialRetrievalError):
        return f"the credentials cannot be had: {error}", _CREDENTIALS
    for kinds, hint in (
        (_BY_CREDENTIALS, _CREDENTIALS),
        (_BY_SIGN_IN, _SSO),
        (_BY_REGION, region),
        (_BY_TRUST, f"{_TRUST}; {endpoint}"),
        (_BY_NETWORK, endpoint),
    ):
        for kind, message in kinds:
            if isinstance(error, kind):
                return message, hint
    return str(error), endpoint


def explain_caller(error: ClientError, now: datetime | None = None) -> tuple[str, str] | None:
    """Return what an answer says of who asks (credentials, clock, pace), and a hint, or None.

    Args:
        now: what the clock here says; by default it is read.
    """
    code = code_of(error)
    if code in _CLOCK or _OLD_SIGNATURE.match(message_of(error)):
        clock = _skewed(date_of(error.response), now or datetime.now(UTC))
        return clock, _CLOCK.get(code, _SIGNATURE_AGE)
    if code in _THROTTLED:
        return f"AWS asks to slow down ({code})", LATER
    words = _BY_CODE.get(code)
    if error.operation_name.startswith("AssumeRole"):  # which boto3 asks by itself, for a profile
        hint = words[1] if words else _ROLE
        return f"the role cannot be assumed: {code}{remark_of(error)}", hint
    return words


def is_denied(error: ClientError) -> bool:
    """Return whether an answer says that who asks, and is known there, has not the permission."""
    if explain_caller(error):
        return False
    return code_of(error) in _DENIED or status_of(error) == 403


def denied_action(error: ClientError) -> str:
    """Return the permission that AWS's words name, such as s3:ListBucket; "" where none is."""
    named = _ACTION.search(message_of(error))
    return named[1] if named else ""


def code_of(error: ClientError) -> str:
    """Return AWS's code of an error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def message_of(error: ClientError) -> str:
    """Return AWS's own words, without a full stop."""
    return str(error.response.get("Error", {}).get("Message", "")).strip().rstrip(".")


def remark_of(error: ClientError) -> str:
    """Return AWS's own words in brackets, to stand behind ours; "" where they add nothing."""
    said = message_of(error)
    return f" ({said})" if said.lower() not in ("", "access denied") else ""


def status_of(error: ClientError) -> int:
    """Return the HTTP status of an answer."""
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def header_of(answer: Mapping[str, Any], name: str) -> str:
    """Return a header, by its name in small letters, of what boto3 returned or raised, or ""."""
    found: str = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get(name, "")
    return found


def date_of(answer: Mapping[str, Any]) -> datetime | None:
    """Return the Date header of what boto3 returned or raised (RFC 9110, 6.6.1), if it has one."""
    with suppress(ValueError):
        date = parsedate_to_datetime(header_of(answer, "date"))
        return date if date.tzinfo else None
    return None


def _skewed(there: datetime | None, now: datetime) -> str:
    if there is None:
        return "this machine's clock is wrong"
    off = timedelta(seconds=round(abs(now - there).total_seconds()))
    return f"this machine's clock is {off} {'ahead' if now > there else 'behind'} (h:mm:ss)"
