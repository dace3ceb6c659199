"""An emulator of AWS, and the stacks in it: one for each file of tests."""

from collections.abc import Iterator

import pytest

from tests.infra.botocore_models import models_once
from tests.infra.deployment import Deployment, deploy
from tests.infra.ministack_server import Ministack, ministack


@pytest.fixture(scope="session")
def models() -> Iterator[None]:
    """They are read once for all commands."""
    with models_once():
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
