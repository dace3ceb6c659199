"""All comparison tables, one after the other; every figure is measured in this run."""

import os
import platform

import blocking
import code_size
import ed25519
import memory
import polls
import publishing
import refresh_heap
import signatures
import spread

TABLES = (ed25519, signatures, polls, refresh_heap, memory, publishing, blocking, spread, code_size)


def main() -> None:
    print(
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}; board: MicroPython's unix port, 64 bits\n"
    )
    for module in TABLES:
        print(f"{module.table()}\n", flush=True)


if __name__ == "__main__":
    main()
