"""`slotcast provision`: what a board is told at the factory."""

from __future__ import annotations

from publisher.arguments import Arguments
from publisher.commands import Context, Result, Table
from publisher.commands.product import open_product
from publisher.files import read_file, write_folder
from publisher.image import Image, read_image, verify_fits
from publisher.provision import provision
from publisher.settings import BoardSettings


def run(arguments: Arguments, context: Context) -> Result:
    """Make the files with the newest verified root, and write them in one step."""
    product = open_product(arguments, context)
    settings = product.settings
    files = provision(
        settings,
        product.repository.root_bytes(),
        arguments.channel,
        arguments.board,
        context.now,
        _factory_image(arguments, settings.board(arguments.board)),
    )
    if not arguments.dry_run:
        write_folder(arguments.out, files, replace=arguments.force)
    done = "would be written" if arguments.dry_run else "written"
    rows = [(f"{len(data):,}", name) for name, data in files.items()]
    data = {
        "out": str(arguments.out),
        "dry_run": arguments.dry_run,
        "files": {name: len(data) for name, data in files.items()},
    }
    line = f"{len(files)} files {done} to {arguments.out}:"
    return Result([line, Table(("bytes", "file"), rows, right=("bytes",))], data)


def _factory_image(arguments: Arguments, board: BoardSettings) -> Image | None:
    if arguments.image is None:
        return None
    image = read_image(read_file(arguments.image), arguments.image.name)
    verify_fits(image, board.chip, board.slot_size)
    return image
