"""Where the distribution takes files from: the bucket, by requests that it signs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from publisher.doctor.aws.asking import ask
from publisher.doctor.aws.mends import by_stack
from publisher.doctor.aws.scene import Scene
from publisher.doctor.findings import Finding, fail, ok

# Behind a bucket's name (General Reference, "Amazon S3 endpoints").
_S3 = r"\.s3(\.dualstack)?(\.[a-z]{2}(-[a-z]+)+-[0-9]{1,2})?\.amazonaws\.com(\.cn)?"


def check_origins(scene: Scene, config: Mapping[str, Any]) -> list[Finding]:
    """Check that CloudFront signs what it asks the bucket for (GetOriginAccessControl)."""
    found = []
    for origin in config["Origins"]["Items"]:
        found += judge_origin(origin, scene.deployment.bucket)
        if control := origin.get("OriginAccessControlId"):
            found += _check_signing(scene, control)
    return found


def judge_origin(origin: Mapping[str, Any], bucket: str) -> list[Finding]:
    """Return whether an origin is the bucket, by an origin access control."""
    check, domain = "distribution-origin", origin["DomainName"]
    found = []
    if not re.fullmatch(re.escape(bucket) + _S3, domain):
        says = f"the origin {domain} is not bucket {bucket}"
        found.append(fail(check, says, by_stack("name the bucket")))
    if origin.get("OriginPath"):
        says = f"the origin has the path {origin['OriginPath']}, which products have not"
        found.append(fail(check, says, by_stack("take it out")))
    if origin.get("S3OriginConfig", {}).get("OriginAccessIdentity"):
        says = "the origin has an origin access identity, which is obsolete"
        found.append(fail(check, says, by_stack("set an origin access control")))
    elif not origin.get("OriginAccessControlId"):
        says = "the origin has no origin access control: boards get 403 for everything"
        found.append(fail(check, says, by_stack("set one")))
    return found


def _check_signing(scene: Scene, control: str) -> list[Finding]:
    check = "distribution-origin"
    answer = ask(
        "cloudfront:GetOriginAccessControl",
        scene.clients.cloudfront.get_origin_access_control,
        Id=control,
    )
    config = answer["OriginAccessControl"].get("OriginAccessControlConfig", {})
    behaviour = config.get("SigningBehavior", "unset")
    if behaviour != "always":
        says = f"CloudFront signs its requests to the bucket: {behaviour}, not always"
        return [fail(check, says, by_stack("set always"))]
    return [ok(check, "CloudFront signs each request to the bucket (origin access control)")]
