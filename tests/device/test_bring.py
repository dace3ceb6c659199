"""Which payload a board takes, and that none that fails keeps it from the release."""

from hashlib import sha256

import flash
from check import raises
from deltas import BLOCK, COPY, DELTA, RAW, digest_of, payload, svarint, varint
from inflating import stored
from test_install import Response

from slotcast.bring import Bringer, RunningImage
from slotcast.buffers import Buffers
from slotcast.erase import Eraser
from slotcast.errors import CertificateError, DownloadError, NotFoundError, PayloadError
from slotcast.slot import Slot
from slotcast.slots import other_slot
from slotcast.steps import finish

HEAP_KIB = 4096
MEMORY = 12288
OLD = flash.app_image(body=bytes([i * i % 251 for i in range(4 * BLOCK)]))
NEW = flash.app_image(body=OLD[36 : 3 * BLOCK] + b"changed" * 400)
COUNT = -(-len(NEW) // BLOCK)
FULL, SMALL = "payloads/full.slc", "payloads/delta.slc"


def delta_rows():
    """Copies where OLD has the same block, literals elsewhere."""
    rows = []
    for index in range(COUNT):
        piece = NEW[index * BLOCK : (index + 1) * BLOCK]
        if piece == OLD[index * BLOCK : (index + 1) * BLOCK]:
            rows.append((COPY, b""))
        else:
            literal = svarint(0) + varint(0) + b"\0" + varint(len(piece)) + piece
            rows.append((DELTA, stored(literal)))
    return rows


class Entry:
    def __init__(self, path, head, data, base=""):
        self.path, self.base = path, base
        self.length, self.head_length = len(head) + len(data), len(head)
        self.head_sha256 = sha256(head).digest().hex()


class Offered:
    """A manifest of NEW, with a full payload and a delta from OLD."""

    def __init__(self, delta):
        self.size = len(NEW)
        self.sha256 = sha256(NEW).digest().hex()
        raw = [(RAW, NEW[at : at + BLOCK]) for at in range(0, len(NEW), BLOCK)]
        parts = {FULL: payload(NEW, raw), SMALL: delta}
        self.objects = {path: bytearray(parts[path][0] + parts[path][1]) for path in parts}
        self.full = Entry(FULL, *parts[FULL])
        self.delta = Entry(SMALL, parts[SMALL][0], parts[SMALL][1], digest_of(OLD))

    def payloads_for(self, digest):
        return [self.delta, self.full] if digest == self.delta.base else [self.full]


class Rig:
    """A board, an edge and a Bringer; it is its own board.Board and Application.

    Args:
        fails: by path, what asking for it raises.
    """

    progress = None

    def __init__(self, running=OLD, fails=None, base=OLD):
        self.partition = flash.board(12)
        at = Slot(self.partition(self.partition.RUNNING)).address
        self.partition.flash[at : at + len(running)] = running
        self.offered = Offered(payload(NEW, delta_rows(), base))
        self.fails = fails or {}
        self.asked, self.said = [], []
        self.tried, self.may_try = [], True
        self.bringer = Bringer(self, self._get_steps, Buffers(MEMORY, True), self, self)

    def begin(self, entry):
        self.tried.append(entry.path)
        return self.may_try

    def ended(self):
        self.tried.append("ended")

    def eraser(self, slot, block_erase):
        return Eraser(slot)

    def running_slot(self):
        return Slot(self.partition(self.partition.RUNNING))

    def other_slot(self):
        return other_slot(self.partition)

    def log(self, step, message):
        assert step == "install"
        self.said.append(message)

    def _get_steps(self, path, start, stop):
        self.asked.append(path)
        if path in self.fails:
            raise self.fails[path]
        yield
        return Response(self.offered.objects[path][start : stop + 1], None)

    def bring(self):
        finish(
            self.bringer.bring_steps(self.offered, lambda attempt, made_progress=None: attempt())
        )

    def holds_new(self):
        at = self.other_slot().address
        return self.partition.flash[at : at + len(NEW)] == NEW

    def given_up(self):
        return [line for line in self.said if "given up" in line]


def test_a_board_takes_the_delta_alone_where_that_serves():
    rig = Rig()
    rig.bring()
    assert rig.holds_new()
    assert set(rig.asked) == {SMALL}
    assert rig.said[0] == "delta payload of %d bytes" % rig.offered.delta.length
    assert rig.said[1] == "%d blocks to fetch into app1" % COUNT
    assert rig.said[2] == "%d sectors written" % COUNT
    assert not rig.given_up()


def test_a_delta_that_comes_to_no_end_again_and_again_is_left_out():
    rig = Rig()
    rig.may_try = False
    rig.bring()
    assert rig.holds_new()
    assert set(rig.asked) == {FULL}
    assert rig.said[0] == "the delta was begun too often"


def test_an_attempt_is_counted_before_a_delta_and_over_when_the_image_is_there():
    rig = Rig()
    rig.bring()
    assert rig.tried == [SMALL, "ended"]
    rig = Rig(fails={SMALL: PayloadError("bad"), FULL: NotFoundError("404")})
    raises(NotFoundError, rig.bring)
    assert rig.tried == [SMALL]


def test_a_board_that_runs_something_else_takes_the_full_payload():
    other = flash.app_image(body=b"other" * 100)
    for running in (other, b"no image"):
        rig = Rig(running)
        rig.bring()
        assert rig.holds_new()
        assert set(rig.asked) == {FULL}
        assert rig.said[0] == "full payload of %d bytes" % rig.offered.full.length


def test_whatever_goes_wrong_with_a_delta_the_full_payload_takes_its_place():
    errors = [NotFoundError("404"), PayloadError("bad"), MemoryError("no")]
    errors += [OSError(5), ValueError("of our own"), TypeError("of our own")]
    for error in errors:
        rig = Rig(fails={SMALL: error})
        rig.bring()
        assert rig.holds_new()
        (said,) = rig.given_up()
        assert type(error).__name__ in said
        assert rig.said[-3] == "full payload of %d bytes" % rig.offered.full.length


def test_a_refused_certificate_is_no_matter_of_the_delta():
    for error in (CertificateError("expired"), DownloadError("reset")):
        rig = Rig(fails={SMALL: error})
        raises(type(error), rig.bring)
        assert (rig.asked, rig.tried) == ([SMALL], [SMALL])
    assert rig.asked == [SMALL]


def test_what_goes_wrong_with_the_full_payload_ends_the_poll():
    for error in (NotFoundError("404"), PayloadError("bad"), MemoryError("no")):
        raises(type(error), Rig(fails={SMALL: NotFoundError("404"), FULL: error}).bring)


def test_a_damaged_delta_writes_nothing_wrong_and_what_it_wrote_stands():
    rig = Rig()
    rig.offered.objects[SMALL][-3] ^= 1
    rig.bring()
    assert rig.holds_new()
    assert "wrong hash" in rig.given_up()[0]
    assert rig.said[-2] == "1 blocks to fetch into app1"
    assert rig.said[-1] == "%d sectors written" % COUNT


def test_a_delta_whose_head_names_another_base_is_given_up_before_it_writes():
    rig = Rig(base=NEW)
    rig.bring()
    assert rig.holds_new()
    assert "another base" in rig.given_up()[0]
    assert rig.said[-2] == "%d blocks to fetch into app1" % COUNT


def test_the_running_image_is_known_by_its_size_and_its_digest():
    rig = Rig()
    image = RunningImage(rig.running_slot())
    assert (image.size, image.digest) == (len(OLD), digest_of(OLD))
    piece = bytearray(10)
    image.readinto(len(OLD) - 10, piece)
    assert piece == OLD[-10:]
