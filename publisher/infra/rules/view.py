"""A template as it is deployed with one choice of its conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from publisher.infra.rules.node import Node, at, items, text

_NAMED = re.compile(r"\$\{([A-Za-z0-9]+)")


@dataclass(frozen=True)
class Resource:
    """One resource, whose functions but those of conditions are as the template has them."""

    name: str
    kind: str
    body: Mapping[str, Node]

    def get(self, *path: str) -> Node:
        """Return what lies below Properties at a path, or None."""
        return at(self.body.get("Properties"), *path)

    def depends_on(self) -> set[str]:
        """Return the logical ids that it names, in DependsOn or in any property."""
        own = {str(name) for name in items(self.body.get("DependsOn"))}
        return own | set(_NAMED.findall(_all_text(self.body.get("Properties"))))


@dataclass(frozen=True)
class View:
    """The resources that one choice of conditions leaves, and the parameters.

    Attributes:
        resources: by logical id.
        parameters: as the template declares them.
    """

    resources: Mapping[str, Resource]
    parameters: Mapping[str, Node]

    def of(self, kind: str) -> Iterator[Resource]:
        """Yield the resources of a type, given without its leading `AWS::`."""
        for resource in self.resources.values():
            if resource.kind == f"AWS::{kind}":
                yield resource

    def named(self, node: object) -> Resource | None:
        """Return the first resource that a Ref, GetAtt or Sub names."""
        names = (name for name in _NAMED.findall(text(node)) if name in self.resources)
        return next((self.resources[name] for name in names), None)

    def values(self, node: object) -> list[Node]:
        """Return all that a property can be: of a Ref to a parameter, what that may be.

        A parameter that may be anything gives an empty list.
        """
        if not (isinstance(node, dict) and "Ref" in node):
            return [node]
        parameter = self.parameters.get(node["Ref"])
        return list(items(at(parameter, "AllowedValues")))

    def before(self, name: str) -> set[str]:
        """Return all resources that exist before one, however far back."""
        found: set[str] = set()
        ahead = [name]
        while ahead:
            resource = self.resources.get(ahead.pop())
            new = (resource.depends_on() if resource else set()) - found
            found |= new
            ahead.extend(new)
        return found

    def origin_buckets(self) -> Iterator[Resource]:
        """Yield the buckets that a distribution serves: those with releases."""
        for distribution in self.of("CloudFront::Distribution"):
            for origin in items(distribution.get("DistributionConfig", "Origins")):
                bucket = self.named(at(origin, "DomainName"))
                if bucket is not None and bucket.kind == "AWS::S3::Bucket":
                    yield bucket


def _all_text(node: object) -> str:
    """Return all text of a tree; every name of another resource is in it as ${NAME}."""
    if isinstance(node, dict) and not {"Ref", "Fn::GetAtt", "Fn::Sub"} & node.keys():
        return " ".join(_all_text(value) for value in node.values())
    if isinstance(node, list):
        return " ".join(_all_text(value) for value in node)
    if isinstance(node, dict) and isinstance(node.get("Fn::Sub"), list):
        return text(node) + _all_text(node["Fn::Sub"][1:])
    return text(node)
