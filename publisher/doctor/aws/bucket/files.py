"""What lies in the whole bucket: no key, by name, and outside the product by content too.

Below the product's prefix publisher/doctor/private_keys.py looks inside, with the store's own
credentials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from publisher.doctor.aws.asking import UnansweredError, ask, ask_unless
from publisher.doctor.aws.scene import Scene
from publisher.doctor.contents import is_written
from publisher.doctor.findings import Finding, fail, ok, some, unknown
from publisher.doctor.secrets.names import is_private_name
from publisher.doctor.secrets.objects import FOREIGN_BYTES, MOST_READ, why_private, without_root
from publisher.layout import key

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import ListObjectsV2OutputTypeDef, ObjectTypeDef

CHECK = "bucket-keys"
# A thousand keys each.
_MOST_PAGES = 20
# After so many objects that may not be read, or lie in an archive, no more are asked for.
_MOST_SILENT = 5
_MEND = (
    "remove it with all its versions, and take the key for stolen: replace it in root "
    "(docs/keys.md, `slotcast root propose --replace`)"
)
_MOVE = "keep other things in a bucket of their own: this one is the firmware's"


class Look(NamedTuple):
    """What came of looking into objects.

    Attributes:
        private: what an object is, by its key.
        silent: why each of some others gave no answer.
        says: how many were looked into, in words.
        left: how many were not, as they were too many.
    """

    private: Mapping[str, str]
    silent: Sequence[UnansweredError]
    says: str
    left: int = 0


def check_bucket_keys(scene: Scene) -> list[Finding]:
    """Check that nothing in the bucket is a key: by name (ListObjectsV2), by content (GetObject).

    Of 20,000 objects the names are looked at; into at most 200 it looks, the newest first, that are
    no published files of any product, nor below this one's prefix.
    """
    pages = _pages(scene)
    items = [item for page in pages for item in page.get("Contents", [])]
    foreign = [item for item in items if not _is_of_product(item["Key"])]
    named = [item["Key"] for item in foreign if is_private_name(item["Key"])]
    ours = key(scene.deployment.product, "")
    others = [item for item in foreign if not item["Key"].startswith(ours) and item["Size"]]
    outside = [item for item in others if not is_private_name(item["Key"])]
    is_cut = pages[-1].get("IsTruncated", False)
    found = judge_keys(named, _look_into(scene, outside), len(items), is_cut)
    return [*without_root(CHECK, scene.wanted.listed_keys), *found]


def judge_keys(named: Sequence[str], look: Look, names: int, is_cut: bool) -> list[Finding]:
    """Judge what is named like a key, and what is one.

    Args:
        names: how many names were looked at.
        is_cut: whether there are more.
    """
    found = [fail(CHECK, f"in the bucket lies {some(named)}", _MEND)] if named else []
    found += [
        fail(CHECK, f"{name} in the bucket is {why} ({look.says})", _MEND)
        for name, why in look.private.items()
    ]
    found += [unknown(CHECK, f"{look.says}: {error}", error.mend) for error in look.silent[:1]]
    if look.left:
        says = f"{look.left:,} that belong to no product were not looked into ({look.says})"
        found.append(unknown(CHECK, says, _MOVE))
    if found:
        return found
    if is_cut:
        says = f"no key is among the first {names:,} names ({look.says}); there are more"
        return [unknown(CHECK, says)]
    return [ok(CHECK, f"no key is among the {names:,} names in the bucket ({look.says})")]


def _pages(scene: Scene) -> list[ListObjectsV2OutputTypeDef]:
    pages = scene.clients.s3.get_paginator("list_objects_v2").paginate(
        Bucket=scene.deployment.bucket
    )
    return ask("s3:ListBucket", lambda: list(islice(pages, _MOST_PAGES)))


def _is_of_product(name: str) -> bool:
    """Whether an object is a published file of some product, by its name below the product."""
    return is_written(name.partition("/")[2])


def _look_into(scene: Scene, outside: Sequence[ObjectTypeDef]) -> Look:
    newest = sorted(outside, key=lambda item: item["LastModified"], reverse=True)
    private, silent, looked = {}, [], 0
    for item in newest[:MOST_READ]:
        try:
            why = why_private(_read(scene, item["Key"]), scene.wanted.listed_keys)
        except UnansweredError as error:
            silent.append(error)
            if len(silent) == _MOST_SILENT:
                break
            continue
        looked += 1
        if why:
            private[item["Key"]] = why
    of = f"looked into {looked:,} of {len(outside):,} objects that belong to no product"
    return Look(private, silent, of, len(newest[MOST_READ:]))


def _read(scene: Scene, name: str) -> bytes:
    """Return how an object begins; nothing of one that is gone meanwhile."""

    def get() -> bytes:
        answer = scene.clients.s3.get_object(
            Bucket=scene.deployment.bucket, Key=name, Range=f"bytes=0-{FOREIGN_BYTES - 1}"
        )
        return answer["Body"].read()

    return ask_unless("s3:GetObject", "NoSuchKey", get) or b""
