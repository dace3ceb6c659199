"""Frames of delta blocks: instructions that write them out of a base (manifests/payload.md).

Memory is bounded whatever the frame: one row of the base, one window, a few hundred bytes. The
inner loops exist twice, in delta_plain.py and delta_viper.py; fastest() finds out which serves.
"""

from array import array

from slotcast.errors import PayloadError
from slotcast.inflate import Inflater
from slotcast.payload import BASE_ROW_BYTES

# What the inner loop keeps from one call to the next: its state, an array of 32-bit numbers none of
# which is negative. It returns why it came back.
PHASE = 0  # what comes next: SEEK, STEP, COPY, CHANGE, COUNT or LITERALS
TOKEN = 1  # place of the next token
TOKENS = 2  # how many there are
OUT = 3  # place in the piece that is being written
OUTS = 4  # its length
POSITION = 5  # in the base
MORE = 6  # bytes that the copy or the literals at hand still write
VALUE = 7  # of a varint so far
SHIFT = 8  # of its next 7 bits
WROTE = 9  # not 0 when the group at hand has written something
LEFT = 10  # bytes that the frame has still to write, behind the copy or literals at hand
ROW = 11  # offset of the base's row that is at hand
SIZE = 12  # of the base

SEEK, STEP, COPY, CHANGE, COUNT, LITERALS = 0, 1, 2, 3, 4, 5

# A position may be outside of the base while nothing is read there; but no further than this.
MAX_POSITION = 1 << 30

IS_FULL, WANTS_TOKENS, WANTS_ROW = 0, 1, 2
_REFUSALS = {
    3: "a delta has a number that is too large",
    4: "a delta writes more than its blocks",
    5: "a delta reads outside of its base",
    6: "a delta has a group that writes nothing",
}

# Each time that another row of the base is wanted it is read and relocated whole. Nothing vouches
# for instructions before their block is there: so a block has so many bytes for each such turn
# (manifests/payload.md), and other tasks have theirs after some of them.
_BYTES_PER_TURN = 32
_TURNS_AT_ONCE = 32

_STATE_BYTES = 52
_TOKENS_BYTES = 256


def fastest():
    """The inner loops: functions run, words and pairs, in viper where they can be loaded."""
    try:
        from slotcast.delta_viper import pairs, run, words
    except (ImportError, SyntaxError, ValueError, MemoryError):
        # No MicroPython; no compiler for viper; an .mpy for another chip; no room to compile.
        from slotcast.delta_plain import pairs, run, words
    return run, words, pairs


class Base:
    """The image that runs: as it stands there, and in relocated rows, the last of which is kept.

    Args:
        image: has digest (hex), size (bytes) and readinto(offset, buffer).
        loops: as of fastest(), which is asked if there are none.
        row: a bytearray of BASE_ROW_BYTES, made if there is none.

    Attributes: digest, size, row (a bytearray: what was loaded last), relocation (to be set before
    a row is loaded: a Relocation or None).
    """

    def __init__(self, image, loops=None, row=None):
        self._image = image
        self.run, self._words, self._pairs = loops or fastest()
        self.digest, self.size = image.digest, image.size
        self.row = row or bytearray(BASE_ROW_BYTES)
        self.relocation = None

    def readinto(self, offset: int, view) -> None:
        """Fill a memoryview with the base's own bytes from `offset` on.

        Raises PayloadError when they are not all inside the base.
        """
        if offset + len(view) > self.size:
            raise PayloadError("a block is copied from outside of the base")
        self._image.readinto(offset, view)

    def load(self, position: int) -> int:
        """Read and relocate the row that `position` is in; returns its offset."""
        offset = position - position % BASE_ROW_BYTES
        length = min(BASE_ROW_BYTES, self.size - offset)
        self._image.readinto(offset, memoryview(self.row)[:length])
        if self.relocation:
            self.relocation.apply(self.row, offset, length, self._words, self._pairs)
        return offset


class Delta:
    """Writes the delta blocks of one frame, piece by piece.

    Args:
        source: an inflate.Source of the frame's encoded bytes.
        window_bits: of the payload.
        base: a Base.
        offset: in the image, of the frame's first block.
        length: of all its delta blocks together, in bytes.
        block_size: of the payload.
    """

    def __init__(self, source, window_bits: int, base, offset: int, length: int, block_size: int):
        self._base = base
        self._inflater = Inflater(source, window_bits)
        self._tokens = memoryview(bytearray(_TOKENS_BYTES))
        self._state = array("i", bytes(_STATE_BYTES))
        self._state[POSITION] = offset
        self._state[LEFT] = length
        self._state[ROW] = MAX_POSITION  # none yet
        self._state[SIZE] = base.size
        self._most_turns = block_size // _BYTES_PER_TURN
        self._turns = 0

    def begin_block(self) -> None:
        """What is written from here on is of another block than before."""
        self._turns = 0

    def fill_steps(self, piece):
        """Write the next bytes of the block, a memoryview full.

        Raises PayloadError when an instruction is not one of the format, or there is none.
        """
        state = self._state
        state[OUT] = 0
        state[OUTS] = len(piece)
        while True:
            reason = self._base.run(state, self._tokens, self._base.row, piece)
            if reason == IS_FULL:
                return
            if reason == WANTS_TOKENS:
                self._refill()
            elif reason == WANTS_ROW:
                yield from self._turn_steps()
            else:
                raise PayloadError(_REFUSALS[reason])

    def _turn_steps(self):
        if self._turns == self._most_turns:
            raise PayloadError("a delta turns to another row of its base too often")
        self._turns += 1
        self._state[ROW] = self._base.load(self._state[POSITION])
        if self._turns % _TURNS_AT_ONCE == 0:
            yield

    def _refill(self):
        count = self._inflater.readinto(self._tokens)
        if not count:
            raise PayloadError("a delta ends early")
        self._state[TOKEN] = 0
        self._state[TOKENS] = count

    def pass_over(self, length: int) -> None:
        """A block in the midst of the frame is copied without an instruction.

        Raises PayloadError when what is left of a copy at hand is then outside of the base.
        """
        state = self._state
        state[POSITION] += length
        more = state[MORE] if state[PHASE] == COPY else 0
        if more and state[POSITION] + more > state[SIZE]:
            raise PayloadError(_REFUSALS[5])

    def verify_ended(self) -> None:
        """Refuse a stream with more than the frame needs; raises PayloadError."""
        if self._state[TOKEN] != self._state[TOKENS]:
            raise PayloadError("a delta goes on")
        self._inflater.verify_ended()
