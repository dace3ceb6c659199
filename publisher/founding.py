"""Founding a product: its keys, its first root, and the slotcast.toml that goes with them.

Everything is prepared in memory first; the caller writes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from securesystemslib.signer import CryptoSigner, Signer

from publisher.errors import SettingsError, StoreError
from publisher.layout import key, metadata_path, root_path
from publisher.plan import Plan, make_plan
from publisher.rendering import render
from publisher.repository import ONLINE_ROLES, found_repository
from publisher.settings import (
    EdgeSettings,
    ExpirySettings,
    PayloadSettings,
    Settings,
    StoreSettings,
    parse_settings,
    read_beside,
)
from publisher.signers.pkcs8 import to_pem
from publisher.stores.base import Store

KEY_DIRECTORY = "keys"
MAX_ROOT_KEYS = 16
_PEM = ".pem"


@dataclass(frozen=True)
class BoardRequest:
    """A board as the command line names it: slot_size in bytes, or a partition table's file."""

    chip: str
    slot_size: int = 0
    partitions: str = ""


@dataclass(frozen=True)
class FoundingRequest:
    """What a new product is to be."""

    product: str
    edge: EdgeSettings
    store: StoreSettings
    boards: Mapping[str, BoardRequest]
    root_keys: int = 3
    threshold: int = 2

    def __post_init__(self) -> None:
        """Refuse a threshold that cannot be met, or that is none."""
        if not 1 <= self.threshold <= self.root_keys <= MAX_ROOT_KEYS:
            asked = f"{self.threshold} of {self.root_keys} root keys"
            raise SettingsError(f"{asked} is not possible: 1 <= threshold <= keys <= 16")


@dataclass(frozen=True)
class Founding:
    """Everything that founding writes: local files by path beside slotcast.toml, and the plan.

    `public_files` are the public halves of `key_files`, each beside its key.
    """

    settings: Settings
    settings_text: str
    key_files: Mapping[str, bytes]
    public_files: Mapping[str, bytes]
    plan: Plan


def prepare(
    request: FoundingRequest, directory: Path, passphrase: str | None, now: datetime
) -> Founding:
    """Make keys, metadata and settings; a passphrase of None leaves the keys unencrypted.

    Raises:
        SettingsError: a name, a URL or a partition table is wrong.
    """
    keys = {role: _generate(role, request.root_keys) for role in ("root", *ONLINE_ROLES)}
    signers: dict[str, Sequence[Signer]] = {
        role: [CryptoSigner(private) for private in named.values()] for role, named in keys.items()
    }
    repository = found_repository(signers, request.threshold, ExpirySettings(), now)
    root_sha256 = hashlib.sha256(repository.root_bytes()).hexdigest()
    text = settings_text(request, root_sha256, {role: list(named) for role, named in keys.items()})
    return Founding(
        settings=parse_settings(text, directory, partial(read_beside, directory)),
        settings_text=text,
        key_files={
            path: to_pem(private, passphrase)
            for named in keys.values()
            for path, private in named.items()
        },
        public_files={
            path.removesuffix(_PEM) + ".pub": _public_pem(private)
            for named in keys.values()
            for path, private in named.items()
        },
        plan=make_plan(request.product, repository.edited, lambda path: None),
    )


def settings_text(
    request: FoundingRequest, root_sha256: str, key_paths: Mapping[str, Sequence[str]]
) -> str:
    """Return the text of slotcast.toml, with comments for the person who will edit it."""
    return render(
        "slotcast.toml.jinja",
        product=request.product,
        root_sha256=root_sha256,
        store=request.store,
        edge=request.edge,
        keys={role: [f"file:{path}" for path in paths] for role, paths in key_paths.items()},
        expiry=ExpirySettings(),
        payload=PayloadSettings(),
        boards=request.boards,
    )


def verify_vacant(store: Store, product: str) -> None:
    """Raise StoreError if the store holds anything of a product of this name."""
    for path in (metadata_path("timestamp", 0), root_path(1)):
        if store.read(key(product, path)) is not None:
            there = f"{store.location} already holds {key(product, path)}"
            raise StoreError(there, "choose another name or store, or remove what is there first")


def _public_pem(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _generate(role: str, root_keys: int) -> dict[str, Ed25519PrivateKey]:
    names = [f"root-{n}" for n in range(1, root_keys + 1)] if role == "root" else [role]
    return {f"{KEY_DIRECTORY}/{name}{_PEM}": Ed25519PrivateKey.generate() for name in names}
