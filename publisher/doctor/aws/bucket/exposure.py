"""Who gets at the bucket by settings other than its policy (S3 API reference)."""

from __future__ import annotations

from publisher.doctor.aws.mends import by_stack
from publisher.doctor.aws.scene import Scene, bucket_setting
from publisher.doctor.findings import Finding, fail, ok, warn
from publisher.infra.requirements import PUBLIC_ACCESS_BLOCKS


def check_public_access(scene: Scene) -> list[Finding]:
    """Check that all four blocks of public access are on (GetPublicAccessBlock)."""
    check = "bucket-private"
    answer = bucket_setting(
        scene,
        "s3:GetBucketPublicAccessBlock",
        "NoSuchPublicAccessBlockConfiguration",
        scene.clients.s3.get_public_access_block,
    )
    blocks = answer.get("PublicAccessBlockConfiguration", {})
    off = [name for name in PUBLIC_ACCESS_BLOCKS if not blocks.get(name)]
    if off:
        says = f"public access is not blocked: {', '.join(off)} off"
        return [fail(check, says, by_stack("turn it on"))]
    return [ok(check, "public access is blocked, in all four ways")]


def check_policy_status(scene: Scene) -> list[Finding]:
    """Check that S3 itself does not call the policy public (GetBucketPolicyStatus)."""
    check = "bucket-private"
    answer = bucket_setting(
        scene,
        "s3:GetBucketPolicyStatus",
        "NoSuchBucketPolicy",
        scene.clients.s3.get_bucket_policy_status,
    )
    if answer.get("PolicyStatus", {}).get("IsPublic"):
        says = "S3 says that the bucket's policy makes it public"
        return [fail(check, says, by_stack("set the template's"))]
    return [ok(check, "S3 does not take the bucket's policy for a public one")]


def check_ownership(scene: Scene) -> list[Finding]:
    """Check that access control lists are off (GetBucketOwnershipControls)."""
    check = "bucket-ownership"
    answer = bucket_setting(
        scene,
        "s3:GetBucketOwnershipControls",
        "OwnershipControlsNotFoundError",
        scene.clients.s3.get_bucket_ownership_controls,
    )
    rules = answer.get("OwnershipControls", {}).get("Rules", [])
    ownership = [rule["ObjectOwnership"] for rule in rules]
    if ownership != ["BucketOwnerEnforced"]:
        says = f"access control lists are in force: ownership is {', '.join(ownership) or 'unset'}"
        return [fail(check, says, by_stack("set BucketOwnerEnforced"))]
    return [ok(check, "access control lists are off (BucketOwnerEnforced)")]


def check_website(scene: Scene) -> list[Finding]:
    """Check that the bucket is no website, which would be plain HTTP (GetBucketWebsite)."""
    check = "bucket-website"
    answer = bucket_setting(
        scene,
        "s3:GetBucketWebsite",
        "NoSuchWebsiteConfiguration",
        scene.clients.s3.get_bucket_website,
    )
    if answer:
        mend = f"aws s3api delete-bucket-website --bucket {scene.deployment.bucket}"
        return [fail(check, "the bucket is a website, which is served without TLS", mend)]
    return [ok(check, "the bucket is no website")]


def check_cors(scene: Scene) -> list[Finding]:
    """Check that no web page may write (GetBucketCors)."""
    check = "bucket-cors"
    answer = bucket_setting(
        scene,
        "s3:GetBucketCORS",
        "NoSuchCORSConfiguration",
        scene.clients.s3.get_bucket_cors,
    )
    rules = answer.get("CORSRules", [])
    writes = {method for rule in rules for method in rule["AllowedMethods"]} - {"GET", "HEAD"}
    if writes:
        says = f"web pages may send the bucket {', '.join(sorted(writes))}"
        mend = f"aws s3api delete-bucket-cors --bucket {scene.deployment.bucket}"
        return [warn(check, says, mend)]
    return [ok(check, "no web page may write (CORS)")]
