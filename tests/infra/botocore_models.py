"""The models of AWS's services, which botocore reads anew for each client."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from unittest import mock

from botocore.loaders import JSONFileLoader


@contextmanager
def models_once() -> Iterator[None]:
    """Let botocore read each once, however many commands are run: a third of their time."""
    read = cache(JSONFileLoader().load_file)
    with mock.patch.object(JSONFileLoader, "load_file", lambda loader, path: read(path)):
        yield
