"""main.py of the board that meets hostile servers: one poll, and what it cost.

It changes nothing of Slotcast but the timeout, TIMEOUT_MS in place of 10000, so that a test need
not wait. Prints a line of JSON: reason, seconds of the poll (virtual ones: waits between attempts
count in full), bytes taken from sockets, heap in use before the poll and how much more at most
while it went on, and SHA-256 of each trusted file.
"""

import gc
import json
import os
import time
from hashlib import sha256

import network

import slotcast.https
from slotcast.channel import Network
from slotcast.wire import Wire

TIMEOUT_MS = 10000
# A record's head, or an alert.
SMALL_BYTES = 64
METADATA = "/etc/slotcast/metadata"
# What a poll would load when it comes to it: to be counted with the rest of the code.
LATER = ("strict_json", "ed25519", "ed25519_base", "install", "payload", "sha512", "sha512_viper")


class Meter:
    """Counts what passes a Wire, and looks at the heap when a record does.

    It is channel.py's clock too, which is read around each call to the network: there it looks
    once a millisecond at most, as looking takes time.
    """

    def __init__(self):
        self.ticks_diff = time.ticks_diff
        self.received_bytes = 0
        self.begin()

    def begin(self):
        gc.collect()
        self.sampled_ms = 0
        self.idle_bytes = self.peak_bytes = gc.mem_alloc()

    def ticks_ms(self):
        now = time.ticks_ms()
        if now != self.sampled_ms:
            self.sampled_ms = now
            self.sample()
        return now

    def sample(self):
        if gc.mem_alloc() > self.peak_bytes:
            gc.collect()
            self.peak_bytes = max(self.peak_bytes, gc.mem_alloc())

    def watch(self, readinto):
        def counted(wire, view):
            if len(view) > SMALL_BYTES:
                self.sample()
            count = readinto(wire, view)
            if count and count > 0:
                self.received_bytes += count
            return count

        return counted


def impatient(session_class, meter):
    class Session(session_class):
        def __init__(self, base_url, trust_anchors, pins=(), timeout_ms=0, log=None, network=None):
            metered = Network()
            metered.time = meter
            super().__init__(base_url, trust_anchors, pins, TIMEOUT_MS, log, metered)

    return Session


def trusted_files():
    digests = {}
    for name in os.listdir(METADATA):
        with open(METADATA + "/" + name, "rb") as file:
            digests[name] = sha256(file.read()).digest().hex()
    return digests


def join():
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    wlan.connect("workshop", "change me")
    while not wlan.isconnected():
        time.sleep(1)


def open_updater():
    from slotcast.updater import Updater

    for name in LATER:
        __import__("slotcast." + name)
    return Updater.open(log=lambda step, message: print(step + ": " + message))


def main():
    join()
    meter = Meter()
    Wire.readinto = meter.watch(Wire.readinto)
    slotcast.https.Session = impatient(slotcast.https.Session, meter)
    updater = open_updater()
    meter.begin()
    began = time.ticks_ms()
    reason = updater.poll().reason
    seconds = time.ticks_diff(time.ticks_ms(), began) / 1000
    measured = {"reason": reason, "seconds": seconds, "bytes": meter.received_bytes}
    measured["idle"] = meter.idle_bytes
    measured["heap"] = meter.peak_bytes - meter.idle_bytes
    measured["files"] = trusted_files()
    print(json.dumps(measured))


main()
