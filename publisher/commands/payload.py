"""`slotcast payload`: make, apply and look into payloads, on files alone."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from publisher.arguments import Arguments
from publisher.commands import Context, Result, Table
from publisher.encoding import Job, encode_all
from publisher.errors import ImageError, SettingsError
from publisher.files import read_file, verify_new, write_file
from publisher.image import Image, read_image, verify_same_chip
from publisher.payload import DEFAULT_MEMORY, Base, Head, decode, verify_reach
from publisher.payload_summary import Summary
from publisher.settings import MAX_PAYLOAD_MEMORY, MIN_PAYLOAD_MEMORY, verify_range


def run(arguments: Arguments, context: Context) -> Result:
    """Do what the word behind `payload` says."""
    commands = {"encode": _encode, "apply": _apply, "info": _info}
    return commands[arguments.payload_command](arguments, context)


def _encode(arguments: Arguments, context: Context) -> Result:
    memory = DEFAULT_MEMORY if arguments.memory is None else arguments.memory
    verify_range("--memory", memory, MIN_PAYLOAD_MEMORY, MAX_PAYLOAD_MEMORY)
    _verify_out(arguments, arguments.new)
    new, old = _read(arguments.new), _read_base(arguments)
    if old is not None:
        _verify_pair(new, old)
    job = Job(new.data, memory, None if old is None else _as_base(old))
    (payload,) = encode_all([job], partial(context.progress, "encode"))
    write_file(arguments.out, payload, arguments.force)
    made = Summary.of(payload)
    size = f"{made.length:,} bytes, {made.length / new.size:.1%} of the image's {new.size:,}"
    line = f"{made.kind} payload of {size}, written to {arguments.out}"
    return Result([line], {"out": str(arguments.out), **made.to_dict()})


def _apply(arguments: Arguments, context: Context) -> Result:
    _verify_out(arguments, arguments.payload)
    payload, old = read_file(arguments.payload), _read_base(arguments)
    image = decode(payload, None if old is None else _as_base(old))
    head = Head.from_bytes(payload)
    verify_reach(head, payload)
    write_file(arguments.out, image, arguments.force)
    sha256 = head.image_sha256.hex()
    line = f"image of {len(image):,} bytes, SHA-256 {sha256}, written to {arguments.out}"
    data = {"out": str(arguments.out), "image_size": len(image), "image_sha256": sha256}
    return Result([line], data)


def _verify_out(arguments: Arguments, read: Path) -> None:
    """Refuse to write where something is, and --force or not over what is read."""
    out = arguments.out
    verify_new(out, arguments.force)
    inputs = [path for path in (read, arguments.base) if path and path.exists()]
    if out.exists() and any(out.samefile(path) for path in inputs):
        raise SettingsError(f"{out} is read by this very command", "name another file for --out")


def _info(arguments: Arguments, context: Context) -> Result:
    summary = Summary.of(read_file(arguments.payload))
    numbers = ("blocks", "bytes")
    rows = [(n, f"{one.blocks:,}", f"{one.bytes:,}") for n, one in summary.shares.items()]
    encodings = Table(("encoding", *numbers), rows, right=numbers)
    return Result([Table(("what", "value"), summary.to_rows()), encodings], summary.to_dict())


def _read(path: Path) -> Image:
    return read_image(read_file(path), str(path))


def _read_base(arguments: Arguments) -> Image | None:
    return None if arguments.base is None else _read(arguments.base)


def _as_base(old: Image) -> Base:
    return Base(old.data, bytes.fromhex(old.image_digest))


def _verify_pair(new: Image, old: Image) -> None:
    verify_same_chip(old.chip, new.chip, f"the base is for {old.chip}, the image for {new.chip}")
    if old.image_digest == new.image_digest:
        message = "the base is the image itself"
        raise ImageError(message, "a board that runs it needs no payload")
