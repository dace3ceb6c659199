"""The states of a stack, and what each means for who wants to change it.

AWS CloudFormation user guide, "Stack status codes".
"""

from __future__ import annotations

from publisher.infra.errors import InfraError

_DESTROY = (
    "mend the cause, remove what is left with `slotcast infra destroy KIND`, then apply again "
    "(with --import-existing, if there is a bucket that a former stack has left)"
)
_IMPORT_AGAIN = (
    "mend the cause, remove what is left with `slotcast infra destroy KIND` (the bucket stays), "
    "then the same command again"
)
_ROLL_BACK = (
    "mend the cause, then `aws cloudformation continue-update-rollback --stack-name NAME`, or in "
    "the console: until then it cannot be changed"
)
_DELETE = "mend the cause, then `slotcast infra destroy KIND` again"

# What is left where something failed: in words, and what to do.
_FAILED = {
    "ROLLBACK_COMPLETE": ("its creation failed, and was undone", _DESTROY),
    "CREATE_FAILED": ("its creation failed", _DESTROY),
    "ROLLBACK_FAILED": ("its creation failed, and undoing that failed too", _DESTROY),
    "DELETE_FAILED": ("it could not be removed whole", _DELETE),
    "UPDATE_FAILED": ("its update failed, and was not undone", _ROLL_BACK),
    "UPDATE_ROLLBACK_FAILED": ("its update failed, and undoing that failed too", _ROLL_BACK),
}
_UNDONE = {
    "UPDATE_ROLLBACK_COMPLETE": (
        "the update failed, and was undone: all is as it was before",
        "mend the cause, and apply again",
    ),
}

_NEVER_CREATED = ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED")


def is_under_way(status: str) -> bool:
    """Whether CloudFormation is changing the stack, or the resource."""
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"


def is_gone(status: str) -> bool:
    """Whether it is only remembered."""
    return status == "DELETE_COMPLETE"


def is_sound(status: str) -> bool:
    """Whether a stack is whole, and nothing is under way; the last update may have been undone."""
    return status.endswith("_COMPLETE") and status not in _FAILED


def was_created(status: str) -> bool:
    """Whether a stack has been whole at some time."""
    return status not in _NEVER_CREATED


def has_failed(status: str) -> bool:
    """Whether a change ended otherwise than it should."""
    return status in _FAILED or status in _UNDONE


def verify_changeable(name: str, status: str) -> None:
    """Raise InfraError unless a stack in this state takes a change set."""
    verify_idle(name, status)
    if status in _FAILED:
        message, hint = _FAILED[status]
        raise InfraError(f"stack {name} is {status}: {message}", _named(hint, name))


def verify_done(
    name: str, status: str, reason: str, causes: tuple[str, ...], imports: bool = False
) -> None:
    """Raise InfraError unless this state is what a change should end in.

    Args:
        imports: the change took in what was there already.
    """
    failed = _FAILED | _UNDONE
    if status in failed:
        message, hint = failed[status]
        hint = _IMPORT_AGAIN if imports and hint == _DESTROY else hint
        why = causes or ((f"  {reason}",) if reason else ())
        raise InfraError(f"stack {name}: {message}", _named(hint, name), why)


def verify_idle(name: str, status: str) -> None:
    """Raise InfraError while CloudFormation is changing the stack."""
    if is_under_way(status):
        message = f"stack {name} is {status}: another change is under way"
        raise InfraError(message, "wait until it is done")


def _named(hint: str, name: str) -> str:
    return hint.replace("NAME", name).replace("KIND", name.rpartition("-")[2])
