"""What boards, people and the project ask of AWS's settings: of templates, and of what is deployed.

The rules hold a template against this before it is deployed, the doctor what is there.
"""

from __future__ import annotations

# Boards speak TLS 1.2 and no 1.3; policies before 2021 take weak ciphers too (CloudFront developer
# guide, "Supported protocols and ciphers between viewers and CloudFront").
TLS_POLICIES = ("TLSv1.2_2021", "TLSv1.2_2025")
# Of what KMS signs with, what boards verify.
KEY_SPECS = ("ECC_NIST_EDWARDS25519", "ECC_NIST_P256")
# Of the keys that ACM's certificates have, what boards verify; of CA roots it is the same
# (publisher/pins/anchor_keys.py).
CERTIFICATE_KEYS = ("RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1")
PUBLIC_ACCESS_BLOCKS = (
    "BlockPublicAcls",
    "BlockPublicPolicy",
    "IgnorePublicAcls",
    "RestrictPublicBuckets",
)
# Fields of standard logging v2 that tell who a board's owner is.
PERSONAL_LOG_FIELDS = frozenset({"c-ip", "x-forwarded-for", "c-port", "cs(Cookie)"})
# Fields without which no report on a fleet can be made (CloudFront developer guide, "Standard
# logging reference").
REPORT_LOG_FIELDS = (
    "date",
    "time",
    "cs-uri-stem",
    "cs-uri-query",
    "sc-status",
    "sc-bytes",
    "x-edge-result-type",
)

# Of past pointers: that one was put back wrongly may be noticed after a holiday.
NONCURRENT_MIN_DAYS = 30

# A year, as browsers want it before they keep a domain to HTTPS for good (hstspreload.org).
HSTS_MIN_S = 31_536_000

# manifests/repository.md: pointers are kept for a minute; all else is for ever, and a day the least
# that pays.
POINTER_MAX_S = 60
IMMUTABLE_MIN_S = 86_400
# "There is none", for a board that asked a moment too early.
ERROR_MAX_S = 5
# CloudFront's own, where nothing is set (API reference, CustomErrorResponse, CachePolicyConfig).
DEFAULT_ERROR_S = 10
DEFAULT_MAX_TTL_S = 31_536_000
