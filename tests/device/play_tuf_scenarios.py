"""Play published scenarios to the board's client: `play_tuf_scenarios.py DEVICE_DIR FOLDER`.

FOLDER holds scenarios.json, `[{"root": blob, "steps": [{"now": time, "served": {path: blob}}]}]`,
and the blobs under the SHA-256 of their bytes. Prints what play() returns for each, as JSON.
"""

import json
import sys


class Blobs:
    """Files in a folder by their SHA-256, as a mapping."""

    def __init__(self, folder):
        self._folder = folder

    def __getitem__(self, name):
        with open(self._folder + "/" + name, "rb") as file:
            return file.read()


def play(scenario, blobs):
    """Per step: whether the refresh was accepted, and the SHA-256 of each file that is kept."""
    from repository_simulator import MemoryFiles

    files = MemoryFiles()
    files.write("root", blobs[scenario["root"]])
    served = {}
    clock = []
    client = new_client(files, served, blobs, clock)
    results = []
    for step in scenario["steps"]:
        clock[:] = [step["now"]]
        served.clear()
        served.update(step["served"])
        if len(results) % 3 == 2:
            # A reboot: what the process remembers is gone, the files stay.
            client = new_client(files, served, blobs, clock)
        results.append([is_accepted(client), kept(files)])
    return results


def new_client(files, served, blobs, clock):
    from slotcast.client import Client
    from slotcast.errors import DownloadError, NotFoundError
    from slotcast.steps import plain

    def fetch(path, max_bytes):
        if path not in served:
            raise NotFoundError(path)
        data = blobs[served[path]]
        if len(data) > max_bytes:
            raise DownloadError(path)
        return data

    return Client(files, plain(fetch), lambda: clock[0])


def is_accepted(client):
    from slotcast.errors import OtaError

    try:
        client.refresh()
        client.fetch_target("stable/sensor-r2.json", 100)
    except OtaError:
        return False
    return True


def kept(files):
    """The SHA-256 of each file by role."""
    from binascii import hexlify
    from hashlib import sha256

    return {name: hexlify(sha256(data).digest()).decode() for name, data in files.data.items()}


def main(device, folder):
    sys.path[:0] = [device, __file__.rpartition("/")[0]]
    with open(folder + "/scenarios.json") as file:
        scenarios = json.load(file)
    for scenario in scenarios:
        print(json.dumps(play(scenario, Blobs(folder))))


if __name__ == "__main__":
    main(*sys.argv[1:])
