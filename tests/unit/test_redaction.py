"""No private key gets into an error, wherever on the command line it was given."""

import base64
import hashlib
import io
import json
import time
import urllib.parse

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from publisher.console import Console
from publisher.errors import StoreError, StrandingError
from publisher.redaction import holds_private_key, without_secrets

ED25519 = Ed25519PrivateKey.generate()
RSA = generate_private_key(65537, 1024)  # its PEM has several lines
PEMS = {
    "pkcs8": ED25519.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    "encrypted": ED25519.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")
    ),
    "openssh": ED25519.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()),
    "rsa": RSA.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
    "rsa, encrypted": RSA.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"x")
    ),
}
PEM = PEMS["pkcs8"].decode()
PUBLIC = ED25519.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
GIVEN = "a private key was given on the command line: it is in your shell's history, and in `ps`"


def body(pem):
    """The lines of code, without labels and headers."""
    return [line for line in pem.splitlines() if len(line) > 20 and not set(line) & set("-:")]


@pytest.fixture(params=PEMS)
def pem(request):
    return PEMS[request.param].decode()


@pytest.mark.parametrize(
    "spell",
    [
        str,
        repr,
        lambda pem: repr(repr(pem)),
        lambda pem: pem.replace("\n", "\\n"),
        lambda pem: pem.replace("\n", "\r\n"),
        lambda pem: pem.rpartition("-----END")[0],
        lambda pem: pem.partition("BEGIN")[2],
        lambda pem: " ".join(pem.split()),
        lambda pem: " ".join(pem.partition("BEGIN")[2].split()),
        lambda pem: base64.b64encode(pem.encode()).decode(),
        lambda pem: base64.encodebytes(pem.encode()).decode(),
        lambda pem: base64.b64encode(f"\n{pem}".encode()).decode(),
        lambda pem: base64.b64encode(f" \n{pem}".encode()).decode(),
        lambda pem: base64.encodebytes(f" {pem}".encode()).decode().replace("\n", "\\n"),
        lambda pem: base64.b64encode(base64.b64encode(pem.encode())).decode(),
        urllib.parse.quote,
        urllib.parse.quote_plus,
        lambda pem: urllib.parse.quote_plus(pem).replace("-", "%2d"),
        lambda pem: urllib.parse.quote(pem).partition("BEGIN")[2],
    ],
    ids=[
        *("as it is", "repr", "repr twice", "escaped", "crlf", "no end", "no begin"),
        *("split", "split, no begin", "base64", "base64 in lines"),
        *("base64, moved by 1", "base64, moved by 2", "base64 in lines, moved", "base64 twice"),
        *("URL", "form", "form, no dashes", "URL, no begin"),
    ],
)
def test_a_private_key_is_taken_out_however_it_is_spelled(pem, spell):
    text = spell(pem)
    told = without_secrets(f"argument --add: root={text}")
    assert [line for line in body(text) or [text] if line in told] == []
    assert [line for line in body(pem) if line in told] == []
    assert told.startswith("argument --add: ")
    assert "[a private key]" in told


@pytest.mark.parametrize(
    "key", [ED25519, RSA, generate_ec_key(SECP256R1())], ids=["ed25519", "rsa", "p-256"]
)
@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_the_base64_of_der_is_a_private_key(key, form):
    if key is ED25519:
        form = PrivateFormat.PKCS8  # it has no other
    code = base64.b64encode(key.private_bytes(Encoding.DER, form, NoEncryption())).decode()
    lines = "\n".join(code[at : at + 64] for at in range(0, len(code), 64))
    assert without_secrets(f"root={code}, no key") == "root=[a private key], no key"
    assert holds_private_key([f"root={code}"])
    told = without_secrets(f"{lines}\n")
    assert [line for line in lines.split() if len(line) > 16 and line in told] == []
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert not holds_private_key([base64.b64encode(public).decode()])


def test_pins_and_secrets_of_aws_are_told_no_more_than_keys():
    told = without_secrets("pkcs11:token=x;object=y?pin-value=12%3434&module-name=m, no signer")
    assert told == "pkcs11:token=x;object=y?pin-value=[a PIN]&module-name=m, no signer"
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    for text in (
        "aws_secret_access_key = {}",
        "AWS_SECRET_ACCESS_KEY={}",
        '"aws_session_token":"{}"',
    ):
        assert without_secrets(text.format(secret)) == text.format("[a secret]")
    # The signer refuses it, and says why.
    assert not holds_private_key(["pkcs11:token=x;object=y?pin-value=1234"])


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://user:sekrit@host/", "https://user:{}@host/"),
        ("https://:sekrit@host:8443/a@b", "https://:{}@host:8443/a@b"),
        ("https://me@acme.com:s:k@r#i?t@host/", "https://me@acme.com:{}@host/"),
        ("https://user:sek/rit@host/a@b", "https://user:{}@host/a@b"),
        ("https://user:1234@host/", "https://user:{}@host/"),
        ("postgres://user:sekrit@a and s3://me:x@b", "postgres://user:{}@a and s3://me:{}@b"),
    ],
)
def test_passwords_in_urls_are_not_told(url, told):
    told = told.replace("{}", "[a password]")
    assert without_secrets(f'base_url is "{url}"; no') == f'base_url is "{told}"; no'


@pytest.mark.parametrize(
    "text",
    [
        "https://host:8443/@scope/name",
        "https://[::1]:8443/@scope/name",
        "ssh://git@host/firmware.git",
        '{"url":"https://host:8443","mail":"me@host"}',
        "https://host:8443/ is for me@host",
        "arn:aws:s3:::bucket/a@b, https://host/a:b@c",
    ],
)
def test_urls_without_a_password_stay(text):
    assert without_secrets(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "A" * 200_000,
        ("A" * 40 + "\n") * 5_000,
        ("A" * 40 + "\\n") * 5_000,
        "-----BEGIN " * 20_000,
        "-----BEGIN " + "PRIVATE KEY" * 20_000,
        "-----END PRIVATE KEY-----" + ("A" * 40 + "\n") * 5_000,
        ("A" * 40 + "\n-----END ") * 4_000,
        "LS0tLS1CRUdJTi" * 10_000,
        "\\" * 200_000,
        "%0" * 100_000,
        "aws_secret_access_key" * 10_000,
        "://a:" * 40_000,
        "://a:" + "b:" * 100_000,
    ],
    ids=lambda text: ascii(text[:30]),
)
def test_long_texts_take_no_longer_than_they_are(text):
    began = time.process_time()
    without_secrets(text)
    assert time.process_time() - began < 2  # 0.1 s; what grows with the square takes a minute


def test_what_stands_around_it_stays():
    told = without_secrets(f'version "{PEM}" is not X.Y.Z, nor is "{PEM}"')
    assert told.replace("\n", "") == (
        'version "[a private key]" is not X.Y.Z, nor is "[a private key]"'
    )


@pytest.mark.parametrize(
    "text",
    [
        *(PUBLIC, base64.b64encode(PUBLIC.encode()).decode(), "ab" * 32, "keys/private-key.pem"),
        f"{'A' * 64}\n-----END PUBLIC KEY-----",
        base64.b64encode(hashlib.sha512(b"").digest()).decode(),
        f"sha256:{'0123456789abcdef' * 4}\n{'0123456789abcdef' * 4}",
        f"{'ab' * 20} C:\\new\\release %0A\\n\\n a\n\n b ",
        f"/home/runner/work/{'firmware/' * 20}app.bin",
    ],
)
def test_what_is_no_private_key_stays(text):
    assert without_secrets(text) == text
    assert not holds_private_key(["root", "propose", "--add", f"root={text}"])


def test_whatever_is_told_has_no_key():
    streams = io.StringIO(), io.StringIO()
    console = Console(io.StringIO(), *streams)
    for tell in (console.note, console.warn):
        tell(PEM)
    console.error(StrandingError(PEM, PEM, (PEM,)))
    console.show_error(StrandingError(PEM, PEM, (PEM,)))
    texts = [stream.getvalue() for stream in streams]
    assert [text for text in texts if body(PEM)[0] in text] == []
    assert [text.count("[a private key]") for text in texts] == [4, 5]


@pytest.mark.parametrize(
    "words",
    [
        ("root", "propose", "--out", "x", "--add", f"root={PEM}"),
        ("root", "sign", "p.json", "--key", PEM),
        ("release", "app.bin", "--version", PEM, "--channel", "stable", "--board", "b1"),
        ("release", PEM, "--version", "1.1.0", "--channel", "stable", "--board", "b1"),
        ("status", "--channel", PEM),
        ("status", "--settings", PEM),
        (
            "release",
            "x.bin",
            "--version",
            "1.1.0",
            "--channel",
            "c",
            "--board",
            "b1",
            "--notes",
            PEM,
        ),
    ],
    ids=lambda words: " ".join(words[:2])[:20],
)
@pytest.mark.parametrize("json_too", [(), ("--json",)], ids=["text", "json"])
def test_an_argument_that_is_a_key_is_not_repeated(run, tmp_path, monkeypatch, words, json_too):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.bin").write_bytes(b"")
    init = ("init", "sensor", "--insecure-no-passphrase", "--board", "b1", "--chip", "esp32")
    assert run(*init, "--slot-size", "0x1E0000")[0] == 0
    code, out, err = run(*words, *json_too)
    assert code == 1
    assert body(PEM)[0] not in out + err
    assert f"slotcast: warning: {GIVEN}" in err
    assert "slotcast: error: so nothing was done" in err


@pytest.mark.parametrize(
    "words",
    [
        ("root", "propose", "--out", "x", "--add", PEM),
        ("root", "propose", "--out", "x", "--replace", f"root={PEM}"),
        ("root", "propose", "--out", "x", "--add", *f"root={PEM}".split()),
        ("rollout", "stable", "b1", PEM),
        (PEM,),
    ],
    ids=["role", "replace", "split", "share", "command"],
)
def test_wrong_usage_does_not_repeat_a_key(run, capsys, words):
    with pytest.raises(SystemExit) as ended:
        run(*words)
    err = capsys.readouterr().err
    assert ended.value.code == 2
    assert body(PEM)[0] not in err
    assert "[a private key]" in err
    assert GIVEN in err


def test_nothing_is_said_of_keys_where_none_was_given(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "private key" not in run("status", "--channel", PUBLIC)[2]


def test_an_error_for_a_program_has_kind_message_hint_and_details():
    out = io.StringIO()
    Console(io.StringIO(), out, io.StringIO()).show_error(StoreError("gone\n", "look"))
    assert json.loads(out.getvalue()) == {
        "error": {"kind": "store-error", "message": "gone\n", "hint": "look", "details": []}
    }
