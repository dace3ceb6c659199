"""Slotcast on the board: signed firmware updates with rollback, for MicroPython on ESP32."""

__version__ = "0.1.0"
