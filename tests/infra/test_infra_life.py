"""The life of the stacks, by `slotcast infra`: left alone, changed, refused, removed."""

import json
from functools import partial
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from publisher.infra.names import KEY_OUTPUTS
from publisher.infra.template import read
from tests.infra.account import assume
from tests.infra.command import Done
from tests.infra.deployment import BUCKET, NAME, PRODUCT, Deployment, deploy_defaults, infra


def run(deployment: Deployment, *words: str) -> Done:
    return infra(deployment.aws, deployment.deployer, deployment.folder, *words)


def must(deployment: Deployment, *words: str) -> dict:
    """Run a command that succeeds; what it answers."""
    done = run(deployment, *words, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def edit(deployment: Deployment, old: str, new: str) -> None:
    path = deployment.folder / "infra.toml"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def changes(deployment: Deployment, *words: str) -> dict[str, dict[str, str]]:
    """What a plan would do: the action by resource, by stack."""
    stacks = must(deployment, "plan", *words)["stacks"]
    return {
        one["stack"]: {item["resource"]: item["action"] for item in one["changes"]}
        for one in stacks
    }


def test_what_is_as_it_should_be_is_left_alone(deployment: Deployment) -> None:
    must(deployment, "apply", "--yes")
    assert changes(deployment) == {"ota": {}, "ci": {}}
    assert {one["state"] for one in must(deployment, "plan")["stacks"]} == {"nothing"}


def test_a_stack_that_lost_its_protection_gets_it_back(deployment: Deployment) -> None:
    client = deployment.aws.client("cloudformation", deployment.deployer)
    name = f"{NAME}-ota"
    client.update_termination_protection(StackName=name, EnableTerminationProtection=False)
    assert must(deployment, "plan", "ota")["stacks"][0]["state"] == "protect"
    must(deployment, "apply", "ota")
    stack = client.describe_stacks(StackName=name)["Stacks"][0]
    assert stack["EnableTerminationProtection"]


def test_what_init_writes_is_deployed_as_it_is(deployment: Deployment) -> None:
    stacks = deploy_defaults(deployment)
    assert stacks["ota"].keys() == deployment.ota.keys()
    assert stacks["ci"].keys() >= set(KEY_OUTPUTS.values())
    folder = deployment.folder / "defaults"
    plan = infra(deployment.aws, deployment.deployer, folder, "plan", "--json")
    assert [one["changes"] for one in json.loads(plan.out)["stacks"]] == [[], []]


def test_a_changed_parameter_changes_the_distribution_in_place(deployment: Deployment) -> None:
    edit(deployment, "[ota]\n", '[ota]\nPriceClass = "PriceClass_All"\n')
    assert changes(deployment)["ota"]["Distribution"] == "Modify"
    must(deployment, "apply", "--yes")
    client = deployment.aws.client("cloudfront", deployment.deployer)
    config = client.get_distribution_config(Id=deployment.ota["DistributionId"])
    assert config["DistributionConfig"]["PriceClass"] == "PriceClass_All"


def test_a_bucket_with_releases_is_not_replaced(deployment: Deployment) -> None:
    s3 = deployment.aws.client("s3", deployment.deployer)
    s3.put_object(Bucket=BUCKET, Key="sensor/metadata/1.root.json", Body=b"{}")
    edit(deployment, f'BucketName = "{BUCKET}"', 'BucketName = "another-bucket"')
    tried = run(deployment, "apply", "--yes")
    assert tried.code == 1
    assert f"Bucket: {BUCKET} holds sensor/, and would be replaced" in tried.err
    edit(deployment, 'BucketName = "another-bucket"', f'BucketName = "{BUCKET}"')
    assert changes(deployment) == {"ota": {}, "ci": {}}


def test_a_key_that_signs_does_not_become_one_of_another_kind(deployment: Deployment) -> None:
    edit(deployment, "[ci]\n", '[ci]\nKeySpec = "ECC_NIST_P256"\n')
    tried = run(deployment, "apply", "--yes", "--let-go", "TimestampSigningKey")
    assert tried.code == 1
    assert "TimestampSigningKey: KeySpec cannot change once a key is made" in tried.err
    edit(deployment, '[ci]\nKeySpec = "ECC_NIST_P256"\n', "[ci]\n")
    assert changes(deployment) == {"ota": {}, "ci": {}}


def test_no_other_product_signs_with_the_keys_of_this_one(
    deployment: Deployment, tmp_path: Path
) -> None:
    arn, alias = deployment.keys["targets"], f"alias/{NAME}-{PRODUCT}-ci-targets"
    text = (deployment.folder / "infra.toml").read_text().replace(PRODUCT, "camera")
    (tmp_path / "infra.toml").write_text(text.replace("[ci]\n", f'[ci]\nSnapshotKey = "{arn}"\n'))
    command = partial(infra, deployment.aws, deployment.deployer, tmp_path, "apply", "ci", "--yes")
    assert f"the stack {NAME}-{PRODUCT}-ci signs with it: {alias}" in command().err
    kms = deployment.aws.client("kms", deployment.deployer)
    kms.delete_alias(AliasName=alias)
    tried = command()
    kms.create_alias(AliasName=alias, TargetKeyId=arn)
    assert tried.code == 1
    assert f"it is the product {PRODUCT}'s, by its tag slotcast:product" in tried.err


@pytest.mark.parametrize("other", ["SnapshotKey", "TimestampKey"])
def test_cloudformation_itself_refuses_one_key_for_targets_and_another_role(
    deployment: Deployment, other: str
) -> None:
    arn = deployment.keys["targets"]
    given = {"Product": "camera", "BucketName": BUCKET, "TargetsKey": arn, other: arn}
    client = deployment.aws.client("cloudformation", deployment.deployer)
    with pytest.raises(ClientError, match=f"TargetsKey and {other} are one key"):
        client.create_change_set(
            StackName="camera",
            ChangeSetName="first",
            ChangeSetType="CREATE",
            TemplateBody=read("ci"),
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value} for name, value in given.items()
            ],
        )


@pytest.fixture(scope="module")
def gate(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a second product on the same bucket."""
    folder = tmp_path_factory.mktemp("gate")
    text = (deployment.folder / "infra.toml").read_text().replace(PRODUCT, "gate")
    ci = '[ci]\nTargetsKey = "None"\nKeySpec = "ECC_NIST_P256"\n'
    (folder / "infra.toml").write_text(text.replace("[ci]\n", ci))
    return folder


def test_a_second_product_has_its_own_roles_and_only_the_keys_that_it_asks_for(
    deployment: Deployment, gate: Path
) -> None:
    done = infra(deployment.aws, deployment.deployer, gate, "apply", "--yes", "--json")
    assert done.code == 0, done.err
    stacks = json.loads(done.out)["stacks"]
    assert stacks["ota"]["outputs"] == deployment.ota
    outputs = stacks["ci"]["outputs"]
    assert outputs.keys() == deployment.ci.keys() - {"TargetsKeyArn"}
    release = assume(deployment.aws, deployment.engineer, outputs["ReleaseRoleArn"])
    s3 = deployment.aws.client("s3", release)
    s3.put_object(Bucket=BUCKET, Key="gate/payloads/1.slc", Body=b"1")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket=BUCKET, Key=f"{PRODUCT}/payloads/1.slc", Body=b"1")
    kms = deployment.aws.client("kms", release)
    key = outputs["SnapshotKeyArn"].removeprefix("awskms:")
    assert kms.get_public_key(KeyId=key)["KeySpec"] == "ECC_NIST_P256"


def test_a_product_does_not_take_the_edge_away_from_another(
    deployment: Deployment, gate: Path
) -> None:
    tried = run(deployment, "destroy", "--yes")
    assert tried.code == 1
    assert "other products stand on the same bucket and edge: slotcast-gate-ci" in tried.err
    done = infra(deployment.aws, deployment.deployer, gate, "destroy", "ci", "--yes")
    assert done.code == 0, done.err


def test_what_boards_need_outlives_the_stacks(deployment: Deployment) -> None:
    s3 = deployment.aws.client("s3", deployment.deployer)
    s3.put_object(Bucket=BUCKET, Key="sensor/payloads/2.slc", Body=b"2")
    done = run(deployment, "destroy", "--yes")
    assert done.code == 0, done.err
    assert f"stays: bucket {BUCKET} with " in done.err
    assert "goes: the policy of that bucket; until a new stack gives it one" in done.err
    assert s3.get_object(Bucket=BUCKET, Key="sensor/payloads/2.slc")["Body"].read() == b"2"
    kms = deployment.aws.client("kms", deployment.deployer)
    for arn in deployment.keys.values():
        assert kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == "Enabled"
    assert changes(deployment, "--import-existing")["ota"]["Bucket"] == "Import"
