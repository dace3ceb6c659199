"""The pin sets that boards may have, and what is asked of live hosts for `slotcast pins`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tuf.api.metadata import Timestamp

from publisher.commands.product import Product
from publisher.layout import metadata_path
from publisher.pins.live import Judge
from publisher.pins.sets import PinSets
from publisher.provision import edge_sets
from publisher.published import verify_role
from publisher.settings import Settings, verify_base_url


@dataclass(frozen=True)
class Known:
    """The sets in `published`, which is pins.json; or those of [edge], where it is None."""

    sets: PinSets
    published: bytes | None


def known_sets(product: Product) -> Known:
    """Return what is published, or what boards are told while nothing is.

    Raises:
        SettingsError: [edge] of slotcast.toml cannot be used.
        VerificationError: pins.json is missing, breaks a rule, or is another product's.
    """
    published = product.repository.read_pins()
    if published is None:
        return Known(edge_sets(product.settings), None)
    sets = PinSets.from_bytes(published)
    sets.verify_product(product.settings.product)
    return Known(sets, published)


def judge_of(product: Product) -> Judge:
    """Return what raises VerificationError unless it is shown a timestamp of this product."""
    root, path = product.repository.root(), metadata_path("timestamp", 0)

    def judge(data: bytes) -> None:
        verify_role(Timestamp, root, path, data)

    return judge


def bases(base_urls: Sequence[str], settings: Settings) -> list[str]:
    """Return BASE of each URL of the command line, which is as base_url of slotcast.toml."""
    for url in base_urls:
        verify_base_url("--base-url", url)
    return [f"{url}{settings.product}/" for url in dict.fromkeys(base_urls)]
