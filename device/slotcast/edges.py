"""How a board may reach its edges: by the factory's set, and by pin sets that it has been sent.

A refusal is never final. Whom a set does not accept, an older one may; where one base URL fails,
the next may serve; and each poll begins anew. That is safe because none of it decides what is
installed: the signatures of the repository do.
"""

import gc

from slotcast.errors import CertificateError, OtaError
from slotcast.https import Session
from slotcast.means import PinSet, in_order
from slotcast.modules import unload
from slotcast.url import BaseUrl


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
            yield from self._kept().take_up_steps(client)
        except (OtaError, OSError, MemoryError) as error:
            self._log("pins", "the published sets are not taken up: %s" % error)
        self._forget()

    def _kept(self):
        from slotcast.kept_sets import KeptSets

        return KeptSets(self._directory, self._product, self._log)

    def _kept_sets(self):
        try:
            return self._kept().sets()
        except (OtaError, OSError, MemoryError) as error:
            self._log("pins", "the kept sets are passed over: %s" % error)
            return []
        finally:
            self._forget()

    def _forget(self):
        """What only sets need is not in memory while they are used."""
        unload("kept_sets pinsets strict_json")
        gc.collect()

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
        """The set's CA roots, as DER."""
        if pin_set is not self._factory:
            return self._kept().anchors(pin_set)
        from slotcast.files import read_file

        return [read_file(self._directory + "/" + name) for name in pin_set.trust_anchors]
