"""TUF metadata files, parsed and type-checked. Nothing here is trusted: trust.py decides that.

Only what the client workflow uses is kept of a role; unknown fields stay in `Metadata.signed`, so
that they are in the bytes that a signature is checked over. Sections are those of the TUF
specification 1.0.x.
"""

from binascii import hexlify
from hashlib import sha256

from slotcast import canonical
from slotcast.errors import BoardError, RepositoryError
from slotcast.iso_time import is_time
from slotcast.modules import unload

TOP_LEVEL_ROLES = ("root", "snapshot", "targets", "timestamp")

# Nobody signs the envelope: whoever serves a file may add to it, and the board, which keeps it as
# it came, parses that at each poll. 32 signatures: more might fit into memory once and never again.
_MAX_UNSIGNED_VALUES = 100
# Room for five signatures by RSA-4096, or for white space: a root that is kept padded to its cap
# might fit into memory that once, and no later root could replace it.
_MAX_PADDING_BYTES = 6 * 1024
_HASH_DIGITS = {"sha256": 64, "sha512": 128}


class Metadata:
    """A metadata file (section 4.2.1): its `signed` part, `signatures` by keyid, SHA-256 `digest`.

    Raises RepositoryError unless `data` has the envelope's form, with 100 values at most beside the
    signed part, and its `_type` is `role_type`; BoardError when there is no memory for it.
    """

    def __init__(self, data: bytes, role_type: str) -> None:
        envelope = _parsed(data)
        self.signed = _dict(envelope.pop("signed", None), "signed")
        if _values(envelope) > _MAX_UNSIGNED_VALUES:
            raise RepositoryError("too much is not signed")
        self.signatures = {}
        for entry in _list(envelope.get("signatures"), "signatures"):
            keyid = _string(_dict(entry, "signature").get("keyid"), "keyid")
            if keyid in self.signatures:
                raise RepositoryError("two signatures by one keyid")
            self.signatures[keyid] = _string(entry.get("sig"), "sig")
        if self.signed.get("_type") != role_type:
            raise RepositoryError("this is not %s metadata" % role_type)
        self.digest = sha256(data).digest()

    def as_role(self, kind):
        """The signed part as a `kind` (Root, Timestamp, ...), its types checked."""
        try:
            return kind(self.signed, self.digest)
        except MemoryError:
            raise BoardError("no memory for %s metadata" % kind.TYPE)

    def write_signed(self, write) -> None:
        """Write the bytes that were signed through write(piece)."""
        canonical.encode(self.signed, write)

    def verify_padding(self, file_bytes: int) -> None:
        """Raise RepositoryError when more than 6 KiB of a file of so many bytes are not signed."""
        signed_bytes = 0

        def count(piece):
            nonlocal signed_bytes
            signed_bytes += len(piece)

        self.write_signed(count)
        if file_bytes - signed_bytes > _MAX_PADDING_BYTES:
            raise RepositoryError("too many bytes are not signed")


class Key:
    """A public key (section 4.2.2); one of a type that we do not know verifies nothing."""

    def __init__(self, fields) -> None:
        fields = _dict(fields, "key")
        self.keytype = _string(fields.get("keytype"), "keytype")
        self.scheme = _string(fields.get("scheme"), "scheme")
        public = _dict(fields.get("keyval"), "keyval").get("public")
        self.public = public if isinstance(public, str) else ""


def keys_by_keyid(fields):
    """A dict of Key; each keyid is the SHA-256 of its key's canonical form (section 4.2.2)."""
    for keyid in _dict(fields, "keys"):
        hashed = sha256()
        canonical.encode(fields[keyid], hashed.update)
        if keyid != hexlify(hashed.digest()).decode():
            raise RepositoryError("keyid %s is not the hash of its key" % keyid)
    return _each(Key, fields, "keys")


class Role:
    """Which keys sign a role, and how many of them must (section 4.3)."""

    def __init__(self, fields) -> None:
        fields = _dict(fields, "role")
        self.keyids = _list(fields.get("keyids"), "keyids")
        self.threshold = _integer(fields.get("threshold"), 1, "threshold")
        for keyid in self.keyids:
            _string(keyid, "keyid")
        if len(set(self.keyids)) != len(self.keyids):
            raise RepositoryError("a role lists a keyid twice")


class FileInfo:
    """What a role says of a file: `length` in bytes and `hashes`, each None where it says none."""

    def __init__(self, fields) -> None:
        fields = _dict(fields, "file")
        self.length = _integer(fields["length"], 0, "length") if "length" in fields else None
        self.hashes = _hashes(fields["hashes"]) if "hashes" in fields else None

    def verify(self, data: bytes, name: str) -> None:
        """Raise RepositoryError unless `data` has the length and hashes, where they are given."""
        if self.length is not None and len(data) != self.length:
            raise RepositoryError("%s has %d bytes, not %d" % (name, len(data), self.length))
        if self.hashes is not None and not _has_hashes(data, self.hashes):
            raise RepositoryError("%s does not have the hash that was signed" % name)


class MetaFile(FileInfo):
    """A metadata file in timestamp's or snapshot's `meta` (section 4.4): its `version` as well."""

    def __init__(self, fields) -> None:
        super().__init__(fields)
        self.version = _integer(fields.get("version"), 1, "version")


class TargetFile(FileInfo):
    """A target (section 4.5): length and hashes are there."""

    def __init__(self, fields) -> None:
        super().__init__(fields)
        if self.length is None or self.hashes is None:
            raise RepositoryError("a target has no length or no hashes")


class Signed:
    """What all roles share (section 4.3): `version`, `expires`, and `signed_at` or "".

    `digest` is the SHA-256 of the file that it was read from.
    """

    TYPE = ""

    def __init__(self, signed, digest: bytes = b"") -> None:
        self.digest = digest
        if not _is_spec_1(signed.get("spec_version")):
            raise RepositoryError("spec_version is not 1.x")
        self.version = _integer(signed.get("version"), 1, "version")
        self.expires = signed.get("expires")
        if not is_time(self.expires):
            raise RepositoryError("expires is not a time")
        signed_at = signed.get("x-slotcast-signed-at")
        self.signed_at = signed_at if is_time(signed_at) else ""

    def is_expired(self, now: str) -> bool:
        """Whether the time `now` is at or past `expires`."""
        return now >= self.expires


class Root(Signed):
    """Root (section 4.3): `keys` by keyid, `roles` by name, `consistent_snapshot`."""

    TYPE = "root"

    def __init__(self, signed, digest: bytes = b"") -> None:
        super().__init__(signed, digest)
        self.consistent_snapshot = signed.get("consistent_snapshot", False)
        if not isinstance(self.consistent_snapshot, bool):
            raise RepositoryError("consistent_snapshot is not a boolean")
        self.keys = keys_by_keyid(signed.get("keys"))
        self.roles = _each(Role, signed.get("roles"), "roles")
        if tuple(sorted(self.roles)) != TOP_LEVEL_ROLES:
            raise RepositoryError("root's roles are not the four top-level ones")

    def role(self, name: str) -> Role:
        """The top-level role of this name: its keyids and threshold."""
        return self.roles[name]


class Timestamp(Signed):
    """Timestamp (section 4.6): `snapshot`, the MetaFile of the snapshot metadata."""

    TYPE = "timestamp"

    def __init__(self, signed, digest: bytes = b"") -> None:
        super().__init__(signed, digest)
        meta = _each(MetaFile, signed.get("meta"), "meta")
        if list(meta) != ["snapshot.json"]:
            raise RepositoryError("timestamp does not name snapshot.json alone")
        self.snapshot = meta["snapshot.json"]


class Snapshot(Signed):
    """Snapshot (section 4.4): `meta`, the MetaFile of each targets metadata by file name."""

    TYPE = "snapshot"

    def __init__(self, signed, digest: bytes = b"") -> None:
        super().__init__(signed, digest)
        self.meta = _each(MetaFile, signed.get("meta"), "meta")


class Targets(Signed):
    """Targets (section 4.5): `targets`, the TargetFile of each target by path.

    `delegations` is a delegations.Delegations, or None where there are none.
    """

    TYPE = "targets"

    def __init__(self, signed, digest: bytes = b"") -> None:
        super().__init__(signed, digest)
        self.targets = _each(TargetFile, signed.get("targets"), "targets")
        self.delegations = None
        if "delegations" in signed:
            # Not loaded on a board whose product is one repository without delegations.
            from slotcast.delegations import Delegations

            self.delegations = Delegations(signed["delegations"], digest)


def _parsed(data: bytes):
    from slotcast import strict_json

    try:
        return _dict(strict_json.loads(data), "metadata")
    except MemoryError:
        # Not a RepositoryError: a cached file that does not fit must not pass for a missing one.
        raise BoardError("no memory for metadata of %d bytes" % len(data))
    finally:
        # The signatures are verified next, which takes much of a small heap.
        unload("strict_json")


def _values(value) -> int:
    """How many values a parsed one is made of, itself among them."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return 1
    return 1 + sum(map(_values, value))


def _each(kind, fields, what: str):
    result = {}
    for name in _dict(fields, what):
        result[name] = kind(fields[name])
    return result


def _hashes(fields):
    """The hashes that we can check, at least one; others are passed over."""
    known = {}
    for algorithm in _dict(fields, "hashes"):
        digest = _string(fields[algorithm], "hash")
        if algorithm in _HASH_DIGITS:
            if len(digest) != _HASH_DIGITS[algorithm] or digest.strip("0123456789abcdef"):
                raise RepositoryError("a %s is not one" % algorithm)
            known[algorithm] = digest
    if not known:
        raise RepositoryError("hashes has neither SHA-256 nor SHA-512")
    return known


def _has_hashes(data: bytes, hashes) -> bool:
    return all(_hexdigest(algorithm, data) == hashes[algorithm] for algorithm in hashes)


def _hexdigest(algorithm: str, data: bytes) -> str:
    if algorithm == "sha256":
        return hexlify(sha256(data).digest()).decode()
    from slotcast.sha512 import sha512

    return hexlify(sha512(data).digest()).decode()


def _is_spec_1(text) -> bool:
    numbers = _string(text, "spec_version").split(".")
    return len(numbers) in (2, 3) and numbers[0] == "1" and all(map(_is_digits, numbers))


def _is_digits(text: str) -> bool:
    return text != "" and not text.strip("0123456789")


def _dict(value, what: str):
    if not isinstance(value, dict):
        raise RepositoryError("%s is not an object" % what)
    return value


def _list(value, what: str):
    if not isinstance(value, list):
        raise RepositoryError("%s is not an array" % what)
    return value


def _string(value, what: str) -> str:
    if not isinstance(value, str):
        raise RepositoryError("%s is not a string" % what)
    return value


def _integer(value, least: int, what: str) -> int:
    # A bool is an int to CPython, and none to MicroPython.
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise RepositoryError("%s is not an integer of at least %d" % (what, least))
    return value
