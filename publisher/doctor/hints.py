"""What to do about an error of the store, for who only reads: the doctor needs to write nothing."""

from __future__ import annotations

import re

from publisher.errors import PublisherError

# By the operation of S3 that was refused: the one permission that it needs.
_READS = {"GetObject": "s3:GetObject", "ListObjectsV2": "s3:ListBucket"}
_ACTION = re.compile(r"perform: (s3:[A-Za-z]+)")
_DENIED = ("AccessDenied", "AllAccessDisabled", "AccountProblem", "403")
_GONE = 'correct bucket in [store]; if it was deleted: docs/operator.md, "When something is gone"'


def hint_of(error: PublisherError) -> str:
    """Return what a reader does about an error; its own hint where that is not a publisher's.

    S3 answers a missing object with AccessDenied where s3:ListBucket is missing, and names what it
    missed in the message (S3 user guide, "Troubleshoot access denied errors").
    """
    from botocore.exceptions import ClientError  # here: not everybody is at AWS

    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return error.hint
    said = cause.response["Error"]
    if said["Code"] == "NoSuchBucket":
        return _GONE
    if said["Code"] not in _DENIED or cause.operation_name not in _READS:
        return error.hint
    named = _ACTION.search(said.get("Message", ""))
    permission = named[1] if named else _READS[cause.operation_name]
    return f"allow {permission} to who runs the doctor (docs/doctor.md)"
