"""TUF metadata files, parsed and type-checked. Nothing here is trusted: trust.py decides that.

Only what the client workflow uses is kept of a role; unknown fields stay in `Metadata.signed`, so
that they are in the bytes that a signature is checked over. Sections are those of the TUF
specification 1.0.x.
"""

import json
from binascii import hexlify
from hashlib import sha256

from slotcast import canonical
from slotcast.errors import BoardError, RepositoryError

TOP_LEVEL_ROLES = ("root", "snapshot", "targets", "timestamp")

_MAX_DEPTH = 16
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_time(text) -> bool:
    """Whether `text` is a UTC time as TUF writes it: exactly YYYY-MM-DDTHH:MM:SSZ."""
    if not isinstance(text, str) or len(text) != 20:
        return False
    if text[4] + text[7] + text[10] + text[13] + text[16] + text[19] != "--T::Z":
        return False
    digits = text[:4] + text[5:7] + text[8:10] + text[11:13] + text[14:16] + text[17:19]
    if not _is_digits(digits) or not 1 <= int(digits[4:6]) <= 12:
        return False
    is_leap = int(digits[:4]) % 4 == 0 and (digits[2:4] != "00" or int(digits[:2]) % 4 == 0)
    days = 28 if digits[4:6] == "02" and not is_leap else _DAYS[int(digits[4:6]) - 1]
    clock = digits[8:10] < "24" and digits[10:12] < "60" and digits[12:] < "60"
    return clock and digits[:4] != "0000" and 1 <= int(digits[6:8]) <= days


def verify_depth(data: bytes) -> None:
    """Raise RepositoryError when JSON text nests arrays and objects more than 16 deep.

    MicroPython's parser takes any depth, and what walks its result afterwards does not. Only the
    bytes between strings are looked at one by one.
    """
    depth = position = 0
    while position < len(data):
        quote = data.find(b'"', position)
        stop = len(data) if quote < 0 else quote
        for index in range(position, stop):
            byte = data[index] | 0x20  # [ and {, ] and } differ in this bit
            if byte == 0x7B:
                depth += 1
            elif byte == 0x7D:
                depth -= 1
            if depth > _MAX_DEPTH:
                raise RepositoryError("metadata nests too deep")
        position = _string_end(data, stop)


def _string_end(data: bytes, quote: int) -> int:
    """Position behind the string that opens at `quote`."""
    end = data.find(b'"', quote + 1)
    while end > 0 and _is_escaped(data, end):
        end = data.find(b'"', end + 1)
    return len(data) if end < 0 else end + 1


def _is_escaped(data: bytes, position: int) -> bool:
    backslashes = 0
    while data[position - 1 - backslashes] == 0x5C:
        backslashes += 1
    return backslashes % 2 == 1


class Metadata:
    """A metadata file (section 4.2.1): its `signed` part, `signatures` by keyid, SHA-256 `digest`.

    Raises RepositoryError unless `data` has the envelope's form and its `_type` is `role_type`;
    BoardError when there is no memory for it.
    MicroPython's JSON is lax about form; that is harmless, as signatures are checked over the
    canonical encoding of what was parsed, and every field that is used is checked for its type.
    """

    def __init__(self, data: bytes, role_type: str) -> None:
        envelope = _parsed(data)
        self.signed = _dict(envelope.get("signed"), "signed")
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
        role = kind(self.signed)
        role.digest = self.digest
        return role

    def write_signed(self, write) -> None:
        """Write the bytes that were signed through write(piece)."""
        canonical.encode(self.signed, write)


class Key:
    """A public key (section 4.2.2); one of a type that we do not know verifies nothing."""

    def __init__(self, fields) -> None:
        fields = _dict(fields, "key")
        self.keytype = _string(fields.get("keytype"), "keytype")
        self.scheme = _string(fields.get("scheme"), "scheme")
        public = _dict(fields.get("keyval"), "keyval").get("public")
        self.public = public if isinstance(public, str) else ""
        if self.keytype == "ed25519":
            # One spelling a key: one key under two keyids counts once towards a threshold.
            self.public = self.public.lower()


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
        if self.hashes is not None and not _has_hash(data, self.hashes):
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
    digest = b""

    def __init__(self, signed) -> None:
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

    def __init__(self, signed) -> None:
        super().__init__(signed)
        self.consistent_snapshot = signed.get("consistent_snapshot", False)
        if not isinstance(self.consistent_snapshot, bool):
            raise RepositoryError("consistent_snapshot is not a boolean")
        self.keys = _each(Key, signed.get("keys"), "keys")
        self.roles = _each(Role, signed.get("roles"), "roles")
        if tuple(sorted(self.roles)) != TOP_LEVEL_ROLES:
            raise RepositoryError("root's roles are not the four top-level ones")


class Timestamp(Signed):
    """Timestamp (section 4.6): `snapshot`, the MetaFile of the snapshot metadata."""

    TYPE = "timestamp"

    def __init__(self, signed) -> None:
        super().__init__(signed)
        meta = _each(MetaFile, signed.get("meta"), "meta")
        if list(meta) != ["snapshot.json"]:
            raise RepositoryError("timestamp does not name snapshot.json alone")
        self.snapshot = meta["snapshot.json"]


class Snapshot(Signed):
    """Snapshot (section 4.4): `meta`, the MetaFile of each targets metadata by file name."""

    TYPE = "snapshot"

    def __init__(self, signed) -> None:
        super().__init__(signed)
        self.meta = _each(MetaFile, signed.get("meta"), "meta")


class Targets(Signed):
    """Targets (section 4.5): `targets`, the TargetFile of each target by path."""

    TYPE = "targets"

    def __init__(self, signed) -> None:
        super().__init__(signed)
        self.targets = _each(TargetFile, signed.get("targets"), "targets")


def _parsed(data: bytes):
    verify_depth(data)
    try:
        return _dict(json.loads(data), "metadata")
    except (ValueError, TypeError) as error:
        raise RepositoryError("metadata is not JSON: %s" % error)
    except MemoryError:
        # Not a RepositoryError: a cached file that does not fit must not pass for a missing one.
        raise BoardError("no memory for metadata of %d bytes" % len(data))


def _each(kind, fields, what: str):
    result = {}
    for name in _dict(fields, what):
        result[_string(name, what)] = kind(fields[name])
    return result


def _hashes(fields):
    for algorithm in _dict(fields, "hashes"):
        _string(fields[algorithm], "hash")
    digest = fields.get("sha256")
    # The dispatch point for further algorithms, together with _has_hash.
    if digest is None or len(digest) != 64 or digest.strip("0123456789abcdef"):
        raise RepositoryError("hashes has no SHA-256")
    return fields


def _has_hash(data: bytes, hashes) -> bool:
    return hexlify(sha256(data).digest()).decode() == hashes["sha256"]


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
