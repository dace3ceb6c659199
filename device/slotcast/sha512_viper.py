"""SHA-512's compression function in viper, which compiles to machine code.

Viper computes with machine words, 32 bits wide on a board and 64 on a host. So a 64-bit word is
held as two halves (uh, ul), and where a low one may have grown it is cut with `m`; a store cuts by
itself. Loads are cast to uint: a shift to the right must not copy the sign. Sums go by 16-bit
pieces, whose carries need no comparison. A loop over a long body is `while True` with a break, for
then its way back is a jump: up to 1.25 a conditional branch reaches no further than 2 KB on Xtensa.
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
        uh = uint(w[i + 30])
        ul = uint(w[i + 31])
        xh = (uh >> 1 | ul << 31) ^ (uh >> 8 | ul << 24) ^ uh >> 7
        xl = ((ul >> 1 | uh << 31) ^ (ul >> 8 | uh << 24) ^ (ul >> 7 | uh << 25)) & m
        uh = uint(w[i + 4])
        ul = uint(w[i + 5])
        yh = (uh >> 19 | ul << 13) ^ (ul >> 29 | uh << 3) ^ uh >> 6
        yl = ((ul >> 19 | uh << 13) ^ (uh >> 29 | ul << 3) ^ (ul >> 6 | uh << 26)) & m
        ul = uint(w[i + 15])
        vl = uint(w[i + 33])
        low = (xl & q) + (yl & q) + (ul & q) + (vl & q)
        high = (xl >> 16) + (yl >> 16) + (ul >> 16) + (vl >> 16) + (low >> 16)
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
        uh = uint(w[i + 10])
        ul = uint(w[i + 11])
        th = (uh >> 14 | ul << 18) ^ (uh >> 18 | ul << 14) ^ (ul >> 9 | uh << 23)
        tl = ((ul >> 14 | uh << 18) ^ (ul >> 18 | uh << 14) ^ (uh >> 9 | ul << 23)) & m
        th += w[i + 14] ^ uh & (w[i + 12] ^ w[i + 14])
        xl = uint(w[i + 15] ^ ul & (w[i + 13] ^ w[i + 15]))
        ul = uint(w[i + 17])
        vl = uint(w[i + 1])
        low = (tl & q) + (xl & q) + (ul & q) + (vl & q) + (k[j + 6] << 8 | k[j + 7])
        high = (tl >> 16) + (xl >> 16) + (ul >> 16) + (vl >> 16) + (k[j + 4] << 8 | k[j + 5])
        high += low >> 16
        th += (k[j] << 24 | k[j + 1] << 16 | k[j + 2] << 8 | k[j + 3]) + w[i + 16] + w[i]
        th += high >> 16
        tl = (high << 16 | low & q) & m
        ul = uint(w[i + 9])
        low = (ul & q) + (tl & q)
        high = (ul >> 16) + (tl >> 16) + (low >> 16)
        w[i + 8] = w[i + 8] + th + (high >> 16)
        w[i + 9] = high << 16 | low & q
        # T2 = Sigma0(a) + Maj(a, b, c); the new a is T1 + T2
        uh = uint(w[i + 2])
        ul = uint(w[i + 3])
        th += (uh >> 28 | ul << 4) ^ (ul >> 2 | uh << 30) ^ (ul >> 7 | uh << 25)
        xl = ((ul >> 28 | uh << 4) ^ (uh >> 2 | ul << 30) ^ (uh >> 7 | ul << 25)) & m
        th += uh & (w[i + 4] ^ w[i + 6]) ^ w[i + 4] & w[i + 6]
        ul = uint(ul & (w[i + 5] ^ w[i + 7]) ^ w[i + 5] & w[i + 7])
        low = (tl & q) + (xl & q) + (ul & q)
        high = (tl >> 16) + (xl >> 16) + (ul >> 16) + (low >> 16)
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
