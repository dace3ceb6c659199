"""Compile the client that the conformance suite is to drive, and the device's modules it runs."""

from pathlib import Path

from device.virtual.programs import compile_mpy

_ROOT = Path(__file__).parents[2]
# Where the executable `client` looks.
_COMPILED = _ROOT / ".cache" / "conformance" / "compiled"


def compile_client() -> None:
    """Fill the folder that the executable takes for its module search path."""
    # Without line numbers, as firmware for small boards is built.
    options = ("-O3",)
    compile_mpy(_ROOT / "device" / "slotcast", _COMPILED / "slotcast", options)
    compile_mpy(Path(__file__).parent / "on_board", _COMPILED, options)


if __name__ == "__main__":
    compile_client()
