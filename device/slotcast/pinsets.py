"""pins.json: the signed sets of CA roots and pinned keys by which a board may reach its edges.

The file is a target of the repository (manifests/repository.md). Pure; edges.py keeps the file.
"""

from binascii import a2b_base64
from hashlib import sha256

from slotcast.errors import RepositoryError
from slotcast.means import PinSet
from slotcast.strict_json import loads
from slotcast.url import BaseUrl

_MAX_BYTES = 8192
_MAX_SETS = 4
_MAX_URLS = 4
_MAX_ANCHORS = 8
_MAX_PINS = 8
_HEX = "0123456789abcdef"


class PinSets:
    """The sets that are still supported, newest first.

    Args:
        data: pins.json.
        product: the board's; the file must be of the same.

    Attributes:
        sets: list of PinSet.

    Raises RepositoryError when it is no such file; `verify_anchors` is what is left to check.
    """

    def __init__(self, data: bytes, product: str):
        fields = _parsed(data)
        if fields.get("product") != product:
            raise RepositoryError("pins.json is of another product")
        self._anchors = fields.get("trust_anchors")
        if not isinstance(self._anchors, dict):
            raise RepositoryError("pins.json has no trust anchors")
        self.sets = []
        newer = None
        for item in _listed(fields, "sets", 1, _MAX_SETS):
            newer = _serial(item, newer)
            self.sets.append(self._set(newer, item))

    def anchors(self, pin_set: PinSet) -> list:
        """The CA roots of a set, as DER.

        Raises RepositoryError when one is not here, or not what its fingerprint says.
        """
        return [self._anchor(fingerprint) for fingerprint in pin_set.trust_anchors]

    def verify_anchors(self) -> None:
        """Decode the CA roots of all sets, one at a time; raises as `anchors`."""
        for pin_set in self.sets:
            for fingerprint in pin_set.trust_anchors:
                self._anchor(fingerprint)

    def _set(self, serial, fields):
        urls = _listed(fields, "base_urls", 1, _MAX_URLS)
        anchors = _digests(fields, "trust_anchors", 1, _MAX_ANCHORS)
        pins = _digests(fields, "pins", 0, _MAX_PINS)
        # What cannot be changed from one day to the next without a backup strands boards.
        if len(pins) == 1 or (not pins and len(anchors) == 1):
            raise RepositoryError("pins.json: set %d has no backup" % serial)
        for url in urls:
            _verify_url(url)
        for fingerprint in anchors:
            if fingerprint not in self._anchors:
                raise RepositoryError("pins.json lacks the trust anchor " + fingerprint)
        return PinSet("set %d" % serial, urls, anchors, [bytes.fromhex(pin) for pin in pins])

    def _anchor(self, fingerprint):
        try:
            der = a2b_base64(self._anchors[fingerprint])
        except (KeyError, TypeError, ValueError):
            raise RepositoryError("pins.json lacks the trust anchor " + fingerprint)
        if sha256(der).digest().hex() != fingerprint:
            raise RepositoryError("pins.json has another trust anchor than " + fingerprint)
        return der


def _parsed(data):
    if len(data) > _MAX_BYTES:
        raise RepositoryError("pins.json has more than %d bytes" % _MAX_BYTES)
    fields = loads(data)
    if not isinstance(fields, dict):
        raise RepositoryError("pins.json is no object")
    return fields


def _listed(fields, name, least, most):
    """The list of that name, all its elements different."""
    items = fields.get(name)
    if not isinstance(items, list) or not least <= len(items) <= most:
        raise RepositoryError("pins.json: %s are not %d to %d" % (name, least, most))
    for at, item in enumerate(items):
        if item in items[:at]:
            raise RepositoryError("pins.json: %s has the same twice" % name)
    return items


def _digests(fields, name, least, most):
    items = _listed(fields, name, least, most)
    for item in items:
        if not isinstance(item, str) or len(item) != 64 or not all(c in _HEX for c in item):
            raise RepositoryError("pins.json: %s are not SHA-256 in hex" % name)
    return items


def _serial(fields, newer):
    """The serial number of a set, below that of the set before."""
    serial = fields.get("serial") if isinstance(fields, dict) else None
    if not isinstance(serial, int) or isinstance(serial, bool) or serial < 0:
        raise RepositoryError("pins.json: a set has no serial number")
    if newer is not None and serial >= newer:
        raise RepositoryError("pins.json: set %d does not stand before set %d" % (serial, newer))
    return serial


def _verify_url(url):
    try:
        BaseUrl(url)
    except (AttributeError, ValueError):
        raise RepositoryError("pins.json: a base URL is none")
