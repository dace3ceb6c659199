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
        # What works without garbage does not have the heap of the user's code collected.
        self._blank = b"\xff" * SECTOR_SIZE
        self._sector = bytearray(SECTOR_SIZE)

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
        for sector in range(address, address + size, SECTOR_SIZE):
            if self.journal:
                self.journal.erase(sector)
            self._put(sector, self._blank)

    def program(self, address: int, data: object) -> None:
        """Clear bits as `data` says; a bit that is 0 stays 0."""
        if self.journal:
            self.journal.program(address, data)
        if self._meter:
            self._meter.program(address, len(data))
        if len(data) == SECTOR_SIZE and self._is_blank(address):
            self._put(address, data)
            return
        view = memoryview(data)
        for at in range(0, len(view), PAGE_SIZE):
            self._put(address + at, self._masked(address + at, view[at : at + PAGE_SIZE]))

    def _is_blank(self, address: int) -> bool:
        self.readinto(address, self._sector)
        return self._sector == self._blank

    def _masked(self, address: int, data: object) -> object:
        held = memoryview(self._sector)[: len(data)]
        self.readinto(address, held)
        if held == memoryview(self._blank)[: len(data)]:
            return data
        for index in range(len(data)):
            held[index] &= data[index]
        return held

    def _put(self, address: int, data: object) -> None:
        # All that changes flash on this side passes here.
        self._file.seek(address)
        self._file.write(data)
