"""How often an image was armed, in the file system, beside what the record in NVS says of it.

NVS is erased when it is corrupt, or of a newer format than the firmware knows (ports/esp32/main.c).
A bad release that does that in its trial would be tried for ever, if NVS alone counted.
"""

import json

_NAME = "tries"


class Tries:
    """The count of the image that was armed last.

    Args:
        files: a KeptFiles.
    """

    def __init__(self, files):
        self._files = files

    def of(self, manifest) -> int:
        """How often this image was armed by this release, as far as the file says."""
        try:
            digest, release, armed = json.loads(self._files.read(_NAME) or b"[]")
        except (ValueError, TypeError):  # none, or damaged
            return 0
        known = (digest, release) == (manifest.image_digest, manifest.release)
        return armed if known and isinstance(armed, int) else 0

    def note(self, trial) -> None:
        """Keep the count of a Record's trial."""
        fields = [trial["digest"], trial["release"], trial["armed"]]
        self._files.write(_NAME, json.dumps(fields).encode())
