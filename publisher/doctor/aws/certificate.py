"""The distribution's certificate as ACM knows it: issued, for how long, and who renews it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from publisher.doctor.aws.asking import ask
from publisher.doctor.aws.scene import Scene
from publisher.doctor.findings import Finding, fail, ok, unknown, warn
from publisher.infra.arns import region_of
from publisher.infra.names import EDGE_REGION
from publisher.infra.requirements import CERTIFICATE_KEYS

CHECK = "certificate-acm"
# ACM begins to renew 45 days before the end of a certificate of 198 days, 60 of a longer one (ACM
# user guide, "Managed certificate renewal"): what is left when it should long be done.
_LATE_DAYS = 30
_LAST_DAYS = 7


def host_of(url: str) -> str:
    """Return the host of a URL, in lower case."""
    return urlsplit(url).hostname or ""


def check_certificate(scene: Scene, distribution: Mapping[str, Any]) -> list[Finding]:
    """Check the certificate that the distribution names (DescribeCertificate)."""
    viewer = distribution["DistributionConfig"].get("ViewerCertificate", {})
    arn = viewer.get("ACMCertificateArn", "")
    if viewer.get("CloudFrontDefaultCertificate"):
        return [ok(CHECK, "the certificate is CloudFront's own, which it renews")]
    if not arn:
        says = "the certificate is not in ACM, but kept by IAM, where nothing renews it"
        return [unknown(CHECK, says, "import it to ACM in us-east-1")]
    if region_of(arn) != EDGE_REGION:
        says = f"the certificate lies in {arn.split(':')[3]}, CloudFront reads {EDGE_REGION} alone"
        return [fail(CHECK, says, f"request or import it in {EDGE_REGION}")]
    client = scene.clients.acm
    answer = ask("acm:DescribeCertificate", client.describe_certificate, CertificateArn=arn)
    return judge_certificate(
        answer["Certificate"], host_of(scene.wanted.base_url), distribution["ARN"], scene.wanted.now
    )


def judge_certificate(
    certificate: Mapping[str, Any], host: str, distribution: str, now: datetime
) -> list[Finding]:
    """Return whether the certificate is in force for the host, and will be."""
    if certificate.get("Status") != "ISSUED":
        return [_not_issued(certificate)]
    found = [
        *_judge_names(certificate, host),
        *_judge_key(certificate),
        *_judge_life(certificate, (certificate["NotAfter"] - now).days),
        *_judge_renewal(certificate),
    ]
    if distribution not in certificate.get("InUseBy", []):
        says = "ACM does not know the distribution as a user of the certificate yet"
        found.append(warn(CHECK, says, "wait some minutes, and run the doctor again"))
    return found or [ok(CHECK, _in_words(certificate, now))]


def records(options: list[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the DNS records by which ACM wants domains proven that are not yet."""
    for option in options:
        record = option.get("ResourceRecord")
        if option.get("ValidationStatus") != "SUCCESS" and record:
            yield f"{record['Name']} {record['Type']} {record['Value']}"


def _not_issued(certificate: Mapping[str, Any]) -> Finding:
    status = certificate.get("Status", "unknown")
    says = f"the certificate is {status}"
    if reason := certificate.get("FailureReason"):
        says = f"{says} ({reason})"
    wants = "; ".join(records(certificate.get("DomainValidationOptions", [])))
    mend = f"set in DNS: {wants}" if wants else "request another, and set CertificateArn"
    return fail(CHECK, says, mend)


def _judge_names(certificate: Mapping[str, Any], host: str) -> list[Finding]:
    names = {certificate.get("DomainName", ""), *certificate.get("SubjectAlternativeNames", [])}
    parent = "*." + host.partition(".")[2]
    if {host, parent} & {name.lower() for name in names}:
        return []
    says = f"the certificate is for {', '.join(sorted(names))}, boards ask for {host}"
    return [fail(CHECK, says, f"request one for {host}, and set CertificateArn in infra.toml")]


def _judge_key(certificate: Mapping[str, Any]) -> list[Finding]:
    kind = certificate.get("KeyAlgorithm", "")
    if kind.replace("-", "_") in CERTIFICATE_KEYS or not kind:
        return []
    says = f"the certificate has a key of {kind}, which boards do not verify"
    return [fail(CHECK, says, "request one with RSA_2048 or EC_prime256v1")]


def _judge_life(certificate: Mapping[str, Any], days: int) -> list[Finding]:
    renews = certificate.get("Type") == "AMAZON_ISSUED"
    mend = (
        "see why it is not renewed: `aws acm describe-certificate`"
        if renews
        else "get a new one, and import it under the same ARN"
    )
    if days < _LAST_DAYS:
        left = "has expired" if days < 0 else f"expires in {days} days"
        return [fail(CHECK, f"the certificate {left}: then no board can connect", mend)]
    if days < _LATE_DAYS:
        says = f"the certificate expires in {days} days"
        says = f"{says}, and ACM has not renewed it" if renews else f"{says}; nothing renews it"
        return [warn(CHECK, says, mend)]
    return []


def _judge_renewal(certificate: Mapping[str, Any]) -> list[Finding]:
    found = []
    if certificate.get("Type") == "AMAZON_ISSUED":
        summary = certificate.get("RenewalSummary", {})
        if summary.get("RenewalStatus") in ("PENDING_VALIDATION", "FAILED"):
            wants = "; ".join(records(summary.get("DomainValidationOptions", [])))
            says = f"the renewal is {summary['RenewalStatus']}"
            mend = f"set in DNS: {wants}" if wants else "request another certificate"
            found.append(fail(CHECK, says, mend))
        if certificate.get("RenewalEligibility") == "INELIGIBLE":
            says = "ACM will not renew the certificate: it is not eligible"
            mend = "validate it by DNS, and have the distribution use it"
            found.append(warn(CHECK, says, mend))
    return found


def _in_words(certificate: Mapping[str, Any], now: datetime) -> str:
    days = (certificate["NotAfter"] - now).days
    renewed = "ACM renews it" if certificate.get("Type") == "AMAZON_ISSUED" else "you renew it"
    return f"the certificate is issued, in use and lasts {days} days more; {renewed}"
