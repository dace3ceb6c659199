"""Patterns with `*` and `?`, as IAM and CloudFront compare them: any text, and any one character.

IAM user guide, "Wildcards"; CloudFront developer guide, "Path pattern".
"""

from __future__ import annotations

from fnmatch import fnmatchcase


def matches(pattern: str, text: str) -> bool:
    """Say whether a pattern matches the whole of a text; case counts."""
    # fnmatch knows [x] too, which AWS does not.
    return fnmatchcase(text, pattern.replace("[", "[[]"))
