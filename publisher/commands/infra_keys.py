"""Keys in KMS that infra.toml gives: looked at by `infra plan` and `infra apply`."""

from __future__ import annotations

from collections.abc import Mapping

from publisher.commands.infra_site import Site
from publisher.infra import clients
from publisher.infra.arns import account_of
from publisher.infra.cloudformation.change_sets import ChangeSet
from publisher.infra.cloudformation.stacks import Stack
from publisher.infra.keys.given import given_keys, verify_apart, verify_region, verify_unmixed
from publisher.infra.keys.kms import Given, verify_key
from publisher.infra.keys.uses import Owner
from publisher.infra.names import KEY_OUTPUTS, KEY_PARAMETERS, KEY_SCHEME


def verify_keys(
    site: Site, stack: Stack | None, change_set: ChangeSet, values: Mapping[str, str]
) -> None:
    """Look at the keys that a stack signs with from now on; warn of what could not be looked at.

    Args:
        values: all parameters, the template's defaults among them.

    Raises:
        InfraError: a key is not there, is another's, or does not sign.
        SettingsError: targets would have the key of another role, or that one its; or a key is in
            another region.
    """
    given = given_keys(values)
    verify_region(values, site.settings.region)
    verify_apart(given)
    verify_unmixed(given, _in_use(stack))
    before = given_keys(stack.parameters) if stack is not None else {}
    new = {name: arn for name, arn in given.items() if before.get(name) != arn}
    if not new:
        return
    client = clients.kms(site.settings.region)
    owner = Owner(site.settings.product, site.settings.stack_name("ci"))
    for role, name in KEY_PARAMETERS.items():
        if name in new:
            key = Given(role, new[name], owner, account_of(change_set.stack_id))
            for warning in verify_key(client, key):
                site.context.warn(warning)


def _in_use(stack: Stack | None) -> dict[str, str]:
    """Return the ARNs that a stack's roles sign with as it is, by parameter."""
    outputs = stack.outputs if stack is not None else {}
    return {
        parameter: outputs[KEY_OUTPUTS[role]].removeprefix(KEY_SCHEME)
        for role, parameter in KEY_PARAMETERS.items()
        if KEY_OUTPUTS[role] in outputs
    }
