"""No secret of a signer shows: not in output, errors, logs at DEBUG, files, or argument lists."""

from pathlib import Path

import esp_images
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from elsewhere import Elsewhere, found
from kms_server import Kms
from leaks import files_below, spellings_of_key, watch

from publisher.signers.pkcs8 import to_pem

PASSPHRASE = "correct-horse-battery-staple"
WRONG = "incorrect-donkey-battery-staple"
RELEASE = ("release", "image.bin", "--version", "1.0.0", "--channel", "stable", "--board", "b1")


def product_of(folder: Path) -> tuple[Elsewhere, list[str], dict[str, str]]:
    """A product with a signer of each kind, encrypted where that can be; its secrets; variables."""
    product = found(folder)
    online = Ed25519PrivateKey.generate()
    variables = {
        "SLOTCAST_KEY_SNAPSHOT": to_pem(online, PASSPHRASE).decode().replace("\n", "\\n"),
        "SLOTCAST_PASSPHRASE": PASSPHRASE,
    }
    uris = {"snapshot": "env:SLOTCAST_KEY_SNAPSHOT", "timestamp": "awskms:alias/timestamp"}
    product.hand_over(uris, variables)
    path = folder / "keys" / "targets.pem"
    targets = load_pem_private_key(path.read_bytes(), None)
    assert isinstance(targets, Ed25519PrivateKey)
    path.write_bytes(to_pem(targets, PASSPHRASE))
    secrets = [PASSPHRASE, WRONG, *spellings_of_key(targets), *spellings_of_key(online)]
    return product, secrets, variables


def shown(secrets: list[str], *texts: str) -> list[str]:
    """The secrets that stand in one of the texts."""
    return [secret for secret in secrets if any(secret in text for text in texts)]


def test_no_secret_shows_in_a_run_that_ends_well_or_ill(kms: Kms, tmp_path: Path) -> None:
    product, secrets, variables = product_of(tmp_path)
    secrets.append(kms.environment()["AWS_SECRET_ACCESS_KEY"])
    variables |= kms.environment()
    (tmp_path / "image.bin").write_bytes(esp_images.app_image("esp32", version="1.0.0"))
    kms.denied = {"Sign"}
    code, said, arguments = watch(product, *RELEASE, **variables)
    assert (code, "access denied to kms:Sign" in said) == (1, True)
    assert shown(secrets, said, arguments) == []

    wrong = {**variables, "SLOTCAST_PASSPHRASE": WRONG}
    code, said, arguments = watch(product, *RELEASE, **wrong)
    assert (code, "SLOTCAST_PASSPHRASE does not open" in said) == (1, True)
    assert shown(secrets, said, arguments) == []

    kms.denied = set()
    code, said, arguments = watch(product, *RELEASE, **variables)
    assert code == 0, said
    assert "DEBUG:botocore" in said, "nothing was logged"
    assert "--channel stable" in arguments
    assert shown(secrets, said, arguments) == []

    files = files_below(tmp_path, lambda path: path.parent.name == "keys")
    assert shown(secrets, files) == []


def test_a_key_that_is_given_in_place_of_where_it_is_is_not_repeated(tmp_path: Path) -> None:
    product = found(tmp_path)
    key = Ed25519PrivateKey.generate()
    pem = to_pem(key, None).decode().rstrip()  # as $(cat key.pem) gives it
    (tmp_path / "image.bin").write_bytes(esp_images.app_image("esp32"))
    propose = ("root", "propose", "--out", "x.json")
    for words in ((*propose, "--add", f"root={pem}"), (*RELEASE[:3], pem, *RELEASE[4:])):
        code, said, arguments = watch(product, *words, "--json")
        assert (code, '"error": {' in said) == (1, True)
        assert "a private key was given on the command line" in said
        assert shown(spellings_of_key(key), said) == []
        assert shown(spellings_of_key(key), arguments) != [], "ps shows it all the same"
    code, said, _ = watch(product, *propose, "--replace", f"root={pem}")
    assert (code, "[a private key] is not ROLE=KEYID:KEY" in said) == (2, True)
    assert shown(spellings_of_key(key), said) == []


def test_the_watch_sees_what_does_show(tmp_path: Path) -> None:
    product = found(tmp_path)
    code, said, arguments = watch(product, "status", "--json")
    assert (code, shown(["timestamp"], said)) == (0, ["timestamp"])
    assert shown(["status --json", "no such words"], arguments) == ["status --json"]
