"""The board's flash: NOR semantics over the supervisor's flash file."""

SECTOR_SIZE = 4096
PAGE_SIZE = 256


class Flash:
    """Reading, erasing and programming; addresses are those of the chip, in bytes.

    Args:
        file: the supervisor's flash file.
        journal: a journal.Journal that is told of each operation before it begins, or None.
        meter: a meter.Meter that counts the operations of the chip, or None.
    """

    def __init__(self, file: object, journal: object = None, meter: object = None) -> None:
        self._file = file
        self._meter = meter
        self.journal = journal
        self._blank = b"\xff" * PAGE_SIZE
        self._page = bytearray(PAGE_SIZE)

    def readinto(self, address: int, buffer: object) -> None:
        """Fill `buffer` from `address`."""
        self._file.seek(address)
        self._file.readinto(buffer)

    def read(self, address: int, size: int) -> bytes:
        """Bytes from `address`."""
        self._file.seek(address)
        return self._file.read(size)

    def erase(self, address: int, size: int = SECTOR_SIZE) -> None:
        """Set whole sectors from `address` on to 0xFF."""
        if self._meter:
            self._meter.erase(address, size)
        for page in range(address, address + size, PAGE_SIZE):
            if self.journal and page % SECTOR_SIZE == 0:
                self.journal.erase(page)
            self._put(page, self._blank)

    def program(self, address: int, data: object) -> None:
        """Clear bits as `data` says; a bit that is 0 stays 0."""
        if self.journal:
            self.journal.program(address, data)
        if self._meter:
            self._meter.program(address, len(data))
        view = memoryview(data)
        for at in range(0, len(view), PAGE_SIZE):
            self._put(address + at, self._masked(address + at, view[at : at + PAGE_SIZE]))

    def _masked(self, address: int, data: object) -> object:
        held = memoryview(self._page)[: len(data)]
        self.readinto(address, held)
        if held == memoryview(self._blank)[: len(data)]:
            return data
        for index, byte in enumerate(data):
            held[index] &= byte
        return held

    def _put(self, address: int, data: object) -> None:
        # All that changes flash on this side passes here.
        self._file.seek(address)
        self._file.write(data)
