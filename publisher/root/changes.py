"""The next root: what a person wants changed of keys and thresholds, and what may follow a root.

Nothing is signed here. The publisher is stricter than TUF (specification 1.0, 5.3) about what may
follow: nothing changes but keys, thresholds and expiry, so that a signer can be told all of it.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from securesystemslib.signer import Key
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization.json import JSONSerializer

from publisher.board_limits import verify_limits
from publisher.errors import SettingsError, VerificationError
from publisher.metadata_rules import verify_rules
from publisher.verification.roots import verify_keys

_TOLD = ("version", "expires", "keys", "roles")
# What a signature may take in a file, in hex digits: ECDSA P-256 in DER has 72 bytes at most.
_SIGNATURE_DIGITS = 144
# With other fields beside these one key would have as many ids as somebody cares to try.
_KEY_FIELDS = {"keytype", "scheme", "keyval"}


@dataclass(frozen=True)
class RootChanges:
    """What a person wants changed; key ids may be cut to their first digits.

    Attributes:
        additions: role and key.
        removals: role and key id.
        replacements: role, key id, and the key that comes in its place.
        thresholds: role and how many of its keys must sign.
        renews: sign a new version though nothing changes but its expiry.
    """

    additions: Sequence[tuple[str, Key]] = ()
    removals: Sequence[tuple[str, str]] = ()
    replacements: Sequence[tuple[str, str, Key]] = ()
    thresholds: Sequence[tuple[str, int]] = ()
    renews: bool = False


def next_root(root: Root, changes: RootChanges, expires: datetime) -> Metadata[Root]:
    """Return the root that follows, unsigned.

    Raises:
        SettingsError: a change cannot be made, or there is none.
        VerificationError: boards would refuse what comes of it, or nobody could sign for a role.
    """
    new = copy.deepcopy(root)
    new.version += 1
    new.expires = expires
    for role, keyid, key in changes.replacements:
        _remove(new, role, keyid)
        _add(new, role, key)
    for role, keyid in changes.removals:
        _remove(new, role, keyid)
    for role, key in changes.additions:
        _add(new, role, key)
    for role, threshold in changes.thresholds:
        _set_threshold(new, role, threshold)
    for role, after in new.roles.items():
        after.keyids = _in_order(root.roles[role].keyids, after.keyids)
    if (new.keys, new.roles) == (root.keys, root.roles) and not changes.renews:
        raise SettingsError("nothing changes", "--renew gives root a new expiry and nothing else")
    metadata = Metadata(new)
    verify_follows(root, metadata)
    return metadata


def verify_follows(root: Root, metadata: Metadata[Root]) -> None:
    """Raise VerificationError unless this may come after `root`, once it is signed."""
    new = metadata.signed
    if new.version != root.version + 1:
        raise VerificationError(f"root {new.version} does not follow root {root.version}")
    before, after = root.to_dict(), new.to_dict()
    for name in sorted({*before, *after}):
        if name not in _TOLD and before.get(name) != after.get(name):
            raise VerificationError(f"it changes {name}, which no ceremony does")
    _verify_roles(root, new)
    verify_keys(new)
    for keyid in new.keys.keys() - root.keys.keys():
        _verify_new_key(root, new, keyid)
    _verify_limits(root, metadata)


def root_bytes(metadata: Metadata[Root]) -> bytes:
    """Return the file of a root as it is published."""
    return metadata.to_bytes(JSONSerializer(compact=True, validate=True))


def _verify_roles(root: Root, new: Root) -> None:
    for name, role in new.roles.items():
        if role.unrecognized_fields != root.roles[name].unrecognized_fields:
            raise VerificationError(f"it changes fields of {name}, which no ceremony does")
        if role.keyids != _in_order(root.roles[name].keyids, role.keyids):
            raise VerificationError(f"it changes the order of keys of {name}, which nobody is told")
    listed = {keyid for role in new.roles.values() for keyid in role.keyids}
    for keyid in new.keys.keys() - listed:
        raise VerificationError(f"key {keyid[:8]} signs for no role")
    for keyid in listed - new.keys.keys():
        raise VerificationError(f"key {keyid[:8]} is in a role, but not among the keys")


def _in_order(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Return key ids in the one order that they may have: as before, and then the new ones."""
    return [*(one for one in before if one in after), *sorted(set(after) - set(before))]


def _verify_new_key(root: Root, new: Root, keyid: str) -> None:
    """Refuse a key of which people see something else than what it is."""
    key = new.keys[keyid]
    if key.to_dict().keys() != _KEY_FIELDS or key.keyval.keys() != {"public"}:
        raise VerificationError(f"key {keyid[:8]} has fields that a key does not have")
    if key.keyval["public"] in {one.keyval["public"] for one in root.keys.values()}:
        raise VerificationError(f"key {keyid[:8]} is a key of root {root.version} under a new id")
    others = {*root.keys, *new.keys} - {keyid}
    if keyid[:8] in {other[:8] for other in others}:
        raise VerificationError(f"two keys begin with {keyid[:8]}: nobody could tell them apart")


def _verify_limits(root: Root, metadata: Metadata[Root]) -> None:
    """Refuse what boards have no room for when every root key, former and new, has signed it."""
    try:
        verify_rules(root_bytes(metadata))
    except ValueError as error:
        raise VerificationError(str(error)) from error
    whole = metadata.to_dict()
    keyids = {*root.roles["root"].keyids, *metadata.signed.roles["root"].keyids}
    whole["signatures"] = [
        {"keyid": keyid, "sig": "0" * _SIGNATURE_DIGITS} for keyid in sorted(keyids)
    ]
    verify_limits("root", root_bytes(Metadata[Root].from_dict(whole)))


def _add(root: Root, role: str, key: Key) -> None:
    if key.keyid in root.roles[role].keyids:
        raise SettingsError(f"{role} has key {key.keyid[:8]} already")
    root.add_key(key, role)


def _remove(root: Root, role: str, keyid: str) -> None:
    root.revoke_key(_find(root, role, keyid), role)


def _find(root: Root, role: str, start: str) -> str:
    """Return the one key id of a role that begins so."""
    keyids = root.roles[role].keyids
    found = [keyid for keyid in keyids if keyid.startswith(start.lower())]
    if len(found) != 1:
        what = "several keys" if found else "no key"
        known = ", ".join(keyid[:8] for keyid in keyids) or "none"
        raise SettingsError(f"{role} has {what} {start}", f"keys of {role}: {known}")
    return found[0]


def _set_threshold(root: Root, role: str, threshold: int) -> None:
    if threshold < 1:
        raise SettingsError(f"a threshold of {threshold} for {role}: anybody could sign for it")
    root.roles[role].threshold = threshold
