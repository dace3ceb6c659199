"""Private keys without any form, told by the public keys that a product's roots name."""

import base64
import gzip
import os
import textwrap
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from published_product import PublishedProduct
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import Key, Root

from publisher.doctor.secrets.content import holds_secret
from publisher.doctor.secrets.listed_keys import ListedKeys, read_listed_keys
from publisher.errors import VerificationError

ED25519, P256 = Ed25519PrivateKey.generate(), generate_private_key(SECP256R1())
SEED = ED25519.private_bytes_raw()
NUMBER = P256.private_numbers().private_value.to_bytes(32, "big")
PUBLIC = ED25519.public_key().public_bytes_raw()


def keyid(private):
    return SSlibKey.from_crypto(private.public_key()).keyid


@pytest.fixture(scope="module")
def keys():
    """Those of a root with an Ed25519 key for two roles, and one of P-256."""
    root = Root(version=3, expires=datetime(2027, 1, 1, tzinfo=UTC))
    for role, private in (("timestamp", ED25519), ("snapshot", ED25519), ("targets", P256)):
        root.add_key(SSlibKey.from_crypto(private.public_key()), role)
    return ListedKeys.of([root])


def hex_dump(data):
    """As `xxd -p` writes it."""
    return "\n".join(textwrap.wrap(data.hex(), 60)).encode() + b"\n"


PACKED = [
    pytest.param(lambda raw: raw, id="raw"),
    pytest.param(lambda raw: raw + b"\n", id="raw, with a newline"),
    pytest.param(lambda raw: raw + b"\r\n", id="raw, with a newline of DOS"),
    pytest.param(lambda raw: raw.hex().encode(), id="hex"),
    pytest.param(lambda raw: raw.hex().upper().encode() + b"\n", id="hex in capitals"),
    pytest.param(lambda raw: b"0x" + raw.hex().encode(), id="hex with 0x"),
    pytest.param(hex_dump, id="hex in lines"),
    pytest.param(base64.b64encode, id="base64"),
    pytest.param(lambda raw: base64.encodebytes(raw), id="base64 with a newline"),
    pytest.param(lambda raw: base64.urlsafe_b64encode(raw).rstrip(b"="), id="base64url, unpadded"),
    pytest.param(lambda raw: b"KEY=" + base64.b64encode(raw) + b"\nA=1\n", id="among settings"),
    pytest.param(lambda raw: b"targets\n" + raw.hex().encode() + b"\n", id="in a line of its own"),
    pytest.param(lambda raw: b'{"seed":"%s"}' % raw.hex().encode(), id="in JSON"),
    pytest.param(gzip.compress, id="gzip"),
    pytest.param(lambda raw: base64.b64encode(gzip.compress(raw.hex().encode())), id="wrapped"),
    pytest.param(lambda raw: raw.hex().encode("utf-16"), id="UTF-16"),
]


@pytest.mark.parametrize("pack", PACKED)
@pytest.mark.parametrize(
    ("raw", "private", "roles"),
    [
        pytest.param(SEED, ED25519, ("timestamp", "snapshot"), id="Ed25519"),
        pytest.param(SEED + PUBLIC, ED25519, ("timestamp", "snapshot"), id="with its public key"),
        pytest.param(NUMBER, P256, ("targets",), id="P-256"),
        pytest.param(b"\0" + NUMBER, P256, ("targets",), id="P-256, of 33 bytes as in DER"),
    ],
)
def test_a_bare_key_is_found_however_it_is_written(keys, raw, private, roles, pack):
    data = pack(raw)
    found = keys.find(data)
    assert (found.keyid, set(found.roles), found.version) == (keyid(private), set(roles), 3)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [b"\n", b"\r", b"\r\n", b" "])
def test_a_raw_key_may_end_as_a_line_does(last, end):
    seed = SEED[: -len(last)] + last
    root = Root(expires=datetime(2027, 1, 1, tzinfo=UTC))
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    root.add_key(SSlibKey.from_crypto(public), "targets")
    assert ListedKeys.of([root]).find(seed + end) is not None


def test_a_key_is_told_by_its_roles_and_the_root_that_names_it(keys):
    assert str(keys.find(NUMBER)) == f"the private key of targets, {keyid(P256)[:8]} in root 3"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(PUBLIC, id="public key"),
        pytest.param(PUBLIC.hex().encode(), id="public key in hex"),
        pytest.param(bytes(32), id="zeros"),
        pytest.param(b"\xff" * 32, id="above the order"),
        pytest.param(os.urandom(32), id="another key"),
        pytest.param(os.urandom(32).hex().encode(), id="digest"),
        pytest.param(SEED[:31], id="too short"),
        pytest.param(b"{}" * 2048 + base64.b64encode(SEED), id="in a long file"),
    ],
)
def test_what_is_no_key_of_root_s_is_none(keys, data):
    assert keys.find(data) is None


def test_without_root_a_bare_key_cannot_be_told():
    assert not holds_secret(SEED)
    assert ListedKeys({}).find(SEED) is None


def test_keys_that_boards_do_not_verify_are_passed_over():
    root = Root(expires=datetime(2027, 1, 1, tzinfo=UTC))
    root.add_key(CryptoSigner.generate_rsa().public_key, "root")
    fields = {"keytype": "rsa", "scheme": "rsassa-pss-sha256", "keyval": {"public": "no key"}}
    root.add_key(Key.from_dict("ab" * 32, fields), "root")
    assert ListedKeys.of([root]).known == {}


def test_keys_of_all_roots_are_known_by_the_newest_that_names_them():
    product = PublishedProduct()
    old, (kept, _) = product.signers["timestamp"][0], product.signers["root"]
    product.root.version = 2
    product.root.revoke_key(old.public_key.keyid, "timestamp")
    product.root.add_key(CryptoSigner.generate_ed25519().public_key, "timestamp")
    product.sign_root()
    found = read_listed_keys(product.fingerprint, lambda path: product.read(f"sensor/{path}"))
    told = {key.keyid: (key.roles, key.version) for key in found.known.values()}
    assert told[old.public_key.keyid] == (("timestamp",), 1)
    assert told[kept.public_key.keyid] == (("root",), 2)
    assert len(told) == 6


def test_roots_are_read_where_they_verify():
    product = PublishedProduct()

    def broken(path):
        raise VerificationError("nobody is there")

    def read(path):
        return product.read(f"sensor/{path}")

    assert len(read_listed_keys(product.fingerprint, broken, read).known) == 5
    assert read_listed_keys(product.fingerprint, broken, lambda path: None) is None
    assert read_listed_keys("ab" * 32, read) is None


def test_a_root_that_does_not_verify_takes_no_keys_away():
    product = PublishedProduct()

    def read(path):
        return b"garbage" if path == "metadata/2.root.json" else product.read(f"sensor/{path}")

    def cut(path):
        if path == "metadata/2.root.json":
            raise VerificationError("nobody is there")
        return product.read(f"sensor/{path}")

    for one in (read, cut):
        assert len(read_listed_keys(product.fingerprint, one).known) == 5
