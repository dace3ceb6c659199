"""A board in memory for device tests: flash, partitions, otadata and NVS, without a bootloader."""

import struct
from binascii import crc32

SECTOR = 4096


class Null:
    """Stands for a buffer at address 0."""

    def __init__(self, size):
        self._size = size

    def __len__(self):
        return self._size


class Partition:
    """Stands for esp32.Partition over one bytearray; board() makes a subclass for each board."""

    BOOT, RUNNING, TYPE_APP, TYPE_DATA = 0, 1, 0, 1

    def __init__(self, which):
        name = self.running if which == self.RUNNING else self.boot
        self._row = [row for row in self.table if row[4] == name][0]

    @classmethod
    def find(cls, type=0, subtype=0xFF, label=None, block_size=4096):
        found = []
        for row in cls.table:
            if row[0] == type and subtype in (0xFF, row[1]):
                one = cls(cls.RUNNING)
                one._row = row
                found.append(one)
        return found

    def info(self):
        return self._row + (False,)

    def get_next_update(self):
        others = [row for row in self.table if row[0] == 0 and row != self._row]
        if not others:
            raise OSError(2)
        one = type(self)(self.RUNNING)
        one._row = others[0]
        return one

    def readblocks(self, block, buffer, offset=0):
        at = self._row[2] + block * SECTOR + offset
        buffer[:] = self.flash[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=None):
        assert self._row[4] != self.running, "a real chip aborts here"
        if offset is None:
            self._erase(block, len(buffer))
        if isinstance(buffer, Null):
            raise OSError(-258, "ESP_ERR_INVALID_ARG")
        at = self._row[2] + block * SECTOR + (offset or 0)
        held = self.flash[at : at + len(buffer)]
        if held != b"\xff" * len(buffer):
            buffer = bytes([held[i] & buffer[i] for i in range(len(held))])
        self.flash[at : at + len(buffer)] = buffer
        self.writes.append((block, len(buffer)))

    def ioctl(self, command, block):
        assert command == 6, "erase one block"
        self._erase(block, SECTOR)

    def _erase(self, block, size):
        assert size % SECTOR == 0
        at = self._row[2] + block * SECTOR
        self.flash[at : at + size] = b"\xff" * size
        self.erases.append((block, size))

    def set_boot(self):
        type(self).boot = self._row[4]

    @classmethod
    def mark_app_valid_cancel_rollback(cls):
        cls.confirmed += 1


def board(slot_sectors=4, table=None):
    """A Partition class of a fresh board: otadata, then app0 (running) and app1."""
    size = slot_sectors * SECTOR
    rows = table or [
        (1, 0, 0, 2 * SECTOR, "otadata"),
        (0, 0x10, 2 * SECTOR, size, "app0"),
        (0, 0x11, 2 * SECTOR + size, size, "app1"),
    ]
    flash = bytearray(b"\xff" * max(row[2] + row[3] for row in rows))
    state = {"table": rows, "flash": flash, "running": "app0", "boot": "app0"}
    state.update({"writes": [], "erases": [], "confirmed": 0})
    return type("BoardPartition", (Partition,), state)


def set_entry(partition, sector, sequence, state, crc=None):
    """Write an otadata entry as ESP-IDF does."""
    raw = struct.pack("<I", sequence)
    crc = crc32(raw, 0xFFFFFFFF) if crc is None else crc
    entry = raw + b"\xff" * 20 + struct.pack("<II", state, crc)
    partition.flash[sector * SECTOR : sector * SECTOR + 32] = entry


class Nvs:
    """Stands for esp32.NVS; one namespace."""

    def __init__(self):
        self.blobs = {}

    def get_blob(self, key, buffer):
        if key not in self.blobs:
            raise OSError(-4354)
        value = self.blobs[key]
        buffer[: len(value)] = value
        return len(value)

    def set_blob(self, key, value):
        assert len(key) <= 15
        self.blobs[key] = value.encode() if isinstance(value, str) else bytes(value)

    def commit(self):
        pass


def app_image(chip_id=0, body=b"firmware" * 100, descriptor=b"\x32\x54\xcd\xab"):
    """An application image: header, one segment, checksum, SHA-256."""
    from hashlib import sha256

    data = descriptor + body
    data += b"\0" * (-len(data) % 4)
    header = bytearray(24)
    header[0], header[1], header[23] = 0xE9, 1, 1
    struct.pack_into("<H", header, 12, chip_id)
    image = bytes(header) + struct.pack("<II", 0x3F400020, len(data)) + data
    checksum = 0xEF
    for byte in data:
        checksum ^= byte
    image += b"\0" * (15 - len(image) % 16) + bytes([checksum])
    return image + sha256(image).digest()
