"""The `esp32` module of the ESP32 port."""

from fakes.nvs import NVS as NVS
from fakes.partition import Partition as Partition

HEAP_DATA = 4
HEAP_EXEC = 1


def idf_heap_info(capabilities: int) -> list:
    """ESP-IDF's own heaps: (total, free, largest free block, lowest free ever), made up."""
    if capabilities == HEAP_EXEC:
        return [(32768, 24000, 20000, 24000)]
    return [(164672, 96000, 65536, 90000), (16384, 8000, 7000, 8000)]
