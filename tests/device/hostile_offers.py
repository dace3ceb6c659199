"""A board in memory, and offers that differ from a sound next version in one thing alone.

Everything is signed by the keys that root names, and what lists a file tells its version alone, so
that neither a signature nor a hash is what refuses it.
"""

from check import raises
from repository_simulator import RepositorySimulator, encoded, envelope, keyid

from slotcast.errors import RepositoryError

# In the order of a refresh.
ROLES = ("root", "timestamp", "snapshot", "targets")


class HostileOffer:
    """A board that has accepted version 1 of all roles, and version 2 of one of them to spoil.

    `fields` are the sound signed part of that version; `files` are what the board keeps.
    """

    def __init__(self, role: str) -> None:
        self.role = role
        self.repository = RepositorySimulator()
        self.files = self.repository.files()
        self.client = self.repository.client(self.files)
        self.client.refresh()
        self._list()
        self.fields = dict(getattr(self.repository, role), version=2)
        self.signers = self.repository.signers[role][:2]
        self._path = "metadata/%s.json" % ("timestamp" if role == "timestamp" else "2." + role)

    def _list(self) -> None:
        """Let the roles before this one be at version 2, and name its version 2 with no hash."""
        repository = self.repository
        if self.role == "targets":
            repository.snapshot.update(version=2, meta={"targets.json": {"version": 2}})
            repository.write("snapshot")
        if self.role in ("snapshot", "targets"):
            repository.timestamp.update(version=2, meta={"snapshot.json": {"version": 2}})
            repository.write("timestamp")

    def serve(self, data: bytes) -> None:
        """Serve these bytes as version 2."""
        self.repository.served[self._path] = data

    def signed_with(self, **changes) -> bytes:
        """Version 2 with other fields, signed by its keys."""
        return envelope(dict(self.fields, **changes), self.signers)

    def signed_with_text(self, text: str) -> bytes:
        """Version 2 with this text for a member more, signed by its keys over just those bytes."""
        signed = encoded(self.fields)[:-1] + b"," + text.encode() + b"}"
        signatures = [{"keyid": keyid(one), "sig": one.sign(signed)} for one in self.signers]
        return b'{"signatures":' + encoded(signatures) + b',"signed":' + signed + b"}"

    def verify_refused(self, says: str, kind=RepositoryError) -> None:
        """Poll; assert that the roles before this one are kept as published, and nothing else."""
        expected = dict(self.files.data)
        if self.role in ("snapshot", "targets"):
            expected["timestamp"] = self.repository.served["metadata/timestamp.json"]
        if self.role == "targets":
            expected["snapshot"] = self.repository.served["metadata/2.snapshot.json"]
        raises(kind, self.client.refresh, says=says)
        assert self.files.data == expected
        assert self.repository.requests[-1] == self._path

    def verify_accepted(self, data: bytes) -> None:
        """Poll; assert that these bytes are kept as version 2."""
        self.serve(data)
        self.client.refresh()
        assert self.files.data[self.role] == data
