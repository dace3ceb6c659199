"""What a template may be made of: only what the other rules look at.

What they do not know could undo what they assert: a policy in a resource of its own, say, or a
template that is put together while it is deployed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from publisher.infra.node import Node, at, walk
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.view import View

_SECTIONS = frozenset(
    ("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Conditions")
    + ("Resources", "Outputs")
)
# AWS::SSM::Parameter::Value<...> is looked up while deploying, and its pattern is for the name.
_PARAMETER_TYPES = frozenset(("String", "Number", "CommaDelimitedList"))
_FUNCTIONS = frozenset(("Fn::GetAtt", "Fn::Sub", "Fn::Join", "Fn::Split"))
_PROPERTIES: Mapping[str, tuple[str, ...]] = {
    "AWS::S3::Bucket": (
        ("AccessControl", "BucketEncryption", "BucketName", "LifecycleConfiguration")
        + ("ObjectLockConfiguration", "ObjectLockEnabled", "OwnershipControls")
        + ("PublicAccessBlockConfiguration", "Tags", "VersioningConfiguration")
    ),
    "AWS::S3::BucketPolicy": ("Bucket", "PolicyDocument"),
    "AWS::CloudFront::Distribution": ("DistributionConfig", "Tags"),
    "AWS::CloudFront::OriginAccessControl": ("OriginAccessControlConfig",),
    "AWS::CloudFront::CachePolicy": ("CachePolicyConfig",),
    "AWS::CloudFront::ResponseHeadersPolicy": ("ResponseHeadersPolicyConfig",),
    "AWS::CertificateManager::Certificate": (
        ("DomainName", "DomainValidationOptions", "KeyAlgorithm", "SubjectAlternativeNames")
        + ("Tags", "ValidationMethod")
    ),
    "AWS::Route53::RecordSet": ("AliasTarget", "Comment", "HostedZoneId", "Name", "Type"),
    "AWS::IAM::Role": (
        ("AssumeRolePolicyDocument", "Description", "ManagedPolicyArns", "MaxSessionDuration")
        + ("Path", "PermissionsBoundary", "Policies", "RoleName", "Tags")
    ),
    "AWS::KMS::Key": (
        ("Description", "Enabled", "EnableKeyRotation", "KeyPolicy", "KeySpec", "KeyUsage")
        + ("PendingWindowInDays", "Tags")
    ),
    "AWS::KMS::Alias": ("AliasName", "TargetKeyId"),
    "AWS::Logs::DeliverySource": ("LogType", "Name", "ResourceArn", "Tags"),
    "AWS::Logs::DeliveryDestination": ("DestinationResourceArn", "Name", "OutputFormat", "Tags"),
    "AWS::Logs::Delivery": (
        ("DeliveryDestinationArn", "DeliverySourceName", "FieldDelimiter", "RecordFields")
        + ("S3EnableHiveCompatiblePath", "S3SuffixPath", "Tags")
    ),
}


def _sections(view: View) -> Iterator[Fault]:
    for name in view.sections:
        if name not in _SECTIONS:
            yield "the template", f"it has a section {name}"
    for name, parameter in view.parameters.items():
        if (kind := at(parameter, "Type")) not in _PARAMETER_TYPES:
            yield name, f"it is a parameter of the type {kind}"


def _types(view: View) -> Iterator[Fault]:
    for resource in view.resources.values():
        if resource.kind not in _PROPERTIES:
            yield resource.name, f"no rule looks at the type {resource.kind}"


def _properties(view: View) -> Iterator[Fault]:
    for resource in view.resources.values():
        known = _PROPERTIES.get(resource.kind)
        for name in resource.body.get("Properties") or {}:
            if known is not None and name not in known:
                yield resource.name, f"no rule knows what {name} does"


def _functions(view: View) -> Iterator[Fault]:
    for name, parameter in view.parameters.items():
        if _is_looked_up(at(parameter, "Default")):
            yield name, "its default is looked up while deploying"
    for resource in view.resources.values():
        for node in walk(resource.body):
            for name, value in node.items():
                if name.startswith("Fn::") and name not in _FUNCTIONS:
                    yield resource.name, f"{name} is worked out while deploying"
                if _is_looked_up(value):
                    yield resource.name, f"the value of {name} is looked up while deploying"


def _is_looked_up(value: Node) -> bool:
    """Say whether there is a dynamic reference (CloudFormation User Guide) in a text."""
    texts = value if isinstance(value, list) else [value]
    return any(isinstance(one, str) and "{{resolve:" in one for one in texts)


RULES = (
    Rule(
        "known-sections",
        "no macro makes the template anew, and what parameters are given is all there is to know",
        "remove the section (Transform, Mappings); give the parameter the type String",
        _sections,
    ),
    Rule(
        "known-types",
        "resources are of types that the rules look at: no policies, users or stacks of their own",
        "put it in a template of its own; policies belong to the role, or to the bucket",
        _types,
    ),
    Rule(
        "known-properties",
        "resources have properties that the rules look at",
        "remove the property, or set it in a way that is not this template's",
        _properties,
    ),
    Rule(
        "known-functions",
        "values are in the template or in its parameters: none is looked up elsewhere",
        "write the value, or take it from a parameter by Ref or Sub",
        _functions,
    ),
)
