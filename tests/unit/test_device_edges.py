"""Which sets a board tries, in what order it gives up, and what it keeps of what is published."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from types import SimpleNamespace

import pytest

from publisher.certificates import amazon_roots
from publisher.pins.sets import PinSets as PublishedSets
from slotcast.edges import Edges, UnusableError
from slotcast.errors import BoardError, CertificateError, DownloadError, RepositoryError
from slotcast.steps import finish, plain

URL = "https://one.test/sensor/"
SECOND = "https://two.test/sensor/"
ROOTS = [b"old root", b"new root"]
NAMES = [sha256(der).hexdigest() for der in ROOTS]
PINS = ["11" * 32, "22" * 32]
NOW = datetime(2026, 11, 22, tzinfo=UTC)
FACTORY = "the factory's set"


def pins_json(*serials: int, product: str = "sensor", **fields: object) -> bytes:
    sets = [
        {"serial": serial, "base_urls": [URL], "pins": PINS, "trust_anchors": NAMES, **fields}
        for serial in serials
    ]
    anchors = {name: b64encode(der).decode() for name, der in zip(NAMES, ROOTS, strict=True)}
    return json.dumps({"product": product, "sets": sets, "trust_anchors": anchors}).encode()


class Board:
    """A board's edges, with sessions that are only noted; `log` is what was said."""

    def __init__(self, folder, monkeypatch, kept=None):
        self.kept = folder / "pins.json"
        if kept is not None:
            self.kept.write_bytes(kept)
        (folder / "ca-1.der").write_bytes(b"factory's root")
        self.opened = []
        self.log = []
        self.unusable = self.exhausted = lambda anchors: False
        monkeypatch.setattr("slotcast.edges.Session", self._session)
        config = SimpleNamespace(
            product="sensor", base_urls=(URL, SECOND), trust_anchors=("ca-1.der",), pins=()
        )
        self.edges = Edges(str(folder), config, lambda *line: self.log.append(line))

    def _session(self, url, anchors, pins, log):
        if self.exhausted(anchors):
            raise MemoryError
        if self.unusable(anchors):
            raise BoardError("pins need MicroPython 1.23 or later")
        self.opened.append((url, [bytes(der) for der in anchors], list(pins)))
        return len(self.opened)

    def try_each(self, use):
        return finish(self.edges.try_each_steps(plain(use)))

    def take_up(self, client):
        finish(self.edges.take_up_steps(client))

    def said(self, step="pins"):
        return [message for name, message in self.log if name == step]


@pytest.fixture
def board(tmp_path, monkeypatch):
    return lambda kept=None: Board(tmp_path, monkeypatch, kept)


def failing(*errors):
    """A `use` that raises each of these, and then returns the session."""
    left = list(errors)

    def use(session):
        if left:
            raise left.pop(0)
        return session

    return use


class Client:
    """A refreshed client whose repository names `published`, or no pins.json."""

    def __init__(self, published=None, error=None):
        self.published = published
        self.error = error
        self.fetched = 0

    def has_target(self, path):
        assert path == "pins.json"
        return self.published is not None

    def is_target(self, path, data):
        assert isinstance(data, bytes), "nothing is kept"
        return data == self.published

    def fetch_target(self, path, max_bytes):
        self.fetched += 1
        if self.error:
            raise self.error
        assert max_bytes == 8192
        return self.published

    has_target_steps, is_target_steps = plain(has_target), plain(is_target)
    fetch_target_steps = plain(fetch_target)


REFUSED = CertificateError("certificate refused: pin")


def test_a_board_without_sets_connects_by_the_factorys(board):
    made = board()
    assert made.try_each(failing()) == 1
    assert made.opened == [(URL, [b"factory's root"], [])]
    assert made.log == [("connect", URL)]


def test_the_newest_kept_set_is_used_with_its_own_roots_and_pins(board):
    made = board(pins_json(2, 1))
    made.try_each(failing())
    assert made.opened == [(URL, ROOTS, [bytes.fromhex(pin) for pin in PINS])]
    assert made.log == [("connect", f"{URL} by set 2")]


def test_a_refusal_leads_from_set_to_set_and_each_is_told(board):
    made = board(pins_json(2, 1))
    assert made.try_each(failing(REFUSED, REFUSED)) == 3
    assert [url for url, _, _ in made.opened] == [URL] * 3
    assert made.said() == [
        "set 2 refuses what one.test serves: certificate refused: pin, trying set 1",
        f"set 1 refuses what one.test serves: certificate refused: pin, trying {FACTORY}",
    ]


def test_what_no_set_accepts_leads_to_the_next_base_url(board):
    made = board(pins_json(1))
    made.try_each(failing(REFUSED, REFUSED))
    assert [url for url, _, _ in made.opened] == [URL, URL, SECOND]
    assert made.said()[-1].endswith("certificate refused: pin, no other set is left for it")
    assert made.said("connect")[2] == f"{URL}: certificate refused: pin"


@pytest.mark.parametrize(
    "error", [DownloadError("timed out"), RepositoryError("forged"), MemoryError(), OSError(5)]
)
def test_any_other_failure_leads_to_the_next_base_url_at_once(board, error):
    made = board(pins_json(2, 1))
    made.try_each(failing(error))
    assert [url for url, _, _ in made.opened] == [URL, SECOND]
    assert made.said() == []


def test_the_last_error_is_told_when_nothing_is_left(board):
    made = board()
    with pytest.raises(CertificateError, match="refused: date"):
        made.try_each(failing(DownloadError("gone"), CertificateError("refused: date")))


def test_a_refusal_is_not_remembered(board):
    made = board(pins_json(1))
    with pytest.raises(CertificateError):
        made.try_each(failing(*[REFUSED] * 3))
    made.try_each(failing())
    assert made.opened[-1][:2] == (URL, ROOTS)


def test_a_set_that_this_board_cannot_use_leads_to_the_next(board):
    made = board(pins_json(1))
    made.unusable = lambda anchors: len(anchors) > 1
    made.try_each(failing())
    assert made.opened == [(URL, [b"factory's root"], [])]
    assert made.said() == [
        f"set 1 cannot be used here: pins need MicroPython 1.23 or later, trying {FACTORY}"
    ]


@pytest.mark.parametrize("damaged", [b"", b"\xff" * 4096, pins_json(1)[:-9], bytes(9000)])
def test_a_kept_file_that_is_damaged_leaves_the_factorys_set(board, damaged):
    made = board(damaged)
    assert made.try_each(failing()) == 1
    assert made.opened[0][1] == [b"factory's root"]
    assert made.said()[0].startswith("the kept sets are passed over: ")


@pytest.mark.parametrize("error", [OSError(5, "input/output error"), MemoryError("no room")])
def test_a_kept_file_that_cannot_be_read_leaves_the_factorys_set(board, monkeypatch, error):
    made = board(pins_json(1))

    def read(*_):
        raise error

    monkeypatch.setattr("slotcast.files.MetadataFiles.read", read)
    made.try_each(failing())
    assert made.opened[0][1] == [b"factory's root"]
    assert made.said() == [f"the kept sets are passed over: {error}"]


def test_a_root_of_the_factory_that_is_gone_is_told(board, tmp_path):
    made = board()
    (tmp_path / "ca-1.der").unlink()
    with pytest.raises(UnusableError, match="No such file"):
        made.try_each(failing())
    assert "No such file" in made.said()[0]


def test_a_kept_root_that_is_damaged_leads_to_the_next_set(board):
    made = board(pins_json(1).replace(b64encode(ROOTS[0]), b64encode(b"bad root")))
    made.try_each(failing())
    assert made.opened[0][1] == [b"factory's root"]
    assert "another trust anchor" in made.said()[0]


def test_a_set_that_goes_while_it_is_used_leaves_the_factorys(board):
    made = board(pins_json(1, base_urls=[URL, SECOND]))

    def use(session):
        if session == 1:
            made.take_up(Client())
            raise DownloadError("closed")
        return session

    assert made.try_each(use) == 2
    assert made.opened[1] == (SECOND, [b"factory's root"], [])
    assert "set 1 cannot be used here: it is not kept any more" in made.said()[1]


def test_a_set_for_which_there_is_no_memory_leads_to_the_next(board):
    made = board(pins_json(1))
    made.exhausted = lambda anchors: len(anchors) > 1
    assert made.try_each(failing()) == 1
    assert made.opened == [(URL, [b"factory's root"], [])]


def test_the_published_sets_are_kept_as_they_came(board):
    made, published = board(), pins_json(2, 1)
    made.take_up(Client(published))
    assert made.kept.read_bytes() == published
    assert made.said() == ["set 2, set 1 will be tried first"]
    made.try_each(failing())
    assert made.opened[0][1] == ROOTS


def test_sets_that_are_kept_already_are_not_fetched_again(board):
    made = board(pins_json(1))
    same, newer = Client(pins_json(1)), Client(pins_json(2, 1))
    made.take_up(same)
    made.take_up(newer)
    assert (same.fetched, newer.fetched) == (0, 1)
    assert made.kept.read_bytes() == newer.published


def test_kept_sets_go_when_none_are_published_any_more(board):
    made = board(pins_json(1))
    made.take_up(Client())
    assert not made.kept.exists()
    assert made.said() == ["no sets are published any more: the factory's is left"]
    made.take_up(Client())
    assert len(made.said()) == 1


@pytest.mark.parametrize(
    ("published", "reason"),
    [
        (b"{", "not JSON"),
        (pins_json(1, product="other"), "another product"),
        (pins_json(1, pins=PINS[:1]), "no backup"),
        (pins_json(1).replace(b64encode(ROOTS[1]), b64encode(b"bad root")), "another trust anchor"),
    ],
    ids=["no JSON", "other product", "no backup", "wrong root"],
)
def test_unacceptable_sets_are_told_and_those_that_are_kept_stay(board, published, reason):
    made = board(pins_json(1))
    made.take_up(Client(published))
    assert made.kept.read_bytes() == pins_json(1)
    assert made.said()[0].startswith("the published sets are not taken up: ")
    assert reason in made.said()[0]


@pytest.mark.parametrize(
    "error", [DownloadError("timed out"), RepositoryError("too long"), MemoryError()]
)
def test_sets_that_cannot_be_had_stop_nothing(board, error):
    made = board(pins_json(1))
    made.take_up(Client(pins_json(2), error))
    assert made.kept.read_bytes() == pins_json(1)
    assert len(made.said()) == 1


def test_a_full_filesystem_stops_nothing(board, monkeypatch):
    made = board()

    def full(*_):
        raise OSError(28, "no space left")

    monkeypatch.setattr("slotcast.files.MetadataFiles.write", full)
    made.take_up(Client(pins_json(1)))
    assert "no space left" in made.said()[0]


def test_what_the_publisher_writes_the_board_reads(board):
    roots = amazon_roots()
    published = PublishedSets.of_factory("sensor", URL, (), roots)
    for pins in (PINS, (), PINS[::-1]):
        published = published.with_next([URL, SECOND], pins, roots, NOW)
    made = board()
    made.take_up(Client(published.to_bytes()))
    assert made.said() == ["set 3, set 2, set 1, set 0 will be tried first"]
    made.try_each(failing())
    assert made.opened == [(URL, roots, [bytes.fromhex(pin) for pin in PINS[::-1]])]


def test_what_the_use_of_a_session_waits_for_is_waited_for(board):
    def use(session):
        yield "the network"
        if session == 1:
            raise REFUSED
        return session

    steps = board(pins_json(1)).edges.try_each_steps(use)
    assert list(steps) == ["the network"] * 2
