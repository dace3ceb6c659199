"""A published product in memory, made with python-tuf alone, that tests can publish wrongly too."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import esp_images as esp
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Key, Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

from publisher.payload import Head, cut_full

NOW = datetime(2026, 11, 22, 6, 38, tzinfo=UTC)
SIGNED_AT = "x-slotcast-signed-at"
DAYS = {"root": 365, "targets": 180, "snapshot": 30, "timestamp": 7}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def compact(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


class PublishedProduct:
    """Product "sensor", two root keys of which both must sign, one release in stable/sensor-r2.

    `files` are what is published, by key. Change `root`, `timestamp`, `snapshot`, `targets` or
    `manifest`, then publish that and what follows with the methods.
    """

    def __init__(self):
        self.files = {}
        self.changes = {}
        self.signers = {role: [CryptoSigner.generate_ed25519()] for role in DAYS}
        self.signers["root"].append(CryptoSigner.generate_ed25519())
        self.root = Root(consistent_snapshot=True)
        for role, signers in self.signers.items():
            for signer in signers:
                self.root.add_key(signer.public_key, role)
        self.root.roles["root"].threshold = 2
        self.targets, self.snapshot, self.timestamp = Targets(), Snapshot(), Timestamp()
        for role in (self.root, self.targets, self.snapshot, self.timestamp):
            self.date(role)
        self.fingerprint = sha256(self.sign_root())
        self.image = esp.app_image("esp32", version="1.4.3", code=b"code" * 3000)
        self.payload = cut_full(self.image, 4096)
        self.manifest = self.make_manifest()
        self.publish_release()

    def read(self, key):
        return self.files.get(key)

    def put(self, path, data):
        self.files[f"sensor/{path}"] = data
        return data

    def date(self, signed, now=NOW):
        signed.expires = now + timedelta(days=DAYS[signed.type])
        if signed.type != "root":
            signed.unrecognized_fields[SIGNED_AT] = now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def sign(self, signed, signers=None):
        if signed.type in self.changes:
            return self.sign_changed(signed, self.changes[signed.type])
        metadata = Metadata(signed)
        for signer in signers or self.signers[signed.type]:
            metadata.sign(signer, append=True)
        return metadata.to_bytes(JSONSerializer(compact=True))

    def sign_changed(self, signed, change):
        """Sign what python-tuf would not write: `change` is given the fields."""
        fields = json.loads(Metadata(signed).signed_bytes)
        change(fields)
        body = encode_canonical(fields).encode()
        signatures = [
            {"keyid": signer.public_key.keyid, "sig": signer.sign(body).signature}
            for signer in self.signers[signed.type]
        ]
        return compact({"signatures": signatures, "signed": fields})

    def publish_changed(self, role, change):
        """Publish everything with the fields of a role changed; of root, this is the first one."""
        self.changes[role] = change
        if role == "root":
            self.fingerprint = sha256(self.sign_root())
        self.publish_targets()

    def sign_root(self, signers=None):
        return self.put(f"metadata/{self.root.version}.root.json", self.sign(self.root, signers))

    def make_manifest(self):
        head = self.payload[: Head.from_bytes(self.payload).length]
        return {
            "version": "1.4.3",
            "release": 1,
            "product": "sensor",
            "channel": "stable",
            "board": "sensor-r2",
            "chip": "esp32",
            "size": len(self.image),
            "sha256": sha256(self.image),
            "md5": hashlib.md5(self.image).hexdigest(),
            "image_digest": self.image[-32:].hex(),
            "security_version": 0,
            "min_version": None,
            "mandatory": False,
            "paused": False,
            "rollout": {"salt": "1", "basis_points": 10000},
            "confirm_within_s": 300,
            "url": f"https://updates.example.com/sensor/images/{sha256(self.image)}.bin",
            "payloads": [
                {
                    "kind": "full",
                    "path": f"payloads/{sha256(self.payload)}.slc",
                    "length": len(self.payload),
                    "sha256": sha256(self.payload),
                    "head_length": len(head),
                    "head_sha256": sha256(head),
                }
            ],
            "notes": "",
        }

    def publish_release(self):
        """Publish payload, image and version.json as the manifest names them, then the manifest."""
        fields = {name: self.manifest[name] for name in ("version", "url", "md5", "mandatory")}
        self.put("stable/sensor-r2/version.json", compact(fields))
        self.put(self.manifest["payloads"][0]["path"], self.payload)
        self.put(f"images/{self.manifest['sha256']}.bin", self.image)
        self.publish_manifest()

    def publish_next(self, version):
        """Publish another release in place of the last, as new versions of all roles but root."""
        self.image = esp.app_image("esp32", version=version, code=version.encode() * 2000)
        self.payload = cut_full(self.image, 4096)
        release = self.manifest["release"] + 1
        self.manifest = {**self.make_manifest(), "version": version, "release": release}
        for role in (self.targets, self.snapshot, self.timestamp):
            role.version += 1
        self.publish_release()

    def publish_manifest(self, name="stable/sensor-r2.json"):
        data = compact(self.manifest)
        channel, board = name.split("/")
        self.put(f"targets/{channel}/{sha256(data)}.{board}", data)
        self.targets.targets = {name: TargetFile.from_data(name, data, ["sha256"])}
        self.publish_targets()

    def publish_pins(self, data):
        """Publish pins.json beside what is offered, as new versions of all roles but root."""
        self.put(f"targets/{sha256(data)}.pins.json", data)
        self.targets.targets["pins.json"] = TargetFile.from_data("pins.json", data, ["sha256"])
        for role in (self.targets, self.snapshot, self.timestamp):
            role.version += 1
        self.publish_targets()

    def publish_targets(self):
        data = self.put(f"metadata/{self.targets.version}.targets.json", self.sign(self.targets))
        meta = MetaFile.from_data(self.targets.version, data, ["sha256"])
        self.snapshot.meta["targets.json"] = meta
        self.publish_snapshot()

    def publish_snapshot(self):
        data = self.put(f"metadata/{self.snapshot.version}.snapshot.json", self.sign(self.snapshot))
        meta = MetaFile.from_data(self.snapshot.version, data, ["sha256"])
        self.timestamp.snapshot_meta = meta
        self.publish_timestamp()

    def publish_timestamp(self):
        self.put("metadata/timestamp.json", self.sign(self.timestamp))


def key_of(public):
    """A key for a root, of 64 hex digits that need be no point of the curve."""
    fields = {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": public}}
    return Key.from_dict(sha256(compact(fields)), fields)


def refused_points():
    """Public keys that boards refuse: hex, of small order or with y >= p, with either sign."""
    p = 2**255 - 19
    eighth = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
    ys = [0, 1, p - 1, eighth, p - eighth, p, p + 1, p + 4, p + 18]
    return [(y | sign << 255).to_bytes(32, "little").hex() for y in ys for sign in (0, 1)]
