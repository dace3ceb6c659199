"""A connection that is closed at any byte of any metadata file costs a board nothing it trusts.

On MicroPython alone: the client collects garbage before each file, which takes long under pytest.
"""

from check import raises
from fake_network import FakeNetwork
from repository_simulator import RepositorySimulator

from slotcast.client import Client
from slotcast.errors import DownloadError
from slotcast.https import Session

# The signer of the tests takes memory, not the code under test.
HEAP_KIB = 1024
ROLES = ("timestamp", "snapshot", "targets")
PATHS = {
    "timestamp": "timestamp.json",
    "snapshot": "2.snapshot.json",
    "targets": "2.targets.json",
}
NO_ROOT = b"HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n"


class Board:
    """A board that knows the first of two releases.

    Attributes: files, its MetadataFiles; bodies, what the edge serves, by role.
    """

    def __init__(self):
        repository = RepositorySimulator()
        self.files = repository.files()
        repository.client(self.files).refresh()
        self._known = dict(self.files.data)
        repository.update_targets()
        served = repository.served
        self.bodies = {role: served["metadata/" + path] for role, path in PATHS.items()}
        self._client = Client(self.files, self._fetch, lambda: repository.now)

    def _fetch(self, path, max_bytes):
        return self._session.fetch_steps(path, max_bytes)

    def refresh(self, *scripts):
        """Refresh from what is known, over connections with these scripts."""
        self.files.data = dict(self._known)
        self._session = Session("https://host/", [b"anchor"], network=FakeNetwork(*scripts))
        self._client.refresh()

    def accepted(self, roles):
        """What the files hold once these roles were accepted."""
        return dict(self._known, **{role: self.bodies[role] for role in roles})


def answer(body):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def cut(role, step):
    """Refresh with the answer for `role` cut short, at every `step`th byte."""
    board = Board()
    before = ROLES[: ROLES.index(role)]
    honest = NO_ROOT + b"".join(answer(board.bodies[one]) for one in before)
    last = answer(board.bodies[role])
    for size in range(0, len(last), step):
        # The second: a connection that is closed before it answers is tried again once.
        raises(DownloadError, board.refresh, [honest + last[:size]], [b""])
        assert board.files.data == board.accepted(before), size


def test_timestamp_cut_at_every_byte():
    cut("timestamp", 1)


def test_snapshot_cut_at_every_seventh_byte():
    cut("snapshot", 7)


def test_targets_cut_at_every_seventh_byte():
    cut("targets", 7)


def test_what_is_not_cut_is_accepted():
    board = Board()
    board.refresh([NO_ROOT + b"".join(answer(board.bodies[role]) for role in ROLES)])
    assert board.files.data == board.accepted(ROLES)
