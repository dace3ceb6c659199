"""Parameters that name another account than the one that is deployed into."""

import pytest

from publisher.infra.other_accounts import cautions

OURS, OLD = "111122223333", "444455556666"
PROVIDER = "oidc-provider/token.actions.githubusercontent.com"


def arn(account, what):
    return f"arn:aws:iam::{account}:{what}"


def test_what_is_of_this_account_needs_no_word():
    values = {
        "TrustedPrincipalArns": f"{arn(OURS, 'role/gc')},{arn(OURS, 'user/anna')}",
        "OidcProviderArn": arn(OURS, PROVIDER),
        "DeployRoleArn": arn(OURS, "role/deploy"),
        "PermissionsBoundaryArn": "arn:aws:iam::aws:policy/PowerUserAccess",
        "BucketName": "acme-firmware",
    }
    assert cautions(values, OURS, {}) == []
    assert cautions(dict.fromkeys(values, ""), OURS, {}) == []
    assert cautions({}, OURS, {}) == []


@pytest.mark.parametrize(
    ("name", "what", "says"),
    [
        ("TrustedPrincipalArns", "role/anna", "whoever has that account may release here"),
        ("OidcProviderArn", PROVIDER, "make one here, and name it"),
        ("DeployRoleArn", "role/deploy", "may change this bucket's settings"),
        ("PermissionsBoundaryArn", "policy/bounds", "of the roles' own account"),
    ],
)
def test_what_is_of_another_account_is_named_with_what_that_means(name, what, says):
    [found] = cautions({name: arn(OLD, what)}, OURS, {})
    start = f"{name}: {arn(OLD, what)} is of account {OLD}, and the stack of {OURS}: "
    assert found.startswith(start)
    assert says in found


def test_each_of_a_list_is_looked_at():
    values = {"TrustedPrincipalArns": f"{arn(OLD, 'role/a')}, {arn(OURS, 'role/b')}"}
    assert [one.split()[1] for one in cautions(values, OURS, {})] == [arn(OLD, "role/a")]


def test_what_the_stack_has_been_told_before_is_not_told_again():
    values = {"TrustedPrincipalArns": arn(OLD, "role/tooling")}
    assert cautions(values, OURS, values) == []
    assert len(cautions(values, OURS, {"TrustedPrincipalArns": arn(OURS, "role/a")})) == 1
