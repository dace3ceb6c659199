"""A sensor node: Wi-Fi, MQTT, health checks and updates.

It needs, beside slotcast and this folder's boot.py: micropython-lib's umqtt.simple
(`mpremote mip install umqtt.simple`, 1.5 or later), and a file secrets.py with SSID, PASSWORD and
BROKER. What the node measures is its own free memory; put your sensor in `measure`.
"""

import gc
import json
import time
from secrets import BROKER, PASSWORD, SSID

import machine
import network
from umqtt.simple import MQTTClient

from slotcast.updater import Updater

_PUBLISH_EVERY_S = 60
_BROKER_TIMEOUT_S = 10
_WATCHDOG_MS = 120000  # longer than the slowest step of an update


class Node:
    """Publishes a measurement a minute and can tell whether it is well."""

    def __init__(self, client_id: str, broker: str):
        self._topic = "nodes/%s" % client_id
        self._client = MQTTClient(client_id, broker, keepalive=3 * _PUBLISH_EVERY_S)
        self._connected = False

    def is_connected(self) -> bool:
        """Whether the broker is there; connects if need be."""
        try:
            if not self._connected:
                self._client.connect(timeout=_BROKER_TIMEOUT_S)
                self._connected = True
            self._client.check_msg()  # takes in the answer to the last ping; they would pile up
            self._client.ping()
        except Exception as error:  # umqtt's own, OSError, and IndexError where a broker hangs up
            self._lose(error)
        return self._connected

    def publish(self) -> None:
        """Send one measurement; without a broker it is lost, and the next one is tried."""
        message = json.dumps(self.measure())
        if not self.is_connected():
            return
        try:
            self._client.publish(self._topic, message)
        except OSError as error:
            self._lose(error)

    def measure(self) -> dict:
        """What the node knows."""
        return {"free_bytes": gc.mem_free()}

    def _lose(self, error: Exception) -> None:
        print("mqtt: %r" % error)
        self._connected = False


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


def run(node: Node, updater: Updater, watchdog: "machine.WDT") -> None:
    """Poll when it is time, and publish every minute, never during an update.

    The poll comes first: should the rest fail at every start, a release that mends it still comes.
    """
    left_s = 0
    while True:
        updater.poll_if_due()
        if left_s == 0:
            node.publish()
            left_s = _PUBLISH_EVERY_S
        left_s -= 1
        watchdog.feed()
        time.sleep(1)


def main() -> None:
    """Come up, end the trial of new firmware, then work for ever."""
    watchdog = machine.WDT(timeout=_WATCHDOG_MS)
    wlan = join()
    node = Node(machine.unique_id().hex(), BROKER)
    updater = Updater.open(feed=watchdog.feed)
    # New firmware stays only if it can do its work; otherwise the board resets and rolls back.
    updater.confirm([("wifi", wlan.isconnected), ("mqtt", node.is_connected)])
    run(node, updater, watchdog)


main()
