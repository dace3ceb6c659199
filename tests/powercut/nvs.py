"""What a board reads in its nvs partition, whatever a cut has left there (fakes/nvs.py)."""

import struct
from binascii import crc32

_MAGIC = 0x4C53564E
_BANK_BYTES = 0x2000
_HEADER_BYTES = 12
_RECORD = struct.Struct("<BBHI")
_ERASED = 3
_TORN = -1

Values = dict[tuple[int, bytes], bytes]


def read_nvs(partition: bytes) -> tuple[Values, int, int]:
    """The values by (kind, name), the generation, and where the next record goes; -1: nowhere."""
    banks = [partition[:_BANK_BYTES], partition[_BANK_BYTES : 2 * _BANK_BYTES]]
    generations = [_generation(bank) for bank in banks]
    generation = max(generations)
    if not generation:
        return {}, 0, _TORN
    values, end = _read_bank(banks[generations.index(generation)])
    return values, generation, end


def _generation(bank: bytes) -> int:
    magic, generation, crc = struct.unpack_from("<III", bank)
    good = magic == _MAGIC and crc == crc32(struct.pack("<II", magic, generation))
    return generation if good else 0


def _read_bank(bank: bytes) -> tuple[Values, int]:
    values: Values = {}
    at = _HEADER_BYTES
    while at + _RECORD.size <= len(bank):
        head = bank[at : at + _RECORD.size]
        if head == b"\xff" * _RECORD.size:
            return values, at
        kind, name_size, value_size, crc = _RECORD.unpack(head)
        at += _RECORD.size
        body = bank[at : at + name_size + value_size]
        if crc32(body, crc32(head[:4])) != crc:
            break
        _apply(values, kind, body[:name_size], body[name_size:])
        at += len(body)
    return values, _TORN


def _apply(values: Values, kind: int, name: bytes, value: bytes) -> None:
    if kind == _ERASED:
        values.pop((value[0], name), None)
    else:
        values[kind, name] = value
