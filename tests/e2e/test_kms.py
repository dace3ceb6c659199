"""Roles that AWS KMS signs for, as a release engineer's commands have it, over HTTP."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from elsewhere import Elsewhere, found
from kms_server import Kms, KmsKey, Refused, p256_key
from repository_simulator import MemoryFiles
from securesystemslib.signer import Signer

from publisher.errors import KeyAccessError
from publisher.signers import Passphrases, load_signers
from slotcast.client import Client
from slotcast.errors import NotFoundError
from slotcast.steps import plain

TIMESTAMP = "awskms:alias/timestamp"


@pytest.fixture
def product(tmp_path: Path) -> Elsewhere:
    """A product whose keys are all in files yet."""
    return found(tmp_path)


def load(uri: str = TIMESTAMP) -> Signer:
    """A signer by its URI."""
    (signer,) = load_signers([uri], Path(), Passphrases(lambda prompt: "", {}))
    return signer


def signed_in(kms: Kms) -> list[tuple[str, int]]:
    """How KMS was asked to sign: the message's type and bytes of each call."""
    asked = [request for action, request in kms.calls if action == "Sign"]
    return [(one["MessageType"], len(base64.b64decode(one["Message"]))) for one in asked]


def refresh_board(product: Elsewhere) -> None:
    """A board that has the first root; it raises what it refuses."""
    base = product.folder / "published" / "sensor"

    def fetch(path: str, max_bytes: int) -> bytes:
        if not (base / path).exists():
            raise NotFoundError(path)
        return (base / path).read_bytes()

    kept = MemoryFiles()
    kept.write("root", (base / "metadata" / "1.root.json").read_bytes())
    Client(kept, plain(fetch), lambda: "2026-01-01T00:00:00Z").refresh()


def test_a_release_whose_timestamp_kms_signs_with_ed25519(kms: Kms, product: Elsewhere) -> None:
    product.hand_over({"timestamp": TIMESTAMP}, {})
    kms.calls.clear()
    done = product.release("1.0.0", **kms.environment())
    assert (done.returncode, done.stderr) == (0, "")
    assert [action for action, _ in kms.calls] == ["GetPublicKey", "Sign"]
    ((kind, size),) = signed_in(kms)
    assert kind == "RAW"
    assert 200 < size < 4096
    verified = product.slotcast("verify", "--brief")
    assert verified.returncode == 0, verified.stdout
    refresh_board(product)


def test_all_online_roles_signed_by_p256_keys_in_kms(kms: Kms, product: Elsewhere) -> None:
    for role in ("targets", "snapshot", "online"):
        kms.add(role, p256_key())
    uris = {
        "targets": f"awskms:{kms.arn('targets')}",
        "snapshot": "awskms:alias/snapshot?region=eu-central-1",
        "timestamp": "awskms:alias/online",
    }
    product.hand_over(uris, {})
    done = product.release("1.0.0", **kms.environment())
    assert (done.returncode, done.stderr) == (0, "")
    assert set(signed_in(kms)) == {("DIGEST", 32)}
    verified = product.slotcast("verify", "--brief")
    assert verified.returncode == 0, verified.stdout
    board = product.slotcast("simulate", "--channel", "stable", "--board", "b1")
    assert board.returncode == 0, board.stdout
    assert "runs 1.0.0 already" in board.stdout


def test_a_release_that_may_not_be_signed_publishes_nothing(kms: Kms, product: Elsewhere) -> None:
    product.hand_over({"timestamp": TIMESTAMP}, {})
    published = product.folder / "published"
    before = sorted(published.rglob("*"))
    kms.denied = {"Sign"}
    done = product.release("1.0.0", **kms.environment())
    assert done.returncode == 1
    assert "AWS KMS key alias/timestamp: access denied to kms:Sign: User: arn:aws" in done.stderr
    assert "hint: allow kms:Sign on the key" in done.stderr
    assert sorted(published.rglob("*")) == before


def test_a_key_that_root_does_not_list_is_told(kms: Kms, product: Elsewhere) -> None:
    path = Path(product.settings)
    path.write_text(path.read_text().replace("file:keys/timestamp.pem", TIMESTAMP))
    done = product.release("1.0.0", **kms.environment())
    assert done.returncode == 1
    assert "not enough signatures" in done.stderr
    assert "must name keys that root lists for timestamp" in done.stderr


def test_a_kms_that_is_busy_is_asked_again(kms: Kms) -> None:
    kms.refusals.append(Refused("ThrottlingException", "Rate exceeded"))
    assert load().sign(b"message")


def states() -> dict[str, KmsKey]:
    """Keys that do not serve."""
    return {
        "it is disabled": p256_key(state="Disabled"),
        "it is pending deletion": p256_key(state="PendingDeletion"),
        "is not for signing, but for KEY_AGREEMENT": p256_key(usage="KEY_AGREEMENT"),
        "is neither an Ed25519 nor a P-256 key": KmsKey(generate_private_key(65537, 2048)),
    }


@pytest.mark.parametrize("says", states())
def test_a_key_that_does_not_serve_is_told_before_any_work(kms: Kms, says: str) -> None:
    kms.add("bad", states()[says])
    with pytest.raises(KeyAccessError, match=f"^AWS KMS key alias/bad.*{says}"):
        load("awskms:alias/bad")


def test_an_alias_that_is_not_there_is_told(kms: Kms) -> None:
    with pytest.raises(KeyAccessError, match="there is no such key or alias in this account"):
        load("awskms:alias/none")


def test_who_may_not_read_the_public_key_is_told_what_to_allow(kms: Kms) -> None:
    kms.denied = {"GetPublicKey"}
    with pytest.raises(KeyAccessError, match="access denied to kms:GetPublicKey") as caught:
        load()
    assert caught.value.hint.startswith("allow kms:GetPublicKey on the key")


@pytest.mark.parametrize(
    ("unset", "says"),
    [
        (("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "no credentials were found"),
        (("AWS_SECRET_ACCESS_KEY",), "the credentials are incomplete"),
        (("AWS_DEFAULT_REGION",), "no region is set"),
    ],
)
def test_what_is_missing_is_told(
    kms: Kms, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, unset: tuple[str, ...], says: str
) -> None:
    for name in unset:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(KeyAccessError, match=f"^AWS KMS key alias/timestamp: {says}"):
        load()


def test_an_endpoint_that_is_not_there_is_told(kms: Kms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:1")
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # between its attempts
    with pytest.raises(KeyAccessError, match="the endpoint cannot be reached"):
        load()
