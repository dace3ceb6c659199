"""What S3, and whoever gives out its credentials, may answer: in words that tell what to do."""

from datetime import UTC, datetime

import pytest
from botocore import exceptions as boto
from botocore.exceptions import ClientError

from publisher.stores.s3_errors import explain

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
ENDPOINT = {"endpoint_url": "https://s3.example.org"}


def refused(status, code, message="", operation="PutObject", retries=0, error=(), **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = {
        "Error": {"Code": code, "Message": message, **dict(error)},
        "ResponseMetadata": {
            "HTTPStatusCode": status,
            "HTTPHeaders": named,
            "RetryAttempts": retries,
        },
    }
    return ClientError(answer, operation)


def told(error):
    """What is said, and the hint."""
    found = explain(error, "fleet", NOW)
    assert str(found).startswith("bucket fleet: ")
    return str(found).removeprefix("bucket fleet: "), found.hint


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (boto.NoCredentialsError(), "no credentials were found", "AWS_PROFILE"),
        (
            boto.PartialCredentialsError(provider="env", cred_var="secret"),
            "the credentials are incomplete",
            "AWS_SECRET_ACCESS_KEY",
        ),
        (
            boto.ProfileNotFound(profile="ci"),
            "The config profile (ci) could not be found",
            "AWS_PROFILE",
        ),
        (
            boto.CredentialRetrievalError(provider="container", error_msg="timeout"),
            "the credentials cannot be had: ",
            "AWS_PROFILE",
        ),
        (
            boto.UnauthorizedSSOTokenError(),
            "the sign-in (SSO) has expired, or there was none",
            "aws sso login",
        ),
        (
            boto.TokenRetrievalError(provider="sso", error_msg="expired"),
            "the sign-in (SSO) has expired, or there was none",
            "aws sso login",
        ),
        (boto.SSLError(error="x", **ENDPOINT), "the endpoint's certificate", "endpoint_url"),
        (boto.SSLError(error="x", **ENDPOINT), "the endpoint's certificate", "AWS_CA_BUNDLE"),
        (boto.ReadTimeoutError(error="x", **ENDPOINT), "the endpoint stopped", "endpoint_url"),
        (boto.ConnectionClosedError(error="x", **ENDPOINT), "the connection broke", "the network"),
        (refused(400, "ExpiredToken"), "the session's credentials have expired", "sign in again"),
        (refused(404, "NoSuchBucket"), "there is no such bucket", "bucket in [store]"),
        (refused(403, "AccessDenied", "Access Denied"), "access denied", "s3:PutObject"),
        (
            refused(403, "AccessDenied", "User: x is not authorized to perform: s3:PutObject"),
            "access denied (User: x is not authorized to perform: s3:PutObject)",
            "s3:PutObject",
        ),
        (
            refused(403, "AccessDenied", "not authorized to perform: kms:GenerateDataKey"),
            "the credentials may not use the KMS key that encrypts it (not authorized",
            "kms:Decrypt",
        ),
        (refused(400, "KMS.DisabledException"), "its KMS key cannot be used", "enable the key"),
        (
            refused(403, "AccessDenied", "Access Denied because object protected by object lock."),
            "an object lock forbids it",
            "retention is over",
        ),
        (
            refused(501, "NotImplemented", "A header you provided implies ..."),
            "it does not know what it was asked for",
            "If-None-Match",
        ),
        (
            refused(403, "AccessDenied", operation="AssumeRoleWithWebIdentity"),
            "the role cannot be assumed: AccessDenied",
            "OIDC",
        ),
        (
            refused(503, "SlowDown", "Reduce your request rate.", retries=4),
            "it is busy or broken: S3 answered 503 SlowDown (Reduce your request rate), 5 times",
            "goes on where this one stopped",
        ),
        (refused(500, "InternalError"), "S3 answered 500 InternalError", "in a while"),
        (refused(400, "BadDigest"), "what arrived there is not what was sent", "in a while"),
        (refused(400, "EntityTooLarge", "Too large"), "S3 answered 400 EntityTooLarge", ""),
    ],
)
def test_what_went_wrong_is_said_and_what_to_do(error, message, hint):
    said, advice = told(error)
    assert said.startswith(message)
    assert hint in advice


@pytest.mark.parametrize(
    "error",
    [
        refused(301, "PermanentRedirect", x_amz_bucket_region="eu-west-1"),
        refused(400, "AuthorizationHeaderMalformed", error={"Region": "eu-west-1"}),
    ],
)
def test_a_bucket_in_another_region_is_named_with_it(error):
    said, hint = told(error)
    assert said == "the bucket is in eu-west-1"
    assert hint == 'set region = "eu-west-1" in [store] of slotcast.toml'


def test_a_bucket_in_a_region_that_nobody_names():
    said, hint = told(refused(400, "IllegalLocationConstraintException"))
    assert said == "the bucket is in another region"
    assert "region = the bucket's own" in hint


@pytest.mark.parametrize(
    ("date", "said"),
    [
        ("Sun, 22 Nov 2026 09:30:01 GMT", "this machine's clock is 2:30:01 behind (h:mm:ss)"),
        ("Sat, 21 Nov 2026 06:00:00 GMT", "this machine's clock is 1 day, 1:00:00 ahead (h:mm:ss)"),
        ("", "this machine's clock is wrong"),
    ],
)
def test_a_clock_that_is_wrong_is_told_by_how_much(date, said):
    assert told(refused(403, "RequestTimeTooSkewed", date=date)) == (
        said,
        "set it; S3 allows 15 minutes",
    )
