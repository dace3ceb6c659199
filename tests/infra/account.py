"""An account for tests: who is in it, and what they may take."""

import base64
import json
from collections.abc import Mapping

from tests.infra.ministack_server import ACCOUNT, Credentials, Ministack

GITHUB = "token.actions.githubusercontent.com"
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def add_user(aws: Ministack, name: str, *statements: Mapping[str, object]) -> Credentials:
    """Create an IAM user who may do what the statements say, and an access key."""
    iam = aws.client("iam", aws.root)
    iam.create_user(UserName=name)
    if statements:
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(*statements))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def document(*statements: Mapping[str, object]) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def user_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:user/{name}"


def add_github(aws: Ministack) -> str:
    """Register GitHub's tokens in the account; the provider's ARN."""
    iam = aws.client("iam", aws.root)
    made = iam.create_open_id_connect_provider(
        Url=f"https://{GITHUB}", ClientIDList=["sts.amazonaws.com"]
    )
    return made["OpenIDConnectProviderArn"]


def assume(aws: Ministack, who: Credentials | None, role_arn: str) -> Credentials:
    """Take a role; its credentials."""
    taken = aws.client("sts", who).assume_role(RoleArn=role_arn, RoleSessionName="test")
    return _session(taken["Credentials"])


def assume_by_token(
    aws: Ministack,
    role_arn: str,
    subject: str,
    audience: str = "sts.amazonaws.com",
    issuer: str = GITHUB,
) -> Credentials:
    """Take a role by a token of a CI job, whose signature the emulator does not check."""
    token = _token(iss=f"https://{issuer}", aud=audience, sub=subject)
    taken = aws.client("sts", None).assume_role_with_web_identity(
        RoleArn=role_arn, RoleSessionName="test", WebIdentityToken=token
    )
    return _session(taken["Credentials"])


def _token(**claims: str) -> str:
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode() for one in parts]
    return ".".join([*(text.rstrip("=") for text in encoded), "c2lnbmF0dXJl"])


def _session(found: Mapping[str, str]) -> Credentials:
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
