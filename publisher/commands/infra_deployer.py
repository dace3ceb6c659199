"""Who deploys, held against `DeployRoleArn` by `infra plan` and `infra apply`."""

from __future__ import annotations

from collections.abc import Mapping

from publisher.commands.infra_site import Site
from publisher.infra import clients
from publisher.infra.cloudformation.stacks import Stack
from publisher.infra.deployer import cautions, named_deployers
from publisher.infra.errors import InfraError
from publisher.infra.explain import explained
from publisher.infra.names import DEPLOYER


def warn_of_deployer(site: Site, stack: Stack | None, values: Mapping[str, str]) -> None:
    """Warn where somebody else is named than who deploys; ask who that is only if anybody is."""
    before = stack.parameters if stack is not None else {}
    named = named_deployers(before, values)
    if not named:
        return
    try:
        with explained(f"{DEPLOYER}: whether you are that role was not looked at"):
            caller = clients.sts(site.settings.region).get_caller_identity()["Arn"]
    except InfraError as error:
        site.context.warn(str(error))
        return
    for caution in cautions(caller, named):
        site.context.warn(caution)
