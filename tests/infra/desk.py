"""A release engineer's desk: a folder with slotcast.toml, from which a product is published."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from publisher.settings import Settings, load_settings
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
        self.hand_over(self.deployment.keys)

    def hand_over(self, keys: Mapping[str, str]) -> None:
        """Hold the ceremony by which root lists keys in KMS, by role, in place of the former."""
        who, root = self.deployment.deployer, self.root()
        proposal = str(self.folder / f"root-{root['version'] + 1}.json")
        former = {role: one["keyid"] for one in root["keys"] for role in one["roles"]}
        replaced = [f"--replace={role}={former[role]}:awskms:{arn}" for role, arn in keys.items()]
        self.must(who, "root", "propose", "--out", proposal, *replaced)
        for name in _ROOT_KEYS:
            key = f"file:{self.folder / 'keys' / name}.pem"
            self.must(None, "root", "sign", proposal, "--key", key, "--yes")
        for role, arn in keys.items():
            self._name_key(role, f"awskms:{arn}")
            (self.folder / "keys" / f"{role}.pem").unlink(missing_ok=True)
        self.must(who, "root", "apply", proposal)

    def root(self) -> dict:
        """What root says: version, and keys with their roles."""
        return json.loads(self.must(self.deployment.deployer, "root", "show", "--json").out)

    def _name_key(self, role: str, uri: str) -> None:
        """Name a role's key in slotcast.toml."""
        line = f'{role} = ["{uri}"]'
        text, count = re.subn(rf"(?m)^{role} = \[.*\]$", line, self._path.read_text())
        assert count == 1
        self._path.write_text(text)

    def release(self, who: Credentials, version: str, image: bytes, *more: str) -> Done:
        """Release an image."""
        file = self.folder / f"{version}.bin"
        file.write_bytes(image)
        where = ("--channel", CHANNEL, "--board", BOARD)
        return self.run(who, "release", str(file), "--version", version, *where, *more)
