"""The `network` module of the ESP32 port: WLAN as a station."""

from fakes import machine
from fakes.radio import radio

STA_IF = 0
AP_IF = 1
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
STAT_NO_AP_FOUND = 201
STAT_WRONG_PASSWORD = 202

_ADDRESS = ("192.168.4.2", "255.255.255.0", "192.168.4.1", "192.168.4.1")
_NO_ADDRESS = ("0.0.0.0", "0.0.0.0", "0.0.0.0", "0.0.0.0")


class WLAN:
    """The station interface; the access point can be made and does nothing."""

    IF_STA = STA_IF
    IF_AP = AP_IF

    _settings = {"hostname": "mpy-esp32"}  # shared: the interfaces are the chip's, not the object's

    def __init__(self, interface: int = STA_IF) -> None:
        self._is_station = interface == STA_IF

    def active(self, is_active: object = None) -> bool:
        """Get or set whether the interface is on."""
        if is_active is not None and self._is_station:
            radio.active = bool(is_active)
            if not is_active:
                radio.disconnect()
        return radio.active and self._is_station

    def connect(self, ssid: object = None, key: object = None, **options: object) -> None:
        """Begin to connect; any name and key will do."""
        if not self.active():
            raise OSError("Wifi Not Started")
        WLAN._settings["ssid"] = ssid
        radio.connect()

    def disconnect(self) -> None:
        """Leave the network."""
        if not self.active():
            raise OSError("Wifi Not Started")
        radio.disconnect()

    def isconnected(self) -> bool:
        """Whether the station has an address."""
        return self._is_station and radio.is_connected()

    def status(self, name: object = None) -> int:
        """STAT_*, or the signal strength for "rssi"."""
        if name == "rssi":
            return -60
        if self.isconnected():
            return STAT_GOT_IP
        if not radio.is_connecting():
            return STAT_IDLE
        return STAT_CONNECTING if radio.in_range() else STAT_NO_AP_FOUND

    def ifconfig(self) -> tuple:
        """(address, netmask, gateway, DNS server)."""
        return _ADDRESS if self.isconnected() else _NO_ADDRESS

    def config(self, *names: str, **settings: object) -> object:
        """Get one setting by name, or set some."""
        WLAN._settings.update(settings)
        if not names:
            return None
        if names[0] == "mac":
            return machine.unique_id()
        name = "ssid" if names[0] == "essid" else names[0]
        if name not in WLAN._settings:
            raise ValueError("unknown config param")
        return WLAN._settings[name]
