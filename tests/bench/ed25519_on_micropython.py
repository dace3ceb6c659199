"""What ed25519.py runs under MicroPython: `JOB FILE`; FILE has public key, signature and message.

JOB is `ours` or `rfc8032` for one verification, `import_ours` or `import_rfc8032` for what precedes
it, or `time`, which prints the shortest times as JSON.
"""

import gc
import json
import sys
import time

ROUNDS = 7


def ours():
    from slotcast.ed25519 import verify_bytes

    return lambda public, signature, message: verify_bytes(public, signature, message)


def rfc8032():
    from rfc8032 import verify

    from slotcast.sha512 import sha512

    return lambda public, signature, message: verify(public, message, signature, sha512)


def once(job, fields):
    verify = rfc8032() if job.endswith("rfc8032") else ours()
    if not job.startswith("import_"):
        assert verify(*fields)


def shortest_ms(fields):
    """Both in turn, so that a busy machine is no one's advantage."""
    verifiers = {"ours": ours(), "rfc8032": rfc8032()}
    best = {}
    for _ in range(ROUNDS):
        for name, verify in verifiers.items():
            gc.collect()
            start = time.ticks_us()
            assert verify(*fields)
            spent = time.ticks_diff(time.ticks_us(), start) / 1000
            best[name] = min(best.get(name, spent), spent)
    return best


def times(fields):
    """With SHA-512 as a board has it, in viper, and in portable Python."""
    from slotcast import sha512

    result = {"viper": shortest_ms(fields)}
    sha512.fastest = lambda: sha512.compress
    result["portable"] = shortest_ms(fields)
    print(json.dumps(result))


def main(job, path):
    with open(path, "rb") as file:
        fields = file.read(32), file.read(64), file.read()
    if job == "time":
        times(fields)
    else:
        once(job, fields)


main(*sys.argv[1:])
