"""By which name the edge answers, with which certificate, and before which firewall."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.infra.node import Node, at, items, text
from publisher.infra.requirements import CERTIFICATE_KEYS
from publisher.infra.rules.edge import distributions
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.view import View

_DOMAIN = {"Ref": "DomainName"}
_CERTIFICATE, _FIREWALL = {"Ref": "CertificateArn"}, {"Ref": "WebAclArn"}
_ISSUED = "AWS::CertificateManager::Certificate"
_VIEWER = {
    *("AcmCertificateArn", "CloudFrontDefaultCertificate", "MinimumProtocolVersion"),
    "SslSupportMethod",
}


def _names(view: View) -> Iterator[Fault]:
    for distribution, config in distributions(view):
        aliases = items(config.get("Aliases"))
        if aliases != ([_DOMAIN] if _has_domain(view) else []):
            names = ", ".join(map(text, aliases)) or "CloudFront names it, and not as DomainName"
            yield distribution.name, f"it answers as {names}"
        if config.get("WebACLId") not in (None, _FIREWALL):
            yield distribution.name, f"{text(config['WebACLId'])} may refuse boards"
        elif view.is_given("WebAclArn", "HasWebAcl") and not config.get("WebACLId"):
            yield distribution.name, "WebAclArn does not stand before it"
        viewer = config.get("ViewerCertificate") or {}
        if not _is_own(view, at(viewer, "AcmCertificateArn")):
            found = text(viewer.get("AcmCertificateArn", "CloudFront's"))
            yield distribution.name, f"its certificate is {found}"
        for name in sorted(viewer.keys() - _VIEWER):
            yield distribution.name, f"ViewerCertificate: no rule knows what {name} does"


def _has_domain(view: View) -> bool:
    return view.is_given("DomainName", "HasDomain")


def _is_own(view: View, certificate: Node) -> bool:
    """Say whether it is what goes with the domain: that of the template, or of the parameter.

    Without a domain there is none.
    """
    if not _has_domain(view):
        return certificate is None
    made = view.named(certificate) if certificate else None
    is_issued = made is not None and made.kind == _ISSUED
    if view.choice.get("IssuesCertificate", is_issued):
        return is_issued
    return bool(certificate == _CERTIFICATE)


def _issued(view: View) -> Iterator[Fault]:
    for certificate in view.of("CertificateManager::Certificate"):
        if certificate.get("DomainName") != _DOMAIN or certificate.get("SubjectAlternativeNames"):
            yield certificate.name, "it is for other names than the edge's domain"
        if (found := certificate.get("ValidationMethod")) != "DNS":
            yield certificate.name, f"it is validated by {found}: nobody renews it by himself"
        for key in view.values(certificate.get("KeyAlgorithm") or CERTIFICATE_KEYS[0]) or [
            "anything"
        ]:
            if key not in CERTIFICATE_KEYS:
                yield certificate.name, f"its key can be {text(key)}, which boards do not verify"


RULES = (
    Rule(
        "edge-names",
        "the edge answers as DomainName alone, with its certificate and its firewall from "
        "parameters, or the certificate that the template issues: each where it is given",
        "set Aliases to [!Ref DomainName], AcmCertificateArn to !Ref CertificateArn or the "
        "certificate, WebACLId to !Ref WebAclArn; a wildcard or a second name has an edge of its "
        "own",
        _names,
    ),
    Rule(
        "edge-certificate",
        "a certificate is issued for DomainName alone, with a key that boards verify, validated by "
        "DNS, so that it renews itself",
        "set DomainName to !Ref DomainName and ValidationMethod to DNS, without other names; "
        "KeyAlgorithm to RSA_2048 or EC_prime256v1, or leave it out",
        _issued,
    ),
)
