"""The pin sets that a board was sent last, in its file system; loaded where they are asked for."""

from slotcast.errors import RepositoryError
from slotcast.files import MetadataFiles

_TARGET = "pins.json"
_MAX_BYTES = 8192  # as in pinsets.py, which only a board with sets loads


class KeptSets:
    """pins.json of one board.

    Args:
        directory: holds it, once there is one.
        product: the board's.
        log: callable (step, message) that does not raise.

    Its methods raise OtaError for what is wrong with the sets, OSError of the file system.
    """

    def __init__(self, directory: str, product: str, log):
        self._files = MetadataFiles(directory)
        self._product = product
        self._log = log

    def sets(self) -> list:
        """PinSets, newest first; none where none are kept."""
        kept = self._read()
        return kept.sets if kept else []

    def anchors(self, pin_set) -> list:
        """The CA roots of one of them, as DER; the others are not decoded, to spare the heap."""
        kept = self._read()
        if kept is None:
            raise RepositoryError("it is not kept any more")
        return kept.anchors(pin_set)

    def take_up_steps(self, client):
        """Keep the sets that the repository names now, or none; after a Client's refresh."""
        kept = self._files.read("pins")
        if not (yield from client.has_target_steps(_TARGET)):
            self._forget(kept)
        elif kept is None or not (yield from client.is_target_steps(_TARGET, kept)):
            self._keep((yield from client.fetch_target_steps(_TARGET, _MAX_BYTES)))

    def _forget(self, kept):
        if kept is not None:
            self._files.remove("pins")
            self._log("pins", "no sets are published any more: the factory's is left")

    def _keep(self, data):
        published = self._parsed(data)
        published.verify_anchors()
        self._files.write("pins", data)
        self._log("pins", ", ".join(one.label for one in published.sets) + " will be tried first")

    def _read(self):
        data = self._files.read("pins")
        return None if data is None else self._parsed(data)

    def _parsed(self, data):
        from slotcast.pinsets import PinSets  # only a board that has been sent a set needs it

        return PinSets(data, self._product)
