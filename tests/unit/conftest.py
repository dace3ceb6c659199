"""What unit tests share: this folder's helper modules, the vectors, and the real firmware."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder manifests/vectors."""
    return ROOT / "manifests" / "vectors"


@pytest.fixture(scope="session")
def firmware() -> Path:
    """The folder with real firmware: full flash files under their own names."""
    folder = ROOT / ".cache" / "firmware"
    assert (folder / ".ready").exists(), "no real firmware: run `make .cache/firmware/.ready`"
    return folder
