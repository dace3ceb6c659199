"""What the board remembers of its updates, in NVS.

NVS can be erased whole when it is corrupt (ports/esp32/main.c), so all of this is a hint that makes
the board wiser; nothing of what keeps it safe depends on it.
"""

import json

from slotcast.errors import RepositoryError
from slotcast.manifest import parse_version

_NAMESPACE = "slotcast"
_KEY = "record"
_MAX_BYTES = 1536
_MAX_FAILED = 8
_ID_CHARS = 32  # of a digest's 64 hex characters: enough to tell images apart
# The fields of an image on trial, and of the one installed, with their types.
_TRIAL = {
    "digest": str,
    "version": str,
    "security_version": int,
    "confirm_within_s": int,
    "armed": int,
    "condemned": bool,
}
_INSTALLED = {"digest": str, "version": str}


class Record:
    """The image on trial, the image last confirmed, and the images that failed here.

    Args:
        nvs: an esp32.NVS of Slotcast's own namespace.

    What changes the record raises OSError when NVS is full or worn.
    """

    def __init__(self, nvs):
        self._nvs = nvs
        self._fields = self._load()

    @classmethod
    def open(cls) -> "Record":
        """The record of this board; one that takes nothing where NVS has no room for it."""
        from esp32 import NVS

        try:
            return cls(NVS(_NAMESPACE))
        except OSError:
            return cls(_NoNvs())

    def _load(self):
        raw = bytearray(_MAX_BYTES)
        try:
            fields = json.loads(raw[: self._nvs.get_blob(_KEY, raw)])
        except (OSError, ValueError):  # never written, erased, or damaged
            return {}
        return fields if _is_record(fields) else {}

    def _save(self):
        self._nvs.set_blob(_KEY, json.dumps(self._fields).encode())
        self._nvs.commit()

    @property
    def trial(self):
        """The image that was armed last and is neither confirmed nor failed, as a dict, or None.

        Keys: digest (hex), version, security_version, confirm_within_s; armed, how often it was
        made the boot image; condemned, whether its health checks failed.
        """
        return self._fields.get("trial")

    @property
    def installed(self):
        """digest and version of the image last confirmed, as a dict, or None."""
        return self._fields.get("installed")

    @property
    def security_version(self) -> int:
        """The highest security version that was ever confirmed here; it never goes down."""
        return self._fields.get("security_version", 0)

    def has_failed(self, digest: str) -> bool:
        """Whether the image with this digest was given up here."""
        return digest[:_ID_CHARS] in self._fields.get("failed", ())

    def prepare(self, manifest) -> None:
        """Remember the image that is about to be written to the other slot.

        Before a byte of it stands there: what otadata says of the slot is about another image then.
        Raises OSError when that cannot be written: then the slot must not be touched.
        """
        if not self.trial or self.trial["digest"] != manifest.image_digest:
            self._fields["trial"] = {
                "digest": manifest.image_digest,
                "version": manifest.version,
                "security_version": manifest.security_version,
                "confirm_within_s": manifest.confirm_within_s,
                "armed": 0,
                "condemned": False,
            }
            self._save()

    def arm(self) -> None:
        """Count that the image on trial becomes the boot image.

        Raises OSError when that cannot be written: then it must not be armed.
        """
        self.trial["armed"] += 1
        self._save()

    def count_reset(self) -> int:
        """Count a reset that is to settle what boots next; how many there were since it was.

        Raises OSError when that cannot be written.
        """
        self._fields["resets"] = self._fields.get("resets", 0) + 1
        self._save()
        return self._fields["resets"]

    def forget_resets(self) -> None:
        """What boots next is settled."""
        if self._fields.pop("resets", 0):
            self._save()

    def condemn(self) -> None:
        """The image on trial failed its health checks: the rollback that follows is no accident."""
        self.trial["condemned"] = True
        self._save()

    def confirm(self) -> None:
        """The image on trial is the installed one from now on."""
        trial = self._fields.pop("trial")
        self._install(trial["digest"], trial["version"], trial["security_version"])

    def adopt(self, manifest) -> None:
        """The running image, whose digest is the manifest's, is the installed one."""
        known = (self.installed or {}).get("digest") == manifest.image_digest
        if not known or self.security_version < manifest.security_version:
            self._install(manifest.image_digest, manifest.version, manifest.security_version)

    def _install(self, digest, version, security_version):
        self._fields["installed"] = {"digest": digest, "version": version}
        self._fields["security_version"] = max(self.security_version, security_version)
        self._save()

    def fail(self) -> None:
        """The image on trial was given up: it is not to be installed again."""
        failed = self._fields.setdefault("failed", [])
        failed.append(self._fields.pop("trial")["digest"][:_ID_CHARS])
        del failed[:-_MAX_FAILED]
        self._save()


class _NoNvs:
    """Stands for an NVS that could not be opened."""

    def get_blob(self, key, buffer):
        raise OSError("no NVS")

    def set_blob(self, key, value):
        raise OSError("no NVS")


def _is_record(fields) -> bool:
    """Whether this is a record of ours, and not of another version of Slotcast, or noise."""
    if not isinstance(fields, dict):
        return False
    numbers = (fields.get("security_version", 0), fields.get("resets", 0))
    if not all(isinstance(number, int) for number in numbers):
        return False
    failed = fields.get("failed", [])
    texts = isinstance(failed, list) and all(isinstance(digest, str) for digest in failed)
    return texts and _has(fields.get("trial"), _TRIAL) and _has(fields.get("installed"), _INSTALLED)


def _has(fields, kinds):
    if fields is None:
        return True
    try:
        parse_version(fields["version"])
        return all(isinstance(fields[name], kinds[name]) for name in kinds)
    except (TypeError, KeyError, RepositoryError):
        return False
