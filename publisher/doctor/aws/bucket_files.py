"""What lies in the whole bucket: no key, by name (publisher/doctor/contents.py looks inside)."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from publisher.doctor.aws.asking import ask
from publisher.doctor.aws.scene import Scene
from publisher.doctor.findings import Finding, fail, ok, unknown
from publisher.doctor.private_names import is_private_name
from publisher.layout import is_published

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

CHECK = "bucket-keys"
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
    found = [name for name in names if not is_published(name) and is_private_name(name)]
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
