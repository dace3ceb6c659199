"""What boto3 and AWS KMS say when something is wrong, in words that tell what to do."""

from __future__ import annotations

from botocore.exceptions import ClientError

from publisher.aws_errors import CREDENTIALS, explain_silence
from publisher.errors import KeyAccessError

_REGION = "put ?region=REGION behind the key's name, name it by its ARN, or set AWS_DEFAULT_REGION"
_ENDPOINT = "check the region, AWS_ENDPOINT_URL_KMS if it is set, and the network"
_AGAIN = "run the same command again in a while"
_STATE = "aws kms describe-key tells its state; only an enabled key signs"
_NEW_KEY = (
    "keys for signing have the usage SIGN_VERIFY and the spec ECC_NIST_EDWARDS25519 or "
    "ECC_NIST_P256"
)
_SIGN_IN = "sign in again: the session is over"

# By KMS's error code (API reference: Sign, GetPublicKey, common errors): its meaning, a remedy.
_BY_CODE = {
    "NotFoundException": ("there is no such key or alias in this account and region", _REGION),
    "DisabledException": ("it is disabled", "aws kms enable-key"),
    "KMSInvalidStateException": ("it is pending deletion, or not usable for now", _STATE),
    "InvalidKeyUsageException": ("it does not sign in this way", _NEW_KEY),
    "UnsupportedOperationException": ("it is not an asymmetric key", _NEW_KEY),
    "KeyUnavailableException": ("it is not available for now", _AGAIN),
    "DependencyTimeoutException": ("KMS did not manage in time", _AGAIN),
    "KMSInternalException": ("KMS failed", _AGAIN),
    "InvalidArnException": ("that is not the ARN of a KMS key", _REGION),
    "ThrottlingException": ("KMS has had too many requests", _AGAIN),
    "LimitExceededException": ("KMS has had too many requests", _AGAIN),
    "UnrecognizedClientException": ("the access key is not known there", CREDENTIALS),
    "InvalidClientTokenId": ("the access key is not known there", CREDENTIALS),
    "InvalidSignatureException": (
        "the secret key does not fit the access key, or this machine's clock is wrong",
        CREDENTIALS,
    ),
    "ExpiredTokenException": ("the credentials have expired", _SIGN_IN),
    "IncompleteSignature": ("the credentials are incomplete", CREDENTIALS),
    "OptInRequired": ("the account is not set up for KMS", ""),
}


def explain(error: Exception, name: str, action: str) -> KeyAccessError:
    """Return a KeyAccessError that says what happened, and what to do.

    Args:
        name: what errors call the key.
        action: the IAM action that was tried, as `kms:Sign`.
    """
    if isinstance(error, ClientError):
        return _explain_answer(error, name, action)
    message, hint = explain_silence(error, _REGION, _ENDPOINT)
    return KeyAccessError(f"{name}: {message}", hint)


def _explain_answer(error: ClientError, name: str, action: str) -> KeyAccessError:
    code = error.response["Error"]["Code"]
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    said = error.response["Error"].get("Message", "")
    if code in _BY_CODE:
        message, hint = _BY_CODE[code]
        return KeyAccessError(f"{name}: {message}", hint)
    if code.startswith("AccessDenied") or status == 403:
        hint = f"allow {action} on the key, in its key policy or the caller's IAM policy"
        return KeyAccessError(f"{name}: access denied to {action}: {said}".removesuffix(": "), hint)
    if status >= 500:
        return KeyAccessError(f"{name}: KMS failed ({status} {code})", _AGAIN)
    return KeyAccessError(f"{name}: KMS answered {status} {code}: {said}")
