"""What the board remembers of its updates, in NVS.

NVS can be erased whole when it is corrupt (ports/esp32/main.c), so all of this is a hint that makes
the board wiser; nothing of what keeps it safe depends on it.
"""

import json

from slotcast.errors import RepositoryError
from slotcast.versions import parse_version

_NAMESPACE = "slotcast"
_KEY = "record"
_ENOSPC = 28
_MAX_BYTES = 1536
_MAX_FAILED = 8
_ID_CHARS = 32  # of a digest's 64 hex characters: enough to tell images apart
# The fields of an image on trial, of the one installed, and of an offer, with their types.
_TRIAL = {
    "digest": str,
    "version": str,
    "release": int,
    "security_version": int,
    "confirm_within_s": int,
    "armed": int,
    "condemned": bool,
}
_INSTALLED = {"digest": str, "version": str}
_OFFER = {"digest": str, "at": str}


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
            return _sound(json.loads(raw[: self._nvs.get_blob(_KEY, raw)]))
        except (OSError, ValueError):  # never written, erased, or damaged
            return {}

    def _save(self):
        try:
            data = json.dumps(self._fields).encode()
            if len(data) > _MAX_BYTES:  # what could not be read again would lose everything
                raise OSError(_ENOSPC)
            self._nvs.set_blob(_KEY, data)
            self._nvs.commit()
        except OSError:
            self._fields = self._load()  # what is not written is not so
            raise

    @property
    def trial(self):
        """The image that was armed last and is neither confirmed nor failed, as a dict, or None.

        Keys: digest (hex), version, release, security_version, confirm_within_s of its manifest;
        armed, how often it was made the boot image; condemned, whether its health checks failed.
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

    def failed_release(self, digest: str):
        """Release id by which the image with this digest was given up here, 0 where unknown.

        None where it was not.
        """
        name = digest[:_ID_CHARS]
        if name not in self._fields.get("failed", ()):
            return None
        return self._fields.get("failed_by", {}).get(name, 0)

    def offer(self, manifest, now: str) -> str:
        """When this image was first offered to this board, as an ISO time.

        That is now where it was not remembered, or lies in what turns out to be the future.
        """
        name, known = manifest.image_digest[:_ID_CHARS], self._fields.get("offer")
        if not known or known["digest"] != name or known["at"] > now:
            self._fields["offer"] = {"digest": name, "at": now}
            try:
                self._save()
            except OSError:
                return now
        return self._fields["offer"]["at"]

    def prepare(self, manifest, tries: int = 0) -> None:
        """Remember the image that is about to be written to the other slot.

        Before a byte of it stands there: what otadata says of the slot is about another image then.

        Args:
            tries: that it has had, where this record does not know it.

        Raises OSError when that cannot be written: then the slot must not be touched.
        """
        known = self.trial
        same = known and known["digest"] == manifest.image_digest
        if not same or known["release"] != manifest.release:
            self._fields["trial"] = {
                "digest": manifest.image_digest,
                "version": manifest.version,
                "release": manifest.release,
                "security_version": manifest.security_version,
                "confirm_within_s": manifest.confirm_within_s,
                "armed": known["armed"] if same else tries,
                "condemned": False,
            }
            self._save()

    def arm(self) -> None:
        """Count that the image on trial becomes the boot image.

        Raises OSError when that cannot be written: then it must not be armed.
        """
        self.trial["armed"] += 1
        self._save()

    def count_unsettled(self) -> int:
        """Count a poll that finds another slot to boot next; how many there were in a row.

        Raises OSError when that cannot be written.
        """
        # Older versions counted resets by this name.
        self._fields["resets"] = self._fields.get("resets", 0) + 1
        self._save()
        return self._fields["resets"]

    def forget_unsettled(self) -> None:
        """What boots next is settled."""
        if self._fields.pop("resets", 0):
            self._save()

    def starts_no_trial(self, digest: str) -> bool:
        """Whether the firmware with this digest was seen to arm an image without a trial."""
        return self._fields.get("no_trial") == digest[:_ID_CHARS]

    def note_no_trial(self, digest: str) -> None:
        """The firmware with this digest arms without a trial; what it armed is not to be tried."""
        self._fields["no_trial"] = digest[:_ID_CHARS]
        self._fields.pop("trial", None)
        self._save()

    def condemn(self) -> None:
        """The image on trial failed its health checks: the rollback that follows is no accident."""
        self.trial["condemned"] = True
        self._save()

    def confirm(self) -> None:
        """The image on trial is the installed one from now on, whatever was held against it."""
        trial = self._fields.pop("trial")
        name = trial["digest"][:_ID_CHARS]
        if name in self._fields.get("failed", ()):
            self._fields["failed"].remove(name)
        self._install(trial["digest"], trial["version"], trial["security_version"])

    def adopt(self, manifest) -> None:
        """The running image, whose digest is the manifest's, is the installed one."""
        running = {"digest": manifest.image_digest, "version": manifest.version}
        if self.installed != running or self.security_version < manifest.security_version:
            self._install(manifest.image_digest, manifest.version, manifest.security_version)

    def _install(self, digest, version, security_version):
        self._fields["installed"] = {"digest": digest, "version": version}
        self._fields["security_version"] = max(self.security_version, security_version)
        self._save()

    def fail(self) -> None:
        """The image on trial was given up: it is not to be installed again by this release."""
        trial = self._fields.pop("trial")
        name = trial["digest"][:_ID_CHARS]
        failed = [one for one in self._fields.get("failed", ()) if one != name] + [name]
        # The releases stand beside the digests, not with them: an older Slotcast, to which a board
        # may have just rolled back, knows a list of digests only.
        releases = self._fields.get("failed_by", {})
        releases[name] = trial["release"]
        failed = failed[-_MAX_FAILED:]
        self._fields["failed"] = failed
        self._fields["failed_by"] = {one: releases[one] for one in failed if one in releases}
        self._save()


class _NoNvs:
    """Stands for an NVS that could not be opened."""

    def get_blob(self, key, buffer):
        raise OSError("no NVS")

    def set_blob(self, key, value):
        raise OSError("no NVS")


def _sound(fields):
    """What makes sense of a record: it may be of another version of Slotcast, or noise.

    Part by part, as one that is lost should not take the security version with it.
    """
    if not isinstance(fields, dict):
        return {}
    trial = fields.get("trial")
    if isinstance(trial, dict):
        trial["release"] = trial.get("release", 0)  # older records have none
    return {name: fields[name] for name in fields if _is_sound(name, fields[name])}


def _is_sound(name, value):
    if name in ("security_version", "resets"):
        return isinstance(value, int)
    if name == "failed":
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if name == "failed_by":
        return isinstance(value, dict) and all(isinstance(one, int) for one in value.values())
    if name in ("trial", "installed"):
        return _has(value, _TRIAL if name == "trial" else _INSTALLED) and _has_version(value)
    return name != "offer" or _has(value, _OFFER)


def _has(fields, kinds):
    if not isinstance(fields, dict):
        return False
    return all(isinstance(fields.get(name), kinds[name]) for name in kinds)


def _has_version(fields):
    try:
        parse_version(fields["version"])
        return True
    except RepositoryError:
        return False
