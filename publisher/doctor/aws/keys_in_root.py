"""Whether root names the keys that the stack signs with, and whether it is to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from securesystemslib.signer import SSlibKey
from tuf.api.metadata import Root

from publisher.doctor.aws.asking import UnansweredError, ask, settle
from publisher.doctor.aws.scene import Scene, describe_key
from publisher.doctor.findings import Finding, fail, ok, unknown, warn
from publisher.infra.names import KEY_SCHEME

CHECK = "signing-keys"
CEREMONY = "hold a root ceremony (docs/keys.md)"
_ON_PURPOSE = (
    "or, if the stack's key was replaced on purpose, as it was lost or stolen, never put it back: "
    'docs/operator.md, "A signing key lost"'
)
_REFUSED = ": what it signs boards refuse"
# By role: for which others root must not list its key, and what whoever signs with it could do.
_REFRESHES = {
    "targets": "who refreshes could release",
    "root": "who refreshes could change all keys",
}
_ABOVE = {
    "targets": {"root": "who releases could change all keys"},
    "snapshot": _REFRESHES,
    "timestamp": _REFRESHES,
}
_IDLE = ", and [keys] does not name that either: the stack's roles can sign by no other"


class StackKey(NamedTuple):
    """A key that the stack has made, or was given.

    Attributes:
        key: what KMS knows it by.
        keyid: TUF's id of its public half.
        is_used: whether [keys] of slotcast.toml has it sign for the role, as far as that tells.
    """

    role: str
    key: str
    keyid: str
    is_used: bool


def check_root(scene: Scene) -> list[Finding]:
    """Check all keys at once, as one ceremony puts all of them into root."""
    keys: list[StackKey] = []
    found: list[Finding] = []

    def read(role: str, key: str) -> list[Finding]:
        keyid = _keyid(scene, key)
        if keyid is None:
            return [fail(CHECK, f"the key of {role} is of no kind that boards verify", CEREMONY)]
        keys.append(StackKey(role, key, keyid, _is_used(scene, role, key)))
        return []

    for role, key in scene.deployment.keys.items():
        found += settle(CHECK, partial(read, role, key))
    return [*found, *judge_root(keys, scene.wanted.root)]


def judge_root(keys: Sequence[StackKey], root: Root | None) -> list[Finding]:
    """Return whether root names the stack's keys, each for its role, and for none above it."""
    if root is None:
        return [
            unknown(CHECK, f"whether root names the key of {one.role}: root could not be read")
            for one in keys
        ]
    unnamed = [one for one in keys if one.keyid not in root.roles[one.role].keyids]
    named = [one for one in keys if one not in unnamed]
    used = [one for one in unnamed if one.is_used]
    others = [one for one in unnamed if not one.is_used]
    return [
        *(ok(CHECK, f"root names the key of {one.role}, {one.keyid[:8]}") for one in named),
        *_misused(keys, root),
        *(fail(CHECK, f"{_told_apart(one, root)}{_REFUSED}", _mend(used, root)) for one in used),
        *(warn(CHECK, f"{_told_apart(one, root)}{_IDLE}", _mend(others, root)) for one in others),
    ]


def _misused(keys: Sequence[StackKey], root: Root) -> Iterator[Finding]:
    """Yield where root lists a key for another role too, whose metadata it must not sign."""
    for one in keys:
        for role, power in _ABOVE[one.role].items():
            listed = root.roles[role]
            if one.keyid not in listed.keyids:
                continue
            is_spare = len(listed.keyids) > listed.threshold
            change = f"--{'remove' if is_spare else 'replace'} {role}={one.keyid[:8]}"
            command = f"slotcast root propose --out root-{root.version + 1}.json {change}"
            yield fail(
                CHECK,
                f"root names the key of {one.role}, {one.keyid[:8]}, for {role} too: {power}",
                f"{CEREMONY}: {command}{'' if is_spare else ':KEY'}",
            )


def _told_apart(key: StackKey, root: Root) -> str:
    named = ", ".join(one[:8] for one in root.roles[key.role].keyids)
    return f"root names {named} for {key.role}, KMS has {key.keyid[:8]}"


def _mend(keys: Sequence[StackKey], root: Root) -> str:
    """Return one ceremony for all the keys; whether it is the right way only a person knows."""
    pairs = [(one, root.roles[one.role].keyids[0][:8]) for one in keys]
    changes = [f"--replace {one.role}={old}:{KEY_SCHEME}{one.key}" for one, old in pairs]
    command = f"slotcast root propose --out root-{root.version + 1}.json {' '.join(changes)}"
    return f"{CEREMONY}: {command}; {_ON_PURPOSE}"


def _keyid(scene: Scene, key: str) -> str | None:
    """Return TUF's id of a key in KMS; None where boards do not verify its kind."""
    answer = ask("kms:GetPublicKey", scene.clients.kms.get_public_key, KeyId=key)
    try:
        public = load_der_public_key(answer["PublicKey"])
    except UnsupportedAlgorithm:  # KMS has kinds of which cryptography knows nothing, such as SM2
        return None
    is_p256 = isinstance(public, EllipticCurvePublicKey) and isinstance(public.curve, SECP256R1)
    if not is_p256 and not isinstance(public, Ed25519PublicKey):
        return None
    return SSlibKey.from_crypto(public).keyid


def _is_used(scene: Scene, role: str, key: str) -> bool:
    """Whether [keys] names a key for its role, or does not name any."""
    uris = scene.wanted.keys.of(role)
    return not uris or any(_is_same(scene, uri, key) for uri in uris)


def _is_same(scene: Scene, uri: str, key: str) -> bool:
    """Whether a signer's URI means a key, by its ARN, an alias or its id; where untold, it may."""
    named = uri.removeprefix(KEY_SCHEME).partition("?")[0]
    if not uri.startswith(KEY_SCHEME) or named == key:
        return named == key
    try:
        return bool(describe_key(scene, named)["Arn"] == describe_key(scene, key)["Arn"])
    except UnansweredError:
        return True
