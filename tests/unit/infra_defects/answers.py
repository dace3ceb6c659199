"""Mistakes with what an edge answers, under which name, and whether it can read at all."""

from .edits import Defect, allowing, put, sid, without

_CONFIG = "DistributionConfig/"
_HEADERS = "ResponseHeadersPolicyConfig/"
_HSTS = _HEADERS + "SecurityHeadersConfig/StrictTransportSecurity"
_VPC = {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}
_OTHERS = "arn:aws:{}:us-east-1:999999999999:{}"
_FOREIGN_KEY = _OTHERS.format("kms", "key/1234abcd-12ab-34cd-56ef-1234567890ab")
_ENCRYPTION = "BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault"
_EDGE = "arn:aws:cloudfront::${AWS::AccountId}:distribution/${Distribution}"


def _hsts(**more: object) -> dict:
    whole = {"AccessControlMaxAgeSec": 31536000, "IncludeSubdomains": False, "Preload": False}
    return {**whole, "Override": True, **more}


def _edge(rule: str, what: str, path: str, value: object) -> Defect:
    return Defect(rule, "ota", what, put("Distribution", _CONFIG + path, value))


def _headers(what: str, path: str, value: object) -> Defect:
    return Defect("response-changes", "ota", what, put("ResponseHeaders", path, value))


ANSWERS = (
    Defect("edge-reads", "ota", "the edge reads nothing", without("BucketPolicy", "EdgeReads")),
    Defect(
        "edge-reads",
        "ota",
        "the edge reads from one network, where it never is",
        sid(
            "BucketPolicy",
            "EdgeReads",
            "Condition",
            {
                "StringEquals": {
                    "aws:SourceVpc": "vpc-1",
                    "AWS:SourceArn": {"Fn::Sub": _EDGE},
                }
            },
        ),
    ),
    Defect(
        "edge-reads",
        "ota",
        "reading denied but from one network",
        allowing(
            "BucketPolicy",
            "s3:GetObject",
            {"Fn::Sub": "${Bucket.Arn}/*"},
            Effect="Deny",
            Principal="*",
            Condition=_VPC,
        ),
    ),
    *(
        Defect(
            "bucket-encryption",
            template,
            "encrypted by a key of another account",
            put(bucket, _ENCRYPTION, {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": _FOREIGN_KEY}),
        )
        for template, bucket in (("ota", "Bucket"), ("logs", "LogBucket"))
    ),
    Defect(
        "bucket-encryption",
        "ota",
        "encrypted by a key of KMS",
        put("Bucket", _ENCRYPTION + "/SSEAlgorithm", "aws:kms"),
    ),
    _edge(
        "edge-parts",
        "boards of one country alone are served",
        "Restrictions",
        {"GeoRestriction": {"RestrictionType": "whitelist", "Locations": ["DE"]}},
    ),
    _edge(
        "edge-names",
        "a second name, for all of a domain",
        "Aliases",
        [{"Ref": "DomainName"}, "*.example.com"],
    ),
    _edge("edge-names", "another's firewall", "WebACLId", _OTHERS.format("wafv2", "webacl/x/1")),
    _edge(
        "edge-names",
        "another's certificate",
        "ViewerCertificate",
        {
            "AcmCertificateArn": _OTHERS.format("acm", "certificate/abc"),
            "SslSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2025",
        },
    ),
    Defect(
        "edge-certificate",
        "ota",
        "a certificate for all of a domain",
        put("Certificate", "SubjectAlternativeNames", ["*.example.com"]),
    ),
    Defect(
        "edge-certificate",
        "ota",
        "a certificate that somebody renews by mail",
        put("Certificate", "ValidationMethod", "EMAIL"),
    ),
    _headers(
        "all answers said to be gzip",
        _HEADERS + "CustomHeadersConfig",
        {"Items": [{"Header": "Content-Encoding", "Value": "gzip", "Override": True}]},
    ),
    _headers(
        "pages of others read what is served",
        _HEADERS + "CorsConfig",
        {"AccessControlAllowOrigins": {"Items": ["*"]}, "OriginOverride": True},
    ),
    _headers(
        "Cache-Control taken away",
        _HEADERS + "RemoveHeadersConfig/Items/0",
        {"Header": "Cache-Control"},
    ),
    _headers("HSTS for a second", _HSTS, _hsts(AccessControlMaxAgeSec=1)),
    _headers("HSTS for all below the domain", _HSTS, _hsts(IncludeSubdomains=True)),
    _headers("HSTS that no browser forgets", _HSTS, _hsts(Preload=True)),
)
