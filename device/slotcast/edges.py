"""How a board may reach its edges: by the factory's set, and by pin sets that it has been sent.

A refusal is never final. Whom a set does not accept, an older one may; where one base URL fails,
the next may serve; and each poll begins anew. That is safe because none of it decides what is
installed: the signatures of the repository do.
"""

import gc

from slotcast.errors import CertificateError, OtaError, RepositoryError
from slotcast.files import MetadataFiles, read_file
from slotcast.http import BaseUrl
from slotcast.https import Session
from slotcast.means import PinSet, in_order

_TARGET = "pins.json"
_MAX_BYTES = 8192  # as in pinsets.py, which only a board with sets loads


class UnusableError(OtaError):
    """This board cannot connect by a set, whatever the edge shows."""


class Edges:
    """The edges that one board knows, and whom it trusts to be one.

    Args:
        directory: holds the factory's trust anchors, and pins.json once there is one.
        config: the board's Config.
        log: callable (step, message) that does not raise.
    """

    def __init__(self, directory: str, config, log):
        self._directory = directory
        self._files = MetadataFiles(directory)
        self._product = config.product
        self._log = log
        self._factory = PinSet(
            "the factory's set", config.base_urls, config.trust_anchors, config.pins
        )

    def try_each_steps(self, use):
        """What use(Session) returns the first time that it does not raise; else its last error.

        A CertificateError leads to the next set for the same base URL, everything else to the next
        base URL. `use` is a generator function, and closes the session.
        """
        for url, sets in in_order(self._kept_sets(), self._factory):
            try:
                return (yield from self._try_sets_steps(url, sets, use))
            except Exception as error:  # whatever one edge does to us, the next may be better
                self._log("connect", "%s: %s" % (url, error))
                last = error
        raise last

    def take_up_steps(self, client):
        """Keep the sets that the repository names now, or none; call it after a refresh.

        Never raises for what is wrong with them, nor when they cannot be had: an update must not
        fail for it, and those that are kept stay.
        """
        try:
            kept = self._files.read("pins")
            if not (yield from client.has_target_steps(_TARGET)):
                self._forget(kept)
            elif kept is None or not (yield from client.is_target_steps(_TARGET, kept)):
                self._keep((yield from client.fetch_target_steps(_TARGET, _MAX_BYTES)))
        except (OtaError, OSError, MemoryError) as error:
            self._log("pins", "the published sets are not taken up: %s" % error)
        gc.collect()

    def _forget(self, kept):
        if kept is not None:
            self._files.remove("pins")
            self._log("pins", "no sets are published any more: the factory's is left")

    def _keep(self, data):
        published = self._parsed(data)
        published.verify_anchors()
        self._files.write("pins", data)
        self._log("pins", ", ".join(one.label for one in published.sets) + " will be tried first")

    def _kept_sets(self):
        try:
            kept = self._read_kept()
            return kept.sets if kept else []
        except (OtaError, OSError, MemoryError) as error:
            self._log("pins", "the kept sets are passed over: %s" % error)
            return []

    def _read_kept(self):
        data = self._files.read("pins")
        return None if data is None else self._parsed(data)

    def _parsed(self, data):
        from slotcast.pinsets import PinSets  # only a board that has been sent a set needs it

        return PinSets(data, self._product)

    def _try_sets_steps(self, url, sets, use):
        """What use(Session) returns by the first set that accepts what the host shows."""
        for at, pin_set in enumerate(sets):
            try:
                return (yield from use(self._open(url, pin_set)))
            except CertificateError as error:
                refusal = error
                said = "%s refuses what %s serves" % (pin_set.label, BaseUrl(url).authority)
            except UnusableError as error:
                refusal = error
                said = "%s cannot be used here" % pin_set.label
            older = sets[at + 1 :]
            what_next = "trying " + older[0].label if older else "no other set is left for it"
            self._log("pins", "%s: %s, %s" % (said, refusal, what_next))
        raise refusal

    def _open(self, url, pin_set):
        gc.collect()
        try:
            session = Session(url, self._anchors(pin_set), pin_set.pins, log=self._log)
        except (OtaError, OSError, MemoryError) as error:
            raise UnusableError(str(error))
        by = "" if pin_set is self._factory else " by " + pin_set.label
        self._log("connect", url + by)
        return session

    def _anchors(self, pin_set):
        """The set's CA roots, as DER; the others of a file are not decoded, to spare the heap."""
        if pin_set is self._factory:
            return [read_file(self._directory + "/" + name) for name in pin_set.trust_anchors]
        kept = self._read_kept()
        if kept is None:
            raise RepositoryError("it is not kept any more")
        return kept.anchors(pin_set)
