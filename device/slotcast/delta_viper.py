"""The inner loops of a delta in viper, which compiles to machine code; delta_plain.py tells more.

Viper computes with machine words, 32 bits wide on a board and 64 on a host, where a load of 32 bits
may copy the sign or not: so nothing in a state is negative, and an address of 2^31 or more is known
by its bit. Literals stay below 2^30, as a board's small integers do. A loop over a long body is
`while True` with a break, for then its way back is a jump: up to 1.25 a conditional branch reaches
no further than 2 KB on Xtensa. Places in a state, phases and reasons are numbers here; delta.py
names them.
"""

# ruff: noqa: F821  ptr8, ptr16 and ptr32 are words of the viper compiler, defined nowhere

import micropython


@micropython.viper
def run(state: ptr32, tokens: ptr8, row: ptr8, out: ptr8) -> int:
    """Follow instructions until the piece `out` is full; returns why it came back."""
    rows = ptr32(row)
    outs = ptr32(out)
    phase = state[0]
    token = state[1]
    at = state[3]
    position = state[5]
    more = state[6]
    reason = 0
    while True:
        if at == state[4]:
            break
        if phase == 2:  # COPY
            if more == 0:
                phase = 3
                continue
            p = position - state[11]
            if p < 0 or p >= 4096:
                reason = 2
                break
            n = 4096 - p
            if n > more:
                n = more
            if n > state[4] - at:
                n = state[4] - at
            more -= n
            position += n
            n += at
            if (at ^ p) & 3 == 0:  # by words, where both begin at a byte of the same place in one
                while at < n and at & 3:
                    out[at] = row[p]
                    at += 1
                    p += 1
                while at < n - 3:
                    outs[at >> 2] = rows[p >> 2]
                    at += 4
                    p += 4
            while at < n:
                out[at] = row[p]
                at += 1
                p += 1
            continue
        if phase == 5:  # LITERALS
            if more == 0:
                phase = 0
                continue
            n = state[2] - token
            if n == 0:
                reason = 1
                break
            if n > more:
                n = more
            if n > state[4] - at:
                n = state[4] - at
            more -= n
            n += at
            while at < n:
                out[at] = tokens[token]
                at += 1
                token += 1
            continue
        if token == state[2]:
            reason = 1
            break
        byte = tokens[token]
        if phase == 3:  # CHANGE
            if byte == 0:
                token += 1
                phase = 4
                continue
            if position >= state[12]:
                reason = 5
                break
            p = position - state[11]
            if p < 0 or p >= 4096:
                reason = 2
                break
            out[at] = row[p] + byte
            token += 1
            position += 1
            at += 1
            state[10] = state[10] - 1
            state[9] = 1
            phase = 1
            continue
        # A varint: SEEK, STEP or COUNT
        token += 1
        n = state[8]
        if n == 28 and byte > 7:
            reason = 3
            break
        value = state[7] | (byte & 0x7F) << n
        if byte > 127:
            state[7] = value
            state[8] = n + 7
            continue
        state[7] = 0
        state[8] = 0
        if phase == 0:
            if value & 1:
                position -= (value >> 1) + 1
            else:
                position += value >> 1
            if position < 0 or position > 0x3FFFFFFF:
                reason = 5
                break
            state[9] = 0
            phase = 1
            continue
        if value > state[10]:
            reason = 4
            break
        if phase == 1 and value > 0 and value > state[12] - position:
            reason = 5
            break
        state[9] = state[9] | value
        if phase == 4 and state[9] == 0:
            reason = 6
            break
        state[10] = state[10] - value
        more = value
        phase += 1
    state[0] = phase
    state[1] = token
    state[3] = at
    state[5] = position
    state[6] = more
    return reason


@micropython.viper
def words(row: ptr32, at: int, stop: int, starts: ptr32, shifts: ptr32, count: int):
    """Shift each whole 32-bit word of row[at:stop] by the map (relocation, step 1)."""
    first = starts[0]
    last = starts[count - 1]
    place = at >> 2
    end = stop >> 2
    while place < end:
        value = row[place]
        if value >= first and (value >> 31) == 0:
            low = count - 1
            if value < last:
                low = 0
                high = count - 1
                while high - low > 1:
                    middle = (low + high) >> 1
                    if starts[middle] <= value:
                        low = middle
                    else:
                        high = middle
            row[place] = value + shifts[low]
        place += 1


@micropython.viper
def pairs(row: ptr16, at: int, stop: int, pending: ptr32, starts: ptr32, shifts: ptr32, count: int):
    """Shift the addresses that pairs of RISC-V instructions make (relocation, step 2)."""
    while True:
        if stop - at < 4:
            break
        place = at >> 1
        low = row[place]
        if (low & 3) != 3:
            at += 2
            continue
        code = low & 0x7F
        register = low >> 6 & 62
        high = row[place + 1]
        at += 4
        if code == 0x37:  # lui
            pending[register] = at - 3
            pending[register + 1] = low >> 12 | high << 4
            continue
        if code == 0x13:
            if low & 0x7000:
                continue
        elif code != 0x03 and code != 0x67 and code != 0x23:
            continue
        base = (low >> 15 | (high & 15) << 1) << 1
        lui = pending[base]
        if code != 0x23:
            pending[register] = 0
        if lui == 0:
            continue
        if at - 3 - lui > 128:
            continue
        immediate = high >> 4
        if code == 0x23:
            immediate = high >> 9 << 5 | register >> 1
        address = (pending[base + 1] << 12) + (immediate ^ 0x800) - 0x800
        if address >> 31 & 1:
            continue
        if address < starts[0]:
            continue
        first = 0
        behind = count
        while behind - first > 1:
            middle = (first + behind) >> 1
            if starts[middle] <= address:
                first = middle
            else:
                behind = middle
        if shifts[first] == 0:
            continue
        address += shifts[first]
        lui = (lui - 1) >> 1
        immediate = (address + 0x800) >> 12
        row[lui] = row[lui] & 0xFFF | immediate << 12
        row[lui + 1] = immediate >> 4
        if code == 0x23:
            row[place] = low & 0xF07F | (address & 31) << 7
            row[place + 1] = high & 0x1FF | (address & 0xFE0) << 4
        else:
            row[place + 1] = high & 15 | address << 4
