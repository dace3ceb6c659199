"""main.py of a board out in the weather: polls for ever, and tells each sector that it writes.

What is written is seen at esp32.Partition, below all that Slotcast does: whoever counts it need not
believe Slotcast.
"""

import time
from hashlib import sha256

import esp32
import network

from slotcast.updater import Updater

SECTOR_BYTES = 4096
POLL_EVERY_S = 30
really_write = esp32.Partition.writeblocks


def tell_and_write(partition, block, data, *offset):
    """Stands for Partition.writeblocks; prints slot, sector and SHA-256 of each sector."""
    kind, _, _, _, label, _ = partition.info()
    for at in range(0, len(data), SECTOR_BYTES) if kind == partition.TYPE_APP else ():
        digest = sha256(data[at : at + SECTOR_BYTES]).digest().hex()
        print("weather wrote", label, block + at // SECTOR_BYTES, digest)
    really_write(partition, block, data, *offset)


def join():
    """Connect to the network."""
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    wlan.connect("any", "key")
    while not wlan.isconnected():
        time.sleep(1)
    return wlan


def main():
    """Run for ever."""
    esp32.Partition.writeblocks = tell_and_write
    wlan = join()
    updater = Updater.open()
    updater.confirm([("wifi", wlan.isconnected)])
    while True:
        print("weather poll")
        updater.poll()
        time.sleep(POLL_EVERY_S)


main()
