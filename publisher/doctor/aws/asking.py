"""One question to AWS: an answer, nothing of the kind, or why there was no answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from publisher.aws_errors import (
    code_of,
    explain_caller,
    explain_silence,
    is_denied,
    message_of,
)
from publisher.doctor.findings import Finding, unknown
from publisher.doctor.hints import allow

P = ParamSpec("P")
R = TypeVar("R")

_REGION = "set region in infra.toml"
_NETWORK = "check the region in infra.toml, and the network"
# What `bucket-region` tells; nothing more is to be had of such a bucket.
NO_BUCKET = "NoSuchBucket"
# What an emulator answers for what it does not model.
_NOT_MODELLED = ("NotImplemented", "UnknownOperationException", "InvalidAction", "NotSupported")


class UnansweredError(Exception):
    """There was no answer to go by.

    Args:
        why: one sentence.
        mend: what to do about it, or "".
    """

    def __init__(self, why: str, mend: str = "") -> None:
        super().__init__(why)
        self.mend = mend


def ask(permission: str, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Return what a call answers.

    Args:
        permission: the IAM action that it needs.

    Raises:
        UnansweredError: it is denied, there is no such thing, or there is no answer.
    """
    try:
        return call(*args, **kwargs)
    except ClientError as error:
        raise _explain(error, permission) from error
    except BotoCoreError as error:
        raise UnansweredError(*explain_silence(error, _REGION, _NETWORK)) from error


def ask_unless(
    permission: str, absent: str, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> R | None:
    """Return what a call answers; None where it answers that there is none.

    Args:
        permission: see `ask`.
        absent: the error code that says so.

    Raises:
        UnansweredError: see `ask`.
    """
    try:
        return ask(permission, call, *args, **kwargs)
    except UnansweredError as error:
        cause = error.__cause__
        if isinstance(cause, ClientError) and code_of(cause) == absent:
            return None
        raise


def settle(check: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    """Return what a check finds; UNKNOWN, and why, where it has no answer to go by."""
    try:
        return look()
    except UnansweredError as error:
        return [unknown(check, str(error), error.mend)]
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # Not AWS then, or an AWS that has changed.
        why = f"the answer is not as AWS describes it: {type(error).__name__} {error}"
        return [unknown(check, why, "look at the setting in the AWS console")]


def _explain(error: ClientError, permission: str) -> UnansweredError:
    code = code_of(error)
    if code == NO_BUCKET:
        return UnansweredError(f"{permission}: there is no such bucket: see bucket-region")
    if code in _NOT_MODELLED:
        return UnansweredError(f"this server does not know {permission}")
    if words := explain_caller(error):
        says, mend = words
        return UnansweredError(f"{permission}: {says}", mend)
    if is_denied(error):
        return UnansweredError(f"access denied to {permission}", allow(permission))
    answered = f"{permission}: AWS answered {code}: {message_of(error)}"
    return UnansweredError(answered.removesuffix(": "))
