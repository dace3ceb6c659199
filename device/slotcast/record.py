"""What the board remembers of its updates, in NVS.

NVS can be erased whole when it is corrupt (ports/esp32/main.c), so all of this is a hint that makes
the board wiser; nothing of what keeps it safe depends on it.
"""

import json

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
        """The record of this board."""
        from esp32 import NVS

        return cls(NVS(_NAMESPACE))

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

    def arm(self, manifest) -> None:
        """Remember the image that is about to become the boot image.

        Raises OSError when that cannot be written: then it must not be armed.
        """
        before = self.trial
        again = before and before["digest"] == manifest.image_digest
        self._fields["trial"] = {
            "digest": manifest.image_digest,
            "version": manifest.version,
            "security_version": manifest.security_version,
            "confirm_within_s": manifest.confirm_within_s,
            "armed": before["armed"] + 1 if again else 1,
            "condemned": False,
        }
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


def _is_record(fields) -> bool:
    """Whether this is a record of ours, and not of another version of Slotcast, or noise."""
    if not isinstance(fields, dict) or not isinstance(fields.get("security_version", 0), int):
        return False
    failed = fields.get("failed", [])
    texts = isinstance(failed, list) and all(isinstance(digest, str) for digest in failed)
    return texts and _has(fields.get("trial"), _TRIAL) and _has(fields.get("installed"), _INSTALLED)


def _has(fields, kinds):
    if fields is None:
        return True
    if not isinstance(fields, dict):
        return False
    return all(isinstance(fields.get(name), kinds[name]) for name in kinds)
