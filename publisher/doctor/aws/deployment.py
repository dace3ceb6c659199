"""What is deployed, by the outputs of its stacks, and what it is held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from tuf.api.metadata import Root

from publisher.doctor.secrets.listed_keys import ListedKeys
from publisher.errors import PublisherError
from publisher.infra.names import (
    DEPLOYER,
    KEY_OUTPUTS,
    KEY_SCHEME,
    ROLE_OUTPUTS,
    stack_name,
    stack_region,
)
from publisher.settings import KeySettings

# Parameters of the stack `ci` that name the subjects of GitHub's tokens that may take a role.
_SUBJECTS = {"release": "ReleaseSubjects", "refresh": "RefreshSubjects"}
_PRINCIPALS = "TrustedPrincipalArns"
# A parameter of the stack `ota`.
_WEB_ACL = "WebAclArn"
# A parameter of `ci`, and an output of `ota`.
_BUCKET = "BucketName"


class StackSaid(NamedTuple):
    """What a stack says of itself, by name."""

    outputs: Mapping[str, str]
    parameters: Mapping[str, str]


# What a stack says, by its name and region; None where there is no such stack.
ReadStack = Callable[[str, str], StackSaid | None]


@dataclass(frozen=True)
class Trusted:
    """Who may take the product's roles, by the parameters of its stack.

    Attributes:
        subjects: whole subjects of GitHub's tokens, by `release` and `refresh`.
        principals: ARNs of those who may take any of the roles.
    """

    subjects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    principals: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deployment:
    """One product's part of what the stacks made; "" and missing names are what they did not make.

    Attributes:
        region: of the bucket, the roles' keys and their stacks.
        roles: ARNs by `release`, `refresh`, `gc`.
        keys: what KMS knows each key by (an ARN, an alias), by `targets`, `snapshot`, `timestamp`.
        trusted: who may take the roles.
        has_logs: whether there is a stack that delivers the distribution's logs.
        logs_error: why that is not known; the stack is in a region of its own.
        deployer: ARN of the one who may change the bucket's settings, as the stack was told.
        stack: the name of the one that has roles and keys.
        web_acl: ARN of the distribution's, as the stack was told.
    """

    bucket: str
    distribution_id: str
    region: str
    product: str
    roles: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    has_logs: bool = False
    trusted: Trusted = field(default_factory=Trusted)
    deployer: str = ""
    stack: str = ""
    web_acl: str = ""
    logs_error: PublisherError | None = None


@dataclass(frozen=True)
class Wanted:
    """What slotcast.toml and the published root say, against which a deployment is held.

    Attributes:
        base_url: `[edge] base_url`, without the product.
        root: the root that is in force; None where it could not be read.
        now: the time, in UTC.
        keys: `[keys]`, by which releases and refreshes are signed.
        listed_keys: the public keys that any version of root names; None as for `root`.
    """

    base_url: str
    root: Root | None
    now: datetime
    keys: KeySettings = field(default_factory=KeySettings)
    listed_keys: ListedKeys | None = None


def find_deployment(
    name: str, product: str, region: str, read: ReadStack, bucket: str = ""
) -> Deployment:
    """Return what the stacks of a name and a product say that they made.

    Args:
        region: of the stacks but that of the logs.
        bucket: the product's, where no stack says which: it was made by other means.

    Raises:
        PublisherError: `read` does, of another stack than that of the logs.
    """

    def find(kind: str) -> StackSaid | None:
        return read(stack_name(name, kind, product), stack_region(kind, region))

    nothing = StackSaid({}, {})
    (ota, told), (ci, asked) = find("ota") or nothing, find("ci") or nothing
    has_logs, logs_error = _find_logs(find)
    return Deployment(
        bucket=ota.get(_BUCKET) or asked.get(_BUCKET) or bucket,
        distribution_id=ota.get("DistributionId", ""),
        region=region,
        product=product,
        roles=_named(ROLE_OUTPUTS, ci),
        keys={role: key.removeprefix(KEY_SCHEME) for role, key in _named(KEY_OUTPUTS, ci).items()},
        has_logs=has_logs,
        trusted=_trusted(asked),
        deployer=told.get(DEPLOYER, ""),
        stack=stack_name(name, "ci", product),
        web_acl=told.get(_WEB_ACL, ""),
        logs_error=logs_error,
    )


def _find_logs(
    find: Callable[[str], StackSaid | None],
) -> tuple[bool, PublisherError | None]:
    """Return whether there is a stack for logs, or why that is not known.

    An organization may lock the region of that stack, and leave that of the others.
    """
    try:
        return find("logs") is not None, None
    except PublisherError as error:
        return False, error


def _trusted(parameters: Mapping[str, str]) -> Trusted:
    """Return whom the parameters of the stack `ci` name (CommaDelimitedList)."""

    def listed(name: str) -> tuple[str, ...]:
        return tuple(filter(None, map(str.strip, parameters.get(name, "").split(","))))

    subjects = {role: listed(name) for role, name in _SUBJECTS.items()}
    return Trusted(subjects, listed(_PRINCIPALS))


def _named(names: Mapping[str, str], outputs: Mapping[str, str]) -> dict[str, str]:
    return {name: outputs[output] for name, output in names.items() if outputs.get(output)}
