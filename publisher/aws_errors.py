"""Why boto3 has no answer to show, in words that tell what to do: for S3 and KMS alike."""

from __future__ import annotations

from botocore.exceptions import (
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

CREDENTIALS = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use a role"
_SIGN_IN = "sign in again: `aws sso login`, with --profile where AWS_PROFILE names one"
_TRUST = "AWS_CA_BUNDLE names a file of CA certificates, for an endpoint of your own or a proxy"

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


def explain_silence(error: Exception, region: str, endpoint: str) -> tuple[str, str]:
    """Return what happened, and a hint, for an error of boto3 that is no answer of the service.

    Args:
        region: the hint where the region is missing or wrong.
        endpoint: the hint where the endpoint is not reached, or nothing better is known.
    """
    if isinstance(error, ProfileNotFound):
        return str(error), CREDENTIALS
    if isinstance(error, CredentialRetrievalError):
        return f"the credentials cannot be had: {error}", CREDENTIALS
    for kinds, hint in (
        (_BY_CREDENTIALS, CREDENTIALS),
        (_BY_SIGN_IN, _SIGN_IN),
        (_BY_REGION, region),
        (_BY_TRUST, f"{_TRUST}; {endpoint}"),
        (_BY_NETWORK, endpoint),
    ):
        for kind, message in kinds:
            if isinstance(error, kind):
                return message, hint
    return str(error), endpoint
