"""A SoftHSM token for the tests of `make hsm`; where there is no SoftHSM they fail, and say so."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType, Mechanism
from pkcs11.util.ec import encode_named_curve_parameters

PIN = "84726153"
LABEL = "slotcast"
# Where Debian, Fedora, Alpine and Homebrew put the module.
PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
_EDWARDS25519 = b"\x13\x0cedwards25519"  # PrintableString (PKCS #11 3.0, 2.3.10)


def find_module() -> str:
    """The path of SoftHSM's module."""
    named = os.environ.get("SLOTCAST_PKCS11_MODULE", "")
    found = [path for path in (named, *PLACES) if path and Path(path).exists()]
    missing = "no SoftHSM: install it (apt install softhsm2), or set SLOTCAST_PKCS11_MODULE"
    assert found, missing
    assert shutil.which("softhsm2-util"), missing
    return found[0]


@dataclass(frozen=True)
class Hsm:
    """A token of its own folder, with the keys "targets" (Ed25519) and "timestamp" (P-256)."""

    module: str

    def environment(self) -> dict[str, str]:
        """The variables by which signers find it."""
        return {
            "SLOTCAST_PKCS11_MODULE": self.module,
            "SLOTCAST_PKCS11_PIN": PIN,
            "SOFTHSM2_CONF": os.environ["SOFTHSM2_CONF"],
        }

    def add_ed25519(self, label: str, key_id: bytes) -> None:
        """Make an Ed25519 key pair on the token."""
        parameters = {Attribute.EC_PARAMS: _EDWARDS25519}
        self._add(KeyType.EC_EDWARDS, parameters, Mechanism.EC_EDWARDS_KEY_PAIR_GEN, label, key_id)

    def add_ec(self, label: str, key_id: bytes, curve: str = "secp256r1") -> None:
        """Make a key pair of a NIST curve on the token."""
        parameters = {Attribute.EC_PARAMS: encode_named_curve_parameters(curve)}
        self._add(KeyType.EC, parameters, Mechanism.EC_KEY_PAIR_GEN, label, key_id)

    def _add(self, kind, parameters, mechanism, label, key_id):
        token = pkcs11.lib(self.module).get_token(token_label=LABEL)
        with token.open(user_pin=PIN, rw=True) as session:
            domain = session.create_domain_parameters(kind, parameters, local=True)
            domain.generate_keypair(store=True, label=label, id=key_id, mechanism=mechanism)


@pytest.fixture(scope="session")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hsm]:
    """A token that is gone with the tests."""
    module, folder = find_module(), tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = DEBUG\n")
    os.environ["SOFTHSM2_CONF"] = str(settings)  # the module reads the process's own
    words = ["--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "87654321"]
    subprocess.run(["softhsm2-util", *words], check=True, capture_output=True)
    token = Hsm(module)
    token.add_ed25519("targets", b"\1")
    token.add_ec("timestamp", b"\2")
    yield token
    pkcs11.unload(module)
