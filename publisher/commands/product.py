"""Opening the product that slotcast.toml describes, as most commands begin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path

from securesystemslib.signer import Signer

from publisher.arguments import Arguments
from publisher.commands import Context
from publisher.copies import Copies
from publisher.errors import SettingsError, VerificationError
from publisher.files import read_file
from publisher.fleet import Fleet
from publisher.image import Image, read_image, verify_fits
from publisher.newer import Newer, find_newer, find_outrun
from publisher.publish import View
from publisher.repository import Repository, Signers, open_repository
from publisher.seen import Seen, SeenAccessError, SeenFile
from publisher.settings import (
    FILE_NAME,
    LOCAL_FOLDER,
    BoardSettings,
    Settings,
    load_settings,
)
from publisher.signers import Passphrases, load_signers
from publisher.stores import open_store
from publisher.stores.base import Store


@dataclass(frozen=True)
class Product:
    """A product's settings and store, what this run sees there, and its verified roles.

    `seen` is where this machine keeps what it has seen there; `known` is what that was before.
    """

    settings: Settings
    store: Store
    view: View
    repository: Repository
    seen: SeenFile
    known: Seen

    @cached_property
    def fleet(self) -> Fleet:
        """The product's boards; what they may run is read once."""
        return Fleet(self.settings, self.repository, self.view)

    def newer(self) -> list[Newer]:
        """Return what was signed after the present state, and may have been published.

        What a run here began was not, nor what another run has outrun.
        """
        return self.sort_newer()[0]

    def sort_newer(self) -> tuple[list[Newer], list[Newer]]:
        """Return what may have been published after the present state, and what lost a race to it.

        What a run here began is in neither.
        """
        read, paths, repository = self.view.read, self.view.metadata_paths(), self.repository
        root, snapshot = repository.root(), repository.snapshot()
        found = find_newer(read, root, snapshot, repository.targets(), paths)
        others = [newer for newer in found if newer.sha256 not in self.known.begun]
        outrun = find_outrun(read, root, snapshot, others, paths)
        return [newer for newer in others if newer not in outrun], outrun


def find_settings(arguments: Arguments) -> Path:
    """Return the path of slotcast.toml: the one named, or the nearest from here upwards."""
    if arguments.settings is not None:
        return arguments.settings
    here = Path.cwd()
    found = (folder / FILE_NAME for folder in (here, *here.parents))
    return next((path for path in found if path.is_file()), Path(FILE_NAME))


def open_product(
    arguments: Arguments,
    context: Context,
    reads_only: bool = False,
    needs_memory: bool = False,
) -> Product:
    """Read slotcast.toml and what is published, and verify it.

    Args:
        reads_only: go on, with a warning, where the memory is closed to this user.
        needs_memory: refuse on a machine that has seen nothing of the product.

    Raises:
        SettingsError: slotcast.toml is missing or wrong.
        StoreError: the store cannot be read.
        VerificationError: what is published does not verify, or is older than was seen before; or
            there is no memory of that, and one is needed.
    """
    settings = load_settings(find_settings(arguments))
    seen = SeenFile(settings.directory, settings.root_sha256)
    # Before the store is: another run may publish, and remember it, in between.
    known = recall(seen, context) if reads_only else seen.read()
    store = open_store(settings)
    view = View(store, settings.product, _copies(settings))
    repository = open_repository(
        view.read,
        settings.root_sha256,
        _signers(settings, context),
        settings.expiry_days,
        context.now,
        arguments.redate,
    )
    if needs_memory:
        _verify_memory(known)
    if known is not None:
        seen.verify(known, repository.states())
        if not arguments.dry_run:
            _note(seen, repository, context)
    return Product(settings, store, view, repository, seen, known or Seen())


def _copies(settings: Settings) -> Copies | None:
    """Return where past files are kept; a directory is as near as copies of it would be."""
    folder = settings.directory / LOCAL_FOLDER / "past" / settings.root_sha256
    return Copies(folder) if settings.store.kind == "s3" else None


def recall(seen: SeenFile, context: Context) -> Seen | None:
    """Return what was seen; None, with a warning, where the file is closed to this user."""
    try:
        return seen.read()
    except SeenAccessError as error:
        context.warn(f"{error}: a store that was rolled back is not noticed")
        return None


def _verify_memory(known: Seen | None) -> None:
    if known is None or not known.versions:
        message = "this machine has no memory of the product (.slotcast/seen.json)"
        hint = (
            "run `slotcast status` and compare it with what was released last; that writes "
            ".slotcast/seen.json: keep that file"
        )
        raise VerificationError(f"{message}, so it cannot tell a store that was rolled back", hint)


def _note(seen: SeenFile, repository: Repository, context: Context) -> None:
    try:
        seen.note(repository.states())
    except SettingsError as error:  # a reader may not be allowed to write
        context.warn(str(error))


def signer_loader(
    context: Context, directory: Path
) -> Callable[[Sequence[str]], tuple[Signer, ...]]:
    """Return what loads the signers of URIs; relative paths start from `directory`."""
    passphrases = Passphrases(context.ask, context.environment)
    return partial(load_signers, directory=directory, passphrases=passphrases)


def _signers(settings: Settings, context: Context) -> Signers:
    load = signer_loader(context, settings.directory)
    return cache(lambda role: load(settings.keys.of(role)))  # opening a key takes its time


def factory_image(arguments: Arguments, board: BoardSettings) -> Image | None:
    """Read --image, the firmware that boards leave the factory with; None if it is not given.

    Raises:
        ImageError: it is no image, or not one for this board.
    """
    if arguments.image is None:
        return None
    image = read_image(read_file(arguments.image), arguments.image.name)
    verify_fits(image, board.chip, board.slot_size)
    return image
