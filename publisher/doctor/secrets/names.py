"""Names that keys, passphrases and settings have, and nothing that is published."""

from __future__ import annotations

import re

_ARCHIVE = r"\.(?:zip|7z|rar|tar|tgz|tbz2?|txz|gz|bz2|xz|zst)"
# What editors and people put behind a name when they keep a copy.
_COPY = rf"(?:~|\.(?:bak|backup|copy|old|orig|save|txt|enc|gpg|asc|age|\d+)|{_ARCHIVE})*"
_PRIVATE = re.compile(
    rf"(^|/)((slotcast\.toml|infra\.toml|seen\.json|\.netrc|id_(rsa|dsa|ecdsa|ed25519)){_COPY}"
    rf"|id_[a-z0-9]+|\.env(\.(?!(example|sample|template)$)[^/]+)?{_COPY}|credentials(\.[^/]+)?"
    rf"|[^/]*pass(phrase|word)[^/]*|(private[-_]?)?keys?({_ARCHIVE})+)$"
    rf"|\.(pem|key|p8|p12|pfx|jks|keystore|ppk){_COPY}$",
    re.IGNORECASE,
)


def is_private_name(path: str) -> bool:
    """Whether an object of this name is private, whatever is in it."""
    return _PRIVATE.search(path) is not None
