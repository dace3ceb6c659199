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
def waits(monkeypatch):
    """The seconds that command lines have waited, without waiting."""
    waited = []
    monkeypatch.setattr("publisher.cli.sleep", waited.append)
    return waited


@pytest.fixture
def run(capsys, waits):
    """Runs a command line: returns its exit code, stdout and stderr."""

    def run(*argv):
        code = main([str(word) for word in argv])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
