"""A slot: read anywhere, and written in whole sectors if it is not the running one."""

SECTOR_BYTES = 4096
BLOCK_BYTES = 65536  # what the chip can erase at once, from a multiple of it on

_PIECE_BYTES = 512
_ERASE_SECTOR = 6  # ioctl of a block device
_INVALID_ARG = -258  # ESP_ERR_INVALID_ARG


class Slot:
    """One application partition.

    Args:
        partition: an esp32.Partition with 4096-byte blocks. Never write the running one: that
            aborts the chip (ESP-IDF, SPI_FLASH_DANGEROUS_WRITE).

    Attributes: address and size in bytes, label; is_encrypted, whether by flash encryption;
    written_sectors, how many `write` has changed.
    """

    def __init__(self, partition):
        self._partition = partition
        info = partition.info()
        self.address, self.size, self.label, self.is_encrypted = info[2:6]
        self.written_sectors = 0
        self._scratch = None  # the running slot is never compared
        self._trusted = []  # (start, stop)

    def readinto(self, offset: int, buffer) -> None:
        """Fill `buffer` with the slot's bytes from `offset` on."""
        self._partition.readblocks(offset // SECTOR_BYTES, buffer, offset % SECTOR_BYTES)

    def write(self, offset: int, sector) -> None:
        """Write one sector, `offset` being its start, unless it holds the same bytes already.

        It is erased first unless it is blank and `trust_blank` says that it may be trusted. Bits
        of a sector that holds something are never merely cleared: datasheets promise a page
        program on erased bytes only, and where flash is encrypted it would leave noise.
        """
        if self._holds(offset, sector):
            return
        if self._is_ready(offset):
            self._partition.writeblocks(offset // SECTOR_BYTES, sector, 0)
        else:
            # Two arguments: erases len(sector), then writes (ports/esp32/esp32_partition.c).
            self._partition.writeblocks(offset // SECTOR_BYTES, sector)
        self.written_sectors += 1

    def needs_erase(self, offset: int, sector) -> bool:
        """Whether `write` of the same would erase the sector."""
        return not self._holds(offset, sector) and not self._is_ready(offset)

    def trust_blank(self, start: int, stop: int) -> None:
        """What reads blank from start to stop was erased to its end, so that it takes a program.

        Being read as 0xFF does not tell that: an erase that lost its power may leave bits that
        waver. Ignored where flash is encrypted: what is erased there does not read as blank.
        """
        if not self.is_encrypted:
            self._trusted.append((start, stop))

    def is_blank(self, offset: int) -> bool:
        """Whether the sector that starts at `offset` reads as 0xFF."""
        for at in range(offset, offset + SECTOR_BYTES, _PIECE_BYTES):
            piece = self._read(at)
            # All bytes are equal where each equals the next.
            if piece[0] != 0xFF or piece[1:] != piece[:-1]:
                return False
        return True

    def erase_sector(self, offset: int) -> None:
        """Erase the sector that starts at `offset`."""
        self._partition.ioctl(_ERASE_SECTOR, offset // SECTOR_BYTES)

    def erase_block(self, offset: int, null) -> bool:
        """Erase BLOCK_BYTES at once; False when that did not go as expected.

        Stock firmware has no call for it, but writeblocks erases as much as its buffer has, in
        blocks where it can (spi_flash/esp_flash_api.c, esp_flash_erase_region), and only then does
        esp_flash_write refuse a buffer at address 0, before it programs anything.

        Args:
            offset: its address in flash is a multiple of BLOCK_BYTES.
            null: a buffer of BLOCK_BYTES at address 0.
        """
        try:
            self._partition.writeblocks(offset // SECTOR_BYTES, null)
        except OSError as error:
            return error.args[0] == _INVALID_ARG
        return False

    def _is_ready(self, offset):
        trusted = any(start <= offset < stop for start, stop in self._trusted)
        return trusted and self.is_blank(offset)

    def _holds(self, offset, sector):
        for at in range(0, SECTOR_BYTES, _PIECE_BYTES):
            if self._read(offset + at) != sector[at : at + _PIECE_BYTES]:
                return False
        return True

    def _read(self, offset):
        """A piece of the slot, good until the next."""
        if not self._scratch:
            self._scratch = memoryview(bytearray(_PIECE_BYTES))
        self.readinto(offset, self._scratch)
        return self._scratch

    def set_boot(self) -> None:
        """Make the bootloader try this slot next; verifies the image once more.

        Raises OSError(-5379) when ESP-IDF finds the image bad; otadata is untouched then.
        """
        self._partition.set_boot()
