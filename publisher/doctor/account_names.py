"""The account's own checks by name: light enough for the command line's parser.

They are publisher/doctor/aws/'s, and `--only` asks for all of them together.
"""

from __future__ import annotations

ACCOUNT_NAMES = (
    "bucket-region",
    "bucket-private",
    "bucket-ownership",
    "bucket-website",
    "bucket-cors",
    "bucket-policy",
    "bucket-versions",
    "bucket-encryption",
    "bucket-lifecycle",
    "bucket-lock",
    "bucket-keys",
    "distribution-live",
    "distribution-names",
    "distribution-tls",
    "distribution-origin",
    "distribution-behaviours",
    "distribution-caching",
    "distribution-errors",
    "certificate-acm",
    "logs",
    "signing-keys",
    "role-trust",
    "refresh-role-used",
    "role-policies",
    "role-rights",
    # What could not be looked at at all is told of these.
    "bucket",
    "distribution",
    "roles",
)
