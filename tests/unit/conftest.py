"""What unit tests share: this folder's helper modules, and the vectors."""

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
