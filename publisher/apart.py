"""What must never be published: slotcast.toml, what lies beside it, and the private keys.

A web server on a directory store serves whatever lies in it, whatever Slotcast wrote there.
"""

from __future__ import annotations

from pathlib import Path

from publisher.errors import SettingsError
from publisher.settings import FILE_NAME, LOCAL_FOLDER, KeySettings, Settings


def verify_apart(settings: Settings) -> None:
    """Raise SettingsError if a directory store would publish a private file."""
    if settings.store.kind != "directory":
        return
    store = settings.directory / settings.store.path
    for private in _private(settings):
        if _holds(store, private):
            hint = "choose a directory of its own, such as published"
            message = f'[store] path "{settings.store.path}" would publish {private}'
            raise SettingsError(message, hint)


def _private(settings: Settings) -> list[Path]:
    uris = _uris(settings.keys)
    keys = [uri.removeprefix("file:") for uri in uris if uri.startswith("file:")]
    return [settings.directory / name for name in (FILE_NAME, LOCAL_FOLDER, *keys)]


def _uris(keys: KeySettings) -> tuple[str, ...]:
    return (*keys.targets, *keys.snapshot, *keys.timestamp, *keys.root)


def _holds(store: Path, path: Path) -> bool:
    """Whether `path` is `store` or lies below it, as it is named or as its links lead."""
    named = path.parent.resolve() / path.name
    above = {folder for p in (named, path.resolve()) for folder in (p, *p.parents)}
    if store.resolve() in above:
        return True
    # Where file names ignore case, one folder has many names.
    return store.exists() and any(p.exists() and p.samefile(store) for p in above)
