"""What a bucket's policy must deny to nobody: releases list, read, and send in parts.

What they write, the rules of bucket_policy.py look at.
"""

from __future__ import annotations

from collections.abc import Iterator

from publisher.infra.policies import BY_TLS, Request, might_deny
from publisher.infra.rules.bucket_policy import policy_of
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.paths import IMMUTABLE, POINTERS, PROBE
from publisher.infra.rules.view import View

_OF_BUCKET = ("s3:ListBucket", "s3:ListBucketMultipartUploads")
_OF_OBJECTS = ("s3:GetObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
_WORK = {
    **dict.fromkeys(_OF_BUCKET, ("",)),
    **dict.fromkeys(_OF_OBJECTS, (*POINTERS, *IMMUTABLE, PROBE)),
}


def _work(view: View) -> Iterator[Fault]:
    for bucket in view.origin_buckets():
        name, policy = policy_of(view, bucket)
        for action, keys in _WORK.items():
            if any(might_deny(policy, Request(action, key, BY_TLS)) for key in keys):
                yield name, f"{action} is denied, or may be, to whoever releases"


RULES = (
    Rule(
        "bucket-work",
        "the bucket denies nobody what releases need: to list, to read, to send in parts",
        "take the Deny out; who may read at all is for policies of roles to say",
        _work,
    ),
)
