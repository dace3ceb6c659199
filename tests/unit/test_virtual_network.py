"""A virtual board's network: how waiting for it passes, and how little is under way."""

import fcntl
import socket
import struct
import termios
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from device.virtual.board import Board
from device.virtual.images import build_app

JOIN = """
import network, select, socket, time
station = network.WLAN(network.STA_IF)
station.active(True)
station.connect("any", "key")
while not station.isconnected():
    time.sleep_ms(50)
made = socket.socket()
made.connect(socket.getaddrinfo("127.0.0.1", PORT)[0][-1])
poller = select.poll()
poller.register(made, select.POLLIN)
"""
WAIT = """
began = time.ticks_ms()
ready = poller.poll(WAIT_MS)
print(len(ready), time.ticks_diff(time.ticks_ms(), began))
"""


@pytest.fixture
def board(tmp_path):
    made = Board.create(tmp_path / "board")
    made.flash_serial(build_app(version="1.0.0", size=4096))
    made.world["speed"] = 1000
    return made


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def run(board, listener, program, **values):
    """Run a program on the board once it is connected; the last line, and real seconds."""
    text = JOIN + program
    for name, value in {"PORT": listener.getsockname()[1], **values}.items():
        text = text.replace(name, str(value))
    board.copy_in({"main.py": text.encode()})
    began = time.monotonic()
    return board.run(timeout_s=30)[-1].lines[-1], time.monotonic() - began


def test_waiting_for_the_network_takes_its_time_by_default(board, listener):
    line, real_s = run(board, listener, WAIT, WAIT_MS=400)
    ready, waited_ms = map(int, line.split())
    assert ready == 0
    assert 400 <= waited_ms < 1000 * real_s


def test_waiting_in_vain_for_the_network_passes_faster_where_the_world_says_so(board, listener):
    board.world["network_speed"] = 100
    line, real_s = run(board, listener, WAIT, WAIT_MS=60000)
    ready, waited_ms = map(int, line.split())
    assert ready == 0
    assert 60000 <= waited_ms < 70000
    assert real_s < 30


def test_what_comes_ends_a_fast_wait(board, listener):
    def answer():
        peer, _ = listener.accept()
        with peer:
            time.sleep(0.1)
            peer.sendall(b"x")
            peer.recv(1)  # until the board has gone

    board.world["network_speed"] = 20
    with ThreadPoolExecutor() as pool:
        pool.submit(answer)
        line, _ = run(board, listener, WAIT, WAIT_MS=60000)
    ready, waited_ms = map(int, line.split())
    assert ready == 1
    assert 50 <= waited_ms < 3000


def test_no_more_than_a_chip_takes_in_is_under_way_to_it(board, listener):
    def bytes_taken_in():
        peer, _ = listener.accept()
        with peer:
            peer.settimeout(0.3)
            sent = 0
            with suppress(TimeoutError):
                while sent < 1000000:
                    sent += peer.send(bytes(1000))
            waiting = struct.unpack("i", fcntl.ioctl(peer, termios.TIOCOUTQ, bytes(4)))[0]
            return sent - waiting

    board.world["speed"] = 1
    with ThreadPoolExecutor() as pool:
        taking = pool.submit(bytes_taken_in)
        line, _ = run(board, listener, "time.sleep(1)\nprint('slept')")
    assert line == "slept"
    assert 4000 <= taking.result() <= 8000
