"""Least privilege, proven: each role does what it must, and is denied all else, for real."""

import pytest

from tests.infra.account import document
from tests.infra.deployment import Deployment
from tests.infra.rights_rows import ALLOWED, DENIED, Row, Trial, rights, wrong


@pytest.fixture(scope="module")
def trial(deployment: Deployment) -> Trial:
    return Trial(deployment)


@pytest.fixture(scope="module")
def rows(deployment: Deployment, trial: Trial) -> list[Row]:
    return [trial.row(right) for right in rights(deployment)]


def test_each_role_is_allowed_what_it_must_do_and_denied_what_it_must_not(rows: list[Row]) -> None:
    assert wrong(rows) == []
    assert {row.right.role for row in rows if row.got == DENIED} >= {"release", "refresh", "gc"}
    assert {row.right.role for row in rows if row.got == ALLOWED} == {"release", "refresh", "gc"}


def test_a_right_too_many_and_one_too_few_are_noticed(deployment: Deployment, trial: Trial) -> None:
    name = deployment.ci["RefreshRoleArn"].rpartition("/")[2]
    signs = {"Effect": "Allow", "Action": "kms:Sign", "Resource": deployment.keys["targets"]}
    reads = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}
    iam = deployment.aws.client("iam", deployment.deployer)
    words = {"RoleName": name, "PolicyName": "by-hand"}
    iam.put_role_policy(**words, PolicyDocument=document(signs, reads))
    theirs = [right for right in rights(deployment) if right.role == "refresh"]
    found = {row[1:] for row in wrong(trial.row(right) for right in theirs)}
    iam.delete_role_policy(**words)
    assert ("kms:Sign", deployment.keys["targets"], ALLOWED) in found
    assert {action for action, _, _ in found} == {"kms:Sign", "s3:GetObject"}


def test_whatever_is_denied_is_allowed_to_somebody_else(rows: list[Row], trial: Trial) -> None:
    # Otherwise the emulator might deny it to everybody, and the denial prove nothing. This comes
    # last: much of it goes through, and changes what is deployed.
    denied = {
        (row.right.action, row.right.resource): row.right for row in rows if row.got == DENIED
    }
    got = {
        key: trial.attempt("engineer" if key[0] == "sts:AssumeRole" else "deployer", right)
        for key, right in denied.items()
    }
    assert [key for key, one in got.items() if one == DENIED] == []
