"""Least privilege, proven: each role does what it must, and is denied all else, for real."""

import pytest

from publisher.infra.names import ROLE_OUTPUTS
from tests.infra.account import document
from tests.infra.deployment import Deployment
from tests.infra.evaluated import evaluator
from tests.infra.rights_rows import ALLOWED, DENIED, NOT_MODELLED, Row, Trial, rights, wrong


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


def test_what_cannot_be_tried_follows_from_the_policies(
    deployment: Deployment, rows: list[Row]
) -> None:
    evaluate = evaluator(deployment)
    evaluated = [Row(row.right, evaluate(row.right)) for row in rows if row.got == NOT_MODELLED]
    assert wrong(evaluated) == []
    assert {row.right.action for row in evaluated} == {"s3:PutObject", "kms:Sign", "iam:PassRole"}
    # And what can be tried comes out alike.
    both = [(row, evaluate(row.right)) for row in rows if row.right.role in ROLE_OUTPUTS]
    assert [row for row, got in both if row.got not in (NOT_MODELLED, got)] == []


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
