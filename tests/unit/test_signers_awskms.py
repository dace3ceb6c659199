"""`awskms:` signers on our side of the network; tests/e2e/test_kms.py crosses it."""

import json

import boto3
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    SSLError,
    UnauthorizedSSOTokenError,
)
from botocore.stub import Stubber
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from publisher.errors import KeyAccessError
from publisher.signers import Passphrases, awskms, load_signers
from publisher.signers.awskms_errors import explain

ARN = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture
def stubbed(monkeypatch):
    """A KMS client that answers what the test adds."""
    client = boto3.client(
        "kms", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="s"
    )
    monkeypatch.setattr(awskms, "_connect", lambda uri, name: client)
    with Stubber(client) as stubber:
        yield stubber


def load(tmp_path, uri="awskms:alias/slotcast"):
    (signer,) = load_signers([uri], tmp_path, Passphrases(None, {}))
    return signer


def answer_public_key(stubber, public, usage="SIGN_VERIFY"):
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    answer = {"PublicKey": der, "KeyUsage": usage}
    stubber.add_response("get_public_key", answer, {"KeyId": "alias/slotcast"})


def test_an_ed25519_key_signs_the_message_itself(stubbed, tmp_path):
    key = Ed25519PrivateKey.generate()
    answer_public_key(stubbed, key.public_key())
    asked = {
        "KeyId": "alias/slotcast",
        "Message": b"m" * 4096,
        "MessageType": "RAW",
        "SigningAlgorithm": "ED25519_SHA_512",
    }
    stubbed.add_response("sign", {"Signature": key.sign(b"m" * 4096)}, asked)
    signer = load(tmp_path)
    assert signer.public_key.keyval["public"] == key.public_key().public_bytes_raw().hex()
    signer.public_key.verify_signature(signer.sign(b"m" * 4096), b"m" * 4096)


@pytest.mark.parametrize("role", ["targets", "root"])
def test_more_than_ed25519_takes_is_refused_before_kms_is_asked(role, stubbed, tmp_path):
    answer_public_key(stubbed, Ed25519PrivateKey.generate().public_key())
    message = json.dumps({"_type": role, "x": "y" * 4096}).encode().replace(b"yy", b"y\n", 1)
    signer = load(tmp_path)
    with pytest.raises(
        KeyAccessError, match=f"^{role} has 4,1.. bytes to sign; .* takes 4,096$"
    ) as e:
        signer.sign(message)  # the stub would mind a call
    assert "fewer boards, channels or stepping stones" in e.value.hint
    assert "P-256" in e.value.hint


def test_a_signature_that_is_not_by_the_key_is_refused(stubbed, tmp_path):
    answer_public_key(stubbed, Ed25519PrivateKey.generate().public_key())
    liar = Ed25519PrivateKey.generate()
    stubbed.add_response("sign", {"Signature": liar.sign(b"data")})
    signer = load(tmp_path)
    with pytest.raises(KeyAccessError, match="gave a signature that its key did not make"):
        signer.sign(b"data")


def test_a_key_of_another_curve_is_refused(stubbed, tmp_path):
    answer_public_key(stubbed, generate_private_key(SECP384R1()).public_key())
    with pytest.raises(KeyAccessError, match="is neither an Ed25519 nor a P-256 key"):
        load(tmp_path)


def test_a_key_for_another_use_is_refused(stubbed, tmp_path):
    answer_public_key(stubbed, generate_private_key(SECP256R1()).public_key(), "KEY_AGREEMENT")
    with pytest.raises(KeyAccessError, match="is not for signing, but for KEY_AGREEMENT"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("rest", "key_id", "region"),
    [
        ("alias/slotcast", "alias/slotcast", ""),
        ("alias/slotcast?region=us-east-1", "alias/slotcast", "us-east-1"),
        ("1234abcd-12ab-34cd-56ef-1234567890ab", "1234abcd-12ab-34cd-56ef-1234567890ab", ""),
        (ARN, ARN, "eu-central-1"),
        (f"{ARN}?region=eu-central-1", ARN, "eu-central-1"),
    ],
)
def test_a_key_is_named_by_alias_id_or_arn(rest, key_id, region):
    assert awskms.parse(rest) == (key_id, region)


@pytest.mark.parametrize(
    ("rest", "says"),
    [
        ("1234abcd", "names no key"),
        ("arn:aws:s3:eu-central-1:111122223333:key/x", "names no key"),
        ("?region=us-east-1", "names no key"),
        ("alias/my key", "names no key"),
        ("alias/x?", "names no key"),
        ("alias/x?zone=a", "names no key"),
        ("alias/x?region=a&region=b", "names no key"),
        ("alias/x?region=", "that is not a region"),
        ("alias/x?region=evil.example/", "that is not a region"),
        (f"{ARN}?region=us-east-1", "lies in eu-central-1, not in us-east-1"),
    ],
)
def test_what_names_no_key_is_refused(rest, says):
    with pytest.raises(KeyAccessError, match=says):
        awskms.parse(rest)


def said(code, status=400, message="words of KMS"):
    answer = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "Sign")


URL = {"endpoint_url": "https://kms.eu-central-1.amazonaws.com"}


@pytest.mark.parametrize(
    ("error", "says", "hints"),
    [
        (
            said("AccessDeniedException"),
            "access denied to kms:Sign: words of KMS",
            "allow kms:Sign",
        ),
        (said("Forbidden", 403), "access denied to kms:Sign", "allow kms:Sign on the key"),
        (said("NotFoundException"), "no such key or alias in this account and region", "region="),
        (said("DisabledException"), "it is disabled", "enable-key"),
        (said("KMSInvalidStateException"), "it is pending deletion", "describe-key"),
        (said("InvalidKeyUsageException"), "does not sign in this way", "SIGN_VERIFY"),
        (said("UnsupportedOperationException"), "not an asymmetric key", "ECC_NIST_EDWARDS25519"),
        (said("ThrottlingException"), "AWS asks to slow down", "run the same command again"),
        (said("KeyUnavailableException", 500), "not available for now", "run the same command"),
        (said("UnrecognizedClientException"), "access key is not known", "AWS_PROFILE"),
        (said("InvalidSignatureException", 403), "secret key does not fit", "AWS_PROFILE"),
        (said("ExpiredTokenException"), "credentials have expired", "sign in again"),
        (said("Weird", 503), "KMS failed (503 Weird)", "run the same command again"),
        (said("ValidationException"), "KMS answered 400 ValidationException: words of KMS", ""),
        (NoCredentialsError(), "no credentials were found", "AWS_PROFILE"),
        (PartialCredentialsError(provider="x", cred_var="y"), "incomplete", "AWS_SECRET_ACCESS"),
        (ProfileNotFound(profile="x"), "The config profile (x) could not be found", "AWS_PROFILE"),
        (UnauthorizedSSOTokenError(), "the sign-in (SSO) has expired", "aws sso login"),
        (NoRegionError(), "no region is set", "AWS_DEFAULT_REGION"),
        (EndpointConnectionError(**URL), "cannot be reached", "AWS_ENDPOINT_URL_KMS"),
        (ConnectTimeoutError(**URL), "does not answer", "the network"),
        (ReadTimeoutError(**URL), "stopped answering", "the network"),
        (SSLError(**URL, error="x"), "certificate is not trusted", "AWS_ENDPOINT_URL_KMS"),
    ],
)
def test_errors_say_what_happened_and_what_to_do(error, says, hints):
    told = explain(error, "AWS KMS key alias/x", "kms:Sign")
    assert str(told).startswith("AWS KMS key alias/x: ")
    assert says in str(told)
    assert hints in told.hint
