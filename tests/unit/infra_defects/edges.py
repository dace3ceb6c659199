"""Mistakes with the distribution, and with what it keeps for how long."""

from .edits import Defect, behaviour_last, error, path, put, within

_ALWAYS = "DistributionConfig/DefaultCacheBehavior/"
_KEYED = "CachePolicyConfig/ParametersInCacheKeyAndForwardedToOrigin/"

EDGE = (
    Defect(
        "origin-access",
        "ota",
        "no origin access control",
        put("Distribution", "DistributionConfig/Origins/0/OriginAccessControlId", None),
    ),
    Defect(
        "origin-access",
        "ota",
        "requests to the bucket not signed",
        put("OriginAccess", "OriginAccessControlConfig/SigningBehavior", "never"),
    ),
    Defect(
        "https-only",
        "ota",
        "plain HTTP served",
        put("Distribution", _ALWAYS + "ViewerProtocolPolicy", "allow-all"),
    ),
    Defect(
        "https-only",
        "ota",
        "boards redirected",
        path("*/version.json", "ViewerProtocolPolicy", "redirect-to-https"),
    ),
    *(
        Defect("edge-protocols", "ota", what, put("Distribution", path, value))
        for what, path, value in (
            ("HTTP/1.1 alone", "DistributionConfig/HttpVersion", "http1.1"),
            ("no HTTP/3", "DistributionConfig/HttpVersion", "http2"),
            ("no version of HTTP, so CloudFront's", "DistributionConfig/HttpVersion", None),
            ("no IPv6", "DistributionConfig/IPV6Enabled", False),
        )
    ),
    Defect(
        "edge-addresses", "ota", "a second A record, and no AAAA", put("AddressV6", "Type", "A")
    ),
    Defect("edge-addresses", "ota", "no A record", put("Address", "Type", "AAAA")),
    Defect(
        "edge-addresses",
        "ota",
        "an A record for edges with a firewall alone",
        put("Address", "/Condition", "HasWebAcl"),
    ),
    Defect(
        "edge-records",
        "ota",
        "an alias in the zone of S3's websites",
        put("Address", "AliasTarget/HostedZoneId", "Z3AQBSTGFYJSTF"),
    ),
    Defect(
        "methods",
        "ota",
        "PUT and DELETE reach the bucket",
        put(
            "Distribution",
            _ALWAYS + "AllowedMethods",
            ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"],
        ),
    ),
    Defect(
        "methods",
        "ota",
        "a method that does not exist",
        path("*/version.json", "AllowedMethods", ["GET", "HAED"]),
    ),
    Defect("compression", "ota", "payloads compressed", path("*/payloads/*.slc", "Compress", True)),
    Defect(
        "compression",
        "ota",
        "gzip in the cache key",
        put("PointerCaching", _KEYED + "EnableAcceptEncodingGzip", True),
    ),
    Defect(
        "tls-policy",
        "ota",
        "TLS 1.3 only, which no board speaks",
        within(
            "Distribution", "SslSupportMethod", "sni-only", "MinimumProtocolVersion", "TLSv1.3_2025"
        ),
    ),
    Defect(
        "tls-policy",
        "ota",
        "TLS 1.0 accepted",
        within(
            "Distribution", "SslSupportMethod", "sni-only", "MinimumProtocolVersion", "TLSv1_2016"
        ),
    ),
    Defect(
        "tls-policy",
        "ota",
        "no policy: TLSv1",
        within("Distribution", "SslSupportMethod", "sni-only", "MinimumProtocolVersion", None),
    ),
    Defect(
        "response-headers",
        "ota",
        "no HSTS",
        put(
            "ResponseHeaders",
            "ResponseHeadersPolicyConfig/SecurityHeadersConfig/StrictTransportSecurity",
            None,
        ),
    ),
    Defect(
        "response-headers",
        "ota",
        "one path without the policy",
        path("*/images/*.bin", "ResponseHeadersPolicyId", None),
    ),
    Defect(
        "legacy-logging",
        "ota",
        "legacy logging, with addresses",
        put("Distribution", "DistributionConfig/Logging", {"Bucket": "logs.s3.amazonaws.com"}),
    ),
)

CACHING = (
    Defect(
        "ttl-order",
        "ota",
        "MinTTL above MaxTTL",
        put("PointerCaching", "CachePolicyConfig/MinTTL", 300),
    ),
    Defect(
        "ttl-order",
        "ota",
        "DefaultTTL above MaxTTL",
        put("PointerCaching", "CachePolicyConfig/DefaultTTL", 3600),
    ),
    Defect(
        "cache-key",
        "ota",
        "query string in the cache key",
        put("PointerCaching", _KEYED + "QueryStringsConfig/QueryStringBehavior", "all"),
    ),
    Defect(
        "cache-key",
        "ota",
        "User-Agent in the cache key",
        put(
            "ImmutableCaching",
            _KEYED + "HeadersConfig",
            {"HeaderBehavior": "whitelist", "Headers": ["User-Agent"]},
        ),
    ),
    Defect(
        "cache-key",
        "ota",
        "cookies in the cache key",
        put("PointerCaching", _KEYED + "CookiesConfig/CookieBehavior", "all"),
    ),
    Defect(
        "cache-key",
        "ota",
        "query string sent to the bucket",
        put(
            "Distribution",
            _ALWAYS + "OriginRequestPolicyId",
            "216adef6-5c7f-47e4-b989-5492eafa07d3",
        ),
    ),
    Defect(
        "pointer-caching",
        "ota",
        "version.json kept for a year",
        path("*/version.json", "CachePolicyId", {"Ref": "ImmutableCaching"}),
    ),
    Defect(
        "pointer-caching",
        "ota",
        "timestamp.json after the pattern for metadata",
        behaviour_last("*/metadata/timestamp.json"),
    ),
    Defect(
        "pointer-caching",
        "ota",
        "what no pattern names kept for a year",
        put("Distribution", _ALWAYS + "CachePolicyId", {"Ref": "ImmutableCaching"}),
    ),
    Defect(
        "pointer-caching",
        "ota",
        "pointers kept for an hour",
        put("PointerCaching", "CachePolicyConfig/MaxTTL", 3600),
    ),
    Defect(
        "pointer-caching",
        "ota",
        "pointers kept as short as Cache-Control says",
        put("PointerCaching", "CachePolicyConfig/MinTTL", 0),
    ),
    Defect(
        "pointer-caching",
        "ota",
        "pointers kept at least for CloudFront's 0 s",
        put("PointerCaching", "CachePolicyConfig/MinTTL", None),
    ),
    Defect(
        "immutable-caching",
        "ota",
        "payloads fetched anew each minute",
        path("*/payloads/*.slc", "PathPattern", "/payloads/*.slc"),
    ),
    Defect(
        "error-caching", "ota", "404 kept for five minutes", error(404, "ErrorCachingMinTTL", 300)
    ),
    Defect("error-caching", "ota", "403 kept for CloudFront's 10 s", error(403, "ErrorCode", 405)),
    Defect(
        "error-mapping",
        "ota",
        "403 answered as 200, with a page",
        lambda template: [
            error(403, "ResponseCode", 200)(template),
            error(403, "ResponsePagePath", "/index.html")(template),
        ],
    ),
)
