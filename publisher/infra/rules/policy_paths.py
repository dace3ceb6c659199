"""Which paths bucket policies name: whole kinds, of all products, so that samples tell of all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from publisher.infra.node import items, text
from publisher.infra.policies import Statement, statements
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.paths import LOG_FOLDER
from publisher.infra.rules.view import View
from publisher.stores.probe import PROBE

# Another product's, channel's or version's would be spared by a narrower one.
_KINDS = frozenset(
    ("*", "*/metadata/*", "*/metadata/*.json", "*/metadata/timestamp.json", "*/version.json")
    + tuple(f"*/metadata/*.{role}.json" for role in ("root", "targets", "snapshot"))
    + ("*/targets/*", "*/targets/*.json", "*/payloads/*", "*/payloads/*.slc")
    + ("*/images/*", "*/images/*.bin", f"*/{PROBE}", f"{LOG_FOLDER}/*")
)
_BUCKET = re.compile(r"\$\{([A-Za-z0-9]+)\.Arn\}")


def _paths(view: View) -> Iterator[Fault]:
    for policy in view.of("S3::BucketPolicy"):
        own = view.named(policy.get("Bucket"))
        for statement in statements(policy.get("PolicyDocument")):
            for resource in _named(statement):
                if not own or not _is_kind(resource, own.name):
                    name = statement.get("Sid", "a statement")
                    yield policy.name, f"{name} names {resource}, which is no whole kind of path"


def _named(statement: Statement) -> list[str]:
    return [text(one) for part in ("Resource", "NotResource") for one in items(statement.get(part))]


def _is_kind(resource: str, bucket: str) -> bool:
    """Say whether this is a bucket, by its logical id, or a kind of path in it."""
    named, slash, path = resource.partition("/")
    found = _BUCKET.fullmatch(named)
    return found is not None and found[1] == bucket and (not slash or path in _KINDS)


RULES = (
    Rule(
        "policy-paths",
        "bucket policies name whole kinds of path, in all products: none is spared",
        "name the bucket's Arn, and below it *, */metadata/*, */version.json and so on "
        "(infra/ota.yaml)",
        _paths,
    ),
)
