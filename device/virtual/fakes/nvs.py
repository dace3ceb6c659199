"""esp32.NVS, over a log in the nvs partition.

The records are this module's own, not Espressif's pages: what counts is that a value is either the
old one or the new one after any interruption, as NVS promises, and that the error codes are NVS's.

The partition is two banks. A bank begins with a header {magic, generation, CRC}; records follow,
each with a CRC over itself; the newest record of a key counts. Reading stops at the first blank or
torn record. When a bank is full, or its end is torn, the live records go to the other bank, which
is erased first and whose header is written last: the bank with the higher generation counts.
"""

import struct
from binascii import crc32

from fakes.chip import chip
from fakes.flash import SECTOR_SIZE
from fakes.partition import Partition, esp_error

KEY_MAX = 15

_MAGIC = 0x4C53564E
_HEADER = "<III"
_HEADER_SIZE = 12
_RECORD = "<BBHI"  # kind, bytes of name, bytes of value, CRC of all but itself
_RECORD_SIZE = 8
_I32 = 1
_BLOB = 2
_ERASED = 3


class Log:
    """The live values of one nvs partition, by (kind, name); name is b"namespace\\0key"."""

    def __init__(self, address: int, size: int) -> None:
        bank = size // SECTOR_SIZE // 2 * SECTOR_SIZE
        self._banks = (address, address + bank)
        self._size = bank
        self._current = 0
        self._generation = 0
        self._load()

    def get(self, kind: int, name: bytes) -> object:
        """The value, or None."""
        return self._values.get((kind, name))

    def put(self, kind: int, name: bytes, value: bytes) -> None:
        """Record a value at once; what is already so is not written again."""
        if self._values.get((kind, name)) == value:
            return
        self._append(kind, name, value)
        self._values[(kind, name)] = value

    def remove(self, name: bytes) -> bool:
        """Erase a key, whatever its kind; False if there was none."""
        found = [key for key in self._values if key[1] == name]
        for key in found:
            del self._values[key]
            self._append(_ERASED, name, bytes((key[0],)))
        return bool(found)

    def _load(self) -> None:
        generations = [self._generation_of(base) for base in self._banks]
        self._generation = max(generations)
        self._current = generations.index(self._generation)
        self._values = {}
        self._end = self._size  # no bank yet, or a torn end: the next write begins a new bank
        if self._generation:
            self._read_records(self._banks[self._current])

    def _generation_of(self, base: int) -> int:
        magic, generation, crc = struct.unpack(_HEADER, chip.flash.read(base, _HEADER_SIZE))
        return generation if magic == _MAGIC and crc == _generation_crc(generation) else 0

    def _read_records(self, base: int) -> None:
        at = _HEADER_SIZE
        while at + _RECORD_SIZE <= self._size:
            head = chip.flash.read(base + at, _RECORD_SIZE)
            if head == b"\xff" * _RECORD_SIZE:
                self._end = at
                return
            kind, name_size, value_size, crc = struct.unpack(_RECORD, head)
            body = chip.flash.read(base + at + _RECORD_SIZE, name_size + value_size)
            if crc32(body, crc32(head[:4])) != crc:
                return
            self._apply(kind, body[:name_size], body[name_size:])
            at += _RECORD_SIZE + len(body)

    def _apply(self, kind: int, name: bytes, value: bytes) -> None:
        if kind == _ERASED:
            self._values.pop((value[0], name), None)
        else:
            self._values[(kind, name)] = value

    def _append(self, kind: int, name: bytes, value: bytes) -> None:
        record = _record(kind, name, value)
        if self._end + len(record) > self._size:
            self._compact(len(record))
        chip.flash.program(self._banks[self._current] + self._end, record)
        self._end += len(record)

    def _compact(self, needed: int) -> None:
        records = [_record(kind, name, value) for (kind, name), value in self._values.items()]
        if _HEADER_SIZE + sum(len(record) for record in records) + needed > self._size:
            raise esp_error(4357, "ESP_ERR_NVS_NOT_ENOUGH_SPACE")
        self._current = 1 - self._current
        self._generation += 1
        base = self._banks[self._current]
        for address in range(base, base + self._size, SECTOR_SIZE):
            chip.flash.erase(address)
        self._end = _HEADER_SIZE
        for record in records:
            chip.flash.program(base + self._end, record)
            self._end += len(record)
        crc = _generation_crc(self._generation)
        chip.flash.program(base, struct.pack(_HEADER, _MAGIC, self._generation, crc))


class NVS:
    """One namespace; the names of namespaces and keys have at most 15 characters."""

    _log = None  # shared: one nvs partition a chip, read when first used

    def __init__(self, namespace: str) -> None:
        _check_key(namespace)
        if NVS._log is None:
            row = Partition.find(Partition.TYPE_DATA, 0x02)[0].info()
            NVS._log = Log(row[2], row[3])
        self._prefix = namespace.encode() + b"\x00"

    def set_i32(self, key: str, value: int) -> None:
        """Store a signed 32-bit integer."""
        if not -0x80000000 <= value <= 0x7FFFFFFF:
            raise OverflowError("overflow converting long int to machine word")
        self._put(_I32, key, struct.pack("<i", value))

    def get_i32(self, key: str) -> int:
        """A stored integer; OSError(-4354) if there is none."""
        return struct.unpack("<i", self._get(_I32, key))[0]

    def set_blob(self, key: str, value: object) -> None:
        """Store bytes."""
        self._put(_BLOB, key, bytes(value))

    def get_blob(self, key: str, buffer: object) -> int:
        """Fill `buffer` and return the length; OSError(-4364) if it is too small."""
        value = self._get(_BLOB, key)
        if len(value) > len(buffer):
            raise esp_error(4364, "ESP_ERR_NVS_INVALID_LENGTH")
        memoryview(buffer)[: len(value)] = value
        return len(value)

    def erase_key(self, key: str) -> None:
        """Forget a key; OSError(-4354) if there is none."""
        if not NVS._log.remove(self._prefix + key.encode()):
            raise esp_error(4354, "ESP_ERR_NVS_NOT_FOUND")

    def commit(self) -> None:
        """Nothing is left to do: set_* writes at once, as seen on the real chip."""

    def _get(self, kind: int, key: str) -> bytes:
        value = NVS._log.get(kind, self._prefix + key.encode())
        if value is None:
            raise esp_error(4354, "ESP_ERR_NVS_NOT_FOUND")
        return value

    def _put(self, kind: int, key: str, value: bytes) -> None:
        _check_key(key)
        NVS._log.put(kind, self._prefix + key.encode(), value)


def _check_key(key: str) -> None:
    if len(key) > KEY_MAX:
        raise esp_error(4361, "ESP_ERR_NVS_KEY_TOO_LONG")


def _generation_crc(generation: int) -> int:
    return crc32(struct.pack("<II", _MAGIC, generation))


def _record(kind: int, name: bytes, value: bytes) -> bytes:
    head = struct.pack("<BBH", kind, len(name), len(value))
    crc = crc32(name + value, crc32(head))
    return head + struct.pack("<I", crc) + name + value
