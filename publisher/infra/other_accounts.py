"""ARNs of another account among a stack's parameters: meant so, or left over from it."""

from __future__ import annotations

from collections.abc import Mapping

from publisher.infra.arns import account_of

# What each is for, where the account that it names is not the stack's. A key of another account is
# refused before (keys/kms.py), and a certificate by CloudFront.
_SAYS = {
    "TrustedPrincipalArns": "whoever has that account may release here",
    "OidcProviderArn": "a role goes by the provider of its own account: make one here, and name it",
    "DeployRoleArn": "only that account may change this bucket's settings, and nobody of this one",
    "PermissionsBoundaryArn": "a boundary has to be of the roles' own account",
}
# Of a policy that AWS looks after (IAM user guide, "AWS managed policies").
_MANAGED = "aws"


def cautions(values: Mapping[str, str], account: str, before: Mapping[str, str]) -> list[str]:
    """Return a sentence for each ARN that names another account than the stack's.

    Trust in another account may be meant; after a move to a new one it lets the old one in.

    Args:
        values: the stack's parameters by name; lists with commas.
        account: the one that is deployed into, 12 digits.
        before: the same of the stack as it is; what stays is not told again.
    """
    return [
        f"{name}: {arn} is of account {account_of(arn)}, and the stack of {account}: {says}"
        for name, says in _SAYS.items()
        if values.get(name) != before.get(name)
        for arn in map(str.strip, values.get(name, "").split(","))
        if account_of(arn) not in ("", account, _MANAGED)
    ]
