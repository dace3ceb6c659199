"""Which stacks `slotcast doctor` looks at, and what it makes of an account that does not answer."""

import json
import re
from types import SimpleNamespace

import pytest
from botocore.exceptions import NoCredentialsError
from infra_cloud import Cloud

from publisher.commands.doctor_account import _root
from publisher.doctor.findings import ok
from publisher.errors import StoreError
from publisher.infra.cloudformation.stacks import Stack, Stacks

INIT = (
    *("init", "sensor", "--insecure-no-passphrase", "--board", "b1", "--chip", "esp32"),
    *("--slot-size", "0x1E0000", "--base-url", "https://localhost:9/"),  # nobody is there
)
ROLE = "arn:aws:iam::123456789012:role/release"
INFRA = """\
[infra]
name = "acme"
product = "sensor"
region = "eu-west-1"
[ota]
BucketName = "acme-firmware"
"""


@pytest.fixture
def look(run, tmp_path, monkeypatch):
    """Runs the doctor on the account alone; its findings."""
    monkeypatch.chdir(tmp_path)
    assert run(*INIT)[0] == 0

    def look(*options, exit_code=0):
        code, out, _ = run("doctor", "--json", *options)
        assert code == exit_code
        return json.loads(out)["findings"]

    return look


@pytest.fixture
def account(bare_account):
    """An account with the stacks of `acme`, but that for logs."""
    cloud = bare_account.cloud
    outputs = {"BucketName": "acme-firmware", "DistributionId": "E1"}
    cloud.is_there("acme-ota", outputs=outputs)
    outputs = {"ReleaseRoleArn": ROLE, "TimestampKeyArn": "awskms:alias/timestamp"}
    parameters = {"ReleaseSubjects": "one,another"}
    cloud.is_there("acme-sensor-ci", outputs=outputs, parameters=parameters)
    cloud.is_absent("acme-logs")
    return bare_account


@pytest.fixture
def bare_account(monkeypatch):
    """An account of which `cloud` tells; in `regions` it was asked for stacks."""
    cloud, regions, looked = Cloud(), [], []

    def cloudformation(region):
        regions.append(region)
        return cloud.client

    def look(deployment, clients, wanted):
        looked.append((deployment, wanted))
        return [ok("bucket-private", "it is")]

    monkeypatch.setattr("publisher.infra.clients.cloudformation", cloudformation)
    monkeypatch.setattr("publisher.doctor.aws.look", look)
    monkeypatch.setattr("publisher.doctor.aws.connect", lambda session, region: None)
    with cloud.stub:
        yield SimpleNamespace(cloud=cloud, regions=regions, looked=looked)
        cloud.stub.assert_no_pending_responses()


def test_without_infra_toml_the_account_is_not_looked_at(look):
    [found] = look("--only", "aws")
    assert (found["state"], found["group"]) == ("UNKNOWN", "aws")
    assert "--stack NAME" in found["mend"]
    assert [one["check"] for one in look("--only", "published-names")] == ["published-names"]


@pytest.mark.parametrize("options", [(), ("--stack", "acme", "--region", "eu-west-1")])
def test_stacks_of_infra_toml_or_of_the_command_line_are_looked_at(
    look, account, tmp_path, options
):
    if not options:
        (tmp_path / "infra.toml").write_text(INFRA)
    found = look("--only", "aws", *options)
    assert [(one["group"], one["check"]) for one in found] == [("aws", "bucket-private")]
    assert account.regions == ["eu-west-1", "eu-west-1", "us-east-1"]
    [(deployment, wanted)] = account.looked
    assert (deployment.bucket, deployment.distribution_id) == ("acme-firmware", "E1")
    assert deployment.roles == {"release": ROLE}
    assert deployment.keys == {"timestamp": "alias/timestamp"}
    assert deployment.trusted.subjects["release"] == ("one", "another")
    assert wanted.base_url == "https://localhost:9/"
    assert wanted.root.version == 1  # the store's, as the edge is away
    assert {key.roles for key in wanted.listed_keys.known.values()} == {
        ("root",),
        ("snapshot",),
        ("targets",),
        ("timestamp",),
    }


def test_roles_alone_are_looked_at_with_the_bucket_that_infra_toml_names(
    look, bare_account, tmp_path
):
    bare_account.cloud.is_absent("acme-ota")
    bare_account.cloud.is_there("acme-sensor-ci", outputs={"ReleaseRoleArn": ROLE})
    bare_account.cloud.is_absent("acme-logs")
    (tmp_path / "infra.toml").write_text(INFRA.replace("[ota]", "[ci]"))
    look("--only", "aws")
    [(deployment, _)] = bare_account.looked
    assert deployment.bucket == "acme-firmware"


def test_roles_alone_are_looked_at_with_the_bucket_that_slotcast_toml_names(
    look, bare_account, tmp_path
):
    for stack in ("acme-ota", "acme-sensor-ci"):
        bare_account.cloud.is_absent(stack)
    bare_account.cloud.is_there("acme-logs")
    settings = tmp_path / "slotcast.toml"
    store = '[store]\nkind = "s3"\nbucket = "by-hand"\nregion = "eu-west-1"\n\n['
    text = re.sub(r"(?ms)^\[store\]$.*?^\[", lambda _: store, settings.read_text(), count=1)
    settings.write_text(text)
    look("--only", "aws", "--stack", "acme")
    [(deployment, wanted)] = bare_account.looked
    assert deployment.bucket == "by-hand"
    assert wanted.keys.timestamp == ("file:keys/timestamp.pem",)


def test_stacks_of_infra_toml_that_are_not_there_yet_are_no_error(look, bare_account, tmp_path):
    for stack in ("acme-ota", "acme-sensor-ci", "acme-logs"):
        bare_account.cloud.is_absent(stack)
    (tmp_path / "infra.toml").write_text(INFRA)
    assert [one["state"] for one in look("--only", "aws")] == ["OK"]
    [(deployment, _)] = bare_account.looked
    assert (deployment.distribution_id, deployment.roles) == ("", {})


def test_stacks_that_are_named_and_are_not_there_are_an_error(look, bare_account):
    for stack in ("typo-ota", "typo-sensor-ci", "typo-logs"):
        bare_account.cloud.is_absent(stack)
    [found] = look("--only", "aws", "--stack", "typo", exit_code=1)
    assert (found["state"], found["says"]) == ("FAIL", "no stack of typo is in us-east-1")
    assert bare_account.looked == []


def test_a_region_that_an_organization_locks_hides_the_stack_for_logs_alone(
    look, bare_account, tmp_path
):
    for stack in ("acme-ota", "acme-sensor-ci"):
        bare_account.cloud.is_there(stack, outputs={"BucketName": "acme-firmware"})
    says = "... with an explicit deny in a service control policy"
    bare_account.cloud.refuses("describe_stacks", "AccessDenied", says, 403)
    (tmp_path / "infra.toml").write_text(INFRA)
    assert [one["state"] for one in look("--only", "aws")] == ["OK"]
    [(deployment, _)] = bare_account.looked
    assert deployment.bucket == "acme-firmware"
    assert str(deployment.logs_error).startswith("stack acme-logs: access denied to ")


def test_a_region_goes_with_a_stack(run, capsys):
    with pytest.raises(SystemExit) as ended:
        run("doctor", "--region", "eu-west-1")
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith("error: --region goes with --stack\n")


@pytest.mark.parametrize("name", ["bucket-policy", "logs", "role-rights"])
def test_whoever_asks_for_one_of_the_account_s_checks_is_told_how(run, capsys, name):
    with pytest.raises(SystemExit) as ended:
        run("doctor", "--only", name)
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith(
        f"error: argument --only: {name} is one of the account's checks, which are done together: "
        "--only aws\n"
    )


def test_a_check_that_is_none_is_told_with_those_that_are(run, capsys):
    with pytest.raises(SystemExit):
        run("doctor", "--only", "bucket-polcy")
    assert "invalid choice: 'bucket-polcy' (choose from " in capsys.readouterr().err


@pytest.mark.parametrize("json_too", [(), ("--json",)], ids=["text", "json"])
def test_a_password_in_the_edge_s_url_is_not_repeated(look, run, json_too):
    code, out, err = run("doctor", "--edge-url", "https://user:sekrit@host/", *json_too)
    assert code == 1
    assert "sekrit" not in out + err
    assert '--edge-url is "https://user:[a password]@host/"; it must be plain' in err


@pytest.mark.parametrize("more", [(), ("--stack", "acme"), ("--only", "private-keys")])
def test_an_infra_toml_that_is_named_and_is_not_there_is_an_error(look, run, more):
    code, out, err = run("doctor", "--infra", "nosuch.toml", *more)
    assert (code, out) == (1, "")
    assert "nosuch.toml does not exist" in err


def test_an_account_that_cannot_be_asked_is_not_known(look, monkeypatch):
    def refuse(deployment, clients, wanted):
        raise NoCredentialsError

    monkeypatch.setattr("publisher.doctor.aws.look", refuse)
    monkeypatch.setattr(Stacks, "find", lambda stacks, name: Stack(name, "CREATE_COMPLETE", ""))
    [found] = look("--only", "aws", "--stack", "acme")
    assert found["state"] == "UNKNOWN"
    assert "Unable to locate credentials" in found["says"]
    assert "get-caller-identity" in found["mend"]


def test_without_credentials_it_is_told_where_they_come_from(look, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    [found] = look("--only", "aws", "--stack", "acme")
    assert found["state"] == "UNKNOWN"
    assert "no credentials were found" in found["says"]
    assert "AWS_PROFILE" in found["mend"]


def test_an_infra_toml_that_is_wrong_is_told(look, tmp_path):
    (tmp_path / "infra.toml").write_text("[infra]\n")
    [found] = look("--only", "aws")
    assert (found["state"], found["check"]) == ("UNKNOWN", "aws")
    assert "the account cannot be looked at: " in found["says"]


def test_keys_are_held_against_the_root_in_the_store_where_the_edge_is_late():
    class Site:
        in_store = property(lambda site: site.of("store", 2))
        repository = property(lambda site: site.of("edge", 1))

        def __init__(self, *there):
            self._there = there

        def of(self, name, version):
            if name not in self._there:
                raise StoreError("it is away")
            return SimpleNamespace(root=lambda: version)

    assert _root(Site("store", "edge")) == 2
    assert _root(Site("edge")) == 1
    assert _root(Site()) is None
