"""What to do about an error of the store, for who only reads: the doctor needs to write nothing."""

from __future__ import annotations

import re

from publisher.errors import PublisherError

# By the operation of S3 that was refused: the one permission that it needs.
_READS = {"GetObject": "s3:GetObject", "ListObjectsV2": "s3:ListBucket"}
_ACTION = re.compile(r"perform: ((?:s3|kms):[A-Za-z]+)")
_GONE = 'correct bucket in [store]; if it was deleted: docs/operator.md, "When something is gone"'


def hint_of(error: PublisherError) -> str:
    """Return what a reader does about an error; its own hint where that is not a publisher's.

    S3 answers a missing object with AccessDenied where s3:ListBucket is missing, and names what it
    missed in the message (S3 user guide, "Troubleshoot access denied errors").
    """
    # Here: not everybody is at AWS.
    from botocore.exceptions import ClientError

    from publisher.aws_errors import code_of, is_denied, message_of

    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return error.hint
    if code_of(cause) == "NoSuchBucket":
        return _GONE
    if not is_denied(cause) or cause.operation_name not in _READS:
        return error.hint
    named = _ACTION.search(message_of(cause))
    permission = named[1] if named else _READS[cause.operation_name]
    return f"allow {permission} to who runs the doctor (docs/doctor.md)"
