"""The part of `slotcast doctor` that asks AWS: which stacks are meant, and what they made."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from boto3.session import Session
from tuf.api.metadata import Root

from publisher.arguments import Arguments
from publisher.commands import Context
from publisher.commands.product import find_settings
from publisher.doctor import aws
from publisher.doctor.aws.deployment import StackSaid, Wanted, find_deployment
from publisher.doctor.check_names import AWS
from publisher.doctor.findings import Finding, fail, unknown
from publisher.doctor.secrets.listed_keys import read_listed_keys
from publisher.doctor.site import Site
from publisher.errors import PublisherError
from publisher.infra import clients
from publisher.infra.cloudformation.stacks import Stacks
from publisher.infra.names import EDGE_REGION, FILE_NAME
from publisher.infra.settings import load_infra

_CREDENTIALS = "`aws sts get-caller-identity` tells whose credentials are used, if any"
_STACK = "correct --stack, which is what the stacks' names begin with, or --region"


class Named(NamedTuple):
    """The stacks that are meant.

    Attributes:
        prefix: what their names begin with.
        region: of those that are where the bucket is.
        bucket: what infra.toml or slotcast.toml say; "" where neither does.
        is_asked: whether the command line names them, so that they must be there.
    """

    prefix: str
    region: str
    bucket: str
    is_asked: bool


def verify_file(arguments: Arguments) -> None:
    """Raise SettingsError if the command line names an infra.toml that is not there, or wrong."""
    if arguments.infra_file is not None:
        load_infra(arguments.infra_file)


def look_at_account(arguments: Arguments, context: Context, site: Site) -> list[Finding]:
    """Return what the account says of the stacks; nothing where no stacks are told of."""
    path = arguments.infra_file or find_settings(arguments).with_name(FILE_NAME)
    if not arguments.stack and not path.is_file():
        return _unasked(arguments)
    try:
        return _look(_named(arguments, site, path), context, site)
    except PublisherError as error:
        return [unknown(AWS, f"the account cannot be looked at: {error}", error.hint)]
    except Exception as error:  # boto3 has errors of many kinds, for what the environment says too
        return [unknown(AWS, f"the account cannot be looked at: {error}", _CREDENTIALS)]


def _unasked(arguments: Arguments) -> list[Finding]:
    if AWS not in arguments.checks:
        return []
    mend = "name what the stacks' names begin with: --stack NAME"
    return [unknown(AWS, "there is no infra.toml beside slotcast.toml", mend)]


def _look(named: Named, context: Context, site: Site) -> list[Finding]:
    product, region = site.settings.product, named.region
    stacks = _Stacks(context)
    deployment = find_deployment(named.prefix, product, region, stacks.read, named.bucket)
    if named.is_asked and not stacks.found:
        return [fail(AWS, f"no stack of {named.prefix} is in {region}", _STACK)]
    return aws.look(deployment, aws.connect(Session(), region), _wanted(context, site))


class _Stacks:
    """CloudFormation's stacks; `found` are the names of those that were asked for and are there."""

    def __init__(self, context: Context) -> None:
        self.found: list[str] = []
        self._context = context

    def read(self, stack: str, region: str) -> StackSaid | None:
        stacks = Stacks(clients.cloudformation(region), self._context.note, self._context.sleep)
        found = stacks.find(stack)
        if found is None:
            return None
        self.found.append(stack)
        return StackSaid(found.outputs, found.parameters)


def _wanted(context: Context, site: Site) -> Wanted:
    settings = site.settings
    listed_keys = read_listed_keys(settings.root_sha256, site.read_origin, site.read)
    return Wanted(settings.edge.base_url, _root(site), context.now, settings.keys, listed_keys)


def _named(arguments: Arguments, site: Site, path: Path) -> Named:
    """Return which stacks are meant; SettingsError of infra.toml."""
    store = site.settings.store
    if arguments.stack:
        region = arguments.region or store.region or EDGE_REGION
        return Named(arguments.stack, region, store.bucket, is_asked=True)
    infra = load_infra(path)
    bucket = infra.stacks.get("ci", {}).get("BucketName") or store.bucket
    return Named(infra.name, infra.region, bucket, is_asked=False)


def _root(site: Site) -> Root | None:
    """Return the root in the store, or else what the edge serves: that may be late."""
    with suppress(PublisherError):
        return site.in_store.root()
    with suppress(PublisherError):
        return site.repository.root()
    return None
