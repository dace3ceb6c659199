"""`slotcast provision`: what a board is told at the factory."""

from __future__ import annotations

from publisher.arguments import Arguments
from publisher.commands import Context, Result, Table
from publisher.commands.product import factory_image, open_product
from publisher.files import write_folder
from publisher.provision import provision


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
        factory_image(arguments, settings.board(arguments.board)),
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
