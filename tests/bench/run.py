"""All comparison tables, one after the other; every figure is measured in this run."""

import os
import platform

import blocking
import code_size
import copying
import deflate_sizes
import delta_apply
import delta_sizes
import delta_steps
import ed25519
import flash_time
import many_products
import memory
import polls
import publishing
import refresh_heap
import release_deltas
import signatures
import spread

TABLES = (
    *(delta_sizes, delta_steps, deflate_sizes, delta_apply, flash_time, release_deltas, publishing),
    *(copying, many_products),
    *(ed25519, signatures, polls, refresh_heap, memory, blocking, spread, code_size),
)


def main() -> None:
    print(
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}; board: MicroPython's unix port, 64 bits\n"
    )
    for module in TABLES:
        print(f"{module.table()}\n", flush=True)


if __name__ == "__main__":
    main()
