"""The smallest heap in which a board's TUF client refreshes, and nothing else is loaded."""

import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from delta_pairs import VERSIONS
from tables import render
from workshop import Workshop

ROOT = Path(__file__).parents[2]
MICROPYTHON = Path(sys.executable).with_name("micropython")
HEADER = ("How much heap does a refresh need?", "smallest that passes")
NOTES = """\
The client that `make conformance` drives, loaded from .mpy, on a product of this publisher: three
root keys, all of Ed25519. Objects are of 64 bits; on a chip about half as large."""


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Keep the table clean."""


class Server(ThreadingHTTPServer):
    """One whose clients may hang up: this one does not read a body of 404."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep the table clean."""


class Client:
    """The compiled client, with a folder of trusted metadata."""

    def __init__(self, compiled: Path, trusted: Path, url: str) -> None:
        self._compiled = compiled
        self._trusted = trusted
        self._url = url

    def passes(self, heap_kib: int) -> bool:
        """Whether a refresh of a copy of the folder ends well with so much heap."""
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(self._trusted, folder, dirs_exist_ok=True)
            return self.run(heap_kib, Path(folder)) == 0

    def run(self, heap_kib: int, folder: Path) -> int:
        """Refresh a folder; the exit code."""
        command = [MICROPYTHON, "-X", f"heapsize={heap_kib}k", "-m", "client_under_test"]
        options = ["--metadata-url", self._url, "--metadata-dir", folder, "refresh"]
        environment = {"MICROPYPATH": str(self._compiled)}
        done = subprocess.run(
            [*command, *options], env=environment, capture_output=True, check=False
        )
        return done.returncode


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The URL of a folder's files, as long as the block lasts."""
    server = Server(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def smallest_kib(client: Client) -> int:
    """The smallest heap that passes, counted down from one that must."""
    heap_kib = 128
    assert client.passes(heap_kib)
    while client.passes(heap_kib - 1):
        heap_kib -= 1
    return heap_kib


def table() -> str:
    """A first refresh, and an idle one."""
    subprocess.run([sys.executable, "-m", "tests.conformance.compile"], cwd=ROOT, check=True)
    compiled = ROOT / ".cache" / "conformance" / "compiled"
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(Path(folder) / "product")
        workshop.release(VERSIONS[1])
        trusted = Path(folder) / "trusted"
        trusted.mkdir()
        metadata = workshop.published / "sensor" / "metadata"
        shutil.copy(metadata / "1.root.json", trusted / "root.json")
        with served(metadata) as url:
            client = Client(compiled, trusted, url)
            first = smallest_kib(client)
            assert client.run(128, trusted) == 0
            idle = smallest_kib(client)
    rows = [("first refresh: all four roles", f"{first} KiB"), ("idle refresh", f"{idle} KiB")]
    return render(HEADER, rows, NOTES)


if __name__ == "__main__":
    print(table())
