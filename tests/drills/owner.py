"""The release engineer of the drills, who has nothing but the command line."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import esp_images
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner, Signer

from publisher import cli

_INIT = ("--board", "b1", "--chip", "esp32", "--slot-size", "0x1E0000", "--insecure-no-passphrase")
_WHERE = ("--channel", "stable", "--board", "b1")
ROOT_KEYS, ROOT_THRESHOLD = 3, 2


class RefusedError(Exception):
    """A command failed; the message is what it printed."""


class Owner:
    """A product in `folder`: slotcast.toml, keys/ and published/.

    `removed` counts the files of a thief that had to be removed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.base = folder / "published" / "sensor"
        self.removed = 0

    def found(self, between: Callable[[], None]) -> None:
        """Found the product, and release 1.0.0 and 1.1.0; call `between` before the latter."""
        self.folder.mkdir()
        self._run("init", "sensor", *_INIT, "--base-url", "https://updates.example.org/")
        settings = self.folder / "slotcast.toml"
        settings.write_text(re.sub(r"(?m)^deltas = .*$", "deltas = 0", settings.read_text()))
        self.release("1.0.0")
        between()
        self.release("1.1.0")

    def copy(self, folder: Path) -> Owner:
        """The same product in another folder."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder)
        return Owner(folder)

    def release(self, version: str) -> None:
        """Release an image, without deltas."""
        app = self.folder / "app.bin"
        app.write_bytes(_image(version))
        self._run("release", app, "--version", version, *_WHERE)

    def digest(self, version: str) -> str:
        """How a board knows that it runs a release."""
        return _image(version)[-32:].hex()

    def restore(self, honest: Owner) -> None:
        """Put back what was published, from a backup; what somebody added stays."""
        shutil.copytree(honest.base, self.base, dirs_exist_ok=True)

    def signers(self, role: str, count: int = 1) -> list[Signer]:
        """The keys of a role, as somebody steals them; of root so many."""
        names = [f"root-{n + 1}" for n in range(count)] if role == "root" else [role]
        files = (self.folder / "keys" / f"{name}.pem" for name in names)
        return [_load(file) for file in files]

    def replace(
        self, roles: tuple[str, ...], targets: int = 0, root_keys: int = 2, beside: bool = False
    ) -> None:
        """Replace the first key of these roles in a ceremony.

        Args:
            roles: whose key is replaced.
            targets: the version of targets to go on from; 0 for what is published.
            root_keys: how many of the holders of root keys come, the last first.
            beside: the former keys sign too.
        """
        proposal, new = self._propose(roles)
        for name in [f"root-{ROOT_KEYS - n}" for n in range(root_keys)] + new:
            self._sign(proposal, name)
        options = ["--targets", str(targets)] if targets else []
        for role in roles if beside else ():
            options += ["--also-sign", f"file:keys/{role}.pem"]
        self.clean(lambda: self._run("root", "apply", proposal, *options))

    def clean(self, command: Callable[[], object]) -> None:
        """Run a command; remove what it says is no file of the owner's, and run it again."""
        while True:
            try:
                command()
            except RefusedError as refused:
                told = re.findall(r"(metadata/\S+\.json) ?(?:\n|\(does)", str(refused))
                if not told:
                    raise
                for path in told:
                    (self.base / path).unlink()
                    self.removed += 1
            else:
                return

    def _propose(self, roles: tuple[str, ...]) -> tuple[Path, list[str]]:
        """Write a proposal; return it and the names of the new root keys."""
        proposal, changes, new = self.folder / "proposal.json", [], []
        for n, role in enumerate(roles):
            name = f"{role}-new-{n}"
            key = self.folder / "keys" / name
            self._run("root", "key", f"{key}.pem")
            changes += ["--replace", f"{role}={self._keyid(role, len(new))}:{key}.pub"]
            if role == "root":
                new.append(name)
            else:
                self._name_key(role, name)
        self._run("root", "propose", "--out", proposal, "--force", *changes)
        return proposal, new

    def _sign(self, proposal: Path, name: str) -> None:
        key = f"file:{self.folder / 'keys' / name}.pem"
        self._run("root", "sign", proposal, "--key", key, "--yes")

    def _keyid(self, role: str, number: int) -> str:
        if role == "root":
            return _load(self.folder / "keys" / f"root-{number + 1}.pem").public_key.keyid
        shown = json.loads(self._run("root", "show", "--json"))
        return next(key["keyid"] for key in shown["keys"] if role in key["roles"])

    def _name_key(self, role: str, name: str) -> None:
        path = self.folder / "slotcast.toml"
        line = f'{role} = ["file:keys/{name}.pem"]'
        path.write_text(re.sub(rf"(?m)^{role} = \[.*\]$", line, path.read_text()))

    def _run(self, *words: object) -> str:
        settings = ("--settings", self.folder / "slotcast.toml")
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = cli.main([str(word) for word in (*settings, *words)])
        if code:
            raise RefusedError(err.getvalue())
        return out.getvalue()


def _image(version: str) -> bytes:
    return esp_images.app_image(code=version.encode() * 99)


def _load(file: Path) -> CryptoSigner:
    return CryptoSigner(load_pem_private_key(file.read_bytes(), None))
