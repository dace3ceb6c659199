"""What unit tests share: the vectors, and the command line."""

from pathlib import Path

import pytest

from publisher.cli import main

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder manifests/vectors."""
    return ROOT / "manifests" / "vectors"


@pytest.fixture
def run(capsys):
    """Runs a command line: returns its exit code, stdout and stderr."""

    def run(*argv):
        code = main([str(word) for word in argv])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
