"""Packages of others, downloaded as a list of names and hashes beside this file says."""

import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache"


def folder(name: str = "peers") -> Path:
    """Where the packages of `name`.txt stand side by side; downloaded if they are not there yet."""
    target = CACHE / name
    if not target.exists():
        CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            download(HERE / f"{name}.txt", Path(scratch) / "archives")
            unpack(Path(scratch) / "archives", Path(scratch) / "peers")
            (Path(scratch) / "peers").rename(target)
    return target


def download(requirements: Path, into: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download"]
    options = ["--no-deps", "--require-hashes", "--dest", str(into)]
    subprocess.run([*pip, *options, "--requirement", str(requirements)], check=True)


def unpack(archives: Path, into: Path) -> None:
    for archive in archives.iterdir():
        if archive.suffix == ".whl":
            zipfile.ZipFile(archive).extractall(into)
        else:
            with tarfile.open(archive) as tar:
                tar.extractall(into, filter="data")
