"""What the commands of `slotcast root` begin with: the product's chain of roots, and no more.

They have to work where the rest does not verify: that is when keys are replaced in a hurry.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tuf.api.metadata import Metadata, Root

from publisher.arguments import Arguments
from publisher.commands.product import find_settings
from publisher.errors import SettingsError
from publisher.files import read_file
from publisher.publish import View
from publisher.published import read_roots
from publisher.repository import RoleState
from publisher.root.proposal import Proposal
from publisher.seen import SeenFile
from publisher.settings import Settings, load_settings
from publisher.stores import open_store
from publisher.stores.base import Store


@dataclass(frozen=True)
class Site:
    """A product's settings and store, what this run sees there, and the files of all its roots."""

    settings: Settings
    store: Store
    view: View
    chain: tuple[bytes, ...]

    @property
    def root(self) -> Root:
        """The newest root."""
        return Metadata[Root].from_bytes(self.chain[-1]).signed


def open_site(arguments: Arguments) -> Site:
    """Read slotcast.toml and the published roots, and verify them.

    Raises:
        SettingsError: slotcast.toml is missing or wrong.
        StoreError: the store cannot be read.
        VerificationError: the chain of roots does not verify.
    """
    settings = load_settings(find_settings(arguments))
    store = open_store(settings)
    view = View(store, settings.product)
    return Site(settings, store, view, tuple(read_roots(view.read, settings.root_sha256)))


def verify_newest_root(site: Site) -> None:
    """Raise VerificationError where this machine has seen a newer root: a store was rolled back.

    What is signed on top of the older one would be a second root of the same version.
    """
    seen = SeenFile(site.settings.directory, site.settings.root_sha256)
    root = site.root
    seen.verify(seen.read(), [RoleState("root", root.version, root.expires, "")])


def read_proposal(path: Path) -> Proposal:
    """Read a proposal's file, of which nothing is verified yet; SettingsError if it is none."""
    try:
        return Proposal.from_bytes(read_file(path))
    except ValueError as error:
        hint = "`slotcast root propose` writes such files"
        raise SettingsError(f"{path} is no proposal: {error}", hint) from error
