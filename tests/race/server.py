"""The server of a race: SeaweedFS with a versioned bucket, which may be killed and comes back."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import seaweedfs

BUCKET = "race"
START_S = 60


class Mortal:
    """A running server, and how long it was away."""

    def __init__(self, directory: Path) -> None:
        self.server = seaweedfs.start(directory)
        self.away_s: list[float] = []

    def kill(self) -> None:
        """Kill it with SIGKILL, start it again over the same data, and wait until it answers."""
        began_at = time.monotonic()
        self.server.process.send_signal(signal.SIGKILL)
        self.server.process.wait()
        self.server = seaweedfs.start(self.server.directory, self.server.ports)
        seaweedfs.wait_until_ready(self.server, START_S)
        self.away_s.append(time.monotonic() - began_at)

    def client(self) -> Any:
        """Return a boto3 client for it."""
        return self.server.client()


@contextmanager
def mortal_server(directory: Path) -> Iterator[Mortal]:
    """Run one in a folder, with an empty bucket in which old contents are kept."""
    mortal = Mortal(directory)
    try:
        seaweedfs.wait_until_ready(mortal.server, START_S)
        client = mortal.client()
        client.create_bucket(Bucket=BUCKET)
        versioning = {"Status": "Enabled"}
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=versioning)
        yield mortal
    finally:
        seaweedfs.stop(mortal.server)
