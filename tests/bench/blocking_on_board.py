"""main.py of the board that blocking.py measures: how long polls compute between two yields.

Polls POLLS times, and prints a line of JSON: for each poll the chunks, [what was done, seconds],
and the seconds of one 256-bit multiplication with its reduction. Seconds are of this process's CPU:
neither waits nor what else the host does are in them.
"""

import json
import time

import network

from slotcast import channel, connect, phases, poll, trust
from slotcast.updater import Updater

POLLS = 5
_PRODUCTS = 10000
# Of Ed25519's field, and a number of as many bits.
_P, _X = 2**255 - 19, 2**254 + 12345

clock = time._real.clock  # the host's time module under the board's


class Stopwatch:
    """Times the chunks of steps, and names each by what went on in it last."""

    def __init__(self):
        self.within = self.last = None

    def chunks(self, steps, state):
        """Run `steps` to the end: [what was done, seconds] of each; else state() names it."""
        found, waiter, goes_on = [], None, True
        while goes_on:
            if waiter:
                waiter.wait(1000)
            self.last, began = None, clock()
            try:
                waiter = next(steps)
            except StopIteration:
                goes_on = False
            seconds = clock() - began
            found.append([self.within or self.last or state(), seconds])
        return found

    def naming(self, name, function):
        """A generator function whose chunks get this name."""

        def steps(*arguments):
            self.within = name
            try:
                return (yield from function(*arguments))
            finally:
                self.within, self.last = None, name

        return steps


def watch(stopwatch):
    """Name what takes long: connecting, handshakes (the first write), verifications."""
    verify, write = trust.verify_threshold_steps, channel.Channel.write_steps
    handshake, greeted = stopwatch.naming("handshake", write), []

    def verify_steps(metadata, role, keys, name):
        return stopwatch.naming("verify " + name, verify)(metadata, role, keys, name)

    def write_steps(on, *arguments):
        if on in greeted:
            return write(on, *arguments)
        greeted[:] = [on]
        return handshake(on, *arguments)

    trust.verify_threshold_steps = verify_steps
    channel.Channel.write_steps = write_steps
    connect.connect_steps = stopwatch.naming("connect", connect.connect_steps)
    for name in ("unload", "wipe"):  # or they would be loaded anew, and unwatched
        setattr(poll, name, sparing(phases.ASKING + " channel connect", getattr(poll, name)))


def sparing(watched, unload):
    return lambda names: unload(" ".join(set(names.split()) - set(watched.split())))


def product_s():
    """Seconds of x * x % p with 256 bits."""
    began = clock()
    for _ in range(_PRODUCTS):
        _X * _X % _P
    return (clock() - began) / _PRODUCTS


def join():
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    wlan.connect("workshop", "change me")
    while not wlan.isconnected():
        time.sleep(1)


def main():
    join()
    stopwatch = Stopwatch()
    watch(stopwatch)
    updater = Updater.open(log=lambda step, message: None)
    polls = []
    for _ in range(POLLS):
        polls.append(stopwatch.chunks(updater.poll_steps(), lambda: updater.status.state))
        assert updater.status.action == "current", (updater.status.reason, updater.status.error)
    print(json.dumps({"polls": polls, "product_s": product_s()}))


main()
