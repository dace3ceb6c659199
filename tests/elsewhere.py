"""A product whose keys are elsewhere: founded with key files, then handed over to other signers."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import esp_images

from publisher import cli
from publisher.plan import make_plan
from publisher.publish import View, publish
from publisher.repository import ONLINE_ROLES, open_repository
from publisher.settings import load_settings
from publisher.signers import Passphrases, load_signers
from publisher.stores import open_store

INIT = (
    *("init", "sensor", "--insecure-no-passphrase", "--base-url", "https://updates.test/"),
    *("--board", "b1", "--chip", "esp32", "--slot-size", "0x1E0000"),
)


@dataclass(frozen=True)
class Elsewhere:
    """A product in `folder`; its commands run in processes of their own, with `environment`."""

    folder: Path
    environment: Mapping[str, str]

    def hand_over(self, uris: Mapping[str, str], environment: Mapping[str, str]) -> None:
        """Publish a root by which other keys sign for roles, and write it into slotcast.toml.

        Args:
            uris: the new signer by role.
            environment: where signers look for what they need.
        """
        path = Path(self.settings)
        text = path.read_text()
        keyids = {role: self._keyid(role) for role in uris}
        for role, uri in uris.items():
            text = text.replace(f'"file:keys/{role}.pem"', f'"{uri}"')
            (self.folder / "keys" / f"{role}.pem").unlink()
        path.write_text(text)
        settings = load_settings(path)
        words = Passphrases(lambda prompt: "", environment)
        signers = cache(lambda role: load_signers(settings.keys.of(role), self.folder, words))
        store = open_store(settings)
        view = View(store, "sensor")
        now = datetime.now(UTC)
        opened = (view.read, settings.root_sha256, signers, settings.expiry_days, now)
        repository = open_repository(*opened)
        with repository.edit_root() as root:
            for role, keyid in keyids.items():
                root.revoke_key(keyid, role)
                root.add_key(signers(role)[0].public_key, role)
        repository.renew(next(role for role in ONLINE_ROLES if role in uris))
        plan = make_plan("sensor", repository.edited, view.stored)
        publish(plan, store, "sensor", settings.root_sha256, lambda *state: None)

    def _keyid(self, role: str) -> str:
        words = Passphrases(lambda prompt: "", {})
        (signer,) = load_signers([f"file:keys/{role}.pem"], self.folder, words)
        return signer.public_key.keyid

    def slotcast(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run one command in a process, with more variables."""
        return subprocess.run(
            [sys.executable, "-m", "publisher", *words, "--settings", self.settings],
            capture_output=True,
            text=True,
            env={**self.environment, **more},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
        )

    def release(self, version: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Release a small image to stable."""
        image = self.folder / f"{version}.bin"
        image.write_bytes(esp_images.app_image("esp32", version=version))
        where = ("--version", version, "--channel", "stable", "--board", "b1")
        return self.slotcast("release", str(image), *where, **more)

    @property
    def settings(self) -> str:
        """The path of slotcast.toml."""
        return str(self.folder / "slotcast.toml")


def found(folder: Path, *options: str) -> Elsewhere:
    """Found a product with key files in a folder; `options` are more options of init."""
    path = str(folder / "slotcast.toml")
    assert cli.main([*INIT, *options, "--settings", path]) == 0
    root = Path(__file__).parents[1]
    plain = {"PATH": os.environ["PATH"], "PYTHONPATH": str(root), "HOME": str(folder)}
    return Elsewhere(folder, plain)
