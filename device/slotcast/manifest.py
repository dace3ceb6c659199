"""The release manifest, as the board reads it (manifests/repository.md)."""

import json

from slotcast.errors import RepositoryError

MAX_BYTES = 8192

_MAX_WITHDRAWN = 16
_HEX = "0123456789abcdef"
# A field's type, or how many hex digits it has.
_FIELDS = {
    "version": str,
    "release": int,
    "product": str,
    "channel": str,
    "board": str,
    "chip": str,
    "size": int,
    "sha256": 64,
    "md5": 32,
    "image_digest": 64,
    "security_version": int,
    "mandatory": bool,
    "paused": bool,
    "confirm_within_s": int,
}
_PAYLOAD_FIELDS = {"path": str, "length": int, "head_length": int, "head_sha256": 64}


class Manifest:
    """What a channel offers a board now; attributes are the manifest's fields.

    Args:
        data: the target's bytes, whose length and hash the caller has checked.

    Attributes beside them: version_key and min_version_key ((X, Y, Z), the latter or None),
    withdrawn_keys (list of them), salt and basis_points of the rollout, and full, the PayloadEntry
    of kind "full".

    Raises RepositoryError when a field is missing or has another type.
    """

    def __init__(self, data: bytes):
        try:
            fields = json.loads(data)
        except ValueError:
            raise RepositoryError("manifest is no JSON")
        _check(fields, _FIELDS)
        for name in _FIELDS:
            setattr(self, name, fields[name])
        self.version_key = parse_version(self.version)
        self.min_version = fields.get("min_version")
        self.min_version_key = parse_version(self.min_version) if self.min_version else None
        self.retry_failed = _retry_failed(fields)
        self.withdrawn_keys = _withdrawn(fields.get("withdrawn", []))
        self.salt, self.basis_points = _rollout(fields.get("rollout"))
        self.full = _full(fields.get("payloads"))


def parse_version(text: str) -> tuple:
    """Return (X, Y, Z) of "X.Y.Z".

    Raises RepositoryError when it is no such text.
    """
    parts = text.split(".") if isinstance(text, str) else ()
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        raise RepositoryError("version %r is not X.Y.Z" % text)
    return tuple(int(part) for part in parts)


class PayloadEntry:
    """One entry of `payloads`: path (below BASE), length, head_length, head_sha256."""

    def __init__(self, fields):
        _check(fields, _PAYLOAD_FIELDS)
        for name in _PAYLOAD_FIELDS:
            setattr(self, name, fields[name])
        if self.path[:9] != "payloads/" or ".." in self.path:
            raise RepositoryError("payload stands elsewhere: " + self.path)


def _full(entries):
    for fields in entries if isinstance(entries, list) else ():
        if isinstance(fields, dict) and fields.get("kind") == "full":
            return PayloadEntry(fields)
    raise RepositoryError("manifest has no full payload")


def _retry_failed(fields):
    if "retry_failed" in fields:
        _check(fields, {"retry_failed": bool})
    return fields.get("retry_failed", False)


def _withdrawn(versions):
    if not isinstance(versions, list) or len(versions) > _MAX_WITHDRAWN:
        raise RepositoryError("manifest has no good withdrawn")
    return [parse_version(version) for version in versions]


def _rollout(fields):
    if fields is None:
        return "", 10000
    _check(fields, {"salt": str, "basis_points": int})
    return fields["salt"], fields["basis_points"]


def _check(fields, kinds):
    if not isinstance(fields, dict):
        raise RepositoryError("manifest has something else than an object")
    for name in kinds:
        if not _is_a(fields.get(name), kinds[name]):
            raise RepositoryError("manifest has no good " + name)


def _is_a(value, kind):
    """Whether `value` is of a type, or hex of so many characters; a negative integer is not one."""
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if kind in (str, bool):
        return isinstance(value, kind)
    return isinstance(value, str) and len(value) == kind and all(c in _HEX for c in value)
