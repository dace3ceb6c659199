"""Other pure-Python verifiers, downloaded from the package registry as peers.txt names them."""

import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / ".cache" / "peers"


def folder() -> Path:
    """Where the peers' packages stand side by side; downloaded when they are not there yet."""
    if not FOLDER.exists():
        FOLDER.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FOLDER.parent) as scratch:
            download(Path(scratch) / "archives")
            unpack(Path(scratch) / "archives", Path(scratch) / "peers")
            (Path(scratch) / "peers").rename(FOLDER)
    return FOLDER


def download(into: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download"]
    options = ["--no-deps", "--require-hashes", "--dest", str(into)]
    subprocess.run([*pip, *options, "--requirement", str(HERE / "peers.txt")], check=True)


def unpack(archives: Path, into: Path) -> None:
    for archive in archives.iterdir():
        if archive.suffix == ".whl":
            zipfile.ZipFile(archive).extractall(into)
        else:
            with tarfile.open(archive) as tar:
                tar.extractall(into, filter="data")
