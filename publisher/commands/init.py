"""`slotcast init`: found a product."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.publishing import plan_table
from publisher.errors import PublisherError, SettingsError, StoreError
from publisher.files import NewFiles
from publisher.founding import BoardRequest, Founding, FoundingRequest, prepare, verify_vacant
from publisher.image import bootloader_offset
from publisher.layout import key
from publisher.plan import Plan
from publisher.provision import trust_anchors
from publisher.publish import publish
from publisher.settings import FILE_NAME, EdgeSettings, StoreSettings, verify_name
from publisher.signers import Passphrases
from publisher.stores import open_store
from publisher.stores.base import Store
from publisher.stores.probe import PROBE, verify_conditional_writes

_S3 = "s3://"
_OPTIONS = (
    "check --store s3://BUCKET, --endpoint-url, --region, and the network; the bucket has to be "
    "there already"
)
_OPEN_KEYS = (
    "--insecure-no-passphrase: whoever reads these key files can sign firmware for your boards. "
    "Never do this for a real fleet."
)


def run(arguments: Arguments, context: Context) -> Result:
    """Prepare everything, then write local files and the store, or neither."""
    path = arguments.settings or Path(FILE_NAME)
    if path.exists():
        raise SettingsError(f"{path} already exists", "init founds a new product only")
    request = _request(arguments)
    passphrase = _passphrase(arguments, context)
    trust_anchors(request.edge.ca, path.parent)  # refuses a file that does not serve
    founding = prepare(request, path.parent, passphrase, context.now)
    with _naming_options():
        store = open_store(founding.settings)
        verify_vacant(store, request.product)
        if not arguments.dry_run:
            _probe(founding, store, context)
    if not arguments.dry_run:
        _write(path, founding, store, context)
    return _result(arguments, path, founding)


@contextmanager
def _naming_options() -> Iterator[None]:
    """Name options where a hint names slotcast.toml, which is not there yet."""
    try:
        yield
    except StoreError as error:
        if "[store]" not in error.hint:
            raise
        raise StoreError(str(error), _OPTIONS) from error


def _request(arguments: Arguments) -> FoundingRequest:
    verify_name("product", arguments.product)
    return FoundingRequest(
        product=arguments.product,
        edge=EdgeSettings(arguments.base_url, arguments.ca),
        store=_store_settings(arguments),
        boards=_boards(arguments),
        root_keys=arguments.root_keys,
        threshold=arguments.threshold,
    )


def _store_settings(arguments: Arguments) -> StoreSettings:
    if arguments.store.startswith(_S3):
        bucket = arguments.store.removeprefix(_S3).rstrip("/")
        return StoreSettings("s3", "", bucket, arguments.endpoint_url, arguments.region)
    if arguments.store.startswith("s3:"):
        raise SettingsError(f"{arguments.store} is no bucket", "write s3://BUCKET")
    if arguments.endpoint_url or arguments.region:
        raise SettingsError("--endpoint-url and --region are for --store s3://BUCKET")
    return StoreSettings("directory", arguments.store)


def _boards(arguments: Arguments) -> dict[str, BoardRequest]:
    sized = bool(arguments.slot_size or arguments.partitions)
    if not arguments.board and not arguments.chip and not sized:
        return {}
    if not (arguments.board and arguments.chip and sized):
        raise SettingsError("a board needs --board, --chip, and --slot-size or --partitions")
    bootloader_offset(arguments.chip)  # refuses a chip that esptool does not know
    board = BoardRequest(arguments.chip, arguments.slot_size, arguments.partitions)
    return {arguments.board: board}


def _passphrase(arguments: Arguments, context: Context) -> str | None:
    if arguments.insecure_no_passphrase:
        context.warn(_OPEN_KEYS)
        return None
    if arguments.dry_run:
        return None  # nothing is kept
    return Passphrases(context.ask, context.environment).choose()


def _probe(founding: Founding, store: Store, context: Context) -> None:
    """Refuse a bucket in which publishers would undo each other's work."""
    if founding.settings.store.kind != "s3":
        return
    if not verify_conditional_writes(store, founding.settings.product):
        name = key(founding.settings.product, PROBE)
        context.note(f"{name} stays in {store.location}, as these credentials may not remove it")


def _write(path: Path, founding: Founding, store: Store, context: Context) -> None:
    files = NewFiles()
    try:
        _write_local(path, founding, files)
        publish(
            founding.plan,
            store,
            founding.settings.product,
            founding.settings.root_sha256,
            context.progress,
        )
    except BaseException as error:
        files.take_back()
        left = _left_behind(founding.plan, store)
        if left and isinstance(error, PublisherError):
            hint = f"before the next try remove from {store.location}: {', '.join(left)}"
            raise StoreError(f"the product was not founded: {error}", hint) from error
        raise


def _write_local(path: Path, founding: Founding, files: NewFiles) -> None:
    """Write keys that only their owner can read, and out of the way of `git add`."""
    for name, pem in founding.key_files.items():
        key_path = path.parent / name
        files.make_private(key_path.parent)
        files.create(key_path, pem, 0o600)
    for name, public in founding.public_files.items():
        files.create(path.parent / name, public)
    files.create(path, founding.settings_text.encode())


def _left_behind(plan: Plan, store: Store) -> list[str]:
    try:
        there = [(write.item, store.read(write.item.key)) for write in plan.writes]
    except StoreError:
        return ["whatever it holds of this product, which cannot be read now"]
    return [item.key for item, stored in there if stored and stored.data == item.data]


def _result(arguments: Arguments, path: Path, founding: Founding) -> Result:
    settings = founding.settings
    # The keys of a dry run are not kept, and so its fingerprint means nothing.
    data = {
        "product": settings.product,
        "root_sha256": None if arguments.dry_run else settings.root_sha256,
        "settings": str(path),
        "keys": list(founding.key_files),
        "writes": founding.plan.to_list(),
    }
    if arguments.dry_run:
        text = f"{path} and {len(founding.key_files)} keys would be created, and published:"
        return Result([text, plan_table(founding.plan)], data)
    keys = f"{arguments.root_keys} root keys, of which {arguments.threshold} must sign"
    return Result(
        [
            f"founded {settings.product}: {path}, keys/ ({keys})",
            f"now move the root keys apart, each to a place offline: {_root_keys(founding)}",
            f"root_sha256 {settings.root_sha256}",
        ],
        data,
        published="the product",
    )


def _root_keys(founding: Founding) -> str:
    return ", ".join(uri.removeprefix("file:") for uri in founding.settings.keys.root)
