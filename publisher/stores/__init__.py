"""The places that published files can be written to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from publisher.apart import verify_apart
from publisher.stores.base import Store

if TYPE_CHECKING:
    from publisher.settings import Settings


def open_store(settings: Settings) -> Store:
    """Return the store that slotcast.toml names; nothing is read or created yet.

    Raises:
        SettingsError: a directory would publish private files.
        StoreError: an S3 client cannot be made of what the settings say.
    """
    verify_apart(settings)
    # Imported here: boto3 alone takes longer to load than most commands take to run.
    if settings.store.kind == "s3":
        from publisher.stores.s3 import S3Store, connect

        return S3Store(connect(settings.store), settings.store.bucket)
    from publisher.stores.directory import DirectoryStore

    return DirectoryStore(settings.directory / settings.store.path)
