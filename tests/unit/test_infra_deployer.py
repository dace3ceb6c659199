"""Who deploys, held against the role that alone may change the bucket's settings."""

from pathlib import Path

import pytest
from botocore.stub import Stubber
from infra_cloud import client, stub_aws

from publisher.infra.deployer import is_deployer

OTA = "slotcast-ota"
ROLE = "arn:aws:iam::111122223333:role/infra/Deployer"
SSO = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1"
USER = "arn:aws:iam::111122223333:user/infra/anna"
TYPO = ROLE.replace("Deployer", "Deploier")
OTHER_ROLE = ROLE.replace("Deployer", "Other")
SESSION = "arn:aws:sts::111122223333:assumed-role"
DEPLOYER = f"{SESSION}/Deployer/anna"


@pytest.mark.parametrize(
    ("caller", "named", "is_it"),
    [
        (DEPLOYER, ROLE, True),
        (f"{SESSION}/AWSReservedSSO_Admin_1/anna@acme.dev", SSO, True),
        (USER, USER, True),
        (DEPLOYER, TYPO, False),
        (DEPLOYER, ROLE.replace("1111", "9999"), False),
        (f"{SESSION}/Other/Deployer", ROLE, False),
        (f"{SESSION}/infra/anna", ROLE, False),
        (DEPLOYER, USER.replace("anna", "Deployer"), False),
        (USER, ROLE, False),
        ("arn:aws:iam::111122223333:root", ROLE, False),
    ],
)
def test_a_session_is_known_by_its_role_s_name_and_account(caller, named, is_it):
    assert is_deployer(caller, named) is is_it


@pytest.fixture
def plan(run, monkeypatch, tmp_path):
    """Plan a change of the stack ota, as somebody: what is warned of."""
    monkeypatch.chdir(tmp_path)
    aws, sts = stub_aws(monkeypatch), Stubber(client("sts"))
    monkeypatch.setattr("publisher.infra.clients.sts", lambda region: sts.client)

    def planned(named="", before="", **answer):
        line = f'DeployRoleArn = "{named}"\n' if named else ""
        head = '[infra]\nname = "slotcast"\nproduct = "sensor"\n[ota]\nBucketName = "acme"\n'
        Path("infra.toml").write_text(head + line)
        aws.cloud.is_there(OTA, parameters={"BucketName": "acme", "DeployRoleArn": before})
        aws.cloud.has_change_sets(OTA)
        aws.cloud.makes_change_set(OTA)
        aws.cloud.would_change_nothing(OTA)
        aws.cloud.drops_change_set(OTA)
        if "Arn" in answer:
            sts.add_response("get_caller_identity", answer, {})
        elif answer:
            sts.add_client_error("get_caller_identity", **answer)
        with aws.cloud.stub, sts:
            code, _, err = run("infra", "plan")
            sts.assert_no_pending_responses()
            aws.cloud.stub.assert_no_pending_responses()
        return code, err

    return planned


@pytest.mark.parametrize(("named", "before"), [(TYPO, ""), (TYPO, TYPO)])
def test_a_role_that_is_not_who_deploys_is_warned_of(plan, named, before):
    code, err = plan(named, before, Arn=DEPLOYER)
    assert code == 0
    assert f"warning: DeployRoleArn is {TYPO}, and you are {DEPLOYER}: nobody but the former" in err


def test_who_hands_the_bucket_over_has_to_be_the_role_of_before(plan):
    err = plan(ROLE, OTHER_ROLE, Arn=DEPLOYER)[1]
    assert f"DeployRoleArn is {OTHER_ROLE}, and you are {DEPLOYER}" in err
    assert err.count("warning:") == 1


def test_nothing_is_said_where_the_right_one_deploys(plan):
    assert plan(ROLE, ROLE, Arn=DEPLOYER) == (0, "")


def test_nobody_is_asked_who_deploys_where_no_role_is_named(plan):
    assert plan() == (0, "")


def test_who_deploys_may_not_be_known(plan):
    code, err = plan(ROLE, service_error_code="AccessDenied", http_status_code=403)
    assert code == 0
    assert "warning: DeployRoleArn: whether you are that role was not looked at: access den" in err
