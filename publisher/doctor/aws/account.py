"""All that the account's settings say of a deployment, in one list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from publisher.doctor.aws.asking import settle
from publisher.doctor.aws.bucket import exposure, files, keeping, policy
from publisher.doctor.aws.clients import Clients
from publisher.doctor.aws.deployment import Deployment, Wanted
from publisher.doctor.aws.distribution import check_distribution
from publisher.doctor.aws.keys import check_keys
from publisher.doctor.aws.role_policies import check_role_policies
from publisher.doctor.aws.role_rights.simulated import check_rights
from publisher.doctor.aws.role_use import check_role_use
from publisher.doctor.aws.scene import Scene
from publisher.doctor.aws.trust import check_trust
from publisher.doctor.findings import Finding, unknown

Check = Callable[[Scene], list[Finding]]

# In the order in which they are told; the name is for where a check has no answer to go by.
_BUCKET: tuple[tuple[str, Check], ...] = (
    ("bucket-region", keeping.check_region),
    ("bucket-private", exposure.check_public_access),
    ("bucket-private", exposure.check_policy_status),
    ("bucket-ownership", exposure.check_ownership),
    ("bucket-website", exposure.check_website),
    ("bucket-cors", exposure.check_cors),
    ("bucket-policy", policy.check_policy),
    ("bucket-versions", keeping.check_versions),
    ("bucket-encryption", keeping.check_encryption),
    ("bucket-lifecycle", keeping.check_lifecycle),
    ("bucket-lock", keeping.check_lock),
    ("bucket-keys", files.check_bucket_keys),
)
_DISTRIBUTION: tuple[tuple[str, Check], ...] = (("distribution", check_distribution),)
_PRODUCT: tuple[tuple[str, Check], ...] = (
    ("signing-keys", check_keys),
    ("role-trust", check_trust),
    ("refresh-role-used", check_role_use),
    ("role-policies", check_role_policies),
    ("role-rights", check_rights),
)


def look(deployment: Deployment, clients: Clients, wanted: Wanted) -> list[Finding]:
    """Check bucket, distribution, certificate, logs, keys and roles, by calls that only read.

    Nothing is raised: what may not be looked at is UNKNOWN, and says which permission is missing.
    """
    scene = Scene(deployment, clients, wanted)
    found: list[Finding] = []
    for is_there, checks, absent in (
        (deployment.bucket, _BUCKET, _absent("bucket", "ota")),
        (deployment.distribution_id, _DISTRIBUTION, _absent("distribution", "ota")),
        (deployment.roles or deployment.keys, _PRODUCT, _absent("roles", "ci")),
    ):
        if not is_there:
            found.append(absent)
            continue
        found += _settle(checks, scene)
    return list(dict.fromkeys(found))  # what is missing is missing for each key and role alike


def _settle(checks: Sequence[tuple[str, Check]], scene: Scene) -> list[Finding]:
    """Return what checks find; of a bucket that is gone, or taken, the first alone tells."""
    found: list[Finding] = []
    bucket = scene.deployment.bucket
    for number, (name, check) in enumerate(checks, 1):
        found += settle(name, partial(check, scene))
        if found in ([keeping.gone(bucket)], [keeping.taken(bucket)]):
            says = f"{len(checks) - number} checks of the bucket not done: see {name}"
            return [*found, unknown("bucket", says)]
    return found


def _absent(what: str, stack: str) -> Finding:
    says = f"the account's settings were not looked at: no {stack} stack was found"
    return unknown(what, says, f"`slotcast infra apply` makes it, if [{stack}] is in infra.toml")
