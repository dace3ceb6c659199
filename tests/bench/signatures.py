"""Verifiers of signatures against other pure-Python ones, in one run on MicroPython's unix port.

Heap is found by trial, as in ed25519.py. All is compiled before, as for a board.
"""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import peers
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from ed25519 import BIN, DEVICE, HERE, MESSAGE_BYTES, MODULES, compile_module
from heap import smallest_heap_kib
from tables import render

PROGRAM = "signatures_on_micropython"
OURS = (*MODULES, "der", "p256", "p256_base", "rsa_pss")
TOO_SMALL_KIB, ENOUGH_KIB = 4, 1024
# What is compared, by the functions of the program; the first of each is what others are held to.
NAMES = {
    "Ed25519": {
        "ed25519_slotcast": "Slotcast",
        "ed25519_rfc8032": "code of RFC 8032",
        "ed25519_pure25519": "pure25519",
    },
    "ECDSA P-256": {
        "p256_slotcast": "Slotcast",
        "p256_starkbank_math": "starkbank-ecdsa: its Math, repaired",
        "p256_starkbank": "starkbank-ecdsa",
        "p256_ecdsa": "ecdsa",
    },
    "RSA-2048": {
        "rsa2048_slotcast": "Slotcast, PSS",
        "rsa2048_adafruit": "adafruit-circuitpython-rsa, PKCS #1 v1.5",
        "rsa2048_rsa": "rsa",
    },
    "RSA-4096": {
        "rsa4096_slotcast": "Slotcast, PSS",
        "rsa4096_adafruit": "adafruit-circuitpython-rsa, PKCS #1 v1.5",
    },
}
HEADER = ("What does a verification cost?", "time", "ratio", "heap", "ratio", "imports")
NOTES = f"""\
A message of {MESSAGE_BYTES} bytes. Heap: the smallest that import and verification pass with;
imports: what the import alone needs. SHA-512 is Slotcast's, in viper, for all. No other package
was found that verifies PSS; PKCS #1 v1.5 has the same power of a number to compute. What does not
run on MicroPython says why. starkbank-ecdsa's arithmetic runs when its inverse is replaced by ours:
it calls pow(x, -1, n), which is 0 on MicroPython."""


def table() -> str:
    """The figures of a run, for people."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder)
        write_signed(folder)
        times = json.loads(run(folder, "time", heap_kib=8192, check=True).stdout)
        rows = [row for key, names in NAMES.items() for row in rows_of(folder, key, names, times)]
    return render(HEADER, rows, NOTES)


def rows_of(folder: Path, key: str, names: dict[str, str], times: dict[str, float | str]) -> list:
    first = next(iter(names))
    heaps = {name: heap_of(folder, "once", name) for name in names if runs(times, name)}
    rows = [(key, "", "", "", "", "")]
    for name, label in names.items():
        label = f"  {label}"
        if not runs(times, name):
            rows.append((f"{label}: {times[name]}", "", "", "", "", ""))
            continue
        imports = heap_of(folder, "import", name)
        ratios = [f"{values[name] / values[first]:.2f}" for values in (times, heaps)]
        spent, heap = f"{times[name]:.1f} ms", f"{heaps[name]} KiB"
        rows.append((label, spent, ratios[0], heap, ratios[1], f"{imports} KiB"))
    return rows


def runs(times: dict[str, float | str], name: str) -> bool:
    return not isinstance(times[name], str)


def build(folder: Path) -> None:
    """Compile the verifiers into `folder`, for this machine."""
    (folder / "slotcast").mkdir()
    for name in OURS:
        compile_module(DEVICE / "slotcast" / f"{name}.py", folder / "slotcast" / f"{name}.mpy")
    for name in ("rfc8032", PROGRAM):
        compile_module(HERE / f"{name}.py", folder / f"{name}.mpy")
    source = peers.folder()
    (folder / "starkbank_math").mkdir()
    (folder / "starkbank_math" / "__init__.py").touch()
    for name in ("math", "point"):
        target = folder / "starkbank_math" / f"{name}.mpy"
        compile_module(source / "ellipticcurve" / f"{name}.py", target)
    for path in sorted(source.glob("adafruit_*")):
        compile_package(path, folder)
    shutil.copytree(source, folder, dirs_exist_ok=True, ignore=lambda *_: ["adafruit_rsa"])


def compile_package(path: Path, into: Path) -> None:
    """Compile a package, or a module that stands alone."""
    for source in path.rglob("*.py") if path.is_dir() else [path]:
        target = into / source.relative_to(path.parent).with_suffix(".mpy")
        target.parent.mkdir(exist_ok=True, parents=True)
        compile_module(source, target)


def write_signed(folder: Path) -> None:
    """Write the message, keys and signatures."""
    message = bytes(i & 0xFF for i in range(MESSAGE_BYTES))
    (folder / "message").write_bytes(message)
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    (folder / "ed25519.public").write_bytes(key.public_key().public_bytes_raw())
    (folder / "ed25519.signature").write_bytes(key.sign(message))
    write_p256(folder, message)
    for bits in (2048, 4096):
        write_rsa(folder / f"rsa{bits}", bits, message)


def write_p256(folder: Path, message: bytes) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    signature = key.sign(message, ec.ECDSA(SHA256()))
    (folder / "p256.public").write_bytes(public)
    (folder / "p256.signature").write_bytes(signature)
    for name, value in zip("rs", decode_dss_signature(signature), strict=True):
        (folder / f"p256.{name}").write_bytes(value.to_bytes(32, "big"))


def write_rsa(path: Path, bits: int, message: bytes) -> None:
    key = rsa.generate_private_key(65537, bits)
    modulus = key.public_key().public_numbers().n.to_bytes(bits // 8, "big")
    pss = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=32)
    path.with_suffix(".modulus").write_bytes(modulus)
    path.with_suffix(".signature").write_bytes(key.sign(message, pss, SHA256()))
    path.with_suffix(".pkcs1").write_bytes(key.sign(message, padding.PKCS1v15(), SHA256()))


def run(
    folder: Path, *job: str, heap_kib: int, check: bool = False
) -> subprocess.CompletedProcess[str]:
    command = [BIN / "micropython", "-X", f"heapsize={heap_kib}K", "-m", PROGRAM]
    return subprocess.run(
        [*command, job[0], folder, *job[1:]],
        env={"MICROPYPATH": str(folder)},
        capture_output=True,
        check=check,
        text=True,
        timeout=120,
    )


def heap_of(folder: Path, mode: str, name: str) -> int:
    def passes(heap_kib: int) -> bool:
        return run(folder, mode, name, heap_kib=heap_kib).returncode == 0

    return smallest_heap_kib(passes, TOO_SMALL_KIB, ENOUGH_KIB)


if __name__ == "__main__":
    print(table())
