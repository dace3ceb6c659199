"""What to do about an error of the store, for who only reads: the doctor needs to write nothing."""

from __future__ import annotations

from botocore.exceptions import ClientError

from publisher.aws_errors import code_of
from publisher.errors import PublisherError
from publisher.stores.s3_errors import refused_read

_GONE = 'correct bucket in [store]; if it was deleted: docs/operator.md, "When something is gone"'


def hint_of(error: PublisherError) -> str:
    """Return what a reader does about an error; its own hint where that is not a publisher's."""
    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return error.hint
    if code_of(cause) == "NoSuchBucket":
        return _GONE
    permission = refused_read(cause)
    return allow(permission) if permission else error.hint


def allow(permission: str) -> str:
    """Return what to do where a permission is missing, such as s3:GetObject."""
    return f"allow {permission} to who runs the doctor (docs/doctor.md)"
