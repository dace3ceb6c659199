"""Keys in archives, dumps and lists, as careless people leave them; and what is none of these."""

import base64
import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from io import BytesIO

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)
from securesystemslib.signer import SSlibKey
from shop import Shop
from tuf.api.metadata import Metadata, Root

from publisher.certificates import Authority
from publisher.doctor.secrets.listed_keys import ListedKeys
from publisher.doctor.secrets.names import is_private_name
from publisher.doctor.secrets.objects import why_private
from publisher.doctor.secrets.wrappings import layers

KEY, P256 = Ed25519PrivateKey.generate(), generate_private_key(SECP256R1())
SEED = KEY.private_bytes_raw()
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
DER = KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
HEX = SEED.hex().encode()


@pytest.fixture(scope="module")
def keys():
    """Those of a root that names one of Ed25519."""
    root = Root()
    root.add_key(SSlibKey.from_crypto(KEY.public_key()), "targets")
    return ListedKeys.of([root])


def zipped(data, method=zipfile.ZIP_DEFLATED):
    file = BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("readme.txt", "hello")
        archive.writestr("keys/targets", data)
        archive.writestr("last.bin", bytes(range(256)) * 99)
    return file.getvalue()


def tarred(data, kind=tarfile.PAX_FORMAT):
    file = BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=kind) as archive:
        for name, content in (("a" * 150, b"hello"), ("keys/targets", data)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, BytesIO(content))
    return file.getvalue()


def rows(data):
    """Lines of 16 bytes, with their offsets, as dumps have them."""
    return [(at, data[at : at + 16]) for at in range(0, len(data), 16)]


def xxd(data):
    """As `xxd` writes it."""
    lines = [f"{at:08x}: {row.hex(' ', 2):<39}  {'.' * 16}" for at, row in rows(data)]
    return "\n".join(lines).encode()


def hexdump(data):
    """As `hexdump -C` writes it."""
    lines = [f"{at:08x}  {row[:8].hex(' ')}  {row[8:].hex(' ')}  |....|" for at, row in rows(data)]
    return "\n".join(lines).encode()


def od(data):
    """As `od -tx1` writes it."""
    return "\n".join(f"{at:07o} {row.hex(' ')}" for at, row in rows(data)).encode()


def openssl_text():
    """As `openssl pkey -text` writes a key of P-256."""
    number = P256.private_numbers().private_value.to_bytes(32, "big").hex(":")
    return f"Private-Key: (256 bit)\npriv:\n    {number[:45]}\n    {number[45:]}\n".encode()


def secret(data):
    """A Secret of Kubernetes."""
    return b"kind: Secret\ndata:\n  signing.key: " + base64.b64encode(data) + b"\n"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(zipped(PEM), id="zip"),
        pytest.param(zipped(SEED, zipfile.ZIP_STORED), id="zip of a bare key, stored"),
        pytest.param(zipped(PEM)[:-400], id="zip without its directory"),
        pytest.param(gzip.compress(tarred(DER)), id="tar.gz of DER"),
        pytest.param(gzip.compress(tarred(HEX, tarfile.GNU_FORMAT)), id="tar.gz of hex"),
        pytest.param(tarred(SEED)[:3600], id="tar, cut off"),
        pytest.param(bz2.compress(PEM), id="bzip2"),
        pytest.param(lzma.compress(tarred(SEED)), id="tar.xz"),
        pytest.param(zlib.compress(b"blob 119\0" + PEM), id="object of Git"),
        pytest.param(gzip.compress(b"hello") + gzip.compress(PEM), id="second member of gzip"),
        pytest.param(od(SEED), id="od"),
        pytest.param(hexdump(SEED), id="hexdump"),
        pytest.param(xxd(SEED), id="xxd"),
        pytest.param(SEED.hex(":").encode(), id="with colons"),
        pytest.param(SEED.hex(" ").upper().encode(), id="with blanks"),
        pytest.param(", ".join(f"0x{one:02X}" for one in SEED).encode(), id="array in C"),
        pytest.param("".join(f"\\x{one:02x}" for one in SEED).encode(), id="text in C"),
        pytest.param(b'{"seed": %s}' % str(list(SEED)).encode(), id="list in JSON"),
        pytest.param(b"{}" * 9999 + HEX, id="hex far behind"),
        pytest.param(DER.hex().encode(), id="DER in hex"),
        pytest.param(PEM.hex(" ").encode(), id="PEM in hex"),
        pytest.param(secret(HEX), id="hex in base64, in YAML"),
        pytest.param(secret(gzip.compress(tarred(SEED))), id="tar.gz in base64, in YAML"),
    ],
)
def test_a_key_is_found_however_it_is_packed(keys, data):
    assert why_private(data[:65536], keys)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(openssl_text(), id="openssl pkey -text"),
        pytest.param(
            pkcs12.serialize_key_and_certificates(
                b"a", P256, None, None, BestAvailableEncryption(b"words")
            ),
            id="PKCS #12",
        ),
        pytest.param(b"\xfe\xed\xfe\xed\0\0\0\2" + bytes(99), id="key store of Java"),
        pytest.param(b"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", id="PuTTY"),
        pytest.param(b"# public key: age1x\nAGE-SECRET-KEY-1QQPQQPQQPQQ\n", id="age"),
        pytest.param(b"untrusted comment: minisign encrypted secret key\nRWR", id="minisign"),
        pytest.param(b"{'kty': 'OKP', 'd': '%s'}" % (b"q" * 43), id="JWK as Python writes it"),
        pytest.param(b'{"SecretAccessKey": "wJalrXUtnFEMI/K7MDENG"}', id="answer of AWS STS"),
    ],
)
def test_what_other_tools_keep_keys_in_is_known(data):
    assert why_private(data, None)


def published():
    """All that a product publishes, by its path, with roots that verify."""
    shop = Shop()
    shop.release("1.0.0")
    shop.release("1.1.0")
    shop.withdraw("1.1.0", "1.0.0")
    return {name: item.data for name, item in shop.store.objects.items()}


def test_nothing_that_is_published_is_taken_for_a_key():
    files = published()
    root = Metadata[Root].from_bytes(files["sensor/metadata/1.root.json"]).signed
    keys = ListedKeys.of([root])
    kinds = {name.split("/")[1] for name in files}
    assert kinds >= {"metadata", "targets", "payloads", "images", "stable"}
    assert [name for name, data in files.items() if why_private(data[:65536], keys)] == []


PUBLIC = P256.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(zipped(PUBLIC), id="zip of a public key"),
        pytest.param(tarred(Authority.create("a").certificate_pem), id="tar of a certificate"),
        pytest.param(b"\n".join(b"%064x  app.bin" % one for one in range(200)), id="digests"),
        pytest.param(b"PK\3\4" + bytes(26), id="zip of nothing"),
        pytest.param(b"BZh91AY no bzip2", id="no bzip2"),
        pytest.param(b"xylophones", id="no zlib"),
        pytest.param(bytes(257) + b"ustar" + bytes(300), id="no tar"),
        pytest.param(b"300, " * 40, id="numbers"),
        pytest.param(b"How to set secretAccessKey: see the manual", id="about credentials"),
        pytest.param(b"priv: none", id="priv"),
    ],
)
def test_what_is_packed_or_listed_is_no_key_by_that(keys, data):
    assert why_private(data, keys) == ""


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(gzip.compress(bytes(1 << 25)), id="gzip"),
        pytest.param(bz2.compress(bytes(1 << 25)), id="bzip2"),
        pytest.param(lzma.compress(bytes(1 << 25)), id="xz"),
        pytest.param(zipped(bytes(1 << 25)), id="zip"),
        pytest.param(gzip.compress(b"") * 2000, id="many members"),
        pytest.param(gzip.compress(tarred(bytes(1 << 20)) * 40), id="tar"),
        pytest.param((b"! ".join([HEX] * 990))[:65536], id="many digests"),
    ],
)
def test_of_one_object_no_more_is_unpacked_than_is_worth_it(data):
    found = list(layers(data))
    assert len(found) <= 500
    assert sum(map(len, found[1:])) <= 1 << 19


@pytest.mark.parametrize(
    "name",
    [
        *("targets.pem.bak", "targets.pem~", "targets.key.txt", "keys/root-1.pem.old"),
        *("id_ed25519.bak", ".env.production", ".env.bak", "credentials.csv", "slotcast.toml.orig"),
        *("keys.zip", "backup/keys.tar.gz", "release.jks.1", ".netrc"),
    ],
)
def test_copies_of_what_is_private_are_private(name):
    assert is_private_name(name)
    assert is_private_name(f"sensor/{name}")


@pytest.mark.parametrize(
    "name",
    [
        *("stable/b1/version.json", "id_ed25519.pub", "turkeys.zip", "notes.txt", "app.bak"),
        *(".env.example", "credentials/version.json", "monkey.json", "keynote.pdf"),
    ],
)
def test_other_names_are_not_private(name):
    assert not is_private_name(f"sensor/{name}")
