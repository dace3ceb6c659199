"""The inner loops of a delta in portable Python; delta_viper.py has the same for machines."""

from slotcast.delta import (
    CHANGE,
    COPY,
    COUNT,
    IS_FULL,
    LEFT,
    LITERALS,
    MAX_POSITION,
    MORE,
    OUT,
    OUTS,
    PHASE,
    POSITION,
    ROW,
    SEEK,
    SHIFT,
    SIZE,
    STEP,
    TOKEN,
    TOKENS,
    VALUE,
    WANTS_ROW,
    WANTS_TOKENS,
    WROTE,
)

_TOO_LARGE, _TOO_MUCH, _OUTSIDE, _NOTHING = 3, 4, 5, 6
_ROW_BYTES = 4096
_ADDI, _LOAD, _JALR, _STORE, _LUI = 0x13, 0x03, 0x67, 0x23, 0x37
_MAX_DISTANCE = 128


def run(state, tokens, row, out) -> int:
    """Follow instructions until the piece `out` is full; returns why it came back (delta.py).

    Args:
        state: see delta.py.
        tokens: instructions, a memoryview; those before state[TOKEN] are done.
        row: of the base, at state[ROW].
        out: a memoryview of state[OUTS] bytes; those before state[OUT] are written. It begins
            where a sector does, in memory: at a whole word, as row does.
    """
    while state[OUT] < state[OUTS]:
        phase = state[PHASE]
        if phase == COPY:
            reason = _copy(state, row, out)
        elif phase == CHANGE:
            reason = _change(state, tokens, row, out)
        elif phase == LITERALS:
            reason = _literals(state, tokens, out)
        else:
            reason = _varint(state, tokens) or _begin(state, phase)
        if reason:
            return reason
    return IS_FULL


def _varint(state, tokens):
    """Read on in a varint, into state[VALUE]."""
    while True:
        at = state[TOKEN]
        if at == state[TOKENS]:
            return WANTS_TOKENS
        byte = tokens[at]
        state[TOKEN] = at + 1
        if state[SHIFT] == 28 and byte > 7:  # of 2^31, or with a sixth byte
            return _TOO_LARGE
        state[VALUE] |= (byte & 0x7F) << state[SHIFT]
        if byte < 0x80:
            state[SHIFT] = 0
            return 0
        state[SHIFT] += 7


def _begin(state, phase):
    """Take up the instruction whose varint has been read."""
    value = state[VALUE]
    state[VALUE] = 0
    if phase == SEEK:
        return _seek(state, -(value >> 1) - 1 if value & 1 else value >> 1)
    if value > state[LEFT]:
        return _TOO_MUCH
    if phase == STEP and value and value > state[SIZE] - state[POSITION]:
        return _OUTSIDE
    state[WROTE] |= value
    if not state[WROTE] and phase == COUNT:
        return _NOTHING
    state[LEFT] -= value
    state[MORE] = value
    state[PHASE] = COPY if phase == STEP else LITERALS
    return 0


def _seek(state, distance):
    position = state[POSITION] + distance
    if not 0 <= position < MAX_POSITION:
        return _OUTSIDE
    state[POSITION] = position
    state[WROTE] = 0
    state[PHASE] = STEP
    return 0


def _copy(state, row, out):
    position, at = state[POSITION], state[OUT]
    if not state[MORE]:
        state[PHASE] = CHANGE
        return 0
    start = position - state[ROW]
    if not 0 <= start < _ROW_BYTES:
        return WANTS_ROW
    count = min(state[MORE], state[OUTS] - at, _ROW_BYTES - start)
    out[at : at + count] = memoryview(row)[start : start + count]
    state[POSITION] = position + count
    state[OUT] = at + count
    state[MORE] -= count
    return 0


def _change(state, tokens, row, out):
    token, position, at = state[TOKEN], state[POSITION], state[OUT]
    if token == state[TOKENS]:
        return WANTS_TOKENS
    if not tokens[token]:
        state[TOKEN] = token + 1
        state[PHASE] = COUNT
        return 0
    if position >= state[SIZE]:
        return _OUTSIDE
    start = position - state[ROW]
    if not 0 <= start < _ROW_BYTES:
        return WANTS_ROW
    out[at] = row[start] + tokens[token] & 0xFF
    state[TOKEN] = token + 1
    state[POSITION] = position + 1
    state[OUT] = at + 1
    state[LEFT] -= 1
    state[WROTE] = 1
    state[PHASE] = STEP
    return 0


def _literals(state, tokens, out):
    token, at = state[TOKEN], state[OUT]
    if not state[MORE]:
        state[PHASE] = SEEK
        return 0
    if token == state[TOKENS]:
        return WANTS_TOKENS
    count = min(state[MORE], state[OUTS] - at, state[TOKENS] - token)
    out[at : at + count] = tokens[token : token + count]
    state[TOKEN] = token + count
    state[OUT] = at + count
    state[MORE] -= count
    return 0


def words(row, at: int, stop: int, starts, shifts, count: int) -> None:
    """Shift each whole 32-bit word of row[at:stop] by the map (relocation, step 1).

    Args:
        row: bytearray; at is a multiple of 4.
        starts, shifts: the map, arrays of `count` numbers.
    """
    first = starts[0]
    for place in range(at, stop - 3, 4):
        value = row[place] | row[place + 1] << 8 | row[place + 2] << 16 | row[place + 3] << 24
        if first <= value < 0x80000000:
            value += shifts[_entry(starts, count, value)]
            row[place] = value & 0xFF
            row[place + 1] = value >> 8 & 0xFF
            row[place + 2] = value >> 16 & 0xFF
            row[place + 3] = value >> 24 & 0xFF


def _entry(starts, count, address):
    """Number of the last entry whose start is not above `address`; the first one's is not."""
    low, high = 0, count
    while high - low > 1:
        middle = (low + high) >> 1
        if starts[middle] <= address:
            low = middle
        else:
            high = middle
    return low


def pairs(row, at: int, stop: int, pending, starts, shifts, count: int) -> None:
    """Shift the addresses that pairs of RISC-V instructions make (relocation, step 2).

    Args:
        row: bytearray, of which row[at:stop] is the part of one range; at is even.
        pending: array of 64 zeros: for each register where its lui begins plus 1, and the upper
            20 bits that this one loads.
        starts, shifts: the map, arrays of `count` numbers.
    """
    while stop - at >= 4:
        low = row[at] | row[at + 1] << 8
        if low & 3 != 3:
            at += 2
            continue
        code = low & 0x7F
        if code == _LUI:
            register = low >> 6 & 62
            pending[register] = at + 1
            pending[register + 1] = low >> 12 | row[at + 2] << 4 | row[at + 3] << 12
        elif code in (_LOAD, _JALR, _STORE) or code == _ADDI and not low & 0x7000:
            high = row[at + 2] | row[at + 3] << 8
            _shift_pair(row, at, low, high, pending, (starts, shifts, count))
            if code != _STORE:
                pending[low >> 6 & 62] = 0
        at += 4


def _shift_pair(row, at, low, high, pending, table):
    register = (low >> 15 | (high & 15) << 1) * 2
    lui = pending[register] - 1
    if lui < 0 or at - lui > _MAX_DISTANCE:
        return
    is_store = low & 0x7F == _STORE
    immediate = high >> 9 << 5 | low >> 7 & 31 if is_store else high >> 4
    address = (pending[register + 1] << 12) + (immediate ^ 0x800) - 0x800 & 0xFFFFFFFF
    starts, shifts, count = table
    if not starts[0] <= address < 0x80000000:
        return
    shift = shifts[_entry(starts, count, address)]
    if shift:
        _put_pair(row, lui, at, address + shift, is_store)


def _put_pair(row, lui, at, target, is_store):
    """Make the lui and the instruction of its pair give another address."""
    upper = (target + 0x800) >> 12 & 0xFFFFF
    row[lui + 1] = row[lui + 1] & 0x0F | (upper & 15) << 4
    row[lui + 2] = upper >> 4 & 0xFF
    row[lui + 3] = upper >> 12
    if is_store:
        row[at] = row[at] & 0x7F | (target & 1) << 7
        row[at + 1] = row[at + 1] & 0xF0 | target >> 1 & 15
        row[at + 3] = row[at + 3] & 1 | target >> 4 & 0xFE
    else:
        row[at + 2] = row[at + 2] & 15 | (target & 15) << 4
        row[at + 3] = target >> 4 & 0xFF
