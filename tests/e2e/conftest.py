"""Products for the end-to-end tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kms_server import Kms, kms_server
from product import INIT, Product

from publisher import cli


@pytest.fixture
def found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, firmware: Path
) -> Callable[..., Product]:
    """A function that founds a product; its arguments are more arguments of init."""

    def make(*arguments: str) -> Product:
        monkeypatch.chdir(tmp_path)
        assert cli.main([*INIT, *arguments]) == 0
        product = Product(tmp_path, firmware)
        product.set_deltas(0)  # they take their time, and test_delta_update.py has them
        return product

    return make


@pytest.fixture
def product(found: Callable[..., Product]) -> Product:
    """A product published to a directory."""
    return found()


@pytest.fixture
def kms(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kms]:
    """KMS with the Ed25519 key alias/timestamp, where boto3 finds it."""
    with kms_server() as kms:
        kms.add("timestamp")
        for name, value in kms.environment().items():
            monkeypatch.setenv(name, value)
        yield kms
