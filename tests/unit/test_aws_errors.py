"""What AWS says of who asks is put in the same words, whichever part of ours has asked."""

from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from publisher.aws_errors import explain_caller, is_denied
from publisher.doctor.aws.asking import UnansweredError, ask
from publisher.infra import explain as of_infra
from publisher.signers import awskms_errors as of_kms
from publisher.stores import s3_errors as of_s3

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
DENIED = "User: x is not authorized to perform: it"


def refused(code, message="", operation="GetObject", status=400, **headers):
    answer = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers},
    }
    return ClientError(answer, operation)


def by_doctor(error):
    def call():
        raise error

    with pytest.raises(UnansweredError) as caught:
        ask("s3:GetObject", call)
    return str(caught.value), caught.value.mend


def everybody(error):
    """What the store, a signer, a deployment and the doctor say of an error, each with its hint."""
    explained = (
        of_s3.explain(error, "fleet"),
        of_kms.explain(error, "key", "kms:Sign"),
        of_infra.explain(error, "stack"),
    )
    return [*((str(one), one.hint) for one in explained), by_doctor(error)]


@pytest.mark.parametrize(
    ("error", "says", "hint"),
    [
        (refused("InvalidAccessKeyId"), "the access key is not known there", "AWS_PROFILE"),
        (refused("InvalidClientTokenId"), "the access key is not known there", "not enabled"),
        (refused("UnrecognizedClientException"), "the access key is not known", "AWS_PROFILE"),
        (refused("SignatureDoesNotMatch"), "the secret key does not fit", "AWS_PROFILE"),
        (refused("InvalidSignatureException"), "the secret key does not fit", "AWS_PROFILE"),
        (refused("ExpiredToken"), "the session's credentials have expired", "sign in again"),
        (refused("ExpiredTokenException"), "the session's credentials have exp", "sign in again"),
        (refused("InvalidToken"), "the session token is not accepted", "sign in again"),
        (refused("IncompleteSignature"), "the credentials are incomplete", "AWS_PROFILE"),
        (refused("OptInRequired", status=403), "has not signed up", "enable the region"),
        (refused("RequestTimeTooSkewed", status=403), "clock is wrong", "15 minutes"),
        (refused("RequestExpired"), "clock is wrong", "15 minutes"),
        (
            refused("InvalidSignatureException", "Signature expired: 20261122T0650Z is now ..."),
            "clock is wrong",
            "set it",
        ),
        (refused("ThrottlingException"), "AWS asks to slow down (Thr", "the same command again"),
        (refused("TooManyRequestsException"), "AWS asks to slow down", "the same command again"),
        (
            refused("AccessDenied", DENIED, "AssumeRole", 403),
            f"the role cannot be assumed: AccessDenied ({DENIED})",
            "trust policy",
        ),
        (refused("ExpiredToken", operation="AssumeRole"), "the role cannot be", "sign in again"),
    ],
)
def test_whoever_is_answered_so_says_it_in_the_same_words(error, says, hint):
    for told, advice in everybody(error):
        assert says in told
        assert hint in advice


def test_a_request_that_came_too_late_tells_how_far_off_the_clock_is():
    says = "Signature not yet current: 20261122T070000Z is still later than 20261122T064500Z"
    date = "Sun, 22 Nov 2026 07:20:00 GMT"
    error = refused("InvalidSignatureException", says, date=date)
    assert explain_caller(error, NOW) == (
        "this machine's clock is 0:20:00 behind (h:mm:ss)",
        "set it; AWS allows 5 minutes",
    )


@pytest.mark.parametrize(
    ("error", "denied"),
    [
        (refused("AccessDeniedException"), True),
        (refused("403", operation="HeadObject", status=403), True),
        (refused("ExpiredToken", status=403), False),
        (refused("AccessDenied", operation="AssumeRole", status=403), False),
        (refused("NoSuchKey", status=404), False),
    ],
)
def test_only_who_is_known_there_is_denied_something(error, denied):
    assert is_denied(error) is denied


def test_what_is_denied_names_the_permission_of_what_was_asked():
    error = refused("AccessDenied", "x is not authorized to perform: s3:GetObject", status=403)
    hints = [f"{told} {hint}" for told, hint in everybody(error)]
    assert all("access denied" in one for one in hints)
    assert all(name in one for name, one in zip(("s3:", "kms:", "s3:", "s3:"), hints, strict=True))
