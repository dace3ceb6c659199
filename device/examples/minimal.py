"""The least that an application needs: join the network, end a trial, poll when it is time.

As main.py it is what `slotcast simulate` runs on a virtual board, and where to begin on a real one;
there with boot.py of this folder.
"""

import time

import network

from slotcast.updater import Updater

SSID = "workshop"
PASSWORD = "change me"


def join(timeout_s: int = 20) -> "network.WLAN":
    """Connect to Wi-Fi; returns the interface whether or not it connected in time."""
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    if not wlan.isconnected():
        wlan.connect(SSID, PASSWORD)
    for _ in range(timeout_s):
        if wlan.isconnected():
            break
        time.sleep(1)
    return wlan


def main() -> None:
    """Run for ever."""
    wlan = join()
    updater = Updater.open()
    updater.confirm([("wifi", wlan.isconnected)])
    updater.run()


main()
