"""`slotcast serve`: a local TLS edge over the store."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

from publisher.arguments import Arguments
from publisher.certificates import Authority
from publisher.commands import Context, Result
from publisher.commands.product import find_settings
from publisher.errors import SettingsError, StoreError
from publisher.layout import key, root_path
from publisher.local_authority import CERTIFICATE, local_authority
from publisher.serve import Access, Edge
from publisher.settings import LOCAL_FOLDER, Settings, load_settings
from publisher.stores import open_store


def run(arguments: Arguments, context: Context) -> Result:
    """Listen, tell the product's URL, and serve until Ctrl-C; the access log goes to stderr."""
    settings = load_settings(find_settings(arguments))
    _verify_published(settings)
    authority = local_authority(settings.directory, f"slotcast serve, {settings.product}")
    edge = _listen(arguments, settings, authority, context)
    if arguments.ca_out is not None:
        _write(arguments.ca_out, authority.certificate_pem)
    host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    url = f"https://{host}:{edge.port}/"
    if settings.edge.base_url != url:
        context.note(f"boards connect to base_url of slotcast.toml, {settings.edge.base_url}")
    ca = arguments.ca_out or settings.directory / LOCAL_FOLDER / CERTIFICATE
    data = {"url": url, "ca": str(ca), "product_url": f"{url}{settings.product}/"}
    return Result([data["product_url"]], data, then=partial(_serve, edge))


def _verify_published(settings: Settings) -> None:
    """Refuse to serve a store without the product: boards would be told 403 and nobody why."""
    store = open_store(settings)
    if store.read(key(settings.product, root_path(1))) is None:
        message = f"{settings.product} is not published in {store.location}"
        raise StoreError(message, "is this the right store? see [store] in slotcast.toml")


def access_line(access: Access) -> str:
    """Return one line of the access log."""
    span = f" {access.range}" if access.range else ""
    return (
        f"{access.time:%H:%M:%S} {access.method} {access.path}{span} "
        f"{access.status} {access.sent_bytes:,} bytes {access.duration_s * 1000:.1f} ms"
    )


def _listen(
    arguments: Arguments, settings: Settings, authority: Authority, context: Context
) -> Edge:
    outside = urlsplit(settings.edge.base_url).hostname or "localhost"
    names = list(dict.fromkeys([arguments.host, "localhost", "127.0.0.1", outside]))
    try:
        return Edge(
            open_store(settings),
            certificate=authority.issue(names),
            host=arguments.host,
            port=arguments.port,
            log=lambda access: context.note(access_line(access)),
        )
    except (OSError, OverflowError) as error:
        message = f"cannot listen on {arguments.host} port {arguments.port}: {error}"
        raise StoreError(message, "choose another with --port; 0 takes a free one") from error


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise SettingsError(f"cannot write {path}: {error.strerror}") from error


def _serve(edge: Edge) -> None:
    with edge, suppress(KeyboardInterrupt):
        Event().wait()
