"""How fast the board decodes a payload, and in how much heap."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from delta_pairs import Pair, small_pairs
from heap import smallest_heap_kib
from tables import render

import device
from device.virtual.programs import compile_mpy, find_micropython
from publisher.payload import Base, Head, encode_delta, encode_full

HERE = Path(__file__).parent
RUNS = 3
TOO_SMALL_KIB, ENOUGH_KIB, PLENTY_KIB = 16, 256, 4096
HEADER = (
    "How fast does a board decode, in how much heap?",
    *("payload", "ms", "MB/s of image", "against plain", "smallest heap"),
)
NOTES = f"""\
The unix port, objects of 64 bits; all blocks of an image decoded and compared with their hashes (in
software here, by an engine on a chip), nothing written. Viper: loops of delta_viper.py, machine
code. Plain: those of delta_plain.py, byte code. The fastest of {RUNS} runs. The heap has the code
of what decodes (.mpy), a block, a window and a row of the base."""


class Decoder:
    """The board's decoder, compiled, with files to decode in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        source = Path(device.__file__).parent / "slotcast"
        compile_mpy(source, folder / "compiled" / "slotcast", ("-O3",))

    def put(self, payload: bytes, image: bytes) -> None:
        """Lay down a payload, and the image that runs."""
        (self._folder / "payload").write_bytes(payload)
        (self._folder / "base").write_bytes(image)

    def run(self, loops: str, heap_kib: int) -> int | None:
        """Microseconds that decoding took; None where the heap was too small."""
        done = subprocess.run(
            [find_micropython(), "-X", f"heapsize={heap_kib}k", "-m", "apply_on_micropython"]
            + ["payload", "base", loops],
            cwd=self._folder,
            env={"MICROPYPATH": f"{self._folder / 'compiled'}:{HERE}"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode and "MemoryError" not in done.stderr + done.stdout:
            raise RuntimeError(done.stderr + done.stdout)
        return None if done.returncode else int(done.stdout)

    def fastest_us(self, loops: str) -> int:
        """Microseconds of the fastest run."""
        times = [self.run(loops, PLENTY_KIB) for _ in range(RUNS)]
        return min(time for time in times if time is not None)

    def smallest_kib(self, loops: str) -> int:
        """The smallest heap in which it decodes."""
        return smallest_heap_kib(
            lambda kib: self.run(loops, kib) is not None, TOO_SMALL_KIB, ENOUGH_KIB
        )


def table() -> str:
    """The figures of a run, for people."""
    pairs = [pair for pair in small_pairs() if pair.title.endswith("3.3.0")]
    with tempfile.TemporaryDirectory() as folder:
        decoder = Decoder(Path(folder))
        rows = [row for pair in pairs for row in measure(decoder, pair)]
    return render(HEADER, rows, NOTES)


def measure(decoder: Decoder, pair: Pair) -> Iterator[tuple[str, ...]]:
    """Rows for the delta with both loops, and for the full payload."""
    old, new = pair.old, pair.new
    delta = encode_delta(Base(old, old[-32:]), new)
    decoder.put(delta, old)
    plain_us = decoder.fastest_us("plain")
    yield row(f"{pair.title}, delta, plain", delta, plain_us, plain_us, decoder, "plain")
    viper_us = decoder.fastest_us("viper")
    yield row(f"{pair.title}, delta, viper", delta, viper_us, plain_us, decoder, "viper")
    full = encode_full(new)
    decoder.put(full, old)
    yield row(f"{pair.title}, full", full, decoder.fastest_us("plain"), None, decoder, "plain")


def row(
    title: str, payload: bytes, us: int, plain_us: int | None, decoder: Decoder, loops: str
) -> tuple[str, ...]:
    """A line of the table."""
    return (
        title,
        f"{len(payload):,}",
        f"{us / 1000:.0f}",
        f"{Head.from_bytes(payload).image_size / us:.1f}",
        f"{plain_us / us:.1f}x" if plain_us else "",
        f"{decoder.smallest_kib(loops)} KiB",
    )


if __name__ == "__main__":
    print(table())
