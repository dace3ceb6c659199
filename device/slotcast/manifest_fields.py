"""Reading a release manifest (manifests/repository.md): what is in it, and of which types."""

import json

from slotcast.errors import RepositoryError
from slotcast.versions import parse_version

_MAX_WITHDRAWN = 16
_MAX_DELTAS = 8
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
_BASE = {"base": 64}


def parse(data: bytes, entry) -> dict:
    """What a manifest says: attributes of manifest.Manifest by name.

    Args:
        data: the target's bytes.
        entry: makes one of `payloads`, from its fields and the digest of its base ("" of none).

    Raises RepositoryError when a field is missing or has another type.
    """
    try:
        fields = json.loads(data)
    except ValueError:
        raise RepositoryError("manifest is no JSON")
    _check(fields, _FIELDS)
    known = {name: fields[name] for name in _FIELDS}
    known["version_key"] = parse_version(fields["version"])
    least = known["min_version"] = fields.get("min_version")
    known["min_version_key"] = parse_version(least) if least else None
    known["retry_failed"] = _retry_failed(fields)
    known["withdrawn_keys"] = _withdrawn(fields.get("withdrawn", []))
    rollout = _rollout(fields.get("rollout"))
    known["salt"], known["basis_points"], known["groups"], known["ramp"] = rollout
    known["full"] = entry(_full(fields.get("payloads")), "")
    known["deltas"] = [entry(delta, delta["base"]) for delta in _deltas(fields["payloads"])]
    return known


def _full(entries):
    for fields in entries if isinstance(entries, list) else ():
        if isinstance(fields, dict) and fields.get("kind") == "full":
            _check_payload(fields)
            return fields
    raise RepositoryError("manifest has no full payload")


def _deltas(entries):
    """Deltas are a help: what is not as it should be is passed over, as an unknown kind is."""
    deltas = []
    for fields in entries:
        if isinstance(fields, dict) and fields.get("kind") == "delta" and len(deltas) < _MAX_DELTAS:
            try:
                _check(fields, _BASE)
                _check_payload(fields)
                deltas.append(fields)
            except RepositoryError:
                pass
    return deltas


def _check_payload(fields):
    _check(fields, _PAYLOAD_FIELDS)
    if fields["path"][:9] != "payloads/" or ".." in fields["path"]:
        raise RepositoryError("payload stands elsewhere: " + fields["path"])


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
        return "", 10000, (), None
    _check(fields, {"salt": str, "basis_points": int})
    groups, ramp, least = (), None, fields["basis_points"]
    if "groups" in fields or "ramp" in fields:
        from slotcast.rollout import parse_groups, parse_ramp  # seldom

        groups = parse_groups(fields.get("groups", []))
        ramp = parse_ramp(fields["ramp"], least) if "ramp" in fields else None
    return fields["salt"], least, groups, ramp


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
