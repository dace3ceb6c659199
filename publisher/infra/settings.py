"""infra.toml, read into a frozen dataclass: which stacks there are, where, and with what.

Reading is strict, as with slotcast.toml, and the stacks' parameters are held against the templates
themselves: CloudFormation would find a slip minutes later, half way through.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from publisher.errors import SettingsError
from publisher.infra import bucket_names
from publisher.infra import template as templates_of
from publisher.infra.keys.given import given_keys, verify_apart, verify_forms, verify_region
from publisher.infra.names import EDGE_REGION, FILE_NAME, STACKS, stack_name, stack_region
from publisher.infra.parameters import as_text, instead, verify_parameters
from publisher.infra.subjects import of_both
from publisher.settings import verify_name

_PREFIX = re.compile(r"[a-z][a-z0-9-]{0,31}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]{1,2}")
# China, GovCloud, the European Sovereign Cloud, and those that are cut off (IAM User Guide, "ARN
# format"; AWS General Reference, "AWS service endpoints").
_OTHER_PARTITIONS = re.compile(r"(cn|us-gov|us-iso[a-z]?|eu-iso[a-z]?|eusc)-")
_ENFORCED = "Enforced"
_SUBJECTS = ("ReleaseSubjects", "RefreshSubjects")
_TRUSTED = (*_SUBJECTS, "TrustedPrincipalArns")
_NOBODY = (
    "nobody may take a role, so none is made: set ReleaseSubjects and RefreshSubjects, for jobs, "
    "or TrustedPrincipalArns"
)
_VARIABLE = "${"
_EDGE_DOMAIN = ".cloudfront.net"
_HINT = "a section [infra], and one for each stack: [ota], [logs], [ci]"

Template = Mapping[str, Any]


@dataclass(frozen=True)
class InfraSettings:
    """All of infra.toml.

    Attributes:
        name: what the stacks' names begin with.
        product: whose roles and keys the stack `ci` holds.
        region: of bucket, roles and keys.
        stacks: parameters by name, as CloudFormation takes them, by `ota`, `logs`, `ci`: those
            that have a section, in the order of creation.
        path: the file itself.
    """

    name: str
    product: str
    region: str = EDGE_REGION
    stacks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    path: Path = Path(FILE_NAME)

    def __post_init__(self) -> None:
        """Refuse what makes no names of stacks, and what is no region."""
        if not _PREFIX.fullmatch(self.name):
            hint = "lower-case letters, digits and dashes, at most 32, a letter in front"
            raise SettingsError(f'name: "{self.name}" cannot begin the name of a stack', hint)
        verify_name("product", self.product)
        _verify_region_name(self.region)
        verify_region(self.stacks.get("ci", {}), self.region)
        bucket_names.verify_apart(self.stacks)
        ota = self.stacks.get("ota", {})
        issued = ota.get("DomainName") and not ota.get("CertificateArn")
        if issued and self.region != EDGE_REGION:
            hint = (
                f"only in {EDGE_REGION} the stack can have one issued: ask ACM there for it first"
            )
            raise SettingsError("[ota] CertificateArn is missing", hint)

    def verify_enforced(self) -> None:
        """Raise SettingsError where conditional writes are not enforced: not for a real account."""
        for kind, parameters in self.stacks.items():
            told = parameters.get("ConditionalWrites", _ENFORCED)
            if told != _ENFORCED:
                what = f"{self.path}: [{kind}] ConditionalWrites is {told}"
                hint = "whoever publishes could overwrite what was released: remove that line"
                raise SettingsError(f"{what}, which is for emulators", hint)

    def cautions(self) -> list[str]:
        """Return what is allowed, and may not be meant: one job for both roles, or nobody."""
        ci = self.stacks.get("ci", {})
        release, refresh = (_items(ci.get(name, "")) for name in _SUBJECTS)
        found = [
            f"[ci] {says}: take it out of ReleaseSubjects, if that is not meant"
            for says in of_both(release, refresh)
        ]
        if "ci" in self.stacks and not any(ci.get(name) for name in _TRUSTED):
            found.append(f"[ci] {_NOBODY}")
        return found

    def stack_name(self, kind: str) -> str:
        """Return the name of `ota`, `logs` or `ci` as CloudFormation knows it."""
        return stack_name(self.name, kind, self.product)

    def region_of(self, kind: str) -> str:
        """Return where a stack is."""
        return stack_region(kind, self.region)


def _verify_region_name(region: str) -> None:
    if _OTHER_PARTITIONS.match(region):
        where = "is of a part of AWS with accounts of its own"
        message = f'region: "{region}" {where}, without the {EDGE_REGION} that the edge needs'
        raise SettingsError(message, "take another, such as eu-central-1")
    if not _REGION.fullmatch(region):
        raise SettingsError(f'region: "{region}" is not a region, such as eu-central-1')


def supplied_names(kind: str, stacks: Mapping[str, Mapping[str, str]]) -> set[str]:
    """Return the parameters that come from elsewhere: from [infra], or from the stack `ota`."""
    own = {"ci": {"Product"}}.get(kind, set())
    if "ota" not in stacks:
        return own
    more = {"ci": {"BucketName", "ConditionalWrites"}, "logs": {"DistributionArn"}}
    return own | more.get(kind, set())


def load_infra(
    path: Path,
    templates: Mapping[str, Template] | None = None,
    files: Mapping[str, Path] | None = None,
) -> InfraSettings:
    """Read infra.toml.

    Args:
        templates: to hold the parameters against, by stack; by default those of the package.
        files: where those lie that are not of the package, by stack.

    Raises:
        SettingsError: the file is missing, is not TOML, or something in it is missing or wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        hint = "run `slotcast infra init`, or name the file with --infra"
        raise SettingsError(f"{path} does not exist", hint) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    try:
        return parse_infra(text, templates or packaged_templates(), path, files)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}", error.hint) from error


def packaged_templates() -> dict[str, Template]:
    """Return the templates that come with Slotcast, by stack."""
    return {kind: templates_of.load(templates_of.read(kind)) for kind in STACKS}


def parse_infra(
    text: str,
    templates: Mapping[str, Template],
    path: Path = Path(FILE_NAME),
    files: Mapping[str, Path] | None = None,
) -> InfraSettings:
    """Parse the text of infra.toml.

    Args:
        templates: as for `load_infra`; so are `files`.
        path: of infra.toml itself.

    Raises:
        SettingsError: see `load_infra`; which file it is, is for the caller to say.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"this is not TOML: {error}") from error
    for name, value in document.items():
        if name != "infra" and name not in STACKS:
            raise SettingsError(f"{name} is not a known section", _HINT)
        if not isinstance(value, dict):
            raise SettingsError(f"{name} must be a section, [{name}]")
    sections = {kind: document[kind] for kind in STACKS if kind in document}
    if not sections:
        raise SettingsError("no stack is named", _HINT)
    for kind, file in (files or {}).items():
        _verify_template(kind, sections.get(kind, {}), templates[kind], file)
    stacks = {
        kind: _parameters(kind, values, templates[kind], sections)
        for kind, values in sections.items()
    }
    return InfraSettings(**_head(document.get("infra", {})), stacks=stacks, path=path)


def _head(values: Mapping[str, object]) -> dict[str, str]:
    """Return [infra]; what is wrong with its values InfraSettings tells."""
    for name in values:
        if name not in ("name", "product", "region"):
            raise SettingsError(f"[infra] {name} is not a setting")
    for name in ("name", "product"):
        if name not in values:
            raise SettingsError(f"[infra] {name} is missing")
    for name, value in values.items():
        if not isinstance(value, str):
            raise SettingsError(f"[infra] {name} must be text in quotes")
    return {name: str(value) for name, value in values.items()}


def _parameters(
    kind: str,
    values: Mapping[str, object],
    template: Template,
    sections: Mapping[str, Mapping[str, str]],
) -> dict[str, str]:
    try:
        if kind == "ci" and "Product" in values:
            raise SettingsError("Product is not set here", "it is product in [infra]")
        verify_forms(values)
        _verify_constant(values)
        verify_parameters(template, values, supplied_names(kind, sections))
        bucket_names.verify_free(kind, values)
        _verify_trust(values)
        _verify_domain(values)
    except SettingsError as error:
        raise SettingsError(f"[{kind}] {error}", error.hint) from None
    found = {name: as_text(value) for name, value in values.items()}
    verify_apart(given_keys(found))
    return found


def _verify_constant(values: Mapping[str, object]) -> None:
    """Refuse what a policy fills in with each request (IAM user guide, "Policy variables")."""
    for name, value in values.items():
        for item in value if isinstance(value, list) else [value]:
            if _VARIABLE in str(item):
                message = f'{name}: "{item}" has a variable, which IAM fills in with each request'
                raise SettingsError(message, "write out who or what is meant")


def _verify_template(
    kind: str, values: Mapping[str, object], template: Template, file: Path
) -> None:
    """Refuse a template that lacks what infra.toml gives: it may be that of another stack."""
    declared = template.get("Parameters", {})
    for name in values:
        if name not in declared:
            shipped = templates_of.load(templates_of.read(kind))["Parameters"]
            is_ours = f"is it a template of {kind}? infra/{kind}.yaml has it"
            hint = is_ours if name in shipped else instead(name, declared)
            raise SettingsError(f"[{kind}] {name}: {file} has no such parameter", hint)


def _items(text: str) -> list[str]:
    """Return the items of a CommaDelimitedList."""
    return [one for one in text.split(",") if one]


def _verify_trust(values: Mapping[str, object]) -> None:
    """Refuse subjects that nobody vouches for: the template would make no role for them."""
    for name in _SUBJECTS:
        if values.get(name) and not values.get("OidcProviderArn"):
            hint = "the account's provider for token.actions.githubusercontent.com, in IAM"
            raise SettingsError(f"{name} needs OidcProviderArn", hint)


def _verify_domain(values: Mapping[str, object]) -> None:
    """Refuse a host name that nothing vouches for, and what is for a host name without one.

    And one of CloudFront's own, which nobody has a certificate for.
    """
    if str(values.get("DomainName", "")).endswith(_EDGE_DOMAIN):
        hint = "leave it out: the edge has such a name by itself; or take one of your own"
        raise SettingsError(f"DomainName: {values['DomainName']} is CloudFront's own name", hint)
    proofs = [name for name in ("CertificateArn", "HostedZoneId") if values.get(name)]
    if values.get("DomainName") and not proofs:
        hint = (
            f"ask ACM in {EDGE_REGION} for its certificate; or name its zone in Route 53, "
            f"HostedZoneId, to have one issued (region {EDGE_REGION} only)"
        )
        raise SettingsError("DomainName needs CertificateArn", hint)
    if proofs and not values.get("DomainName"):
        hint = "the host name that boards ask: without one the edge has CloudFront's own"
        raise SettingsError(f"{proofs[0]} needs DomainName", hint)
