"""What is given, and ignored: by a condition that asks something else, or beside a right one."""

from .edits import Defect, Edit, condition, put, within

_CONFIG = "DistributionConfig/"
_NOTHING = {"Ref": "AWS::NoValue"}


def _inverted(name: str) -> Edit:
    def edit(template: dict) -> None:
        template["Conditions"][name] = {"Fn::Not": [template["Conditions"][name]]}

    return edit


def _never(template: str, what: str, name: str) -> Defect:
    parameter = {"ota": "PriceClass", "ci": "KeySpec"}[template]
    asks = {"Fn::Equals": [{"Ref": parameter}, "never"]}
    return Defect("parameter-conditions", template, what, condition(name, asks))


def _turned(template: str, what: str, name: str) -> Defect:
    return Defect("parameter-conditions", template, what, _inverted(name))


CONDITIONS = (
    _never("ota", "a domain never heard of", "HasDomain"),
    _turned("ota", "a domain where none is given", "HasDomain"),
    _never("ota", "a firewall never heard of", "HasWebAcl"),
    _turned("ota", "a firewall where none is given", "HasWebAcl"),
    _never("ota", "an Origin Shield never heard of", "HasOriginShield"),
    _turned("ota", "an Origin Shield where none is given", "HasOriginShield"),
    _never("ota", "a certificate never issued", "IssuesCertificate"),
    _turned("ota", "a certificate issued where one is given", "IssuesCertificate"),
    Defect(
        "parameter-conditions",
        "ota",
        "records for a domain in no zone",
        condition("HasRecord", {"Condition": "HasDomain"}),
    ),
    _turned("ota", "records where no zone is given", "HasRecord"),
    _turned("ci", "a key of targets named where there is none", "HasTargetsKey"),
    _never("ci", "people never heard of", "HasPeople"),
    _turned("ci", "roles for people where nobody is named", "HasPeople"),
    _never("ci", "an identity provider never heard of", "HasProvider"),
    *(
        defect
        for job in ("Release", "Refresh")
        for defect in (
            _never("ci", f"jobs that {job.lower()} trusted never", f"Trusts{job}Jobs"),
            _never("ci", f"the role {job.lower()} made never", f"Makes{job}Role"),
        )
    ),
)

BESIDE = (
    Defect(
        "edge-names",
        "ota",
        "DomainName without an edge that answers as it",
        put("Distribution", _CONFIG + "Aliases", _NOTHING),
    ),
    Defect(
        "edge-names",
        "ota",
        "a firewall that stands nowhere",
        put("Distribution", _CONFIG + "WebACLId", _NOTHING),
    ),
    Defect(
        "edge-names",
        "ota",
        "the certificate that is given in place of the one issued",
        within(
            "Distribution",
            "SslSupportMethod",
            "sni-only",
            "AcmCertificateArn",
            {"Ref": "CertificateArn"},
        ),
    ),
    Defect(
        "edge-names",
        "ota",
        "a domain with CloudFront's own certificate",
        put(
            "Distribution",
            _CONFIG + "ViewerCertificate",
            {"CloudFrontDefaultCertificate": True, "MinimumProtocolVersion": "TLSv1.2_2025"},
        ),
    ),
)

IGNORED = (*CONDITIONS, *BESIDE)
