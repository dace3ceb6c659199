"""What a role may reach: the product's objects, of which it changes some, and keys."""

from __future__ import annotations

from typing import NamedTuple

from publisher.doctor.aws.scene import Scene, describe_key
from publisher.infra.arns import partition_of
from publisher.infra.jobs import keys_of, paths_of
from publisher.infra.wildcards import matches


class Own(NamedTuple):
    """What is a role's business.

    Attributes:
        whole: ARNs of the bucket and of keys.
        prefix: how the ARNs of the product's objects begin.
        paths: patterns of those below it with which the role may do more than read.
    """

    whole: frozenset[str]
    prefix: str
    paths: tuple[str, ...]

    def has(self, resource: str) -> bool:
        """Whether all that an ARN names, which may have wildcards, is the role's business."""
        return resource in self.whole or resource.startswith(self.prefix)

    def may_change(self, resource: str) -> bool:
        """Whether all objects of the product that an ARN names are such as the role changes."""
        if not resource.startswith(self.prefix):
            return True  # it is none of the product's: `has` tells
        path = resource.removeprefix(self.prefix)
        # What an asterisk of ours matches may have asterisks of its own.
        return any(matches(one, path) for one in self.paths)


def own_of(scene: Scene, role: str, arn: str) -> Own:
    """Return what a role may reach.

    Raises:
        UnansweredError: KMS does not say which key is behind an alias.
    """
    here = scene.deployment
    bucket = f"arn:{partition_of(arn)}:s3:::{here.bucket}"
    signs = keys_of(role)
    keys = [_key_arn(scene, key) for name, key in here.keys.items() if name in signs]
    return Own(frozenset([bucket, *keys]), f"{bucket}/{here.product}/", paths_of(role))


def _key_arn(scene: Scene, key: str) -> str:
    """Return a key's ARN; KMS is asked where the stack gave an alias."""
    return key if ":key/" in key else str(describe_key(scene, key)["Arn"])
