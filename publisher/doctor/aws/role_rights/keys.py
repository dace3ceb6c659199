"""Rows of the table of rights: with which keys of KMS a role may sign, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from publisher.doctor.aws.role_rights.row import Right

# How a key signs for boards (publisher/signers/awskms.py), and another way that it could.
_ED25519 = {"kms:SigningAlgorithm": "ED25519_SHA_512", "kms:MessageType": "RAW"}
_ED25519_PH = {"kms:SigningAlgorithm": "ED25519_PH_SHA_512", "kms:MessageType": "DIGEST"}
_P256 = {"kms:SigningAlgorithm": "ECDSA_SHA_256", "kms:MessageType": "DIGEST"}
_WAYS: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "ECC_NIST_EDWARDS25519": (_ED25519, _ED25519_PH),
    "ECC_NIST_P256": (_P256,),
}


@dataclass(frozen=True)
class Keys:
    """A product's keys by TUF role: their ARNs, and their specs as KMS calls them."""

    arns: Mapping[str, str]
    specs: Mapping[str, str]

    def ways(self, role: str) -> tuple[Mapping[str, str], ...]:
        """Return how a role's key is to sign, then in what other ways it could."""
        return _WAYS.get(self.specs.get(role, ""), _WAYS["ECC_NIST_EDWARDS25519"])


def signs(role: str, keys: Keys, roles: tuple[str, ...]) -> Iterator[Right]:
    """Return with which keys the role signs, in the one way that boards verify."""
    for name, arn in keys.arns.items():
        right, *others = keys.ways(name)
        if name not in roles:
            yield Right(role, "kms:Sign", arn, False, f"would sign {name}", right)
            continue
        yield Right(role, "kms:Sign", arn, True, f"signs {name}", right, "kms:SigningAlgorithm")
        yield Right(role, "kms:GetPublicKey", arn, True, "compares it with root")
        says = "would sign in a way that boards do not verify"
        for other in others:
            yield Right(role, "kms:Sign", arn, False, says, other, "kms:SigningAlgorithm")
