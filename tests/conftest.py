"""What all tests share: the modules in this folder, and one S3 server for the whole run."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def s3_server() -> Iterator[object]:
    """A running seaweedfs.Server."""
    from seaweedfs import seaweedfs

    with seaweedfs() as server:
        yield server
