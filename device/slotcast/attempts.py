"""How often a delta was begun without coming to an end, in the file system.

A delta that hangs or crashes a board raises nothing that could be caught, and would be taken again
at every poll; so would one that an edge never serves to its end. The full payload needs none of the
code that could hang, and is another object.
"""

import json

_NAME = "delta"
_MOST = 3  # the power may have failed in one or two


class Attempts:
    """The count of the delta that was begun last.

    Args:
        directory: where the board keeps its files.
        log: callable (step, message).
    """

    def __init__(self, directory: str, log):
        self._directory = directory
        self._log = log

    def begin(self, entry) -> bool:
        """Count one more attempt at a delta, and whether it is to be made at all."""
        files = self._files()
        made = _made(files.read(_NAME), entry.head_sha256)
        if made >= _MOST:
            return False
        files.write(_NAME, json.dumps([entry.head_sha256, made + 1]).encode())
        return True

    def ended(self) -> None:
        """An image was brought: what was counted is of no use any more."""
        files = self._files()
        if files.read(_NAME):
            files.remove(_NAME)

    def _files(self):
        from slotcast.files import KeptFiles  # not while it is installed

        return KeptFiles(self._directory, self._log)


def _made(data, head_sha256):
    try:
        known, made = json.loads(data or b"[]")
    except (ValueError, TypeError):  # none, or damaged
        return 0
    return made if known == head_sha256 and isinstance(made, int) else 0
