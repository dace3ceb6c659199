"""The board's Ed25519 verifier against `cryptography`, under MicroPython and CPython."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ROOT = Path(__file__).parents[2]
VECTORS = json.loads((ROOT / "manifests/vectors/ed25519.json").read_text())["cases"]
MICROPYTHON = Path(sys.executable).parent / "micropython"

# One process takes all cases: lines of "public signature message" in, a digit for each out.
VERIFY_LINES = """
import sys
sys.path.insert(0, sys.argv[1])
from slotcast.ed25519 import verify_bytes
with open(sys.argv[2]) as file:
    for line in file:
        fields = [bytes.fromhex(field) for field in line.strip("\\n").split(" ")]
        print(int(verify_bytes(*fields)), end="")
"""

Case = tuple[bytes, bytes, bytes]


def signed(randomness: random.Random) -> Case:
    key = Ed25519PrivateKey.from_private_bytes(randomness.randbytes(32))
    message = randomness.randbytes(randomness.choice([0, 1, 47, 48, 63, 64, 65, 300]))
    return key.public_key().public_bytes_raw(), key.sign(message), message


def flipped(case: Case, randomness: random.Random) -> Case:
    """The case with one bit of key, signature or message changed."""
    which = randomness.randrange(3 if case[2] else 2)
    field = bytearray(case[which])
    bit = randomness.randrange(8 * len(field))
    field[bit >> 3] ^= 1 << (bit & 7)
    return case[:which] + (bytes(field),) + case[which + 1 :]


def peer_accepts(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    randomness = random.Random(8032)
    good = [signed(randomness) for _ in range(60)]
    return good + [flipped(case, randomness) for case in good for _ in range(2)]


@pytest.mark.parametrize(
    "interpreter", [MICROPYTHON, sys.executable], ids=["micropython", "cpython"]
)
def test_random_signatures_and_bit_flips(
    interpreter: str, cases: list[Case], tmp_path: Path
) -> None:
    (tmp_path / "verify.py").write_text(VERIFY_LINES)
    lines = [" ".join(field.hex() for field in case) for case in cases]
    (tmp_path / "cases").write_text("\n".join(lines) + "\n")
    command = [interpreter, tmp_path / "verify.py", ROOT / "device", tmp_path / "cases"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    expected = "".join(str(int(peer_accepts(*case))) for case in cases)
    assert done.stderr == ""
    assert done.stdout == expected
    assert expected.count("1") == 60


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_the_peer_agrees_with_the_vectors_except_where_policy_is_stricter(
    case: dict[str, str],
) -> None:
    fields = [bytes.fromhex(case[name]) for name in ("public", "signature", "message")]
    stricter = case["name"].endswith("the equation holds")
    assert peer_accepts(*fields) == (case["expect"] == "valid" or stricter)
