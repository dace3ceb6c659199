"""A TUF repository in memory, for tests on both interpreters.

A test changes the parsed roles (`repository.timestamp["version"] = 7`), writes them signed, and
sees what the client makes of it. Keys are made from names: everything is the same in every run.
"""

from binascii import hexlify
from hashlib import sha256

from signer import Signer

from slotcast import canonical, trust
from slotcast.client import Client
from slotcast.delegations import quoted
from slotcast.errors import DownloadError, NotFoundError
from slotcast.steps import plain

NOW = "2026-11-20T12:00:00Z"
LATER = "2027-11-20T12:00:00Z"
PAST = "2026-11-20T11:59:59Z"
TARGET = "stable/sensor-r2.json"
TARGET_DATA = b'{"version":"1.0.0"}'


class RepositorySimulator:
    """Publishes version 1 of all roles: root by 2 of 3 keys, one target.

    `served` is what it serves by path, `requests` lists the paths that were asked for, `broken`
    maps a path to the error that it raises.
    """

    def __init__(self) -> None:
        self.served = {}
        self.requests = []
        self.broken = {}
        self.delegated = {}
        self.now = NOW
        self.signers = {
            "root": [Signer("root-1"), Signer("root-2"), Signer("root-3")],
            "targets": [Signer("targets")],
            "snapshot": [Signer("snapshot")],
            "timestamp": [Signer("timestamp")],
        }
        self.root = signed("root", {"consistent_snapshot": True, "keys": {}, "roles": {}})
        self.targets = signed("targets", {"targets": {}})
        self.snapshot = signed("snapshot", {"meta": {}})
        self.timestamp = signed("timestamp", {"meta": {}})
        self.list_keys()
        self.write("root")
        self.add_target(TARGET, TARGET_DATA)
        self.write("targets")
        self.list_targets()
        self.write("snapshot")
        self.list_snapshot()
        self.write("timestamp")

    def list_keys(self, root_threshold: int = 2) -> None:
        """Make root name the present signers."""
        self.root["keys"] = {}
        for role, signers in self.signers.items():
            keyids = [keyid(signer) for signer in signers]
            for signer in signers:
                self.root["keys"][keyid(signer)] = key_fields(signer)
            threshold = root_threshold if role == "root" else 1
            self.root["roles"][role] = {"keyids": keyids, "threshold": threshold}

    def list_targets(self, role: str = "targets") -> None:
        """Make snapshot name the metadata that is served of a targets role."""
        version = self._fields(role)["version"]
        data = self.served["metadata/%d.%s.json" % (version, quoted(role))]
        self.snapshot["meta"][role + ".json"] = dict(file_fields(data), version=version)

    def list_snapshot(self) -> None:
        """Make timestamp name the snapshot metadata that is served."""
        version = self.snapshot["version"]
        data = self.served["metadata/%d.snapshot.json" % version]
        self.timestamp["meta"]["snapshot.json"] = dict(file_fields(data), version=version)

    def add_target(self, path: str, data: bytes, role: str = "targets") -> None:
        """Serve a target, and list it in targets or in a delegated role."""
        fields = self._fields(role)["targets"][path] = file_fields(data)
        folder, _, name = path.rpartition("/")
        self.served["targets/%s/%s.%s" % (folder, fields["hashes"]["sha256"], name)] = data

    def write(self, role: str, signers=None) -> bytes:
        """Sign a role as it is now, by its signers or those given, and serve it."""
        fields = self._fields(role)
        data = envelope(fields, self.signers[role] if signers is None else signers)
        prefix = "" if role == "timestamp" else "%d." % fields["version"]
        self.served["metadata/%s%s.json" % (prefix, quoted(role))] = data
        return data

    def delegate(self, delegator: str, role: str, **fields) -> None:
        """Make a targets role delegate paths (by default all) to another, which has one key."""
        signer = Signer(delegator + " for " + role)
        self.signers.setdefault(role, []).append(signer)
        self.delegated.setdefault(role, signed("targets", {"targets": {}}))
        described = {"name": role, "keyids": [keyid(signer)], "threshold": 1, "terminating": False}
        if "path_hash_prefixes" not in fields:
            described["paths"] = ["*"]
        empty = {"keys": {}, "roles": []}
        delegations = self._fields(delegator).setdefault("delegations", empty)
        delegations["keys"][keyid(signer)] = key_fields(signer)
        delegations["roles"].append(dict(described, **fields))

    def publish_delegations(self) -> None:
        """Publish every delegated role as it is, then targets, snapshot and timestamp."""
        for role in self.delegated:
            self.write(role)
            self.list_targets(role)
        self.update_targets()

    def _fields(self, role: str):
        return self.delegated[role] if role in self.delegated else getattr(self, role)

    def update_timestamp(self) -> None:
        """Publish the next timestamp."""
        self.timestamp["version"] += 1
        self.list_snapshot()
        self.write("timestamp")

    def update_snapshot(self) -> None:
        """Publish the next snapshot and timestamp."""
        self.snapshot["version"] += 1
        self.list_targets()
        self.write("snapshot")
        self.update_timestamp()

    def update_targets(self) -> None:
        """Publish the next targets, snapshot and timestamp."""
        self.targets["version"] += 1
        self.write("targets")
        self.update_snapshot()

    def rotate_root(self, role: str, *names: str) -> None:
        """Publish the next root, in which a role has the keys of these names."""
        before = self.signers["root"]
        self.signers[role] = [Signer(name) for name in names]
        self.list_keys()
        self.root["version"] += 1
        both = before + [
            new for new in self.signers["root"] if keyid(new) not in map(keyid, before)
        ]
        self.write("root", both)

    def fetch(self, path: str, max_bytes: int) -> bytes:
        """What a client is given as its fetch."""
        self.requests.append(path)
        if path in self.broken:
            raise self.broken[path]
        if path not in self.served:
            raise NotFoundError(path)
        if len(self.served[path]) > max_bytes:
            raise DownloadError("%s is longer than %d" % (path, max_bytes))
        return self.served[path]

    def files(self):
        """The files of a board that was provisioned with root 1."""
        files = MemoryFiles()
        files.write("root", self.served["metadata/1.root.json"])
        return files

    def client(self, files=None):
        """A client with the files of a new board, or those given."""
        files = self.files() if files is None else files
        return Client(files, plain(self.fetch), lambda: self.now)


class MemoryFiles:
    """MetadataFiles in memory; `written` lists the names in the order of writing."""

    def __init__(self) -> None:
        self.data = {}
        self.written = []

    def read(self, name: str):
        return self.data.get(name)

    def write(self, name: str, data: bytes) -> None:
        self.data[name] = data
        self.written.append(name)

    def remove(self, name: str) -> None:
        self.data.pop(name, None)


def count_verifications(function) -> int:
    """How many signatures are verified while function() runs."""
    count = []
    original = trust.signing_key_steps
    trust.signing_key_steps = lambda *args: count.append(1) or original(*args)
    try:
        function()
    finally:
        trust.signing_key_steps = original
    return len(count)


def signed(role: str, fields):
    """The fields that roles share, and those given."""
    shared = {"_type": role, "spec_version": "1.0.31", "version": 1, "expires": LATER}
    return dict(shared, **fields)


def encoded(value) -> bytes:
    """Canonical JSON."""
    pieces = []
    canonical.encode(value, lambda piece: pieces.append(bytes(piece)))
    return b"".join(pieces)


def envelope(fields, signers) -> bytes:
    """A metadata file, signed."""
    message = encoded(fields)
    signatures = [{"keyid": keyid(one), "sig": one.sign(message)} for one in signers]
    return encoded({"signatures": signatures, "signed": fields})


def key_fields(signer):
    """A public key as root lists it."""
    return {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": signer.public}}


def keyid(signer) -> str:
    """The keyid that a signer's signatures bear: its key's, unless a test gave it another."""
    return getattr(signer, "keyid", None) or keyid_of(key_fields(signer))


def keyid_of(fields) -> str:
    """The SHA-256 of the canonical form of a key."""
    return hexlify(sha256(encoded(fields)).digest()).decode()


def file_fields(data: bytes):
    """Length and hashes of a file."""
    digest = hexlify(sha256(data).digest()).decode()
    return {"length": len(data), "hashes": {"sha256": digest}}
