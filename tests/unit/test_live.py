"""What a live host serves, asked by pin sets: real handshakes on loopback."""

import socket
import ssl
import threading
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from products import MemoryStore

from publisher.certificates import Authority
from publisher.errors import VerificationError
from publisher.pins.live import Live, survey
from publisher.pins.sets import PinSets
from publisher.serve import Edge
from publisher.stores.base import Object

NOW = datetime.now(UTC)
ROOT, OTHER = Authority.create("test root"), Authority.create("another root")
BELOW = ROOT.create_intermediate("test intermediate")
BACKUP = "cd" * 32
TIMESTAMP = b'{"signatures":[],"signed":{}}'
TIMEOUT_S = 10


def store(data=TIMESTAMP):
    made = MemoryStore()
    path = "sensor/metadata/timestamp.json"
    made.create(Object(path, data, "application/json", "public, max-age=60"))
    return made


@contextmanager
def serving(certificate, objects=None):
    with Edge(objects or store(), certificate) as edge:
        yield f"https://localhost:{edge.port}/sensor/"


def sets_for(url, pins=(), anchors=(ROOT,)):
    """Set 0 of the anchors alone, and set 1 with the pins too."""
    ders = [one.certificate_der for one in anchors]
    sets = PinSets.of_factory("sensor", url, (), ders)
    return sets.with_next([url], pins, ders, NOW) if pins else sets


def judge(data):
    if data != TIMESTAMP:
        raise VerificationError("this is another product's")


def ask(sets, timeout_s=TIMEOUT_S):
    (found,) = survey(sets, judge, timeout_s=timeout_s)
    return found


def refusals(found):
    return {verdict.serial: verdict.refusal for verdict in found.verdicts}


def test_a_host_that_every_set_accepts_is_ok_and_its_leaf_is_told():
    certificate = BELOW.issue(["localhost"])
    with serving(certificate) as url:
        found = ask(sets_for(url, [certificate.spki_sha256, BACKUP]))
    assert found.ok
    assert refusals(found) == {1: "", 0: ""}
    assert found.leaf.spki_sha256 == certificate.spki_sha256
    assert (found.leaf.subject, found.leaf.issuer) == ("CN=localhost", "CN=test intermediate")
    assert found.leaf.not_before < NOW < found.leaf.not_after


def test_a_renewal_with_a_new_key_is_refused_by_pins_and_accepted_by_ca_roots():
    before, renewed = ROOT.issue(["localhost"]), ROOT.issue(["localhost"])
    with serving(renewed) as url:
        found = ask(sets_for(url, [before.spki_sha256, BACKUP]))
    assert refusals(found) == {1: "pin: the leaf's key is not one of the set", 0: ""}
    assert found.leaf.spki_sha256 == renewed.spki_sha256
    assert not found.ok


def test_a_renewal_with_the_same_key_is_accepted_by_pins():
    before = ROOT.issue(["localhost"])
    with serving(ROOT.issue(["localhost"], key=before.key)) as url:
        assert ask(sets_for(url, [before.spki_sha256, BACKUP])).ok


def test_a_change_to_the_backup_key_is_accepted_by_pins():
    before, backup = ROOT.issue(["localhost"]), ROOT.issue(["localhost"])
    with serving(backup) as url:
        assert ask(sets_for(url, [before.spki_sha256, backup.spki_sha256])).ok


def test_a_changed_intermediate_is_accepted():
    with serving(ROOT.create_intermediate("newer").issue(["localhost"])) as url:
        assert ask(sets_for(url)).ok


def test_a_certificate_of_another_ca_is_refused_by_its_chain_also_with_a_pinned_key():
    pinned = ROOT.issue(["localhost"])
    rogue = OTHER.issue(["localhost"], key=pinned.key)
    with serving(rogue) as url:
        found = ask(sets_for(url, [pinned.spki_sha256, BACKUP]))
    assert all(why.startswith("chain: ") for why in refusals(found).values())
    assert found.leaf.issuer == "CN=another root"  # told, though nobody accepts it


def test_a_rogue_leaf_with_the_genuine_intermediate_appended_is_refused():
    rogue = OTHER.issue(["localhost"])
    genuine = BELOW.certificate_pem
    forged = type(rogue)(rogue.cert_pem + genuine, rogue.key_pem, rogue.spki_sha256, rogue.key)
    with serving(forged) as url:
        assert refusals(ask(sets_for(url)))[0].startswith("chain: ")


def test_an_intermediate_may_be_a_trust_anchor_as_boards_have_it():
    with serving(BELOW.issue(["localhost"])) as url:
        assert ask(sets_for(url, anchors=[BELOW])).ok


@pytest.mark.parametrize(
    ("begin", "end", "says"),
    [(-9, -1, "date: a certificate is expired"), (1, 9, "date: a certificate is not valid yet")],
)
def test_a_certificate_out_of_its_time_is_refused_by_its_date(begin, end, says):
    span = (NOW + timedelta(days=begin), NOW + timedelta(days=end))
    with serving(ROOT.issue(["localhost"], *span)) as url:
        assert refusals(ask(sets_for(url))) == {0: says}


def test_a_certificate_for_another_host_is_refused_by_its_name():
    with serving(ROOT.issue(["example.org"])) as url:
        found = ask(sets_for(url))
    assert refusals(found) == {0: "name: the certificate is for another host"}
    assert found.leaf.subject == "CN=example.org"


def test_only_the_sets_that_name_a_url_are_asked_unless_one_is_given():
    with serving(ROOT.issue(["localhost"])) as url, serving(OTHER.issue(["localhost"])) as other:
        anchors = [ROOT.certificate_der]
        sets = sets_for(other).with_next([url], [], anchors, NOW)
        assert [(one.base_url, refusals(one).keys()) for one in survey(sets, judge)] == [
            (url, {1}),
            (other, {0}),
        ]
        (given,) = survey(sets, judge, [url])
    assert refusals(given) == {1: "", 0: ""}


@pytest.mark.parametrize(
    ("objects", "says"),
    [
        (store(b"{}"), "another product's"),
        (MemoryStore(), "metadata/timestamp.json cannot be read: the host answers 403"),
        (store(b" " * 70000), "more than 65,536 bytes"),
    ],
)
def test_a_host_without_the_product_is_at_fault_though_its_certificate_is_good(objects, says):
    with serving(ROOT.issue(["localhost"]), objects) as url:
        found = ask(sets_for(url))
    assert refusals(found) == {0: ""}
    assert says in found.fault
    assert not found.ok


def test_a_host_of_tls_1_3_alone_is_refused_as_boards_do(tmp_path):
    certificate = ROOT.issue(["localhost"])
    (tmp_path / "server.pem").write_bytes(certificate.key_pem + certificate.cert_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(tmp_path / "server.pem")
    with talking(lambda peer: shake_hands(context, peer)) as url:
        found = ask(sets_for(url))
    assert refusals(found)[0].startswith("tls: ")
    assert found.leaf is None


def test_nobody_there_is_no_refusal_but_a_fault():
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    found = ask(sets_for(f"https://localhost:{port}/sensor/"))
    assert found.verdicts == ()
    assert found.fault.startswith("not reached: ")
    assert found.refusal(0) == found.fault


def test_a_name_that_cannot_be_one_is_a_fault():
    found = ask(sets_for("https://.example/sensor/"))
    assert found.fault.startswith("not reached: ")


def test_a_host_that_drips_is_given_up_in_time():
    began = time.monotonic()
    with talking(drip) as url:
        found = ask(sets_for(url), timeout_s=0.5)
    # The handshake's own time, or the connection's, whichever ends first.
    assert found.fault.startswith("not reached: ")
    assert found.fault.endswith(("not done within 0.5 s", "handshake operation timed out"))
    assert time.monotonic() - began < 5


def test_what_a_set_was_not_asked_for_is_no_acceptance():
    assert Live("https://updates.example.org/sensor/", None, ()).refusal(7)


@contextmanager
def talking(talk):
    """A host that lets `talk` have each connection, until the test is done."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        listener.settimeout(0.1)
        done = threading.Event()
        thread = threading.Thread(target=accept, args=(listener, talk, done))
        thread.start()
        try:
            yield f"https://localhost:{listener.getsockname()[1]}/sensor/"
        finally:
            done.set()
            thread.join()


def accept(listener, talk, done):
    while not done.is_set():
        try:
            peer, _ = listener.accept()
        except TimeoutError:
            continue
        with peer:
            peer.settimeout(5)
            talk(peer)


def shake_hands(context, peer):
    try:
        context.wrap_socket(peer, server_side=True).close()
    except OSError:
        peer.close()


def drip(peer):
    """Begin a TLS record of 16 KiB, and send it a byte at a time."""
    try:
        peer.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
        while True:
            peer.sendall(b"\0")
            time.sleep(0.02)
    except OSError:
        peer.close()
