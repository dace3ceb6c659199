"""A TUF client for a board: fetches, verifies (trust.py), and keeps the trusted metadata in files.

An idle poll takes two requests, for the next root and for the timestamp, and verifies no signature
when the process has verified the same bytes before.

It works in steps (steps.py).
"""

import gc

from slotcast.errors import BoardError, NotFoundError, RepositoryError
from slotcast.steps import finish
from slotcast.trust import TrustedMetadata

# How far a board catches up in one refresh, and the largest files that it takes (a root with three
# keys has 2.6 KB, a timestamp 0.5 KB).
_MAX_ROOT_UPDATES = 32
_MAX_ROOT_BYTES = 16 * 1024
_MAX_TIMESTAMP_BYTES = 4 * 1024
_MAX_METADATA_BYTES = 32 * 1024
# At which nothing is expired: what was signed once was signed then, whatever time it is.
_ANY_TIME = "1970-01-01T00:00:00Z"


class Client:
    """One repository's client.

    Args:
        files: a MetadataFiles, which holds at least the root that the board was provisioned with.
        fetch: generator function (path, max_bytes) -> bytes; `path` is relative to BASE. Raises
            NotFoundError when there is no such file, DownloadError otherwise or when it has more
            bytes.
        now: returns the present time, YYYY-MM-DDTHH:MM:SSZ.
        memory: a dict that the caller keeps from one client of this repository to the next, and
            that is empty at first: it spares the next one work, and tells it `signed_at`.
    """

    def __init__(self, files, fetch, now, memory=None) -> None:
        self._files = files
        self._fetch = fetch
        self._now = now
        self._memory = {} if memory is None else memory
        self._verified = self._memory.setdefault("verified", {})
        self._trusted = None

    def refresh(self) -> None:
        """Bring the trusted metadata up to date (section 5.3 to 5.6 of the specification).

        Raises RepositoryError, ExpiredError or DownloadError; what was accepted until then is kept.
        Raises BoardError when the board has no root to trust.
        """
        finish(self.refresh_steps())

    def refresh_steps(self):
        """`refresh`, in steps."""
        self._trusted = None
        trusted = yield from self._provisioned_steps(self._now())
        first = trusted.root.version
        try:
            yield from self._load_root_steps(trusted)
            yield from self._load_timestamp_steps(trusted)
            yield from self._load_snapshot_steps(trusted)
            yield from self._load_targets_steps(trusted)
        finally:
            # What was signed under another root is no floor any more: rotating the keys is how an
            # operator takes back a signing time that lies ahead.
            kept = self._memory.get("signed_at", "") if trusted.root.version == first else ""
            self._memory["signed_at"] = max(kept, trusted.signed_at())
            gc.collect()
        self._trusted = trusted

    def has_target(self, path: str) -> bool:
        """Whether a target is published; ValueError unless the last refresh succeeded.

        Raises what `refresh` does where a delegation has to be followed.
        """
        return finish(self.has_target_steps(path))

    def has_target_steps(self, path: str):
        """`has_target`, in steps."""
        return (yield from self._find_steps(path)) is not None

    def is_target(self, path: str, data: bytes) -> bool:
        """Whether `data` is what a target is now; RepositoryError when there is no such target.

        Raises ValueError unless the last refresh succeeded.
        """
        return finish(self.is_target_steps(path, data))

    def is_target_steps(self, path: str, data: bytes):
        """`is_target`, in steps."""
        info = yield from self._target_file_steps(path)
        try:
            info.verify(data, path)
        except RepositoryError:
            return False
        return True

    def fetch_target(self, path: str, max_bytes: int) -> bytes:
        """The bytes of a target, whose length and hashes match (section 5.7).

        Raises RepositoryError when it is absent, longer than `max_bytes` or not what was signed,
        DownloadError when it cannot be had; ValueError unless the last refresh succeeded.
        """
        return finish(self.fetch_target_steps(path, max_bytes))

    def fetch_target_steps(self, path: str, max_bytes: int):
        """`fetch_target`, in steps."""
        info = yield from self._target_file_steps(path)
        _verify_fits(path, info.length, max_bytes)
        folder, slash, name = path.rpartition("/")
        if self._trusted.root.consistent_snapshot:
            name = (info.hashes.get("sha256") or info.hashes["sha512"]) + "." + name
        data = yield from self._fetch("targets/" + folder + slash + name, info.length)
        info.verify(data, path)
        return data

    def signed_at(self) -> str:
        """The newest verified "x-slotcast-signed-at", or "": a floor for the board's clock.

        Before the first refresh it is that of the kept timestamp.
        Raises BoardError or RepositoryError when the board has no root to trust.
        """
        return finish(self.signed_at_steps())

    def signed_at_steps(self):
        """`signed_at`, in steps."""
        if not self._memory.get("signed_at"):
            trusted = yield from self._provisioned_steps(_ANY_TIME)
            yield from self._load_cached_steps("timestamp", trusted.update_timestamp_steps)
            self._memory["signed_at"] = trusted.signed_at()
        return self._memory["signed_at"]

    def _provisioned_steps(self, now):
        """TrustedMetadata of the root that the board has."""
        data = self._files.read("root")
        if data is None:
            raise BoardError("the board has no root metadata to trust")
        steps = TrustedMetadata.of_steps(data, now, self._verified)
        data = None  # They let go of it, once it is parsed.
        return (yield from steps)

    def _load_root_steps(self, trusted):
        """5.3.2 to 5.3.10: from root to root until there is no next one."""
        for _ in range(_MAX_ROOT_UPDATES):
            gc.collect()
            try:
                path = _path("root", trusted.root.version + 1)
                data = yield from self._fetch(path, _MAX_ROOT_BYTES)
            except NotFoundError:
                break
            yield from trusted.update_root_steps(data)
            self._files.write("root", data)
            data = None  # The next one comes without it.
        trusted.verify_root_is_final()

    def _load_timestamp_steps(self, trusted):
        """5.4: the cached timestamp, for comparison, then always the published one."""
        yield from self._load_cached_steps("timestamp", trusted.update_timestamp_steps)
        data = yield from self._fetch(_path("timestamp"), _MAX_TIMESTAMP_BYTES)
        if (yield from trusted.update_timestamp_steps(data)):
            self._files.write("timestamp", data)

    def _load_snapshot_steps(self, trusted):
        """5.5: the cached snapshot, and the published one unless that is it."""

        def update(data):
            return trusted.update_snapshot_steps(data, trusted=True)

        if (yield from self._load_cached_steps("snapshot", update)):
            return
        data = yield from self._fetch_listed_steps("snapshot", trusted.timestamp.snapshot, trusted)
        yield from trusted.update_snapshot_steps(data)
        self._files.write("snapshot", data)

    def _load_targets_steps(self, trusted):
        """5.6: the cached targets metadata, and the published one unless that is it."""
        return self._load_listed_steps("targets", "targets", trusted.update_targets_steps, trusted)

    def _load_listed_steps(self, role: str, name: str, update, trusted):
        """A role that snapshot lists, by its file name: cached, or published and then kept."""
        if (yield from self._load_cached_steps(name, update)):
            return
        data = yield from self._fetch_listed_steps(name, trusted.snapshot_info(role), trusted)
        yield from update(data)
        self._files.write(name, data)

    def _load_cached_steps(self, role: str, update):
        """Try the cached file of a role; False when there is none that can be used as it is."""
        gc.collect()
        data = self._files.read(role)
        if data is None:
            return False
        try:
            yield from update(data)
        except RepositoryError:
            # Of another version, expired, or of keys that root no longer names.
            return False
        return True

    def _fetch_listed_steps(self, role: str, info, trusted):
        gc.collect()
        length = _MAX_METADATA_BYTES if info.length is None else info.length
        _verify_fits(role, length, _MAX_METADATA_BYTES)
        version = info.version if trusted.root.consistent_snapshot else None
        return (yield from self._fetch(_path(role, version), length))

    def _target_file_steps(self, path: str):
        info = yield from self._find_steps(path)
        if info is None:
            raise RepositoryError("there is no target " + path)
        return info

    def _find_steps(self, path: str):
        if self._trusted is None:
            raise ValueError("no target without a successful refresh")
        targets = self._trusted.targets
        if targets.delegations is None:
            return targets.targets.get(path)
        from slotcast.delegations import find_steps

        return (yield from find_steps(path, targets, self._delegated_targets_steps))

    def _delegated_targets_steps(self, name: str, delegations):
        """5.6.7.2: the targets metadata of a delegated role, cached or published."""
        from slotcast.delegations import quoted

        def update(data):
            steps = self._trusted.delegated_targets_steps(data, name, delegations)
            found.append((yield from steps))

        found = []
        yield from self._load_listed_steps(name, quoted(name), update, self._trusted)
        return found[0]


def _path(role: str, version: int | None = None) -> str:
    prefix = "" if version is None else "%d." % version
    return "metadata/" + prefix + role + ".json"


def _verify_fits(name: str, length: int, max_bytes: int) -> None:
    if length > max_bytes:
        raise RepositoryError("%s has %d bytes, this board takes %d" % (name, length, max_bytes))
