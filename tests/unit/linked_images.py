"""Small RISC-V images whose functions and data point at each other, as a linker lays them out."""

import hashlib
from dataclasses import dataclass

from esp_images import image

CODE, DATA = 0x42000020, 0x3C040020
COUNT = 40
_ADD = 0x33


@dataclass(frozen=True)
class Linked:
    """An image, and where its functions and items of data were put."""

    data: bytes
    functions: list[int]
    items: list[int]


def link(grown_function=0, grown_item=0, version=b"one"):
    """An image of COUNT functions and items, two of which are longer by so many bytes."""
    sizes = [_function_size(number) for number in range(COUNT)]
    sizes[7] += grown_function
    functions = _addresses(CODE, sizes)
    lengths = [16 + 4 * (number % 5) for number in range(COUNT)]
    lengths[5] += grown_item
    items = _addresses(DATA + 64, lengths)
    code = b"".join(
        _padded(_function(number, functions, items), sizes[number]) for number in range(COUNT)
    )
    rodata = version.ljust(64, b"\0") + b"".join(
        _item(number, functions, items).ljust(lengths[number], b"\0") for number in range(COUNT)
    )
    return Linked(image("esp32c3", [(DATA, rodata), (CODE, code)]), functions, items)


def noise(length, seed):
    """Bytes that do not compress."""
    count = length // 32 + 1
    return b"".join(hashlib.sha256(f"{seed} {n}".encode()).digest() for n in range(count))[:length]


def lui(register, address):
    """What loads the upper bits of an address."""
    return (address + 0x800 & 0xFFFFF000 | register << 7 | 0x37).to_bytes(4, "little")


def load(register, base, address):
    """What loads a word from an address, the upper bits of which `base` has."""
    word = (address & 0xFFF) << 20 | base << 15 | 2 << 12 | register << 7 | 0x03
    return word.to_bytes(4, "little")


def _padded(code, size):
    return code + b"\x01\x00" * ((size - len(code)) // 2)


def _addresses(start, sizes):
    return [start + sum(sizes[:number]) for number in range(COUNT)]


def _function_size(number):
    return 4 * 8 + 4 * 6 + 4 * (number % 3)


def _function(number, functions, items):
    """Four pairs, each for an item, and what else functions do."""
    pairs = b"".join(
        lui(10, items[at]) + load(11, 10, items[at])
        for at in (number, number * 7 % COUNT, number * 11 % COUNT, number * 3 % COUNT)
    )
    filler = noise(4 * 6, f"function {number}")
    words = [int.from_bytes(filler[at : at + 4], "little") for at in range(0, len(filler), 4)]
    return pairs + b"".join((word & ~0x7F | _ADD).to_bytes(4, "little") for word in words)


def _item(number, functions, items):
    """Pointers, and a number."""
    words = (functions[number], items[number * 9 % COUNT], functions[number * 7 % COUNT], number)
    return b"".join(word.to_bytes(4, "little") for word in words)
