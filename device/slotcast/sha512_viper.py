"""SHA-512's compression function in viper, which compiles to machine code.

Viper computes with machine words, 32 bits wide on a board and 64 on a host. So a 64-bit word is
held as two halves, the high one first, and where a low half may have grown it is cut with `m`; a
store cuts by itself. Loads are cast to uint: a shift to the right must not copy the sign. Sums go
by 16-bit pieces, whose carries need no comparison. A loop over a long body is `while True` with a
break, for then its way back is a jump: up to 1.25 a conditional branch reaches no further than 2 KB
on Xtensa.
"""

# ruff: noqa: F821  ptr8, ptr32 and uint are words of the viper compiler, defined nowhere

import micropython


def compress(state, block, constants):
    """Mix a 128-byte block into the 64-byte state (FIPS 180-4 section 6.4.2), both big-endian."""
    # The schedule W[79] .. W[0], then the state a .. h. Round i reads W[i], which stands just below
    # a, and writes the new a over it and the new e over d: each word is then in its new place.
    words = bytearray(704)
    _load(words, 158, -2, block)
    _load(words, 160, 2, state)
    _schedule(words)
    _rounds(words, constants)
    _add(state, words)


@micropython.viper
def _load(w: ptr32, at: int, step: int, source: object):
    """Read all big-endian 64-bit words of source into w, the first at place `at`."""
    p = ptr8(source)
    i = 0
    n = int(len(source))
    while i < n:
        w[at] = p[i] << 24 | p[i + 1] << 16 | p[i + 2] << 8 | p[i + 3]
        w[at + 1] = p[i + 4] << 24 | p[i + 5] << 16 | p[i + 6] << 8 | p[i + 7]
        at += step
        i += 8


@micropython.viper
def _schedule(w: ptr32):
    """Step 1: W[i] = sigma1(W[i-2]) + W[i-7] + sigma0(W[i-15]) + W[i-16]."""
    q = uint(0xFFFF)
    m = q << 16 | q
    i = 126
    while True:
        if i < 0:
            break
        h = uint(w[i + 30])
        j = uint(w[i + 31])
        xh = (h >> 1 | j << 31) ^ (h >> 8 | j << 24) ^ h >> 7
        xl = ((j >> 1 | h << 31) ^ (j >> 8 | h << 24) ^ (j >> 7 | h << 25)) & m
        h = uint(w[i + 4])
        j = uint(w[i + 5])
        yh = (h >> 19 | j << 13) ^ (j >> 29 | h << 3) ^ h >> 6
        yl = ((j >> 19 | h << 13) ^ (h >> 29 | j << 3) ^ (j >> 6 | h << 26)) & m
        h = uint(w[i + 15])
        j = uint(w[i + 33])
        low = (xl & q) + (yl & q) + (h & q) + (j & q)
        high = (xl >> 16) + (yl >> 16) + (h >> 16) + (j >> 16) + (low >> 16)
        w[i] = xh + yh + w[i + 14] + w[i + 32] + (high >> 16)
        w[i + 1] = high << 16 | low & q
        i -= 2


@micropython.viper
def _rounds(w: ptr32, k: ptr8):
    """Step 3, eighty rounds: from place i + 2 on stand a to h, at i stands W."""
    q = uint(0xFFFF)
    m = q << 16 | q
    j = 0
    i = 158
    while True:
        if i < 0:
            break
        # T1 = h + Sigma1(e) + Ch(e, f, g) + K + W; the new e is d + T1
        h = uint(w[i + 10])
        s = uint(w[i + 11])
        th = (h >> 14 | s << 18) ^ (h >> 18 | s << 14) ^ (s >> 9 | h << 23)
        tl = ((s >> 14 | h << 18) ^ (s >> 18 | h << 14) ^ (h >> 9 | s << 23)) & m
        th += w[i + 14] ^ h & (w[i + 12] ^ w[i + 14])
        xl = uint(w[i + 15] ^ s & (w[i + 13] ^ w[i + 15]))
        h = uint(w[i + 17])
        s = uint(w[i + 1])
        low = (tl & q) + (xl & q) + (h & q) + (s & q) + (k[j + 6] << 8 | k[j + 7])
        high = (tl >> 16) + (xl >> 16) + (h >> 16) + (s >> 16) + (k[j + 4] << 8 | k[j + 5])
        high += low >> 16
        th += (k[j] << 24 | k[j + 1] << 16 | k[j + 2] << 8 | k[j + 3]) + w[i + 16] + w[i]
        th += high >> 16
        tl = (high << 16 | low & q) & m
        s = uint(w[i + 9])
        low = (s & q) + (tl & q)
        high = (s >> 16) + (tl >> 16) + (low >> 16)
        w[i + 8] = w[i + 8] + th + (high >> 16)
        w[i + 9] = high << 16 | low & q
        # T2 = Sigma0(a) + Maj(a, b, c); the new a is T1 + T2
        h = uint(w[i + 2])
        s = uint(w[i + 3])
        th += (h >> 28 | s << 4) ^ (s >> 2 | h << 30) ^ (s >> 7 | h << 25)
        xl = ((s >> 28 | h << 4) ^ (h >> 2 | s << 30) ^ (h >> 7 | s << 25)) & m
        th += h & (w[i + 4] ^ w[i + 6]) ^ w[i + 4] & w[i + 6]
        s = uint(s & (w[i + 5] ^ w[i + 7]) ^ w[i + 5] & w[i + 7])
        low = (tl & q) + (xl & q) + (s & q)
        high = (tl >> 16) + (xl >> 16) + (s >> 16) + (low >> 16)
        w[i] = th + (high >> 16)
        w[i + 1] = high << 16 | low & q
        j += 8
        i -= 2


@micropython.viper
def _add(state: ptr8, w: ptr32):
    """Step 4: add a to h, which stand from w[0] on, to the state."""
    i = 0
    while i < 64:
        carry = 0
        j = 7
        while j >= 0:
            carry += state[i + j] + (w[(i + j) >> 2] >> (24 - 8 * (j & 3)) & 0xFF)
            state[i + j] = carry
            carry >>= 8
            j -= 1
        i += 8
