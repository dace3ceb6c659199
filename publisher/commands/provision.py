"""`slotcast provision`: what a board is told at the factory."""

from __future__ import annotations

from publisher.arguments import Arguments
from publisher.commands import Context, Result, Table
from publisher.commands.product import Product, factory_image, open_product
from publisher.files import verify_folder, write_folder
from publisher.layout import target_name
from publisher.offers import present_offer
from publisher.provision import Whom, provision, verify_takes


def run(arguments: Arguments, context: Context) -> Result:
    """Make the files with the newest verified root, and write them in one step."""
    product = open_product(arguments, context)
    settings = product.settings
    _verify_takes_offer(product, arguments)
    files = provision(
        settings,
        product.repository.root_bytes(),
        Whom(arguments.channel, arguments.board, arguments.group),
        context.now,
        factory_image(arguments, settings.board(arguments.board)),
        product.repository.read_pins(),
    )
    _warn_unless_offered(product, arguments, context)
    if arguments.dry_run:
        verify_folder(arguments.out, replace=arguments.force)
    else:
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


def _verify_takes_offer(product: Product, arguments: Arguments) -> None:
    """Refuse to send boards out that could not take what waits for them."""
    repository, whom = product.repository, (arguments.channel, arguments.board)
    board = product.settings.board(arguments.board)
    if target_name(*whom) in repository.offered():
        offer = present_offer(repository, *whom)
        for manifest in (offer.manifest, *offer.stones):
            verify_takes(manifest, board)


def _warn_unless_offered(product: Product, arguments: Arguments, context: Context) -> None:
    """A mistyped channel would be found out by serial only, board by board."""
    offered = product.repository.offered()
    if target_name(arguments.channel, arguments.board) not in offered:
        known = ", ".join(sorted(offered)) or "nothing"
        context.warn(
            f"nothing is offered on {arguments.channel} for {arguments.board} (offered: {known}): "
            "boards will find nothing until it is"
        )
