"""AWS KMS over HTTP, as far as signers use it: GetPublicKey and Sign, JSON 1.1, and its errors.

After AWS's API reference. It keeps no state but its keys, and does not check request signatures.
"""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

REGION, ACCOUNT = "eu-central-1", "111122223333"
ALGORITHMS = {
    "ECC_NIST_EDWARDS25519": ("ED25519_SHA_512", "ED25519_PH_SHA_512"),
    "ECC_NIST_P256": ("ECDSA_SHA_256",),
    "RSA_2048": ("RSASSA_PSS_SHA_256",),
}


class Refused(Exception):
    """An answer that is an error: its code, message and HTTP status."""

    def __init__(self, code: str, message: str = "", status: int = 400) -> None:
        super().__init__(code)
        self.code, self.message, self.status = code, message, status


@dataclass
class KmsKey:
    """A key, and what has become of it."""

    private: Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey
    usage: str = "SIGN_VERIFY"
    state: str = "Enabled"

    @property
    def spec(self) -> str:
        """Its KeySpec."""
        if isinstance(self.private, Ed25519PrivateKey):
            return "ECC_NIST_EDWARDS25519"
        return "RSA_2048" if isinstance(self.private, RSAPrivateKey) else "ECC_NIST_P256"


@dataclass
class Kms:
    """The service: keys by id, aliases, and what it is told to refuse."""

    keys: dict[str, KmsKey] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    refusals: list[Refused] = field(default_factory=list)
    denied: set[str] = field(default_factory=set)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    endpoint_url: str = ""

    def add(self, alias: str, key: KmsKey | None = None) -> KmsKey:
        """Add a key, of Ed25519 unless it is given, under alias/ALIAS."""
        key_id = f"00000000-0000-4000-8000-{len(self.keys):012}"
        self.keys[key_id] = key or KmsKey(Ed25519PrivateKey.generate())
        self.aliases[f"alias/{alias}"] = key_id
        return self.keys[key_id]

    def arn(self, alias: str) -> str:
        """The ARN of the key under an alias."""
        return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{self.aliases[f'alias/{alias}']}"

    def environment(self) -> dict[str, str]:
        """The variables by which boto3 finds it, and no other credentials."""
        return {
            "AWS_ENDPOINT_URL_KMS": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def answer(self, action: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one call."""
        self.calls.append((action, request))
        if self.refusals:
            raise self.refusals.pop(0)
        if action in self.denied:
            who = f"arn:aws:iam::{ACCOUNT}:user/ci"
            message = f"User: {who} is not authorized to perform: kms:{action} on this resource"
            raise Refused("AccessDeniedException", message)
        arn, key = self._find(request["KeyId"])
        return {"GetPublicKey": _public_key, "Sign": _sign}[action](arn, key, request)

    def _find(self, name: str) -> tuple[str, KmsKey]:
        own = f"arn:aws:kms:{REGION}:{ACCOUNT}:"
        short = name.removeprefix(own).removeprefix("key/")
        key_id = self.aliases.get(short, short)
        if key_id not in self.keys:
            what = "Alias" if short.startswith("alias/") else "Key"
            raise Refused("NotFoundException", f"{what} {own}{short} is not found.")
        key, arn = self.keys[key_id], f"{own}key/{key_id}"
        if key.state == "Disabled":
            raise Refused("DisabledException", f"{arn} is disabled.")
        if key.state != "Enabled":
            raise Refused("KMSInvalidStateException", f"{arn} is pending deletion.")
        return arn, key


def _public_key(arn: str, key: KmsKey, request: dict[str, Any]) -> dict[str, Any]:
    public = key.private.public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "KeyId": arn,
        "KeySpec": key.spec,
        "KeyUsage": key.usage,
        "SigningAlgorithms": list(ALGORITHMS[key.spec]),
        "PublicKey": base64.b64encode(der).decode(),
    }


def _sign(arn: str, key: KmsKey, request: dict[str, Any]) -> dict[str, Any]:
    algorithm, message = request["SigningAlgorithm"], base64.b64decode(request["Message"])
    kind = request.get("MessageType", "RAW")
    if not 1 <= len(message) <= 4096:
        limit = "Member must have length less than or equal to 4096"
        raise Refused("ValidationException", f"1 validation error detected: 'message': {limit}")
    if key.usage != "SIGN_VERIFY" or algorithm not in ALGORITHMS[key.spec]:
        raise Refused("InvalidKeyUsageException", f"{arn} key usage is {key.usage}")
    if algorithm == "ED25519_SHA_512" and kind != "RAW":
        raise Refused("ValidationException", "ED25519_SHA_512 requires MessageType RAW")
    if kind == "DIGEST" and len(message) != 32:
        raise Refused("ValidationException", f"Digest is invalid length for algorithm {algorithm}.")
    signature = _signature(key.private, message, kind)
    signature64 = base64.b64encode(signature).decode()
    return {"KeyId": arn, "Signature": signature64, "SigningAlgorithm": algorithm}


def _signature(private: Any, message: bytes, kind: str) -> bytes:
    if isinstance(private, Ed25519PrivateKey):
        return private.sign(message)
    return private.sign(message, ECDSA(Prehashed(SHA256()) if kind == "DIGEST" else SHA256()))


def p256_key(**more: str) -> KmsKey:
    """A P-256 key."""
    return KmsKey(generate_private_key(SECP256R1()), **more)


@contextmanager
def kms_server() -> Iterator[Kms]:
    """Run the service on a free loopback port."""
    kms = Kms()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            action = self.headers["X-Amz-Target"].removeprefix("TrentService.")
            try:
                status, answer = 200, kms.answer(action, body)
            except Refused as error:
                status, answer = error.status, {"__type": error.code, "message": error.message}
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kms.endpoint_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield kms
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
