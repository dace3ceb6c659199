"""`awskms:KEY`: an asymmetric key in AWS KMS, which makes the signatures.

KEY is an alias (`alias/NAME`), a key id, or the ARN of either; `?region=REGION` may follow. All
else, credentials and AWS_ENDPOINT_URL_KMS too, is where boto3 looks for it. Needs kms:GetPublicKey
and kms:Sign. Key specs are ECC_NIST_EDWARDS25519, with the algorithm ED25519_SHA_512, and
ECC_NIST_P256, with ECDSA_SHA_256 (API reference of Sign).
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from publisher.errors import KeyAccessError
from publisher.metadata_rules import KMS_MAX_BYTES
from publisher.signers.awskms_errors import explain
from publisher.signers.remote import PublicKey, RemoteSigner, to_usable_key

if TYPE_CHECKING:
    from types_boto3_kms.client import KMSClient

# What Sign takes for a KeyId; an ARN tells its region.
_ID = r"(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})"
_ALIAS = r"alias/[A-Za-z0-9/_-]{1,250}"
_ARN = rf"arn:[a-z-]+:kms:(?P<region>[a-z0-9-]+):[0-9]{{12}}:(?:key/{_ID}|{_ALIAS})"
_KEY_ID = re.compile(f"{_ID}|{_ALIAS}|{_ARN}")
_REGION = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)
_FORM = "awskms:alias/NAME, awskms:KEY-ID or awskms:ARN; ?region=REGION may follow"
_SHRINK = (
    "offer fewer boards, channels or stepping stones in this product, or sign this role with a "
    "P-256 key, which KMS is sent a digest for"
)


class KmsUri(NamedTuple):
    """A key as KMS knows it, and its region, or "" for boto3's own."""

    key_id: str
    region: str


def load(rest: str) -> RemoteSigner:
    """Return the signer of what follows `awskms:`.

    Raises:
        KeyAccessError: the key cannot be reached, or is of another kind than Ed25519 and P-256.
    """
    uri = parse(rest)
    name = f"AWS KMS key {uri.key_id}"
    client = _connect(uri, name)
    public = _public_key(client, uri.key_id, name)
    return RemoteSigner(name, public, _Sign(client, uri.key_id, name, public))


def parse(rest: str) -> KmsUri:
    """Parse what follows `awskms:`.

    Raises:
        KeyAccessError: it names no key, or two regions.
    """
    key_id, mark, query = rest.partition("?")
    fields = parse_qsl(query, keep_blank_values=True)
    regions = [value for field, value in fields if field == "region"]
    well_formed = len(fields) == len(regions) == (1 if mark else 0)
    named = _KEY_ID.fullmatch(key_id)
    if named is None or not well_formed:  # not shown: it could be a key by mistake
        raise KeyAccessError("an awskms: signer names no key", _FORM)
    region = regions[0] if mark else ""
    if mark and not _REGION.fullmatch(region):
        raise KeyAccessError(f"awskms:{key_id}: that is not a region", _FORM)
    own = named["region"] or ""
    if own and region not in ("", own):
        raise KeyAccessError(f"awskms:{key_id} lies in {own}, not in {region}")
    return KmsUri(key_id, own or region)


def _connect(uri: KmsUri, name: str) -> KMSClient:
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=10, read_timeout=30
    )
    try:
        return Session().client("kms", region_name=uri.region or None, config=config)
    except (BotoCoreError, ValueError) as error:
        raise explain(error, name, "") from error


def _public_key(client: KMSClient, key_id: str, name: str) -> PublicKey:
    try:
        answer = client.get_public_key(KeyId=key_id)
    except (BotoCoreError, ClientError) as error:
        raise explain(error, name, "kms:GetPublicKey") from error
    if answer["KeyUsage"] != "SIGN_VERIFY":
        hint = "make one with --key-usage SIGN_VERIFY: it cannot be changed"
        raise KeyAccessError(f"{name} is not for signing, but for {answer['KeyUsage']}", hint)
    try:
        public = load_der_public_key(answer["PublicKey"])
    except ValueError as error:
        raise KeyAccessError(f"{name} has a public key that cannot be read: {error}") from error
    return to_usable_key(name, public)


class _Sign:
    """Has KMS sign a message, in the way that the key's spec wants it."""

    def __init__(self, client: KMSClient, key_id: str, name: str, public: PublicKey) -> None:
        self._client = client
        self._key_id = key_id
        self._name = name
        self._is_ed25519 = isinstance(public, Ed25519PublicKey)

    def __call__(self, message: bytes) -> bytes:
        if self._is_ed25519:
            _verify_size(message, self._name)
        try:
            return self._ed25519(message) if self._is_ed25519 else self._p256(message)
        except (BotoCoreError, ClientError) as error:
            raise explain(error, self._name, "kms:Sign") from error

    def _ed25519(self, message: bytes) -> bytes:
        return self._client.sign(
            KeyId=self._key_id,
            Message=message,
            MessageType="RAW",
            SigningAlgorithm="ED25519_SHA_512",
        )["Signature"]

    def _p256(self, message: bytes) -> bytes:
        return self._client.sign(
            KeyId=self._key_id,
            Message=hashlib.sha256(message).digest(),
            MessageType="DIGEST",
            SigningAlgorithm="ECDSA_SHA_256",
        )["Signature"]


def _verify_size(message: bytes, name: str) -> None:
    if len(message) > KMS_MAX_BYTES:
        size = f"{_role(message)} has {len(message):,} bytes to sign"
        raise KeyAccessError(f"{size}; {name}, an Ed25519 key, takes {KMS_MAX_BYTES:,}", _SHRINK)


def _role(message: bytes) -> str:
    """Return the role whose canonical form is to be signed; a PEM in root has raw line ends."""
    try:
        return str(json.loads(message, strict=False)["_type"])
    except (ValueError, LookupError, TypeError):
        return "the message"
