"""The means by which a board may reach an edge, and the order in which to try them; pure."""


class PinSet:
    """Whom a board trusts at some base URLs.

    Attributes:
        label: for the log.
        base_urls: where the set is good.
        trust_anchors: names of CA roots: fingerprints in a PinSets, or the factory's files.
        pins: SHA-256 of the SubjectPublicKeyInfo of leaves, bytes; if none, the roots decide.
    """

    def __init__(self, label: str, base_urls, trust_anchors, pins):
        self.label = label
        self.base_urls = base_urls
        self.trust_anchors = trust_anchors
        self.pins = pins


def in_order(sets, factory: PinSet) -> list:
    """Return (base URL, sets that name it) in the order in which to try them.

    Args:
        sets: list of PinSet, newest first.
        factory: the set that never goes away; the last resort at its URLs.
    """
    every = sets + [factory]
    urls = []
    for pin_set in every:
        for url in pin_set.base_urls:
            if url not in urls:
                urls.append(url)
    return [(url, [one for one in every if url in one.base_urls]) for url in urls]
