"""A template as it is deployed with one choice of its conditions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from publisher.infra.node import Node, at, items, text
from publisher.infra.rules.paths import LOG_FOLDER

_NAMED = re.compile(r"\$\{([A-Za-z0-9]+)")
_ALONE = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.[A-Za-z.]+)?\}")


@dataclass(frozen=True)
class Resource:
    """One resource, whose functions but those of conditions are as the template has them."""

    name: str
    kind: str
    body: Mapping[str, Node]

    def get(self, *path: str) -> Node:
        """Return what lies below Properties at a path, or None."""
        return at(self.body.get("Properties"), *path)

    def policies_not_retain(self) -> list[str]:
        """Return which of its policies would let it go, with its stack or with its replacement."""
        names = ("DeletionPolicy", "UpdateReplacePolicy")
        return [name for name in names if self.body.get(name) != "Retain"]

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
        sections: the names at the top of the template.
        is_enforced: whether ConditionalWrites is Enforced; what emulators are given is not.
        outputs: their values, by name.
        conditions: as the template declares them.
        choice: whether each of them is met.
        rules: what CloudFormation asserts of parameters, as the template has it.
    """

    resources: Mapping[str, Resource]
    parameters: Mapping[str, Node]
    sections: tuple[str, ...] = ()
    is_enforced: bool = True
    outputs: Mapping[str, Node] = field(default_factory=dict)
    conditions: Mapping[str, Node] = field(default_factory=dict)
    choice: Mapping[str, bool] = field(default_factory=dict)
    rules: Mapping[str, Node] = field(default_factory=dict)

    def of(self, kind: str) -> Iterator[Resource]:
        """Yield the resources of a type, given without its leading `AWS::`."""
        for resource in self.resources.values():
            if resource.kind == f"AWS::{kind}":
                yield resource

    def named(self, node: object) -> Resource | None:
        """Return the resource that a Ref, GetAtt or Sub names, and nothing beside it."""
        return self.resources.get(self.name_in(node))

    def name_in(self, node: object) -> str:
        """Return the resource or parameter that a Ref, GetAtt or Sub names, and nothing beside it.

        "" where it is something else.
        """
        found = _ALONE.fullmatch(text(node))
        known = found is not None and found[1] in {**self.resources, **self.parameters}
        return found[1] if found and known else ""

    def values(self, node: object) -> list[Node]:
        """Return all that a property can be: of a Ref to a parameter, what that may be.

        A parameter that may be anything gives an empty list.
        """
        if not (isinstance(node, dict) and "Ref" in node):
            return [node]
        parameter = self.parameters.get(node["Ref"])
        return list(items(at(parameter, "AllowedValues")))

    def is_given(self, parameter: str, condition: str) -> bool:
        """Say whether a parameter is declared, and by its condition given in this choice.

        Without such a condition it is taken as given, for what it guards must then always stand.
        """
        return parameter in self.parameters and self.choice.get(condition, True)

    def takes(self, node: object, samples: Iterable[str]) -> list[str]:
        """Return which of some values a Ref to a parameter can have.

        All of them where there is no such parameter, or it has no pattern, or Systems Manager has
        the value and the pattern is not for it.
        """
        name = node.get("Ref") if isinstance(node, dict) else None
        parameter = self.parameters.get(str(name))
        pattern = at(parameter, "AllowedPattern")
        if pattern is None or at(parameter, "Type") not in ("String", "CommaDelimitedList"):
            return list(samples)
        return [one for one in samples if re.fullmatch(pattern, one)]

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

    def log_bucket(self, destination: Resource) -> Resource | None:
        """Return the bucket of this template that logs are delivered to, in their folder or not."""
        arn = text(destination.get("DestinationResourceArn"))
        return self.named(arn.removesuffix(f"/{LOG_FOLDER}"))

    def origin_buckets(self) -> Iterator[Resource]:
        """Yield the buckets with releases: those served, and all that no logs are delivered to."""
        served = [
            at(origin, "DomainName")
            for distribution in self.of("CloudFront::Distribution")
            for origin in items(distribution.get("DistributionConfig", "Origins"))
        ]
        logged = [self.log_bucket(one) for one in self.of("Logs::DeliveryDestination")]
        for bucket in self.of("S3::Bucket"):
            if bucket not in logged or bucket in map(self.named, served):
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
