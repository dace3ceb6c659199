"""MicroPython's side of the HTTPS tests: `https_client.py DEVICE_DIR`, a case on standard input.

The case is a JSON object: url, anchors (DER in hex), pins (hex), timeout_ms, steps. A step is
["fetch", path, max_bytes], ["get", path, start, stop], ["read", buffer_bytes], ["read_once",
buffer_bytes], ["close"] or ["sleep", ms].
Prints a JSON object: one outcome for each step, and the session's counters.
"""

import json
import sys
import time

sys.path.insert(0, sys.argv[1])

from hashlib import sha256  # noqa: E402

from slotcast.errors import BoardError, DownloadError, NotFoundError  # noqa: E402
from slotcast.https import Session  # noqa: E402

KINDS = (NotFoundError, DownloadError, BoardError, ValueError, OSError)


class Case:
    def __init__(self, case):
        anchors = [bytes.fromhex(der) for der in case["anchors"]]
        pins = [bytes.fromhex(pin) for pin in case["pins"]]
        self.log = []
        self.session = Session(
            case["url"], anchors, pins, case["timeout_ms"], lambda *line: self.log.append(line)
        )
        self.response = None

    def fetch(self, path, max_bytes):
        return described(self.session.fetch(path, max_bytes))

    def get(self, path, start=None, stop=None):
        self.response = self.session.get(path, start, stop)
        return {"status": self.response.status_code, "length": self.response.length}

    def read(self, size):
        """Read the whole body through one buffer of `size` bytes."""
        buffer, digest, total = bytearray(size), sha256(), 0
        while True:
            count = self.response.raw.readinto(buffer)
            if not count:
                return {"bytes": total, "sha256": digest.digest().hex()}
            digest.update(memoryview(buffer)[:count])
            total += count

    def read_once(self, size):
        return {"bytes": self.response.readinto(bytearray(size))}

    def close(self):
        self.response.close()
        return {}

    def sleep(self, ms):
        time.sleep_ms(ms)
        return {}


def described(data):
    return {"bytes": len(data), "sha256": sha256(data).digest().hex()}


def outcome(function, arguments):
    began = time.ticks_ms()
    try:
        result = function(*arguments)
    except KINDS as error:
        name = [kind.__name__ for kind in KINDS if isinstance(error, kind)][0]
        result = {"error": name, "message": str(error)}
    result["ms"] = time.ticks_diff(time.ticks_ms(), began)
    return result


def main():
    case = json.loads(sys.stdin.read())
    client = Case(case)
    steps = [outcome(getattr(client, step[0]), step[1:]) for step in case["steps"]]
    session = client.session
    session.close()
    result = {"steps": steps, "log": client.log, "requests": session.requests}
    result.update({"connections": session.connections, "received": session.received_bytes})
    print(json.dumps(result))


main()
