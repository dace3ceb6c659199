"""What signatures.py runs under MicroPython: `MODE FOLDER [NAME]`.

MODE is `import` or `once` for what precedes one verification, and that with it; or `time`, which
prints for every name the shortest time in ms, or why it does not run, as JSON. FOLDER holds what is
verified. Each function below imports a verifier and returns what verifies once.
"""

import gc
import json
import sys
import time
from hashlib import sha256

ROUNDS = 25


def read(name):
    with open(sys.argv[2] + "/" + name, "rb") as file:
        return file.read()


def number(name):
    return int.from_bytes(read(name), "big")


class Hashlib:
    """hashlib with a SHA-512, which MicroPython's lacks: Slotcast's, in viper."""

    def __init__(self):
        from slotcast.sha512 import sha512

        self.sha256, self.sha512 = sha256, sha512


def ed25519_slotcast():
    from slotcast.ed25519 import verify_bytes

    fields = read("ed25519.public"), read("ed25519.signature"), read("message")
    return lambda: verify_bytes(*fields)


def ed25519_rfc8032():
    from rfc8032 import verify

    from slotcast.sha512 import sha512

    fields = read("ed25519.public"), read("message"), read("ed25519.signature")
    return lambda: verify(fields[0], fields[1], fields[2], sha512)


def ed25519_pure25519():
    sys.path.append(sys.path[-1] + "/pure25519-0.0.1")
    from pure25519.eddsa import checkvalid

    fields = read("ed25519.signature"), read("message"), read("ed25519.public")
    return lambda: checkvalid(*fields)


def p256_slotcast():
    from slotcast.p256 import verify

    fields = read("p256.public"), read("p256.signature"), sha256(read("message")).digest()
    return lambda: verify(*fields)


class Curve:
    """P-256 as starkbank-ecdsa's Math takes a curve."""

    A = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC
    P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
    N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    G = (
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    )
    nBitLength = 256
    glvParams = None


def p256_starkbank_math():
    # The package itself does not import; its arithmetic does, and below is what Ecdsa.verify does.
    # Its inverse relies on pow(x, -1, n), which is 0 on MicroPython: it gets ours.
    from starkbank_math.math import Math
    from starkbank_math.point import Point

    from slotcast.p256 import _inverse

    Math.inv = staticmethod(_inverse)
    public, hashed = read("p256.public"), int.from_bytes(sha256(read("message")).digest(), "big")
    point = Point(int.from_bytes(public[1:33], "big"), int.from_bytes(public[33:], "big"))
    r, s, curve = number("p256.r"), number("p256.s"), Curve
    base = Point(*curve.G)

    def verify():
        inverse = Math.inv(s, curve.N)
        u, v = hashed * inverse % curve.N, r * inverse % curve.N
        total = Math.multiplyAndAdd(base, u, point, v, curve.N, curve.A, curve.P)
        return total.x % curve.N == r

    return verify


def p256_starkbank():
    from ellipticcurve.ecdsa import Ecdsa

    return Ecdsa


def p256_ecdsa():
    from ecdsa import VerifyingKey

    return VerifyingKey


def rsa2048_slotcast():
    return rsa_slotcast("rsa2048")


def rsa4096_slotcast():
    return rsa_slotcast("rsa4096")


def rsa_slotcast(name):
    from slotcast.rsa_pss import verify

    modulus, signature = number(name + ".modulus"), read(name + ".signature")
    digest = sha256(read("message")).digest()
    return lambda: verify(modulus, 65537, signature, digest)


def rsa2048_adafruit():
    return rsa_adafruit("rsa2048")


def rsa4096_adafruit():
    return rsa_adafruit("rsa4096")


def rsa_adafruit(name):
    from adafruit_rsa import PublicKey, verify

    key = PublicKey(number(name + ".modulus"), 65537)
    message, signature = read("message"), read(name + ".pkcs1")
    return lambda: verify(message, signature, key) == "SHA-256"


def rsa2048_rsa():
    from rsa import verify

    return verify


VERIFIERS = (
    ed25519_slotcast,
    ed25519_rfc8032,
    ed25519_pure25519,
    p256_slotcast,
    p256_starkbank_math,
    p256_starkbank,
    p256_ecdsa,
    rsa2048_slotcast,
    rsa2048_adafruit,
    rsa2048_rsa,
    rsa4096_slotcast,
    rsa4096_adafruit,
)


def times():
    """All in turn, so that a busy machine is no one's advantage."""
    found, best = {}, {}
    for make in VERIFIERS:
        try:
            found[make.__name__] = make()
        except Exception as error:
            best[make.__name__] = type(error).__name__ + ": " + str(error)
    for _ in range(ROUNDS):
        for name, verify in found.items():
            gc.collect()
            start = time.ticks_us()
            assert verify()
            spent = time.ticks_diff(time.ticks_us(), start) / 1000
            best[name] = min(best.get(name, spent), spent)
    print(json.dumps(best))


def main(mode, folder, name=None):
    if "pure25519" in str(name) or mode == "time":
        sys.modules["hashlib"] = Hashlib()
    if mode == "time":
        times()
        return
    verify = globals()[name]()
    if mode == "once":
        assert verify()


main(*sys.argv[1:])
