"""What a release takes at a bucket, and what boto3 takes to copy the same files there.

One server (SeaweedFS on this machine), one run: each round releases one image with the command
itself, and then copies what that wrote with boto3, once by `put_object` and once by `upload_file`.
"""

import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from statistics import median
from unittest.mock import patch

import boto3
from delta_pairs import FIRMWARE, VERSIONS, custom
from seaweedfs import Server, seaweedfs
from tables import render

from publisher import cli, encoding

BUCKET = "copying"
CHIPS = ("esp32", "esp32c3", "esp32s3")
NOTES = """\
Medians of {rounds} rounds; images of {smallest:,} to {largest:,} bytes, {files} files a round.
The release is the whole command but for encoding and starting Python: slotcast.toml, keys, what is
published read and verified, signatures, all files written, read back and compared, the chain
verified again, then timestamp.json and version.json. Each of the three makes its own client. Ratios
are the median of the rounds'. Goal: at most 2.5, the copy itself and 1.5 of it in addition."""


@dataclass(frozen=True)
class Round:
    """Seconds of one round, and what was written in it."""

    release_s: float
    encode_s: float
    put_s: float
    upload_s: float
    sizes: Sequence[int]


def table() -> str:
    """The figures of a run, for people."""
    return render_rounds(rounds())


def render_rounds(done: Sequence[Round]) -> str:
    images = [max(one.sizes) for one in done]
    notes = NOTES.format(
        rounds=len(done), smallest=min(images), largest=max(images), files=len(done[0].sizes)
    )
    rows = [
        _row("slotcast release, without encoding", done, [one.release_s for one in done]),
        _row("boto3: put_object, one by one", done, [one.put_s for one in done]),
        _row("boto3: upload_file, one by one", done, [one.upload_s for one in done]),
        _row("(encoding the full payload)", done, [one.encode_s for one in done]),
    ]
    header = (
        "What does a release take at a bucket?",
        "median",
        "put_object = 1",
        "upload_file = 1",
    )
    return render(header, rows, notes)


def _row(title: str, done: Sequence[Round], spent: Sequence[float]) -> tuple[str, ...]:
    puts = median(s / one.put_s for s, one in zip(spent, done, strict=True))
    uploads = median(s / one.upload_s for s, one in zip(spent, done, strict=True))
    return title, f"{median(spent) * 1000:.0f} ms", f"{puts:.2f}", f"{uploads:.2f}"


def rounds() -> list[Round]:
    """Release each image in turn, and copy it."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        server = stack.enter_context(seaweedfs())
        stack.enter_context(patch.dict(os.environ, server.environment()))
        stack.enter_context(chdir(Path(folder)))
        server.client().create_bucket(Bucket=BUCKET)
        _found(server)
        _play(server, CHIPS[0], "0.0.1", VERSIONS[0])  # what is loaded late is loaded now
        images = [(chip, version) for version in VERSIONS for chip in CHIPS][1:]
        return [_play(server, chip, version, version) for chip, version in images]


def _found(server: Server) -> None:
    store = ("--store", f"s3://{BUCKET}", "--endpoint-url", server.endpoint_url)
    base = ("--base-url", "https://updates.example.net/", "--insecure-no-passphrase")
    _slotcast("init", "sensor", *store, *base)
    path = Path("slotcast.toml")
    boards = "".join(f'[boards.{chip}]\nchip = "{chip}"\nslot_size = 0x1F0000\n' for chip in CHIPS)
    text, changes = re.subn(r"(?m)^deltas = \d$", "deltas = 0", path.read_text())
    assert changes == 1
    path.write_text(text + boards)


def _play(server: Server, chip: str, version: str, image: str) -> Round:
    before = set(_keys(server))
    release_s, encode_s = _release(chip, version, FIRMWARE / custom(chip, image))
    wrote = [key for key in _keys(server) if key not in before or key.endswith("/timestamp.json")]
    client = server.client()
    files = {key: client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in wrote}
    sizes = [len(data) for data in files.values()]
    put_s, upload_s = _put(server, files), _upload(server, files)
    return Round(release_s, encode_s, put_s, upload_s, sizes)


def _release(chip: str, version: str, image: Path) -> tuple[float, float]:
    """Release an image: seconds without encoding, and seconds of encoding."""
    spent = []
    encode_all = encoding.encode_all

    def timed(*arguments: object, **more: object) -> object:
        began = time.monotonic()
        done = encode_all(*arguments, **more)
        spent.append(time.monotonic() - began)
        return done

    where = ("--channel", "stable", "--board", chip)
    with patch.object(encoding, "encode_all", timed):
        began = time.monotonic()
        _slotcast("release", str(image), "--version", version, *where)
        took = time.monotonic() - began
    assert len(spent) == 1
    return took - spent[0], spent[0]


def _put(server: Server, files: Mapping[str, bytes]) -> float:
    began = time.monotonic()
    client = _client(server)
    for key, data in files.items():
        client.put_object(Bucket=BUCKET, Key=f"copy/put/{began}/{key}", Body=data)
    return time.monotonic() - began


def _upload(server: Server, files: Mapping[str, bytes]) -> float:
    with tempfile.TemporaryDirectory() as name:
        paths = {key: Path(name) / str(number) for number, key in enumerate(files)}
        for key, path in paths.items():
            path.write_bytes(files[key])
        began = time.monotonic()
        client = _client(server)
        for key, path in paths.items():
            client.upload_file(str(path), BUCKET, f"copy/upload/{began}/{key}")
        return time.monotonic() - began


def _client(server: Server):
    return boto3.session.Session().client("s3", endpoint_url=server.endpoint_url)


def _keys(server: Server) -> Iterator[str]:
    pages = server.client().get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=BUCKET, Prefix="sensor/"):
        yield from (item["Key"] for item in page.get("Contents", []))


def _slotcast(*argv: str) -> None:
    said = StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = cli.main(argv)
    assert code == 0, said.getvalue()


if __name__ == "__main__":
    print(table())
