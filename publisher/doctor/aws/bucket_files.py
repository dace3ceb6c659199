"""What lies in the bucket beside the product: no key, by name; other products are let be."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from publisher.doctor.aws.asking import ask
from publisher.doctor.aws.scene import Scene
from publisher.doctor.findings import Finding, fail, ok, unknown
from publisher.layout import is_published

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

CHECK = "bucket-keys"
# What `publisher/doctor/contents.py` looks for under the product, by name and content.
_PRIVATE = re.compile(
    r"(^|/)(slotcast\.toml|infra\.toml|\.env|credentials|id_[a-z0-9]+|[^/]*pass(phrase|word)[^/]*)$"
    r"|\.(pem|key|p8|p12|pfx|jks|ppk)$",
    re.IGNORECASE,
)
# A thousand keys each.
_MOST_PAGES = 20
_MOST_NAMED = 5
_MEND = (
    "remove it with all its versions, and take the key for stolen: replace it in root "
    "(docs/keys.md, `slotcast root propose --replace`)"
)


def check_bucket_keys(scene: Scene) -> list[Finding]:
    """Check that nothing in the bucket has the name of a key (ListObjectsV2, 20,000 names)."""
    pages = _pages(scene)
    names = [item["Key"] for page in pages for item in page.get("Contents", [])]
    found = [name for name in names if not is_published(name) and _PRIVATE.search(name)]
    if found:
        return [fail(CHECK, f"in the bucket lies {_named(found)}", _MEND)]
    if pages[-1].get("IsTruncated"):
        return [unknown(CHECK, f"no key is among the first {len(names):,} names; there are more")]
    return [ok(CHECK, f"no key is among the {len(names):,} names in the bucket")]


def _pages(scene: Scene) -> list[ListObjectsV2OutputTypeDef]:
    pages = scene.clients.s3.get_paginator("list_objects_v2").paginate(
        Bucket=scene.deployment.bucket
    )
    return ask("s3:ListBucket", lambda: list(islice(pages, _MOST_PAGES)))


def _named(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
