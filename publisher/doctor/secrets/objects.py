"""Why an object in the store or in the bucket is private, by what is in it."""

from __future__ import annotations

from publisher.doctor.findings import Finding, unknown
from publisher.doctor.secrets.content import holds_secret
from publisher.doctor.secrets.listed_keys import ListedKeys
from publisher.image import MAGIC as IMAGE_MAGIC
from publisher.payload.head import MAGIC as PAYLOAD_MAGIC

# Requests are paid for, and each takes its time.
MOST_READ = 200
# Of what Slotcast does not write.
FOREIGN_BYTES = 65536
AS_PRIVATE = "a private key, or as private as one"
# What begins so is what it is called: firmware that can read keys has their marks in its text.
_BINARY = (bytes([IMAGE_MAGIC]), PAYLOAD_MAGIC)


def why_private(data: bytes, keys: ListedKeys | None) -> str:
    """Return what an object is that nobody else may have, in words; "" for what others may have.

    Args:
        data: how it begins.
        keys: those that root names; None where no root could be read.
    """
    if whose := whose_key(data, keys):
        return whose
    return AS_PRIVATE if not data.startswith(_BINARY) and holds_secret(data) else ""


def whose_key(data: bytes, keys: ListedKeys | None) -> str:
    """Return which of root's private keys an object has in it, in words; "" where none."""
    key = keys.find(data) if keys else None
    return "" if key is None else str(key)


def without_root(check: str, keys: ListedKeys | None) -> list[Finding]:
    """Return that bare keys could not be told, where no root could be read."""
    says = "whether a key lies there bare, without any form: no root could be read"
    return [] if keys else [unknown(check, says, "see chain")]
