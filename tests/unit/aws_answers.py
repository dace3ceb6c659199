"""What AWS answers of a sound deployment, call by call, out of what the templates make."""

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from made_stacks import ACCOUNT, REGION, Made
from securesystemslib.signer import SSlibKey
from tuf.api.metadata import Root

from publisher.doctor.aws.policy import parse_policy

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PRODUCT, BUCKET, HOST, DISTRIBUTION = "sensor", "acme-firmware", "updates.example.com", "E2EXAMPLE"
IAM = f"arn:aws:iam::{ACCOUNT}"
BUCKET_ARN = f"arn:aws:s3:::{BUCKET}"
DISTRIBUTION_ARN = f"arn:aws:cloudfront::{ACCOUNT}:distribution/{DISTRIBUTION}"
CERTIFICATE_ARN = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/1234"
ROLES = {name: f"{IAM}:role/slotcast/{name}" for name in ("release", "refresh", "gc")}
KEYS = {
    name: f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}"
    for name in ("targets", "snapshot", "timestamp")
}
STACK = f"slotcast-{PRODUCT}-ci"
SUBJECT = "repo:acme@1234/sensor@5678:environment:firmware-stable"
REFRESH = SUBJECT.replace("stable", "refresh")
ANNA = f"{IAM}:user/anna"
DEPLOYER = f"{IAM}:role/deploy"
_FIELDS = ["date", "time", "cs-uri-stem", "cs-uri-query", "sc-status", "sc-bytes"]
_FIELDS += ["x-edge-result-type"]


def sound_answers():
    """By the name of the client's method: what is answered, or a function of its parameters.

    A text is the code of an error.
    """
    return {
        **_bucket(),
        **_edge(),
        **_logs(),
        **_keys(),
        **_roles(),
        "describe_certificate": {"Certificate": _certificate()},
    }


@cache
def make_ota():
    """The stack with bucket and edge."""
    parameters = {
        "BucketName": BUCKET,
        "DomainName": HOST,
        "CertificateArn": CERTIFICATE_ARN,
        "DeployRoleArn": DEPLOYER,
    }
    names = {
        "Bucket": BUCKET,
        "Bucket.Arn": BUCKET_ARN,
        "Bucket.RegionalDomainName": f"{BUCKET}.s3.{REGION}.amazonaws.com",
        "Distribution": DISTRIBUTION,
        "ImmutableCaching": "ImmutableCaching",
        "OriginAccess.Id": "OriginAccess",
        "PointerCaching": "PointerCaching",
        "ResponseHeaders": "ResponseHeaders",
    }
    return Made("ota", parameters, names)


@cache
def make_ci(spec="ECC_NIST_EDWARDS25519"):
    """The stack with keys and roles."""
    parameters = {
        "Product": PRODUCT,
        "BucketName": BUCKET,
        "ReleaseSubjects": SUBJECT,
        "RefreshSubjects": REFRESH,
        "OidcProviderArn": f"{IAM}:oidc-provider/token.actions.githubusercontent.com",
        "TrustedPrincipalArns": ANNA,
        "KeySpec": spec,
    }
    arns = {f"{name.title()}SigningKey.Arn": arn for name, arn in KEYS.items()}
    return Made("ci", parameters, arns)


def _bucket():
    made = make_ota().properties("Bucket")
    policy = make_ota().properties("BucketPolicy")["PolicyDocument"]
    rules = made["LifecycleConfiguration"]["Rules"]
    return {
        "get_bucket_location": {},
        "list_buckets": {"Buckets": [{"Name": BUCKET}]},
        "get_public_access_block": {
            "PublicAccessBlockConfiguration": made["PublicAccessBlockConfiguration"]
        },
        "get_bucket_policy_status": {"PolicyStatus": {"IsPublic": False}},
        "get_bucket_ownership_controls": {"OwnershipControls": made["OwnershipControls"]},
        "get_bucket_website": "NoSuchWebsiteConfiguration",
        "get_bucket_cors": "NoSuchCORSConfiguration",
        "get_bucket_policy": {"Policy": json.dumps(policy)},
        "get_bucket_versioning": made["VersioningConfiguration"],
        "get_bucket_encryption": {
            "ServerSideEncryptionConfiguration": {
                "Rules": [
                    {"ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"]}
                    for rule in made["BucketEncryption"]["ServerSideEncryptionConfiguration"]
                ]
            }
        },
        "get_bucket_lifecycle_configuration": {"Rules": [_lifecycle(rule) for rule in rules]},
        "get_object_lock_configuration": {
            "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}
        },
        "list_objects_v2": {"Contents": [{"Key": f"{PRODUCT}/metadata/timestamp.json"}]},
    }


def _lifecycle(rule):
    """A rule as S3 tells it, of what CloudFormation writes flat."""
    told = {"ID": rule.pop("Id"), "Filter": {"Prefix": ""}, **rule}
    if told.pop("ExpiredObjectDeleteMarker", False):
        told["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    return told


def _edge():
    nobody = {"Enabled": False, "Quantity": 0}
    distribution = {
        "Id": DISTRIBUTION,
        "ARN": DISTRIBUTION_ARN,
        "Status": "Deployed",
        "LastModifiedTime": NOW,
        "InProgressInvalidationBatches": 0,
        "DomainName": "d111111abcdef8.cloudfront.net",
        "ActiveTrustedSigners": nobody,
        "ActiveTrustedKeyGroups": nobody,
        "DistributionConfig": _distribution_config(),
    }
    return {
        "get_distribution": {"Distribution": distribution},
        "get_cache_policy": _cache_policy,
        "get_origin_access_control": {
            "OriginAccessControl": {"Id": "OriginAccess", **make_ota().properties("OriginAccess")}
        },
    }


def _distribution_config():
    """The configuration as CloudFront tells it, of what CloudFormation writes otherwise."""
    config = make_ota().properties("Distribution")["DistributionConfig"]
    viewer = config.pop("ViewerCertificate")
    for one in (config["DefaultCacheBehavior"], *config["CacheBehaviors"]):
        cached = _counted(one.pop("CachedMethods"))
        one["AllowedMethods"] = {**_counted(one["AllowedMethods"]), "CachedMethods": cached}
    config |= {
        name: _counted(config[name])
        for name in ("Aliases", "Origins", "CacheBehaviors", "CustomErrorResponses")
    }
    config["IsIPV6Enabled"] = config.pop("IPV6Enabled")
    config["CallerReference"] = "1"
    config["ViewerCertificate"] = {
        "ACMCertificateArn": viewer["AcmCertificateArn"],
        "SSLSupportMethod": viewer["SslSupportMethod"],
        "MinimumProtocolVersion": viewer["MinimumProtocolVersion"],
    }
    return config


def _counted(items):
    return {"Quantity": len(items), "Items": items}


def _cache_policy(params):
    made = make_ota().properties(params["Id"])
    return {"CachePolicy": {"Id": params["Id"], "LastModifiedTime": NOW, **made}}


def _certificate():
    return {
        "CertificateArn": CERTIFICATE_ARN,
        "DomainName": HOST,
        "SubjectAlternativeNames": [HOST],
        "Status": "ISSUED",
        "Type": "AMAZON_ISSUED",
        "KeyAlgorithm": "RSA-2048",
        "NotAfter": NOW + timedelta(days=150),
        "RenewalEligibility": "ELIGIBLE",
        "InUseBy": [DISTRIBUTION_ARN],
    }


def _logs():
    source = {"name": "logs", "resourceArns": [DISTRIBUTION_ARN]}
    delivery = {"deliverySourceName": "logs", "recordFields": list(_FIELDS)}
    return {
        "describe_delivery_sources": {"deliverySources": [source]},
        "describe_deliveries": {"deliveries": [delivery]},
    }


def _keys():
    def describe(params):
        made = make_ci().properties("TargetsSigningKey")
        metadata = {
            "KeyId": params["KeyId"],
            "KeyState": "Enabled",
            "KeySpec": made["KeySpec"],
            "KeyUsage": made["KeyUsage"],
        }
        return {"KeyMetadata": metadata}

    def public(params):
        key = public_key(params["KeyId"].rpartition("/")[2])
        return {"PublicKey": key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)}

    policy = make_ci().properties("TargetsSigningKey")["KeyPolicy"]
    return {
        "describe_key": describe,
        "get_public_key": public,
        "list_grants": {"Grants": []},
        "list_aliases": lambda params: {"Aliases": [{"AliasName": _alias(params["KeyId"])}]},
        "list_resource_tags": lambda params: {"Tags": _key_tags(params["KeyId"])},
        "get_key_policy": {"Policy": json.dumps(policy)},
    }


def _alias(key):
    return f"alias/{STACK}-{key.rpartition('/')[2]}"


def _key_tags(key):
    """The stack's tags, and CloudFormation's own."""
    made = f"{key.rpartition('/')[2].title()}SigningKey"
    told = {"slotcast:product": PRODUCT, "aws:cloudformation:logical-id": made}
    return [{"TagKey": name, "TagValue": value} for name, value in told.items()]


def _roles():
    def role(params):
        made = make_ci().properties(f"{params['RoleName'].title()}Role")
        trust = quote(json.dumps(made["AssumeRolePolicyDocument"]))
        names = {"Path": "/slotcast/", "RoleName": params["RoleName"], "RoleId": "A" * 16}
        made = {"CreateDate": NOW - timedelta(days=90)}
        used = {"RoleLastUsed": {"LastUsedDate": NOW - timedelta(hours=3), "Region": REGION}}
        told = {**names, **made, **used, "Arn": ROLES[params["RoleName"]]}
        return {"Role": {**told, "AssumeRolePolicyDocument": trust}}

    return {
        "get_role": role,
        "list_role_policies": lambda params: {
            "PolicyNames": [one["PolicyName"] for one in _written(params["RoleName"])]
        },
        "get_role_policy": _role_policy,
        "list_attached_role_policies": {"AttachedPolicies": []},
    }


def _role_policy(params):
    documents = {one["PolicyName"]: one["PolicyDocument"] for one in _written(params["RoleName"])}
    return {**params, "PolicyDocument": quote(json.dumps(documents[params["PolicyName"]]))}


def _written(role, spec="ECC_NIST_EDWARDS25519"):
    """A role's own policies, as the template writes them."""
    return make_ci(spec).properties(f"{role.title()}Role")["Policies"]


def policies(role, spec="ECC_NIST_EDWARDS25519"):
    """The statements of a role's own policies."""
    written = _written(role, spec)
    return [one for policy in written for one in parse_policy(policy["PolicyDocument"])]


@cache
def public_key(role):
    """The public half of a role's key in KMS."""
    return Ed25519PrivateKey.generate().public_key()


def root():
    """The root in force, which names the keys in KMS."""
    found = Root(expires=NOW + timedelta(days=365))
    for role in KEYS:
        found.add_key(SSlibKey.from_crypto(public_key(role)), role)
    return found
