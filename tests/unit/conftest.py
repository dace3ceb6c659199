"""What unit tests share: this folder's helper modules, and the vectors."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder manifests/vectors."""
    return ROOT / "manifests" / "vectors"
