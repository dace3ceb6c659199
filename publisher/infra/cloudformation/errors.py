"""What CloudFormation alone answers, in words; the rest is said as of all services."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager

from botocore.exceptions import BotoCoreError, ClientError

from publisher.aws_errors import code_of, message_of
from publisher.infra import explain as shared
from publisher.infra.errors import InfraError

_OUTRUN = "somebody else has changed the stack meanwhile"
_AGAIN = "run the same command again: it shows what would change now"
# By its error code: what it means, and what to do.
_BY_CODE = {
    "AlreadyExistsException": ("somebody else has begun to create the stack meanwhile", _AGAIN),
    "ChangeSetNotFound": (_OUTRUN, _AGAIN),
    "InvalidChangeSetStatus": (_OUTRUN, _AGAIN),
    "LimitExceededException": (
        "the account has as many stacks as it may have",
        "ask AWS for a higher quota, or remove a stack",
    ),
}
_UNDER_WAY = re.compile(r"\b([A-Z_]+_IN_PROGRESS)\b")


def explained(what: str) -> AbstractContextManager[None]:
    """Turn boto3's errors into InfraError; `what` says what was asked, such as "stack x-ota"."""
    return shared.explained(what, _own_words)


def explain(error: ClientError | BotoCoreError, what: str) -> InfraError:
    """Return an InfraError that says what happened to a request to CloudFormation."""
    return shared.explain(error, what, _own_words)


def _own_words(error: ClientError) -> shared.Words:
    code, said = code_of(error), message_of(error)
    if code != "ValidationError":
        return _BY_CODE.get(code)
    if state := _UNDER_WAY.search(said):
        return f"another change is under way ({state[1]})", "wait until it is done"
    return f"CloudFormation refuses it: {said}", ""
