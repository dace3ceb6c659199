"""The large buffers of an install: to be taken first, while the heap has large pieces."""

# Of a sector, the smallest block, and a row of a base: those who know why are not loaded yet.
_SECTOR_BYTES = 4096
_MAX_BLOCK_BYTES = 65536
_MIN_WINDOW_BYTES = 512


class Buffers:
    """What blocks and the rows of a base are brought through.

    Args:
        memory: bytes that this board gives to a payload.
        has_base: whether a payload may come that has a base.

    Attributes: memory; sectors, bytearrays of a sector each, as many as the largest block has that
    fits beside the smallest window; row, a bytearray for a row of the base, or None.
    """

    def __init__(self, memory: int, has_base: bool):
        self.memory = memory
        count = _largest_block_bytes(memory) // _SECTOR_BYTES
        self.sectors = [bytearray(_SECTOR_BYTES) for _ in range(count)]
        self.row = bytearray(_SECTOR_BYTES) if has_base else None


def _largest_block_bytes(memory: int) -> int:
    """The largest block that fits, beside the smallest window, a board's memory for a payload."""
    size = _MAX_BLOCK_BYTES
    while size > _SECTOR_BYTES and size + _MIN_WINDOW_BYTES > memory:
        size >>= 1
    return size
