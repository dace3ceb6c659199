"""Names that keys, passphrases and settings have, and nothing that is published."""

from __future__ import annotations

import re

_PRIVATE = re.compile(
    r"(^|/)(slotcast\.toml|infra\.toml|seen\.json|\.env|credentials|id_[a-z0-9]+"
    r"|[^/]*pass(phrase|word)[^/]*)$"
    r"|\.(pem|key|p8|p12|pfx|jks|ppk)$",
    re.IGNORECASE,
)


def is_private_name(path: str) -> bool:
    """Whether an object of this name is private, whatever is in it."""
    return _PRIVATE.search(path) is not None
