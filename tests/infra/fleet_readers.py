"""A sample of the fleet that really verifies: python-tuf's own client, through an edge over TLS."""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import urllib3
from tuf.api.exceptions import DownloadHTTPError, RepositoryError

from tests.infra.edge_process import HOST
from tests.race.readers import Reader


class Readers:
    """One client of python-tuf for each of some boards, with a memory of its own.

    Attributes:
        counts: passes that verified all that was offered, payload and image too; passes that met
            something unsigned; and passes that missed a file.
    """

    def __init__(self, product: str, root: bytes, folder: Path, context: ssl.SSLContext) -> None:
        self.counts: Counter[str] = Counter()
        self.missed: list[str] = []
        self._product = product
        self._root = root
        self._folder = folder
        self._context = context
        self._readers: dict[str, Reader] = {}

    def read(self, device_id: str, port: int) -> None:
        """Verify all that the edge at this port offers, going on from this board's last time."""
        reader = self._readers.get(device_id) or self._new(device_id, port)
        try:
            reader.read(is_new=False)
            self.counts["verified"] += 1
        except DownloadHTTPError as error:
            self.counts["missed"] += 1
            self.missed.append(f"{device_id}: {error}")
        except RepositoryError:
            self.counts["not signed"] += 1

    def _new(self, device_id: str, port: int) -> Reader:
        folder = self._folder / device_id
        folder.mkdir(parents=True)
        reader = Reader(edge_get(port, self._context), self._product, self._root, folder)
        self._readers[device_id] = reader
        return reader


def edge_get(port: int, context: ssl.SSLContext) -> Callable[[str], bytes]:
    """Return what reads a key through an edge, and raises what python-tuf's fetchers do."""
    pool = urllib3.HTTPSConnectionPool(
        "127.0.0.1",
        port,
        ssl_context=context,
        server_hostname=HOST,
        assert_hostname=HOST,
        retries=False,
    )

    def get(key: str) -> bytes:
        found = pool.request("GET", f"/{key}")
        if found.status != 200:
            raise DownloadHTTPError(f"{key}: {found.status}", found.status)
        return bytes(found.data)

    return get
