"""Errors of AWS as InfraError with a hint, whichever service was asked.

What one service alone says is put in words by who asks it: CloudFormation's in
cloudformation/errors.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from publisher.aws_errors import (
    code_of,
    denied_action,
    explain_caller,
    explain_silence,
    is_denied,
    remark_of,
)
from publisher.infra.errors import InfraError

# What happened, and what to do; None where a service has no words of its own for an answer.
Words = tuple[str, str] | None

_REGION = "check region in [infra] of infra.toml"
_ENDPOINT = "check the network, region in infra.toml, and AWS_ENDPOINT_URL if you set it"
_PERMISSIONS = (
    "whoever runs this needs that permission; a permissions boundary or an organization's policy "
    "may deny it too"
)


def _no_words(error: ClientError) -> Words:
    return None


@contextmanager
def explained(what: str, own: Callable[[ClientError], Words] = _no_words) -> Iterator[None]:
    """Turn boto3's errors into InfraError; arguments as of `explain`."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise explain(error, what, own) from error


def explain(
    error: ClientError | BotoCoreError | ValueError,
    what: str,
    own: Callable[[ClientError], Words] = _no_words,
) -> InfraError:
    """Return an InfraError that says what happened, and what to do.

    Args:
        error: a ValueError is that of settings which make no client.
        what: what was asked, such as "stack x-ota".
        own: puts in words what the service that was asked says in a way of its own.
    """
    if isinstance(error, ClientError):
        message, hint = _answered(error, own)
    else:
        message, hint = explain_silence(error, _REGION, _ENDPOINT)
    return InfraError(f"{what}: {message}", hint)


def _answered(error: ClientError, own: Callable[[ClientError], Words]) -> tuple[str, str]:
    if words := explain_caller(error) or own(error):
        return words
    if is_denied(error):
        return _denied(error)
    said = f"AWS answered {code_of(error)} to {error.operation_name}{remark_of(error)}"
    return said, ""


def _denied(error: ClientError) -> tuple[str, str]:
    name = denied_action(error) or error.operation_name
    return f"access denied to {name}{remark_of(error)}", _PERMISSIONS
