"""A release engineer's desk: a folder with slotcast.toml, from which a product is published."""

from dataclasses import dataclass
from pathlib import Path

from publisher.settings import Settings, load_settings
from publisher.signers import Passphrases, load_signers
from tests.infra.command import Done, run
from tests.infra.deployment import BUCKET, PRODUCT, Deployment
from tests.infra.ministack_server import REGION, Credentials

BOARD, CHANNEL = "b1", "stable"
_ROOT_KEYS = ("root-1", "root-2")


@dataclass(frozen=True)
class Desk:
    """A folder with slotcast.toml, from which a product is published to a deployment."""

    deployment: Deployment
    folder: Path

    @property
    def settings(self) -> Settings:
        """slotcast.toml, read."""
        return load_settings(self._path)

    @property
    def base_url(self) -> str:
        """BASE of the product at the edge."""
        return f"{self.deployment.ota['BaseUrl']}{PRODUCT}/"

    @property
    def _path(self) -> Path:
        return self.folder / "slotcast.toml"

    def run(self, who: Credentials | None, *words: str) -> Done:
        """Run one command with somebody's credentials, or none."""
        return run(self.deployment.aws, who, *words, "--settings", str(self._path))

    def must(self, who: Credentials | None, *words: str) -> Done:
        """Run one command, which succeeds."""
        done = self.run(who, *words)
        assert done.code == 0, done.err
        return done

    def found(self) -> None:
        """Found the product as a person does: root keys in files, then online keys in KMS."""
        who, ota = self.deployment.deployer, self.deployment.ota
        words = ("init", PRODUCT, "--insecure-no-passphrase", "--base-url", ota["BaseUrl"])
        words += ("--store", f"s3://{BUCKET}", "--region", REGION)
        words += ("--board", BOARD, "--chip", "esp32", "--slot-size", "0x1E0000")
        self.must(who, *words, "--ca", str(self.deployment.aws.ca))
        self._path.write_text(self._path.read_text().replace("deltas = 3", "deltas = 0"))
        self._hand_over()

    def _hand_over(self) -> None:
        """Hold the ceremony by which root lists the keys of the stack, and no others."""
        who, proposal = self.deployment.deployer, str(self.folder / "root-2.json")
        replaced = [
            f"--replace={role}={self._keyid(role)}:awskms:{arn}"
            for role, arn in self.deployment.keys.items()
        ]
        self.must(who, "root", "propose", "--out", proposal, *replaced)
        for name in _ROOT_KEYS:
            key = f"file:{self.folder / 'keys' / name}.pem"
            self.must(None, "root", "sign", proposal, "--key", key, "--yes")
        text = self._path.read_text()
        for role, arn in self.deployment.keys.items():
            text = text.replace(f"file:keys/{role}.pem", f"awskms:{arn}")
            (self.folder / "keys" / f"{role}.pem").unlink()
        self._path.write_text(text)
        self.must(who, "root", "apply", proposal)

    def _keyid(self, role: str) -> str:
        words = Passphrases(lambda prompt: "", {})
        (signer,) = load_signers([f"file:keys/{role}.pem"], self.folder, words)
        return signer.public_key.keyid

    def release(self, who: Credentials, version: str, image: bytes, *more: str) -> Done:
        """Release an image."""
        file = self.folder / f"{version}.bin"
        file.write_bytes(image)
        where = ("--channel", CHANNEL, "--board", BOARD)
        return self.run(who, "release", str(file), "--version", version, *where, *more)
