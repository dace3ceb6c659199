"""What a new root changes, in words for the people who are asked to sign it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tuf.api.metadata import Metadata, Root

from publisher.iso_time import iso
from publisher.verification.metadata import signatures_of

ROLES = ("root", "targets", "snapshot", "timestamp")


def change_lines(root: Root, new: Root) -> Iterator[str]:
    """Yield every change from one root to the next, so that no two changes have the same words."""
    for role in ROLES:
        yield from _key_lines(root, new, role)
        before, after = _threshold(root, role), _threshold(new, role)
        if before != after:
            yield f"{role}: {before} keys must sign -> {after}"
    yield f"expires: {iso(root.expires)} -> {iso(new.expires)}"


def caution_lines(new: Root, before: Root | None = None) -> Iterator[str]:
    """Yield what nobody should overlook in a root, and in its step from the one before it."""
    if before is not None:
        yield from _step_cautions(new, before)
    if new.roles["root"].threshold == 1:
        yield "one root key alone can replace all keys"
    for keyid in new.keys:
        roles = [role for role in ROLES if keyid in new.roles[role].keyids]
        if len(roles) > 1:
            yield f"key {keyid[:8]} signs for {' and '.join(roles)}: whoever steals it has all"


def _step_cautions(new: Root, before: Root) -> Iterator[str]:
    for role in ROLES:
        was, now = before.roles[role].threshold, new.roles[role].threshold
        if now < was:
            yield f"{role} needs fewer signatures than before: {now} in place of {was}"
    if not set(before.roles["root"].keyids) & set(new.roles["root"].keyids):
        yield "no root key stays: keys of both roots have to sign this one"
    if new.expires <= before.expires:
        yield f"it lasts no longer than root {before.version}"


def signature_lines(root: Root, metadata: Metadata[Root]) -> Iterator[str]:
    """Yield how many keys of both roots have signed, which, and whose signatures may still come."""
    for one in (root, metadata.signed):
        signed = signatures_of(one, metadata)
        waits = [keyid for keyid in one.roles["root"].keyids if keyid not in signed.keyids]
        count = "1 key" if len(signed.keyids) == 1 else f"{len(signed.keyids)} keys"
        line = f"signed by {count} of root {one.version}, {signed.threshold} needed"
        if signed.keyids:
            line += f": {_short(signed.keyids)}"
        yield line if signed.enough else f"{line}; can still sign: {_short(waits)}"


def kind_of(root: Root, keyid: str) -> str:
    """Return a key's kind as a person calls it."""
    scheme = root.keys[keyid].scheme
    return {"ed25519": "Ed25519", "ecdsa-sha2-nistp256": "P-256"}.get(scheme, scheme)


def _key_lines(root: Root, new: Root, role: str) -> Iterator[str]:
    before, after = root.roles[role].keyids, new.roles[role].keyids
    for keyid in sorted(set(before) - set(after)):
        yield f"{role}: key {keyid[:8]} ({kind_of(root, keyid)}) is removed"
    for keyid in sorted(set(after) - set(before)):
        yield f"{role}: key {keyid} ({kind_of(new, keyid)}) is added"


def _threshold(root: Root, role: str) -> str:
    return f"{root.roles[role].threshold} of {len(root.roles[role].keyids)}"


def _short(keyids: Iterable[str]) -> str:
    return ", ".join(keyid[:8] for keyid in keyids)
