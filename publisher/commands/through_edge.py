"""`--edge`: what was published, as boards get it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from publisher.arguments import Arguments
from publisher.commands import Context
from publisher.edge_check import EdgeError, Patience, verify_edge
from publisher.errors import StoreError
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

    def verify(self, plan: Plan, origin: Store, context: Context, what: str) -> None:
        """Compare all that a plan wrote, and the timestamp, with what this edge serves.

        Args:
            what: names what is published.

        Raises:
            EdgeError: it serves something else, or the store cannot be read to tell.
        """
        patience = Patience(self.wait_s, context.sleep, context.note)
        try:
            items = self._items(plan, origin)
            verify_edge(items, origin, self.read, patience, context.progress)
        except EdgeError as error:
            raise EdgeError(f"{what} is published, but {error}", error.hint) from error
        except StoreError as error:
            message = f"{what} is published; the edge was not looked at: {error}"
            raise EdgeError(message, error.hint) from error
        except KeyboardInterrupt:
            context.note(f"interrupted: {what} is published; the edge was not looked at to the end")
            raise
        context.note(f"{self.url} serves it, byte for byte")

    def _items(self, plan: Plan, origin: Store) -> list[Object]:
        """Return all that is to be compared; the timestamp too where a plan leaves it as it is."""
        items = {item.key: item for item in (*(write.item for write in plan.writes), *plan.kept)}
        path = metadata_path("timestamp", 0)
        name = key(self.product, path)
        stored = None if name in items else origin.read(name)
        if stored is not None:
            items[name] = Object(name, stored.data, content_type(path), cache_control(path))
        return list(items.values())


def edge_check(
    plan: Plan, origin: Store, settings: Settings, arguments: Arguments, context: Context, what: str
) -> Callable[[], None]:
    """Return what compares a plan that was run with what the edge serves, if that is asked for.

    Raises:
        SettingsError: what is asked for is no edge.
    """
    edge = open_edge(arguments, settings)
    if edge is None:
        return lambda: None
    return partial(edge.verify, plan, origin, context, what)


def open_edge(arguments: Arguments, settings: Settings) -> ThroughEdge | None:
    """Return the edge that the command line asks for; None where it asks for none.

    Raises:
        SettingsError: that is no URL of an edge, or no certificates are in the file.
    """
    if not arguments.edge and not arguments.edge_url:
        return None
    url = arguments.edge_url or settings.base_url
    verify_base_url("--edge-url" if arguments.edge_url else "--edge", url)
    read = url_reader(url, settings.product, arguments.edge_ca)
    return ThroughEdge(url, settings.product, read, arguments.edge_wait)
