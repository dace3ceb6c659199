"""A board's client between a flood and a sound repository: `flooded_client FOLDER`.

FOLDER has the files by their paths, with `+` for `/`, in `kept` (those of the board), `flood` and
`sound`. The client refreshes and looks for a target in `flood`, then, the same one, in `sound`.
Prints what came of either, and for the first, how many files were asked for.
"""

import gc
import sys

from slotcast.client import Client
from slotcast.errors import DownloadError, NotFoundError, OtaError
from slotcast.steps import plain

_NOW = "2026-11-20T12:00:00Z"
# As in a board's poll (slotcast.updater).
_GC_THRESHOLD_BYTES = 8192


class Folder:
    """Files on the host, as MetadataFiles and as a client's fetch; those written stay in memory."""

    def __init__(self, path):
        self.path = path
        self.served = ""
        self.asked = 0
        self._written = {}

    def read(self, name):
        return self._written.get(name) or self._data("kept", name)

    def write(self, name, data):
        self._written[name] = data

    def remove(self, name):
        self._written.pop(name, None)

    def fetch(self, path, max_bytes):
        self.asked += 1
        gc.collect()
        data = self._data(self.served, path)
        if data is None:
            raise NotFoundError(path)
        if len(data) > max_bytes:
            raise DownloadError("longer than %d" % max_bytes)
        return data

    def _data(self, kind, name):
        try:
            with open("%s/%s/%s" % (self.path, kind, name.replace("/", "+")), "rb") as file:
                return file.read()
        except OSError:
            return None


def outcome(client):
    """The error that a refresh and a search end with, or what they find."""
    try:
        client.refresh()
        return "finds %s" % client.has_target("somewhere-else")
    except (OtaError, MemoryError) as error:
        return "%s: %s" % (type(error).__name__, error)


def main(path):
    gc.threshold(_GC_THRESHOLD_BYTES)
    folder = Folder(path)
    client = Client(folder, plain(folder.fetch), lambda: _NOW)
    folder.served = "flood"
    print(outcome(client))
    print(folder.asked)
    folder.served = "sound"
    print(outcome(client))


main(sys.argv[1])
