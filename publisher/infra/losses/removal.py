"""What goes with a stack and what stays: sorted, refused, and told with what that costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from publisher.infra.arns import account_of, partition_of, region_of
from publisher.infra.cloudformation.stacks import Resource, Stack
from publisher.infra.cloudformation.states import was_created
from publisher.infra.errors import GuardError
from publisher.infra.keys.given import given_keys
from publisher.infra.losses.guard import BUCKET, BUCKET_POLICY, DISTRIBUTION, KEY, ROLE
from publisher.infra.names import KEY_PARAMETERS, KEY_RESOURCES

_NO_EDGE = (
    "boards can no longer ask: they go on running what they run, until an edge answers again under "
    "the name that they know"
)
_NO_ROLES = (
    "jobs can no longer release or refresh: boards install nothing once the timestamp has expired, "
    "unless somebody else signs it"
)
_NO_POLICY = (
    "goes: the policy of that bucket; until a new stack gives it one, whoever IAM lets may "
    "overwrite and delete what is in it, old versions too"
)
_NO_KEYS = "AWS deletes what is removed after a while, and until then it can be called off"


@dataclass(frozen=True)
class Removal:
    """What removing a stack does: what goes with it, and what stays outside of it."""

    goes: tuple[Resource, ...]
    stays: tuple[Resource, ...]


def removal(resources: Iterable[Resource], template: Mapping[str, object]) -> Removal:
    """Sort a stack's resources by the DeletionPolicy of the template that it was deployed with."""
    policies = _deletion_policies(template)
    stays: list[Resource] = []
    goes: list[Resource] = []
    for resource in resources:
        kept = policies.get(resource.logical_id, "Delete").startswith("Retain")
        (stays if kept else goes).append(resource)
    return Removal(tuple(goes), tuple(stays))


def verify_removal(found: Removal, holdings: Mapping[str, str]) -> None:
    """Raise GuardError if a bucket that holds anything would go with its stack."""
    full = [
        f"  {item.logical_id}: {item.physical_id} holds {holdings[item.physical_id]}"
        for item in found.goes
        if item.type == BUCKET and holdings[item.physical_id]
    ]
    if full:
        hint = "empty it first if nobody needs that; or give it DeletionPolicy: Retain, and apply"
        raise GuardError("refused: a bucket that holds something would go", hint, tuple(full))


def verify_keys_stay(found: Removal, stack: Stack) -> None:
    """Raise GuardError if a key would go with its stack: root may name it.

    Not where the stack was never created whole: no root names what nobody was told of.
    """
    going = [item for item in found.goes if item.type == KEY]
    if going and was_created(stack.status):
        lines = tuple(f"  {item.logical_id}: {item.physical_id}" for item in going)
        raise GuardError("refused: a key that root may name would go", _keep(going, stack), lines)


def removal_lines(found: Removal, holdings: Mapping[str, str], stack: Stack) -> list[str]:
    """Return what no longer works without the stack, what stays, and what that costs.

    Args:
        holdings: what each bucket holds, in words; "" for nothing.
    """
    return list(_lines(found, holdings, stack))


def kept_keys(found: Removal, stack: Stack) -> dict[str, str]:
    """Return the ARNs of the keys that stay, by the parameter that gives them to a new stack.

    Those among them that were given to this one, too.
    """
    where = f"{region_of(stack.id)}:{account_of(stack.id)}"
    place = f"arn:{partition_of(stack.id)}:kms:{where}:key"
    keys = {item.logical_id: item.physical_id for item in found.stays if item.type == KEY}
    made = {
        parameter: f"{place}/{keys[name]}"
        for role, parameter in KEY_PARAMETERS.items()
        if (name := KEY_RESOURCES[role]) in keys
    }
    every = {**given_keys(stack.parameters), **made}
    return {name: every[name] for name in KEY_PARAMETERS.values() if name in every}


def _keep(keys: Iterable[Resource], stack: Stack) -> str:
    """Return how keys are kept out of a removal."""
    if stack.status != "DELETE_FAILED":
        return "give it DeletionPolicy: Retain, and apply; what stays can be deleted by itself"
    # Such a stack takes no other change (DeleteStack, "RetainResources").
    where = f"--region {region_of(stack.id)} --stack-name {stack.name}"
    names = " ".join(item.logical_id for item in keys)
    return f"aws cloudformation delete-stack {where} --retain-resources {names}"


def _deletion_policies(template: Mapping[str, object]) -> dict[str, str]:
    resources = template.get("Resources")
    if not isinstance(resources, Mapping):
        return {}
    return {
        name: str(item.get("DeletionPolicy", "Delete"))
        for name, item in resources.items()
        if isinstance(item, Mapping)
    }


def _lines(found: Removal, holdings: Mapping[str, str], stack: Stack) -> Iterator[str]:
    gone = [item.type for item in found.goes]
    if DISTRIBUTION in gone:
        yield _NO_EDGE
    if ROLE in gone:
        yield _NO_ROLES
    if KEY in gone:
        yield f"goes: {_keys(gone.count(KEY))} in KMS; {_NO_KEYS}"
    for item in found.stays:
        if item.type == BUCKET:
            yield from _bucket(item.physical_id, holdings.get(item.physical_id, ""))
            if BUCKET_POLICY in gone:
                yield _NO_POLICY
    yield from _stays_in_kms(found, stack)


def _stays_in_kms(found: Removal, stack: Stack) -> Iterator[str]:
    given = kept_keys(found, stack)
    keys = _every_key(found, given, region_of(stack.id))
    if keys:
        yield (
            f"stays: {_keys(len(keys))} in KMS, about $1 a month each, so that nothing that root "
            "names is lost; when root names them no more:"
        )
    for key, region in keys.items():
        yield f"  aws kms schedule-key-deletion --region {region} --key-id {key}"
    if given:
        yield "a new stack signs with the same, without a ceremony, by these lines in infra.toml:"
        yield "  [ci]"
        yield from (f'  {parameter} = "{arn}"' for parameter, arn in given.items())


def _every_key(found: Removal, given: Mapping[str, str], region: str) -> dict[str, str]:
    """Return the ids of the keys that stay, those that were given among them, with their region."""
    own = {item.physical_id: region for item in found.stays if item.type == KEY}
    return own | {arn.rpartition("/")[2]: region_of(arn) for arn in given.values()}


def _bucket(name: str, held: str) -> Iterator[str]:
    what = f"with {held}, at S3's price for what is stored (about $0.023 per GB and month)"
    yield f"stays: bucket {name} {what if held else '(empty)'}; a new stack takes it over by"
    yield "  slotcast infra apply --import-existing"


def _keys(count: int) -> str:
    return "1 key" if count == 1 else f"{count} keys"
