"""The checks by name, in groups and in order: light enough for the command line's parser."""

from __future__ import annotations

EDGE = "edge"
ANSWERS = "answers"
CACHING = "caching"
TIME = "time"
PRODUCT = "product"
AWS = "aws"

GROUPS = {
    EDGE: (
        "reach",
        "certificate-life",
        "host-name",
        "pin-sets",
        "tls-versions",
        "tls-ciphers",
        "keep-alive",
        "plain-http",
    ),
    ANSWERS: (
        "missing-names",
        "ranges",
        "compression",
        "query",
        "user-agent",
        "methods",
        "response-headers",
    ),
    CACHING: ("pointer-cache", "immutable-cache", "missing-cache", "cache-hits"),
    TIME: ("clock", "role-expiry", "refresh-job"),
    PRODUCT: (
        "chain",
        "offers",
        "edge-origin",
        "version-json",
        "rolled-back",
        "published-names",
        "private-keys",
        "served-keys",
    ),
}
# Those of the account's own settings have names of their own (publisher/doctor/account_names.py).
NAMES = (*(name for names in GROUPS.values() for name in names), AWS)


def group_of(check: str) -> str:
    """Return the group of a check."""
    return next((group for group, names in GROUPS.items() if check in names), AWS)
