"""`slotcast diff`: where what is published differs from what the working copy asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from publisher.arguments import Arguments
from publisher.commands import Context, Result, Table
from publisher.commands.filters import is_asked, verify_names
from publisher.commands.known_pins import known_sets
from publisher.commands.product import Product, open_product
from publisher.errors import PayloadError, SettingsError
from publisher.files import read_file
from publisher.image import read_image
from publisher.layout import image_path, key, parse_offer, version_json_path
from publisher.manifest import Manifest
from publisher.newer import in_words
from publisher.offers import Offer, present_offer
from publisher.payload import Head
from publisher.provision import edge_sets
from publisher.signers.key_ids import is_missing, key_ids
from publisher.upkeep.differences import (
    Difference,
    Offered,
    compare_boards,
    compare_image,
    compare_keys,
    compare_lifetimes,
    compare_offer,
    compare_pins,
)


def run(arguments: Arguments, context: Context) -> Result:
    """Compare; exit with 1 if something differs."""
    product = open_product(arguments, context, reads_only=True)
    for newer in in_words(product.newer()):
        context.warn(f"newer, but not named by the timestamp: {newer}")
    if arguments.image is not None:
        found = list(_compare_image(product, arguments, arguments.image))
        return _result(found, [], f"{arguments.image.name} is what is offered")
    everybody = [parse_offer(name)[:2] for name in product.repository.offered()]
    boards = {*product.settings.boards, *(board for _, board in everybody)}
    verify_names(arguments, {channel for channel, _ in everybody}, boards)
    offers = [_offered(product, *whom) for whom in everybody if is_asked(arguments, *whom)]
    found = list(_compare_offers(product, offers, arguments))
    left: list[str] = []
    if arguments.only_channel is None and arguments.only_board is None:
        found += _compare_product(product, left)
    return _result(found, left, "what is published is what slotcast.toml asks for")


def _compare_image(product: Product, arguments: Arguments, path: Path) -> Iterator[Difference]:
    if arguments.only_channel is None or arguments.only_board is None:
        raise SettingsError("--image is compared with one offer", "add --channel and --board")
    whom = (arguments.only_channel, arguments.only_board)
    manifest = present_offer(product.repository, *whom).manifest
    image = read_image(read_file(path), path.name)
    yield from compare_image(image, manifest, product.view.read(image_path(manifest.sha256)))


def _compare_offers(
    product: Product, offers: Sequence[Offered], arguments: Arguments
) -> Iterator[Difference]:
    boards = [board for board in product.settings.boards if arguments.only_board in (None, board)]
    yield from compare_boards(boards, offers)
    for offer in offers:
        yield from compare_offer(product.settings, offer)


def _compare_product(product: Product, left: list[str]) -> Iterator[Difference]:
    """Compare what is not of one offer; what cannot be compared is added to `left`, in words."""
    settings, repository = product.settings, product.repository
    yield from compare_lifetimes(settings.expiry_days, repository.states())
    for name, role in repository.root().roles.items():
        ids = key_ids(settings.keys.of(name), settings.directory)
        yield from compare_keys(name, role, ids)
        for uri in (uri for uri, keyid in ids.items() if keyid is None):
            gone = " (not there)" if is_missing(uri, settings.directory) else ""
            left.append(f"{name}: {uri}{gone}")
    known = known_sets(product)
    if known.published is not None:
        yield from compare_pins(known.sets.newest, edge_sets(settings).newest)


def _offered(product: Product, channel: str, board: str) -> Offered:
    offer = present_offer(product.repository, channel, board)
    small = product.view.read(version_json_path(channel, board))
    return Offered(offer.manifest, offer.stones, dict(_memory(product, offer)), small)


def _memory(product: Product, offer: Offer) -> Iterator[tuple[str, int]]:
    """Yield path and needed bytes of each payload whose head can be read."""
    manifests: tuple[Manifest, ...] = (offer.manifest, *offer.stones)
    for entry in (entry for manifest in manifests for entry in manifest.known_payloads):
        name = key(product.settings.product, entry.path)
        head = product.store.read_range(name, 0, entry.head_length)
        with suppress(PayloadError):  # `slotcast verify` finds fault with it
            if head is not None:
                yield entry.path, Head.from_bytes(head).memory


def _result(found: Sequence[Difference], left: Sequence[str], same: str) -> Result:
    data = {
        "same": not found,
        "differences": [one.to_dict() for one in found],
        "not_compared": list(left),
    }
    header = ("where", "what", "published", "wanted")
    rows = [(one.where, one.what, one.published, one.wanted) for one in found]
    text: list[str | Table] = [Table(header, rows)] if found else [same]
    if left:
        text.append(f"not compared, as that would take a secret: {', '.join(left)}")
    return Result(text, data, exit_code=1 if found else 0)
