"""SHA-512 in viper, which only MicroPython compiles."""

import os

from slotcast import sha512, sha512_viper


def test_viper_serves_where_it_can():
    assert sha512.fastest() is sha512_viper.compress


def test_viper_and_portable_agree_on_random_states_and_blocks():
    for _ in range(50):
        _agree_on(os.urandom(64), os.urandom(128))


def test_viper_and_portable_agree_where_carries_run_furthest():
    patterns = (b"\xff", b"\x00", b"\x80\x00\x00\x00", b"\x7f\xff\xff\xff", b"\x00\x00\xff\xff")
    for state in patterns:
        for block in patterns:
            _agree_on(state * (64 // len(state)), block * (128 // len(block)))


def _agree_on(state, block):
    portable = bytearray(state)
    viper = bytearray(state)
    sha512.compress(portable, block, sha512._CONSTANTS)
    sha512_viper.compress(viper, block, sha512._CONSTANTS)
    assert portable == viper
