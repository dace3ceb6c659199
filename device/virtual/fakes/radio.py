"""The board's only radio: whether its station is on the network."""

from fakes.chip import chip

CONNECT_NS = 100000000  # from connect() to an address, in virtual time


class Radio:
    """The station: connected soon after connect(), while the world has Wi-Fi for this image."""

    def __init__(self) -> None:
        self.active = False
        self._since_ns = None

    def connect(self) -> None:
        """Begin to connect."""
        self._since_ns = chip.clock.uptime_ns()

    def disconnect(self) -> None:
        """Leave the network."""
        self._since_ns = None

    def is_connecting(self) -> bool:
        """Whether connect() was called, and not taken back."""
        return self.active and self._since_ns is not None

    def in_range(self) -> bool:
        """Whether the world has Wi-Fi, and the image that runs can use it."""
        return chip.host.world()["wifi"] and chip.host.sickness().get("wifi", True)

    def is_connected(self) -> bool:
        """Whether the station has an address now."""
        if not self.is_connecting() or chip.clock.uptime_ns() - self._since_ns < CONNECT_NS:
            return False
        return self.in_range()


radio = Radio()
