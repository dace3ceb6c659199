"""What AWS KMS alone says when something is wrong, in words that tell what to do."""

from __future__ import annotations

from botocore.exceptions import ClientError

from publisher.aws_errors import (
    LATER,
    code_of,
    explain_caller,
    explain_silence,
    is_denied,
    message_of,
    status_of,
)
from publisher.errors import KeyAccessError

_REGION = "put ?region=REGION behind the key's name, name it by its ARN, or set AWS_DEFAULT_REGION"
_ENDPOINT = "check the region, AWS_ENDPOINT_URL_KMS if it is set, and the network"
_STATE = "aws kms describe-key tells its state; only an enabled key signs"
_NEW_KEY = (
    "keys for signing have the usage SIGN_VERIFY and the spec ECC_NIST_EDWARDS25519 or "
    "ECC_NIST_P256"
)

# By KMS's error code (API reference: Sign, GetPublicKey): its meaning, a remedy.
_BY_CODE = {
    "NotFoundException": ("there is no such key or alias in this account and region", _REGION),
    "DisabledException": ("it is disabled", "aws kms enable-key"),
    "KMSInvalidStateException": ("it is pending deletion, or not usable for now", _STATE),
    "InvalidKeyUsageException": ("it does not sign in this way", _NEW_KEY),
    "UnsupportedOperationException": ("it is not an asymmetric key", _NEW_KEY),
    "KeyUnavailableException": ("it is not available for now", LATER),
    "DependencyTimeoutException": ("KMS did not manage in time", LATER),
    "KMSInternalException": ("KMS failed", LATER),
    "InvalidArnException": ("that is not the ARN of a KMS key", _REGION),
    "LimitExceededException": ("KMS has had too many requests", LATER),
}


def explain(error: Exception, name: str, action: str) -> KeyAccessError:
    """Return a KeyAccessError that says what happened, and what to do.

    Args:
        name: what errors call the key.
        action: the IAM action that was tried, as `kms:Sign`.
    """
    if isinstance(error, ClientError):
        message, hint = _answered(error, action)
    else:
        message, hint = explain_silence(error, _REGION, _ENDPOINT)
    return KeyAccessError(f"{name}: {message}", hint)


def _answered(error: ClientError, action: str) -> tuple[str, str]:
    """Put in words what KMS, or whoever gives out the credentials, has answered."""
    code, status, said = code_of(error), status_of(error), message_of(error)
    if words := _BY_CODE.get(code) or explain_caller(error):
        return words
    if is_denied(error):
        hint = f"allow {action} on the key, in its key policy or the caller's IAM policy"
        return f"access denied to {action}: {said}".removesuffix(": "), hint
    if status >= 500:
        return f"KMS failed ({status} {code})", LATER
    return f"KMS answered {status} {code}: {said}", ""
