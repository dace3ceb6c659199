"""The part of `slotcast doctor` that asks AWS: which stacks are meant, and what they made."""

from __future__ import annotations

from collections.abc import Mapping

from tuf.api.metadata import Root

from publisher.arguments import Arguments
from publisher.commands import Context
from publisher.commands.product import find_settings
from publisher.doctor.findings import Finding, unknown
from publisher.doctor.names import AWS
from publisher.doctor.site import Site
from publisher.errors import PublisherError

_CREDENTIALS = "`aws sts get-caller-identity` tells whose credentials are used, if any"


def look_at_account(arguments: Arguments, context: Context, site: Site) -> list[Finding]:
    """Return what the account says of the stacks; nothing where no stacks are told of."""
    path = arguments.infra_file or find_settings(arguments).with_name("infra.toml")
    if not arguments.stack and arguments.infra_file is None and not path.is_file():
        return _unasked(arguments)
    try:
        return _look(arguments, context, site)
    except PublisherError as error:
        return [unknown(AWS, f"the account cannot be looked at: {error}", error.hint)]
    except Exception as error:  # boto3 has errors of many kinds, for what the environment says too
        return [unknown(AWS, f"the account cannot be looked at: {error}", _CREDENTIALS)]


def _unasked(arguments: Arguments) -> list[Finding]:
    if AWS not in arguments.checks:
        return []
    mend = "name what the stacks' names begin with: --stack NAME"
    return [unknown(AWS, "there is no infra.toml beside slotcast.toml", mend)]


def _look(arguments: Arguments, context: Context, site: Site) -> list[Finding]:
    # Imported here: boto3 takes its time, and not everybody is at AWS.
    from boto3.session import Session

    from publisher.doctor.aws import connect, look
    from publisher.doctor.deployment import Wanted, find_deployment
    from publisher.infra import clients
    from publisher.infra.stacks import Stacks

    name, region = _stack(arguments, site)

    def outputs(stack: str, where: str) -> Mapping[str, str] | None:
        stacks = Stacks(clients.cloudformation(where), context.note, context.sleep)
        found = stacks.find(stack)
        return None if found is None else found.outputs

    deployment = find_deployment(name, site.settings.product, region, outputs)
    wanted = Wanted(site.settings.edge.base_url, _root(site), context.now)
    return look(deployment, connect(Session(), region), wanted)


def _stack(arguments: Arguments, site: Site) -> tuple[str, str]:
    """Return what the stacks' names begin with, and their region; SettingsError of infra.toml."""
    if arguments.stack:
        return arguments.stack, arguments.region or site.settings.store.region or "us-east-1"
    from publisher.infra.settings import load_infra

    path = arguments.infra_file or find_settings(arguments).with_name("infra.toml")
    infra = load_infra(path)
    return infra.name, infra.region


def _root(site: Site) -> Root | None:
    try:
        return site.repository.root()
    except PublisherError:
        return None
