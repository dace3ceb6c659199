"""Repositories published by python-tuf, and edges that attack them: random, the same for a seed.

Runs on CPython only; what it makes is played to python-tuf's client and to the board's.
"""

import copy
import hashlib
import random
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

START = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
EXPIRY_DAYS = {"root": 365, "targets": 180, "snapshot": 30, "timestamp": 7}
TARGET = "stable/sensor-r2.json"


def signer(name: str) -> CryptoSigner:
    """A signer whose key is made from a name."""
    seed = hashlib.sha256(name.encode()).digest()
    return CryptoSigner(Ed25519PrivateKey.from_private_bytes(seed))


class Publisher:
    """A repository with a 2-of-3 root; `served` maps paths to bytes."""

    def __init__(self, rng: random.Random, product: str = "sensor") -> None:
        self.rng = rng
        self.product = product
        self.now = START
        self.served: dict[str, bytes] = {}
        self.counter = 0
        self.has_file_hashes = rng.random() < 0.5
        self.consistent = rng.random() < 0.8
        self.serializer = JSONSerializer(compact=rng.random() < 0.5)
        self.signers = {role: [self.new_signer(role)] for role in EXPIRY_DAYS}
        self.signers["root"] += [self.new_signer("root"), self.new_signer("root")]
        self.root = Root(consistent_snapshot=self.consistent)
        self.timestamp, self.snapshot, self.targets = Timestamp(), Snapshot(), Targets()
        self.list_keys()
        self.write(self.root)
        self.release()

    def new_signer(self, role: str) -> CryptoSigner:
        self.counter += 1
        return signer(f"{self.product} {role} {self.counter}")

    def list_keys(self) -> None:
        """Make root name the present signers."""
        for role, signers in self.signers.items():
            for keyid in list(self.root.roles[role].keyids):
                self.root.revoke_key(keyid, role)
            for one in signers:
                self.root.add_key(one.public_key, role)
        self.root.roles["root"].threshold = 2

    def signed(self, role, signers=None) -> bytes:
        """A role's file, signed by its signers or those given."""
        metadata = Metadata(role)
        for one in self.signers[role.type] if signers is None else signers:
            metadata.sign(one, append=True)
        return metadata.to_bytes(self.serializer)

    def write(self, role, signers=None) -> None:
        role.expires = self.now + timedelta(days=EXPIRY_DAYS[role.type])
        self.served[self.path(role)] = self.signed(role, signers)

    def path(self, role) -> str:
        has_version = role.type == "root" or (self.consistent and role.type != "timestamp")
        return f"metadata/{role.version if has_version else ''}.{role.type}.json".replace("/.", "/")

    def listing(self, role) -> MetaFile:
        """What names a role's file: with length and hash, or by its version alone."""
        if not self.has_file_hashes:
            return MetaFile(role.version)
        return MetaFile.from_data(role.version, self.served[self.path(role)], ["sha256"])

    def release(self) -> None:
        data = self.rng.randbytes(40)
        info = TargetFile.from_data(TARGET, data, ["sha256"])
        self.targets.targets = {TARGET: info}
        name = f"stable/{info.hashes['sha256']}.sensor-r2.json" if self.consistent else TARGET
        self.served["targets/" + name] = data
        self.targets.version += 1
        self.write(self.targets)
        self.sign_snapshot()

    def sign_snapshot(self) -> None:
        self.snapshot.meta["targets.json"] = self.listing(self.targets)
        self.snapshot.version += 1
        self.write(self.snapshot)
        self.sign_timestamp()

    def sign_timestamp(self) -> None:
        self.timestamp.snapshot_meta = self.listing(self.snapshot)
        self.timestamp.version += 1
        self.write(self.timestamp)

    def rotate(self, role: str) -> None:
        """Publish a root in which one key of a role is new, and what the role must sign anew."""
        before = self.signers["root"]
        self.signers[role] = [self.new_signer(role), *self.signers[role][:-1]]
        self.list_keys()
        self.root.version += 1
        self.write(self.root, {id(one): one for one in before + self.signers["root"]}.values())
        self.release()

    def rotate_root(self) -> None:
        self.rotate("root")

    def rotate_online(self) -> None:
        self.rotate(self.rng.choice(["timestamp", "snapshot", "targets"]))

    def fast_forward(self) -> None:
        """A thief of the online keys signs a high version; then they are replaced."""
        self.timestamp.version += 1000
        self.sign_timestamp()

    def sleep(self) -> None:
        """Nothing is published."""


@dataclass(frozen=True)
class Step:
    """What the edge serves at a time, and what the edge did to it."""

    served: dict[str, bytes]
    now: str
    attack: str


def scenario(seed: int, length: int = 8) -> list[Step]:
    """A board's life: at each step the publisher does something, perhaps the edge too, a poll."""
    rng = random.Random(seed)
    publisher = Publisher(rng)
    history = [dict(publisher.served)]
    steps = [Step(history[0], _text(START), "none")]
    acts = ["release", "sign_timestamp", "sign_snapshot", "rotate_root", "rotate_online", "sleep"]
    acts += ["fast_forward"] if rng.random() < 0.3 else []
    while len(steps) < length:
        publisher.now += timedelta(hours=rng.choice([0, 1, 24, 24, 100, 200]))
        getattr(publisher, rng.choice(acts))()
        history.append(dict(publisher.served))
        attack = rng.choice(ATTACKS) if rng.random() < 0.6 else none
        served = attack(rng, dict(publisher.served), history, publisher)
        steps.append(Step(served, _text(publisher.now), attack.__name__))
    return steps


def _text(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def none(rng, served, history, publisher):
    return served


def flip_a_bit(rng, served, history, publisher):
    path = _any_current(rng, publisher)
    data = bytearray(served[path])
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(7)
    return {**served, path: bytes(data)}


def cut_or_extend(rng, served, history, publisher):
    path = _any_current(rng, publisher)
    data = served[path]
    other = rng.choice([data[:-1], data + b" ", data + b"\n{}", data[: len(data) // 2], b""])
    return {**served, path: other}


def drop(rng, served, history, publisher):
    del served[_any_current(rng, publisher)]
    return served


def go_back(rng, served, history, publisher):
    return dict(rng.choice(history))


def old_timestamp(rng, served, history, publisher):
    path = "metadata/timestamp.json"
    return {**served, path: rng.choice(history)[path]}


def mix(rng, served, history, publisher):
    """An older file of the same role under the present name."""
    role = rng.choice([publisher.snapshot, publisher.targets])
    old = [data for path, data in served.items() if path.endswith(f"{role.type}.json")]
    return {**served, publisher.path(role): rng.choice(old)}


def other_product(rng, served, history, publisher):
    """A file of another product of the same age."""
    other = Publisher(random.Random(1), "other").served
    path = rng.choice([path for path in other if path.startswith("metadata/")])
    return {**served, path: other[path]}


def other_key(rng, served, history, publisher):
    """A role signed by the key of another role, or by nobody."""
    role = rng.choice([publisher.timestamp, publisher.snapshot, publisher.targets])
    signers = rng.choice([publisher.signers["root"][:1], publisher.signers["targets"], []])
    return {**served, publisher.path(role): publisher.signed(role, signers)}


def stolen_root_key(rng, served, history, publisher):
    """A next root signed by some root keys and a stranger, or of a wrong version."""
    root = copy.deepcopy(publisher.root)
    stranger = signer("stranger")
    root.version += 1 if rng.random() < 0.7 else 2
    root.add_key(stranger.public_key, rng.choice(["root", "timestamp"]))
    signers = [*rng.sample(publisher.signers["root"], rng.choice([0, 1, 2, 3])), stranger]
    path = f"metadata/{publisher.root.version + 1}.root.json"
    return {**served, path: publisher.signed(root, signers)}


def _any_current(rng, publisher) -> str:
    roles = [publisher.root, publisher.timestamp, publisher.snapshot, publisher.targets]
    return publisher.path(rng.choice(roles))


ATTACKS = [flip_a_bit, cut_or_extend, drop, go_back, old_timestamp, mix, other_product, other_key]
ATTACKS += [stolen_root_key]
