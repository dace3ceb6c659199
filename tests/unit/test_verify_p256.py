"""Roots that list P-256 keys: written in one way, verified by us and by boards."""

import base64
import json
import re

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from published_product import NOW, PublishedProduct, compact, sha256
from repository_simulator import MemoryFiles
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner, SSlibKey
from verify_reports import errors, only_error

from publisher.board_limits import MAX_UNSIGNED_BYTES, verify_limits
from publisher.errors import VerificationError
from publisher.metadata_rules import P256_PEM, verify_rules
from slotcast import metadata, p256
from slotcast.client import Client
from slotcast.errors import NotFoundError, RepositoryError
from slotcast.steps import plain

HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
P = 2**256 - 2**224 + 2**192 + 2**96 - 1


def pem(der):
    text = base64.b64encode(der).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])


def key_of(public, scheme="ecdsa-sha2-nistp256", keytype="ecdsa"):
    fields = {"keytype": keytype, "scheme": scheme, "keyval": {"public": public}}
    canonical = compact(fields).replace(rb"\n", b"\n")
    return SSlibKey.from_dict(sha256(canonical), fields)


@pytest.fixture
def product():
    """A product whose second root has P-256 keys for root and timestamp."""
    product = PublishedProduct()
    for role in ("root", "timestamp"):
        signer = CryptoSigner.generate_ecdsa()
        product.signers[role].append(signer)
        product.root.add_key(signer.public_key, role)
    product.root.roles["timestamp"].threshold = 2
    rotate(product)
    product.publish_targets()
    return product


def rotate(product):
    product.root.version += 1
    product.sign_root()


def refresh_board(product):
    """A board that knows the first root; it raises what it refuses."""

    def fetch(path, max_bytes):
        if path not in files:
            raise NotFoundError(path)
        return files[path]

    files = {name.removeprefix("sensor/"): data for name, data in product.files.items()}
    kept = MemoryFiles()
    kept.write("root", files["metadata/1.root.json"])
    client = Client(kept, plain(fetch), lambda: NOW.strftime("%Y-%m-%dT%H:%M:%SZ"))
    client.refresh()


def test_a_role_that_p256_signs_is_verified_by_us_and_by_a_board(product):
    assert errors(product) == []
    refresh_board(product)


def test_a_wrong_p256_signature_does_not_count(product):
    product.signers["timestamp"][-1] = CryptoSigner.generate_ecdsa()
    product.publish_targets()
    assert "signed by 1 of 2 timestamp keys" in errors(product)[0]
    with pytest.raises(RepositoryError):
        refresh_board(product)


def other_spellings():
    """Texts for one key that readers of PEM take, and boards too in part."""
    right = CryptoSigner.generate_ecdsa().public_key.keyval["public"]
    x = right.splitlines()[1][-1]
    return {
        "no last line end": right.rstrip("\n"),
        "CRLF": right.replace("\n", "\r\n"),
        "one line": right.replace("\n", ""),
        "other lines": right.replace(f"{x}\n", f"\n{x}", 1),
        "a blank line": right.replace("KEY-----\n", "KEY-----\n\n", 1),
        "words before": f"key\n{right}",
        "unused bits": re.sub(r"[AQgw]==", lambda m: chr(ord(m[0][0]) + 1) + "==", right),
        "no text": "",
    }


@pytest.mark.parametrize("how", other_spellings())
def test_a_p256_key_in_another_spelling_is_refused(how):
    product = PublishedProduct()
    product.root.add_key(key_of(other_spellings()[how]), "timestamp")
    rotate(product)
    product.publish_targets()
    (error,) = errors(product)
    assert "is neither Ed25519" in error or "is not printable ASCII" in error


def test_a_key_of_another_curve_is_refused():
    product = PublishedProduct()
    p384 = CryptoSigner.generate_ecdsa(keyid=None).public_key
    product.root.add_key(key_of(p384.keyval["public"], "ecdsa-sha2-nistp384"), "timestamp")
    rotate(product)
    only_error(product, "is neither Ed25519")


def test_the_older_name_of_the_key_type_is_refused():
    product = PublishedProduct()
    public = CryptoSigner.generate_ecdsa().public_key.keyval["public"]
    product.root.add_key(key_of(public, keytype="ecdsa-sha2-nistp256"), "timestamp")
    rotate(product)
    only_error(product, "is neither Ed25519")


def points_off_the_curve():
    y = 0x66485C780E2F83D72433BD5D84A06BB6541C2AF31DAE871728BF856A174F93F4  # of x = 0
    return {"0, 0": (0, 0), "off": (0, y + 1), "x not below p": (P, y), "y not below p": (0, y - P)}


@pytest.mark.parametrize("which", points_off_the_curve())
def test_a_point_that_boards_refuse_is_refused(which):
    x, y = points_off_the_curve()[which]
    point = b"\4" + x.to_bytes(32, "big") + (y % 2**256).to_bytes(32, "big")
    assert P256_PEM.fullmatch(pem(HEAD + point))
    assert p256._decode(point) is None
    product = PublishedProduct()
    product.root.add_key(key_of(pem(HEAD + point)), "timestamp")
    rotate(product)
    only_error(product, "is not a point of the curve")


def test_a_board_and_we_count_the_same_bytes_as_unsigned(product):
    root = product.files["sensor/metadata/2.root.json"]
    signed = len(encode_canonical(json.loads(root)["signed"]).encode())
    full = root + b" " * (MAX_UNSIGNED_BYTES - (len(root) - signed))
    board = metadata.Metadata(full, "root")
    verify_limits("root", full)
    board.verify_padding(len(full))
    with pytest.raises(VerificationError, match="6,145 of its bytes are not signed"):
        verify_limits("root", full + b" ")
    with pytest.raises(RepositoryError):
        board.verify_padding(len(full) + 1)


def test_what_is_written_for_a_key_is_what_is_read():
    for _ in range(50):
        public = generate_private_key(SECP256R1()).public_key()
        text = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        assert P256_PEM.fullmatch(text)
        assert (
            pem(HEAD + public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)) == text
        )


@pytest.mark.parametrize("role", ["root", "timestamp"])
def test_line_ends_stand_nowhere_else(role):
    public = CryptoSigner.generate_ecdsa().public_key.keyval["public"]
    key = {"keytype": "ecdsa", "scheme": "s", "keyval": {"public": public}}
    verify_rules(compact({"signed": {"_type": "root", "keys": {"ab": key}}, "signatures": []}))
    for signed in (
        {"_type": role, "keys": {"ab": {**key, "x": public}}},
        {"_type": role, "other": {"ab": key}},
        {"_type": "timestamp", "keys": {"ab": key}},
    ):
        with pytest.raises(ValueError, match="is not printable ASCII"):
            verify_rules(compact({"signed": signed, "signatures": []}))
