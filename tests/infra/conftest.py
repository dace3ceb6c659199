"""An emulator of AWS, and the stacks in it: one for each file of tests."""

from collections.abc import Iterator
from functools import cache
from unittest import mock

import pytest
from botocore.loaders import JSONFileLoader

from tests.infra.deployment import Deployment, deploy
from tests.infra.ministack_server import Ministack, ministack


@pytest.fixture(scope="session")
def models() -> Iterator[None]:
    """Let botocore read its models once for all commands: a third of the time here."""
    read = cache(JSONFileLoader().load_file)
    with mock.patch.object(JSONFileLoader, "load_file", lambda loader, path: read(path)):
        yield


@pytest.fixture(scope="module")
def aws(models: None) -> Iterator[Ministack]:
    """A running emulator."""
    with ministack() as running:
        yield running


@pytest.fixture(scope="module")
def deployment(aws: Ministack, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The stacks of one product."""
    return deploy(aws, tmp_path_factory.mktemp("infra"))
