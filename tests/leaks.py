"""Whether a secret shows in what a run of the command leaves behind: output, logs, arguments."""

import base64
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from elsewhere import Elsewhere

from publisher.signers.pkcs8 import to_pem

# The command with all loggers at DEBUG, as a library's own debugging would have it.
LOUD = (
    "import logging, sys; logging.basicConfig(level=logging.DEBUG);"
    "from publisher.cli import main; sys.exit(main(sys.argv[1:]))"
)


def spellings(secret: bytes) -> list[str]:
    """The texts by which bytes are usually shown."""
    encoded = base64.b64encode(secret).decode()
    return [secret.hex(), secret.hex().upper(), encoded, repr(secret)[2:-1]]


def spellings_of_key(key: Ed25519PrivateKey | EllipticCurvePrivateKey) -> list[str]:
    """The texts by which a private key is usually shown, its number among them."""
    if isinstance(key, Ed25519PrivateKey):
        secret = key.private_bytes_raw()
        (body,) = to_pem(key, None).decode().splitlines()[1:-1]
        return [*spellings(secret), body]
    number = key.private_numbers().private_value
    return [*spellings(number.to_bytes(32, "big")), str(number)]


def watch(product: Elsewhere, *words: str, **more: str) -> tuple[int, str, str]:
    """Run a command loudly; its exit code, all that it said, and the argument lists meanwhile."""
    command = [sys.executable, "-c", LOUD, *words, "--settings", product.settings]
    said = product.folder / "said.txt"
    with said.open("w") as file:
        process = subprocess.Popen(
            command,
            env={**product.environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd=product.folder,
        )
        seen = set()
        while process.poll() is None:
            seen |= arguments_of(process.pid)
            time.sleep(0.02)
    assert seen, "the process was gone before it was seen"
    return process.returncode, said.read_text(), "\n".join(seen)


def arguments_of(pid: int) -> set[str]:
    """The argument lists, as `ps` shows them, of a process and of what it started."""
    lines = subprocess.run(
        ["ps", "-wweo", "pid,ppid,args"], check=True, capture_output=True, text=True
    ).stdout.splitlines()[1:]
    rows = [line.split(None, 2) for line in lines]
    family, found = {str(pid)}, set()
    for own, parent, arguments in rows:  # parents come before their children
        if own in family or parent in family:
            family.add(own)
            found.add(arguments)
    return found


def files_below(folder: Path, but: Callable[[Path], bool]) -> str:
    """The content of all files in a folder but some, as text."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not but(path)]
    return "\n".join(path.read_bytes().decode("latin-1") for path in paths)
