"""Signed pin sets travel to a virtual board, and carry it over changes of its edges."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from product import BOARD, CHANNEL, Product

from device.virtual.images import build_app
from publisher.certificates import Authority, ServerCertificate
from publisher.image import read_image
from publisher.layout import pins_path
from publisher.plan import File, Kind, make_plan
from publisher.publish import View, publish
from publisher.repository import open_repository
from publisher.serve import Edge
from publisher.signers import Passphrases, load_signers
from publisher.simulate import Order, Poll, Rig

HOST = "updates.test"
URL = f"https://{HOST}/sensor/"
SECOND_HOST = "second.test"
KEPT = ("ota", "pins", "manifest", "metadata/root", "metadata/timestamp", "metadata/targets")
FACTORY = read_image(build_app(version="1.0.0", seed=1), "factory")
CURRENT = "current: runs 1.1.0 already"


class Journey:
    """A small product with 1.1.0 released, a board that left the factory with 1.0.0, its edges."""

    def __init__(self, product: Product, stack: ExitStack) -> None:
        self.product = product
        self._stack = stack
        Path("app.bin").write_bytes(build_app(version="1.1.0", seed=2))
        where = ("--channel", CHANNEL, "--board", BOARD)
        assert product.slotcast("release", "app.bin", "--version", "1.1.0", *where) == 0
        order = Order(CHANNEL, BOARD, FACTORY)
        self.rig = stack.enter_context(Rig(product.settings, product.store, order))

    def publish(self, pins: bytes) -> None:
        """Sign and publish a pins.json."""
        settings, store = self.product.settings, self.product.store
        view = View(store, settings.product)
        words = Passphrases(lambda prompt: "", {})
        repository = open_repository(
            view.read,
            settings.root_sha256,
            lambda role: load_signers(settings.keys.of(role), settings.directory, words),
            settings.expiry_days,
            datetime.now(UTC),
        )
        repository.publish_pins(pins)
        file = File(Kind.PINS, pins_path(sha256(pins).hexdigest()), pins)
        plan = make_plan(settings.product, [file, *repository.edited], view.stored)
        publish(plan, store, settings.product, settings.root_sha256, quiet)

    def serve(self, **certificates: ServerCertificate) -> dict[str, Edge]:
        """Let an edge with each certificate stand where NAME.test leads to."""
        edges = {
            name: self._stack.enter_context(Edge(self.product.store, certificate))
            for name, certificate in certificates.items()
        }
        self.rig.connect(edges["updates"])
        self.rig.board.world["hosts"] = {
            f"{name}.test": ["127.0.0.1", edge.port] for name, edge in edges.items()
        }
        return edges

    def state(self) -> list[object]:
        """What the board boots, runs and trusts."""
        board = self.rig.board
        entries = [(entry.seq, entry.state) for entry in board.otadata()]
        files = [board.copy_out(f"/etc/slotcast/{name}.json") for name in KEPT]
        return [entries, board.slot_bytes(0), board.slot_bytes(1), files]


def quiet(what: str, done: int, total: int) -> None:
    """A progress callback that nobody watches."""


@pytest.fixture
def journey(found: Callable[..., Product]) -> Iterator[Journey]:
    with ExitStack() as stack:
        yield Journey(found(), stack)


def document(*sets: dict[str, object], anchors: tuple[Authority, ...]) -> bytes:
    ders = {fingerprint(one): b64encode(one.certificate_der).decode() for one in anchors}
    values = {"product": "sensor", "sets": sets, "trust_anchors": ders}
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode()


def fingerprint(authority: Authority) -> str:
    return sha256(authority.certificate_der).hexdigest()


def pin_set(
    serial: int, *leaves: ServerCertificate, anchors: tuple[Authority, ...], host: str = HOST
) -> dict[str, object]:
    return {
        "serial": serial,
        "base_urls": [f"https://{host}/sensor/"],
        "pins": [leaf.spki_sha256 for leaf in leaves],
        "trust_anchors": [fingerprint(authority) for authority in anchors],
    }


def said(poll: Poll) -> list[str]:
    """What the last poll said of pins and connections."""
    steps = ("slotcast pins: ", "slotcast connect: ")
    lines = poll.boots[-1].lines
    return [line.removeprefix("slotcast ") for line in lines if line.startswith(steps)]


def test_a_set_travels_and_takes_the_board_to_another_authority_and_to_the_backup_key(
    journey: Journey,
) -> None:
    after = Authority.create("the next authority")
    leaf, backup = after.issue([HOST]), after.issue([HOST])
    journey.publish(document(pin_set(1, leaf, backup, anchors=(after,)), anchors=(after,)))
    poll = journey.rig.poll()
    assert poll.outcome == CURRENT
    assert "slotcast pins: set 1 will be tried first" in poll.boots[0].lines
    # The factory's authority no longer vouches for the edge; nobody has touched the board.
    for certificate in (leaf, backup, after.issue([HOST], key=leaf.key)):
        journey.serve(updates=certificate)
        poll = journey.rig.poll()
        assert poll.outcome == CURRENT
        assert said(poll) == [f"connect: {URL} by set 1"]
        assert len(poll.requests) == 2


def test_a_board_that_missed_a_set_connects_by_an_older_one_and_takes_the_new_one_up(
    journey: Journey,
) -> None:
    authority = Authority.create("the operator's own")
    old, both, new = (authority.issue([HOST]) for _ in range(3))
    first = pin_set(1, old, both, anchors=(authority,))
    second = pin_set(2, both, new, anchors=(authority,))
    journey.publish(document(first, anchors=(authority,)))
    journey.rig.poll()
    journey.serve(updates=both)
    journey.publish(document(second, first, anchors=(authority,)))
    poll = journey.rig.poll()
    assert poll.outcome == CURRENT
    assert said(poll) == [f"connect: {URL} by set 1", "pins: set 2, set 1 will be tried first"]
    journey.serve(updates=new)
    assert said(journey.rig.poll()) == [f"connect: {URL} by set 2"]
    # An edge that was forgotten still shows the oldest key.
    journey.serve(updates=old)
    poll = journey.rig.poll()
    assert poll.outcome == CURRENT
    assert said(poll)[1].startswith(f"pins: set 2 refuses what {HOST} serves: certificate refused")
    assert said(poll)[1].endswith(f"{old.spki_sha256}), trying set 1")
    assert said(poll)[2:] == [f"connect: {URL} by set 1"]


def test_a_base_url_whose_certificate_is_refused_is_told_and_the_next_one_serves(
    journey: Journey,
) -> None:
    authority = journey.rig.authority
    leaf, backup = authority.issue([SECOND_HOST]), authority.issue([SECOND_HOST])
    newest = pin_set(1, leaf, backup, anchors=(authority,), host=SECOND_HOST)
    journey.publish(document(newest, anchors=(authority,)))
    journey.rig.poll()
    stolen = authority.issue([SECOND_HOST])
    edges = journey.serve(second=stolen, updates=authority.issue([HOST]))
    poll = journey.rig.poll()
    assert poll.outcome == CURRENT
    url = f"https://{SECOND_HOST}/sensor/"
    refusal = f"certificate refused: pin (its key is not pinned: {stolen.spki_sha256})"
    assert said(poll) == [
        f"connect: {url} by set 1",
        f"pins: set 1 refuses what {SECOND_HOST} serves: {refusal}, no other set is left for it",
        f"connect: {url}: {refusal}",
        f"connect: {URL}",
    ]
    assert not edges["second"].requests


def test_when_all_is_refused_nothing_changes_and_the_repaired_edge_is_taken(
    journey: Journey,
) -> None:
    authority = journey.rig.authority
    leaf, backup = authority.issue([HOST]), authority.issue([HOST])
    journey.publish(document(pin_set(1, leaf, backup, anchors=(authority,)), anchors=(authority,)))
    journey.rig.poll()
    before, honest = journey.state(), journey.rig.edge
    journey.serve(updates=Authority.create("a rogue").issue([HOST]))
    for _ in range(2):
        poll = journey.rig.poll()
        assert poll.outcome.startswith("CertificateError: certificate refused: chain (")
        assert not poll.requests
    assert journey.state() == before
    journey.rig.connect(honest)
    poll = journey.rig.poll()
    assert poll.outcome == CURRENT
    assert "trying the factory's set" in said(poll)[1]


def test_sets_that_are_not_acceptable_do_not_stop_a_release(journey: Journey) -> None:
    authority = journey.rig.authority
    lonely = pin_set(1, authority.issue([HOST]), anchors=(authority,))
    journey.publish(document(lonely, anchors=(authority,)))
    poll = journey.rig.poll()
    assert poll.outcome == CURRENT
    assert "slotcast confirm: 1.1.0 is kept" in poll.lines
    reason = "pins: the published sets are not taken up: pins.json: set 1 has no backup"
    assert said(poll) == [f"connect: {URL}", reason]
    assert "pins.json" not in journey.rig.board.listdir("/etc/slotcast")
