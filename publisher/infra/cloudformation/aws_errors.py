"""CloudFormation's errors, and those of S3 and boto3 beside them, as InfraError with a hint."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from publisher.aws_errors import CREDENTIALS, explain_silence
from publisher.infra.errors import InfraError

_REGION = "check region in [infra] of infra.toml"
_ENDPOINT = "check the network, region in infra.toml, and AWS_ENDPOINT_URL if you set it"
_OUTRUN = "somebody else has changed the stack meanwhile"
_AGAIN = "run the same command again: it shows what would change now"
_LATER = "run the same command again in a while"
_PERMISSIONS = (
    "whoever deploys needs that permission; a permissions boundary or an organization's policy may "
    "deny it too"
)
_ENABLED = f"{CREDENTIALS}; a region that is not enabled in the account answers so too"
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden", "403")
_BUSY = ("Throttling", "ThrottlingException", "RequestLimitExceeded", "SlowDown")

# By the error's code: what it means, and what to do.
_BY_CODE = {
    "InvalidClientTokenId": ("the access key is not known there", _ENABLED),
    "InvalidAccessKeyId": ("the access key is not known there", _ENABLED),
    "UnrecognizedClientException": ("the access key is not known there", _ENABLED),
    "SignatureDoesNotMatch": ("the secret key does not fit the access key", CREDENTIALS),
    "ExpiredToken": ("the session's credentials have expired", "sign in again"),
    "ExpiredTokenException": ("the session's credentials have expired", "sign in again"),
    "RequestExpired": ("this machine's clock is wrong", "set it; AWS allows 5 minutes"),
    "OptInRequired": ("the region is not enabled in the account", _REGION),
    "ChangeSetNotFound": (_OUTRUN, _AGAIN),
    "InvalidChangeSetStatus": (_OUTRUN, _AGAIN),
    "LimitExceededException": (
        "the account has as many stacks as it may have",
        "ask AWS for a higher quota, or remove a stack",
    ),
}
_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
_UNDER_WAY = re.compile(r"\b([A-Z_]+_IN_PROGRESS)\b")


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn boto3's errors into InfraError; `what` says what was asked, such as "stack x-ota"."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise explain(error, what) from error


def explain(error: ClientError | BotoCoreError, what: str) -> InfraError:
    """Return an InfraError that says what happened, and what to do."""
    if isinstance(error, ClientError):
        message, hint = _answered(error)
    else:
        message, hint = explain_silence(error, _REGION, _ENDPOINT)
    return InfraError(f"{what}: {message}", hint)


def code_of(error: ClientError) -> str:
    """Return AWS's code of an error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def message_of(error: ClientError) -> str:
    """Return AWS's own words."""
    return str(error.response.get("Error", {}).get("Message", "")).rstrip(".")


def _answered(error: ClientError) -> tuple[str, str]:
    code, said = code_of(error), message_of(error)
    if code in _BY_CODE:
        return _BY_CODE[code]
    if code in _DENIED:
        return _denied(error, said)
    if code in _BUSY:
        return f"AWS asks to slow down ({code})", _LATER
    if code == "ValidationError":
        if state := _UNDER_WAY.search(said):
            return f"another change is under way ({state[1]})", "wait until it is done"
        return f"CloudFormation refuses it: {said}", ""
    return f"AWS answered {code} to {error.operation_name} ({said})", ""


def _denied(error: ClientError, said: str) -> tuple[str, str]:
    action = _ACTION.search(said)
    name = action[1] if action else error.operation_name
    return f"access denied to {name}{f' ({said})' if said else ''}", _PERMISSIONS
