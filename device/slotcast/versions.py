"""Versions of releases."""

from slotcast.errors import RepositoryError


def parse_version(text: str) -> tuple:
    """Return (X, Y, Z) of "X.Y.Z".

    Raises RepositoryError when it is no such text.
    """
    parts = text.split(".") if isinstance(text, str) else ()
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        raise RepositoryError("version %r is not X.Y.Z" % text)
    return tuple(int(part) for part in parts)
