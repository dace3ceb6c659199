"""What holds unless somebody asks for something else.

What infra.toml leaves out is not sent: then a Default decides whom a stack trusts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from publisher.infra.names import KEY_PARAMETERS
from publisher.infra.node import at, text
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.view import View

# Of each parameter that guards something the Default; None where it must be given. Those that guard
# nothing are not here: PriceClass, OriginShieldRegion, KeySpec and RetentionDays.
_DEFAULTS: Mapping[str, str | None] = {
    **dict.fromkeys(("Product", "BucketName", "LogBucketName", "DistributionArn")),
    **dict.fromkeys(("DomainName", "CertificateArn", "HostedZoneId", "WebAclArn"), ""),
    **dict.fromkeys(("DeployRoleArn", "PermissionsBoundaryArn", "TrustedPrincipalArns"), ""),
    **dict.fromkeys(("OidcProviderArn", "ReleaseSubjects", "RefreshSubjects"), ""),
    **dict.fromkeys(KEY_PARAMETERS.values(), "Create"),
    "ConditionalWrites": "Enforced",
}


def _defaults(view: View) -> Iterator[Fault]:
    for name, parameter in view.parameters.items():
        pattern, value = at(parameter, "AllowedPattern"), at(parameter, "Default")
        if value != _DEFAULTS.get(name, value):
            yield name, f"its default is {value}: whoever does not name another has that"
        if None not in (pattern, value) and not re.fullmatch(text(pattern), text(value)):
            yield name, f"its default, {value}, does not match its own pattern"


RULES = (
    Rule(
        "defaults",
        "what is not given guards as it does here: parameters that guard something have the "
        "default of infra/*.yaml, or none; and each default is what its parameter takes",
        "put the Default of infra/*.yaml back, and set another value in infra.toml",
        _defaults,
    ),
)
