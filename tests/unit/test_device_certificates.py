"""Real chains over the TLS of real MicroPython: what a board takes by CA roots, and what by pins.

It trusts one root, which vouches through an intermediate for a leaf. With pins it has that leaf's
and a backup's.
"""

import re
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.x509 import load_pem_x509_certificate
from https_board import run_session
from test_device_https import FETCH, OneFile
from tls_server import HOST

from publisher.certificates import Authority, ServerCertificate
from publisher.serve import Edge

NOW = datetime.now(UTC)
PAST = (NOW - timedelta(days=9), NOW - timedelta(days=1))
FUTURE = (NOW + timedelta(days=1), NOW + timedelta(days=9))

ROOT = Authority.create("root")
BETWEEN = ROOT.create_intermediate("between")
OTHER_BETWEEN = ROOT.create_intermediate("other between")
LEAF = BETWEEN.issue([HOST])
BACKUP = BETWEEN.issue([HOST])
PINS = (LEAF.spki_sha256, BACKUP.spki_sha256)
# Of the same names as the genuine ones.
ROGUE = Authority.create("root")
ROGUE_BETWEEN = Authority.create("between")

PEM = re.compile(b"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n", re.DOTALL)


def showing(leaf: ServerCertificate, *chain: bytes) -> ServerCertificate:
    """A server that holds a leaf's key and shows other intermediates with it."""
    cert_pem = b"".join([PEM.findall(leaf.cert_pem)[0], *chain])
    return ServerCertificate(cert_pem, leaf.key_pem, leaf.spki_sha256, leaf.key)


def posing_as_authority(leaf: ServerCertificate) -> Authority:
    """A leaf that issues certificates, which it may not."""
    chain = tuple(load_pem_x509_certificate(pem) for pem in PEM.findall(leaf.cert_pem))
    return Authority(chain[0], leaf.key, chain)


INTERMEDIATE = BETWEEN.certificate_pem
# what the server shows: (certificate, verdict by CA roots, verdict by roots and pins)
CASES = {
    "the first leaf": (LEAF, "taken", "taken"),
    "renewed with a new key": (BETWEEN.issue([HOST]), "taken", "pin"),
    "renewed with the same key": (BETWEEN.issue([HOST], key=LEAF.key), "taken", "taken"),
    "renewed with the backup's key": (BACKUP, "taken", "taken"),
    "changed intermediate": (OTHER_BETWEEN.issue([HOST]), "taken", "pin"),
    "changed intermediate, same key": (
        OTHER_BETWEEN.issue([HOST], key=LEAF.key),
        "taken",
        "taken",
    ),
    "no intermediate between": (ROOT.issue([HOST], key=LEAF.key), "taken", "taken"),
    "the intermediate is left out": (showing(LEAF), "chain", "chain"),
    "rogue CA": (ROGUE.issue([HOST]), "chain", "pin"),
    "rogue CA, same key": (ROGUE.issue([HOST], key=LEAF.key), "chain", "chain"),
    # mbedTLS shows an intermediate that vouches for nothing to verify_callback too.
    "rogue CA, genuine intermediate appended": (
        showing(ROGUE_BETWEEN.issue([HOST]), INTERMEDIATE),
        "chain",
        "pin",
    ),
    "rogue CA, genuine intermediate appended, same key": (
        showing(ROGUE_BETWEEN.issue([HOST], key=LEAF.key), INTERMEDIATE),
        "chain",
        "chain",
    ),
    "rogue CA, genuine leaf and intermediate appended": (
        showing(ROGUE_BETWEEN.issue([HOST]), LEAF.cert_pem),
        "chain",
        "pin",
    ),
    "issued by a genuine leaf": (posing_as_authority(LEAF).issue([HOST]), "chain", "pin"),
    "issued by a genuine leaf, same key": (
        posing_as_authority(BACKUP).issue([HOST], key=LEAF.key),
        "chain",
        "chain",
    ),
    "wrong name": (BETWEEN.issue(["127.0.0.1"]), "name", "pin"),
    "wrong name, same key": (BETWEEN.issue(["127.0.0.1"], key=LEAF.key), "name", "name"),
    "expired": (BETWEEN.issue([HOST], *PAST), "date", "pin"),
    "expired, same key": (BETWEEN.issue([HOST], *PAST, key=LEAF.key), "date", "date"),
    "not yet valid": (BETWEEN.issue([HOST], *FUTURE), "date", "pin"),
    "not yet valid, same key": (BETWEEN.issue([HOST], *FUTURE, key=LEAF.key), "date", "date"),
    "all of it": (
        ROGUE.issue(["127.0.0.1"], *PAST, key=LEAF.key),
        "chain and date and name",
        "chain and date and name",
    ),
}


def verdict(certificate: ServerCertificate, pins: tuple[str, ...]) -> str:
    """The word "taken", or what the board refused; what it refused it has asked nothing."""
    with Edge(OneFile(), certificate) as edge:
        step = run_session(f"https://{HOST}:{edge.port}/sensor/", ROOT, FETCH, pins=pins).last
        assert len(edge.requests) == ("bytes" in step)
    if "bytes" in step:
        return "taken"
    said = re.match(r"certificate refused: ([a-z ]+) \(", step["message"])
    return said[1] if said else step["message"]


@pytest.mark.parametrize("name", CASES)
def test_verdict_by_ca_roots(name):
    certificate, expected, _ = CASES[name]
    assert verdict(certificate, ()) == expected


@pytest.mark.parametrize("name", CASES)
def test_verdict_by_pins(name):
    certificate, _, expected = CASES[name]
    assert verdict(certificate, PINS) == expected


def test_a_refused_pin_is_told_by_the_key_that_was_shown():
    with Edge(OneFile(), LEAF) as edge:
        url = f"https://{HOST}:{edge.port}/sensor/"
        outcome = run_session(url, ROOT, FETCH, pins=(BACKUP.spki_sha256,))
    assert "not pinned: " + LEAF.spki_sha256 in outcome.last["message"]


def test_a_refused_chain_is_told_in_the_words_of_mbedtls():
    with Edge(OneFile(), LEAF) as edge:
        outcome = run_session(f"https://{HOST}:{edge.port}/sensor/", ROGUE, FETCH)
    assert "not correctly signed by the trusted CA" in outcome.last["message"]
