"""A key in KMS that a stack is to sign with: looked at before any role depends on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from publisher.aws_errors import code_of, is_denied
from publisher.infra.arns import account_of, region_of
from publisher.infra.errors import InfraError
from publisher.infra.explain import explain
from publisher.infra.keys.given import MAKE_KEY
from publisher.infra.keys.states import mend_of
from publisher.infra.keys.uses import Owner, wrong_alias, wrong_tag
from publisher.infra.names import KEY_PARAMETERS
from publisher.infra.requirements import KEY_SPECS

if TYPE_CHECKING:
    from types_boto3_kms.client import KMSClient
    from types_boto3_kms.type_defs import KeyMetadataTypeDef


class Given(NamedTuple):
    """A key that is given to a stack.

    Attributes:
        role: in TUF, whose key it is to be.
        account: the stack's.
    """

    role: str
    arn: str
    owner: Owner
    account: str

    @property
    def name(self) -> str:
        """The parameter that gives it."""
        return KEY_PARAMETERS[self.role]


def verify_key(client: KMSClient, given: Given) -> list[str]:
    """Raise InfraError unless a key can sign for a stack, and is nobody else's.

    Returns what could not be looked at, and what is to be known of the key, in words.

    Raises:
        InfraError: there is no such key, it is another account's, product's, stack's or role's, or
            it does not sign.
    """
    if account_of(given.arn) != given.account:
        whose = f"account {account_of(given.arn)}'s, and the stack {given.account}'s"
        raise InfraError(
            f"{given.name}: that key is {whose}", f"no alias leads to it from here; {MAKE_KEY}"
        )
    return [says for what, look in _LOOKS for says in _looked(client, given, what, look)]


def signs_elsewhere(metadata: Mapping[str, object]) -> list[str]:
    """Return what signs as a key does, where nothing of it is seen (DescribeKey's KeyMetadata)."""
    is_ours, is_copied = metadata.get("Origin", "AWS_KMS") == "AWS_KMS", metadata.get("MultiRegion")
    imported = [] if is_ours else ["it was imported: who has a copy of it signs as well"]
    return [*imported, *(["its replicas in other regions sign as well"] if is_copied else [])]


def _looked(client: KMSClient, given: Given, what: str, look: _Look) -> list[str]:
    """Return what a look tells; where it is denied, that instead."""
    try:
        return look(client, given)
    except ClientError as error:
        if is_denied(error):
            return [str(explain(error, f"{given.name}: {what} was not looked at"))]
        raise _explained(error, given) from error
    except BotoCoreError as error:
        raise explain(error, given.name) from error


def _look_at_key(client: KMSClient, given: Given) -> list[str]:
    metadata = client.describe_key(KeyId=given.arn)["KeyMetadata"]
    _verify_metadata(metadata, given)
    elsewhere = signs_elsewhere(metadata)
    return [f"{given.name}: look after that key elsewhere too: {one}" for one in elsewhere]


def _look_at_aliases(client: KMSClient, given: Given) -> list[str]:
    pages = client.get_paginator("list_aliases").paginate(KeyId=given.arn)
    aliases = [one.get("AliasName", "") for page in pages for one in page["Aliases"]]
    _verify_use(given, wrong_alias(given.role, given.owner, aliases))
    return []


def _look_at_tags(client: KMSClient, given: Given) -> list[str]:
    pages = client.get_paginator("list_resource_tags").paginate(KeyId=given.arn)
    tags = {one["TagKey"]: one["TagValue"] for page in pages for one in page["Tags"]}
    _verify_use(given, wrong_tag(given.role, given.owner, tags))
    return []


_Look = Callable[["KMSClient", Given], list[str]]
_LOOKS: tuple[tuple[str, _Look], ...] = (
    ("whether that key can sign", _look_at_key),
    ("whether another stack or role signs with that key", _look_at_aliases),
    ("whether that key is another product's", _look_at_tags),
)


def _verify_metadata(metadata: KeyMetadataTypeDef, given: Given) -> None:
    spec, usage = metadata.get("KeySpec", ""), metadata.get("KeyUsage", "")
    if usage != "SIGN_VERIFY" or spec not in KEY_SPECS:
        raise InfraError(
            f"{given.name}: that key is of {spec} for {usage}, which boards do not ask", MAKE_KEY
        )
    if (state := metadata.get("KeyState", "")) != "Enabled":
        says = f"{given.name}: that key is {state}, and signs nothing"
        raise InfraError(says, mend_of(state, given.arn))


def _verify_use(given: Given, wrong: str) -> None:
    if wrong:
        raise InfraError(f"{given.name}: that key is not for {given.role} here: {wrong}", MAKE_KEY)


def _explained(error: ClientError, given: Given) -> InfraError:
    if code_of(error) == "NotFoundException":
        listed = f"aws kms list-keys --region {region_of(given.arn)} has those that there are"
        return InfraError(f"{given.name}: there is no key {given.arn}", listed)
    return explain(error, given.name)
