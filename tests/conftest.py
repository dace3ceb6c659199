"""What all tests share: this folder's modules, real firmware, one S3 server for the whole run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def s3_server() -> Iterator[object]:
    """A running seaweedfs.Server."""
    from seaweedfs import seaweedfs

    with seaweedfs() as server:
        yield server


@pytest.fixture(scope="session")
def firmware() -> Path:
    """The folder with real firmware: full flash files under their own names."""
    folder = HERE.parent / ".cache" / "firmware"
    assert (folder / ".ready").exists(), "no real firmware: run `make .cache/firmware/.ready`"
    return folder
