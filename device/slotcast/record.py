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


class Record:
    """The image on trial, the image last confirmed, and the images that failed here.

    Args:
        nvs: an esp32.NVS of Slotcast's own namespace.
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
        return fields if isinstance(fields, dict) else {}

    def _save(self):
        self._nvs.set_blob(_KEY, json.dumps(self._fields).encode())
        self._nvs.commit()

    @property
    def trial(self):
        """The image that was armed last and is neither confirmed nor failed, as a dict, or None.

        Keys: digest (hex), version, security_version, address (of the slot), armed and started
        (times that it was made the boot image, and that it came up), confirm_within_s.
        """
        return self._fields.get("trial")

    @property
    def installed(self):
        """digest, version and security_version of the image last confirmed, as a dict, or None."""
        return self._fields.get("installed")

    def has_failed(self, digest: str) -> bool:
        """Whether the image with this digest was rolled back here."""
        return digest[:_ID_CHARS] in self._fields.get("failed", ())

    def arm(self, manifest, address: int) -> int:
        """Remember the image that is about to become the boot image; return how often it was."""
        before = self.trial
        again = before and before["digest"] == manifest.image_digest
        self._fields["trial"] = {
            "digest": manifest.image_digest,
            "version": manifest.version,
            "security_version": manifest.security_version,
            "address": address,
            "armed": before["armed"] + 1 if again else 1,
            "started": 0,
            "confirm_within_s": manifest.confirm_within_s,
        }
        self._save()
        return self.trial["armed"]

    def start(self) -> None:
        """Count that the image on trial has come up."""
        self.trial["started"] += 1
        self._save()

    def confirm(self) -> None:
        """The image on trial is the installed one from now on."""
        trial = self._fields.pop("trial")
        names = ("digest", "version", "security_version")
        self._fields["installed"] = {name: trial[name] for name in names}
        self._save()

    def adopt(self, manifest) -> None:
        """The running image, whose digest is the manifest's, is the installed one."""
        if (self.installed or {}).get("digest") != manifest.image_digest:
            self._fields["installed"] = {
                "digest": manifest.image_digest,
                "version": manifest.version,
                "security_version": manifest.security_version,
            }
            self._save()

    def fail(self) -> None:
        """The image on trial was rolled back: it is not to be installed again."""
        failed = self._fields.setdefault("failed", [])
        failed.append(self._fields.pop("trial")["digest"][:_ID_CHARS])
        del failed[:-_MAX_FAILED]
        self._save()
