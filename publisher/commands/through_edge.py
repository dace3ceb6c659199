"""`--edge`: what was published, as boards get it."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.arguments import Arguments
from publisher.commands import Context
from publisher.edge_arguments import OWN_EDGE
from publisher.edge_check import Patience, verify_edge
from publisher.layout import cache_control, content_type, key, metadata_path
from publisher.plan import Plan
from publisher.published import Read
from publisher.reading import url_reader
from publisher.settings import Settings, verify_base_url
from publisher.stores.base import Object, Store


@dataclass(frozen=True)
class ThroughEdge:
    """An edge: its BASE, what reads it, and for how many seconds it may serve what is old."""

    url: str
    product: str
    read: Read
    wait_s: float

    def verify(self, plan: Plan, origin: Store, context: Context) -> None:
        """Compare all that a plan wrote, and the timestamp, with what this edge serves.

        Raises:
            EdgeError: it serves something else.
            StoreError: the store cannot be read.
        """
        items = {item.key: item for item in (*(write.item for write in plan.writes), *plan.kept)}
        patience = Patience(self.wait_s, context.sleep, context.note)
        verify_edge(
            [*items.values(), *self._timestamp(items, origin)],
            origin,
            self.read,
            patience,
            context.progress,
        )
        context.note(f"{self.url} serves it, byte for byte")

    def _timestamp(self, items: dict[str, Object], origin: Store) -> list[Object]:
        """Return the timestamp where a plan leaves it as it is."""
        path = metadata_path("timestamp", 0)
        name = key(self.product, path)
        stored = None if name in items else origin.read(name)
        if stored is None:
            return []
        return [Object(name, stored.data, content_type(path), cache_control(path))]


def open_edge(arguments: Arguments, settings: Settings) -> ThroughEdge | None:
    """Return the edge that the command line asks for; None where it asks for none.

    Raises:
        SettingsError: that is no URL of an edge, or no certificates are in the file.
    """
    if not arguments.edge:
        return None
    url = settings.base_url if arguments.edge == OWN_EDGE else arguments.edge
    verify_base_url("--edge", url)
    read = url_reader(url, settings.product, arguments.edge_ca)
    return ThroughEdge(url, settings.product, read, arguments.edge_wait)
