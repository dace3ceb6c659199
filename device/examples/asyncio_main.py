"""An asyncio application: its tasks run on while its board polls and installs.

To be called main.py on the board, with boot.py of this folder beside it, and a file secrets.py with
SSID and PASSWORD. What it does beside updates is blink; put your tasks beside `blink`.
"""

import asyncio
from secrets import PASSWORD, SSID

import machine
import network

from slotcast import aio
from slotcast.hooks import Hooks
from slotcast.updater import Updater

_LED = 2
_WATCHDOG_MS = 120000  # longer than the slowest step of an update


class Blinker(Hooks):
    """Blinks, but for when an update is being installed."""

    def __init__(self, pin: "machine.Pin"):
        self._pin = pin
        self._suspended = False
        self.blinks = 0

    def before_install(self, manifest: object) -> None:
        """Keep still: the radio and the flash are busy."""
        self._suspended = True

    def after_install(self, succeeded: bool) -> None:
        """Go on; after an install that succeeded the board is about to be reset."""
        self._suspended = False

    async def run(self, watchdog: "machine.WDT") -> None:
        """Blink for ever; the watchdog minds that tasks still have their turns."""
        while True:
            if not self._suspended:
                self._pin.value(self.blinks % 2)
                self.blinks += 1
            watchdog.feed()
            await asyncio.sleep_ms(500)


async def join(timeout_s: int = 20) -> "network.WLAN":
    """Connect to Wi-Fi; returns the interface whether or not it connected in time."""
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    if not wlan.isconnected():
        wlan.connect(SSID, PASSWORD)
    for _ in range(timeout_s):
        if wlan.isconnected():
            break
        await asyncio.sleep(1)
    return wlan


async def main() -> None:
    """Come up, end the trial of new firmware, then work for ever."""
    watchdog = machine.WDT(timeout=_WATCHDOG_MS)
    blinker = Blinker(machine.Pin(_LED, machine.Pin.OUT))
    task = asyncio.create_task(blinker.run(watchdog))
    wlan = await join()
    updater = Updater.open(feed=watchdog.feed, hooks=blinker)
    # New firmware stays only if it can do its work; otherwise the board resets and rolls back.
    await aio.confirm(updater, [("wifi", wlan.isconnected), ("blink", lambda: not task.done())])
    await aio.run(updater)


asyncio.run(main())
