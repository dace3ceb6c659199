"""`slotcast infra` as a person meets it; tests/infra runs it on an emulated account."""

import json
from pathlib import Path

import pytest
from infra_cloud import change, stack_id, stub_aws

from publisher.console import Console
from publisher.infra.cloudformation.stacks import Stacks
from publisher.infra.template import read

INIT = ["infra", "init", "--product", "sensor", "--bucket", "acme-firmware"]
OTA, CI, LOGS = "slotcast-ota", "slotcast-sensor-ci", "slotcast-logs"
BUCKET = "AWS::S3::Bucket"
OUTPUTS = {
    "BucketName": "acme-firmware",
    "BaseUrl": "https://d1.cloudfront.net/",
    "DistributionArn": "arn:aws:cloudfront::111122223333:distribution/E1",
}
KEYS = {"SnapshotKeyArn": "awskms:arn:s", "TimestampKeyArn": "arn:t"}
PROVIDER = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
NOBODY = "slotcast: warning: [ci] nobody may take a role, so none is made: set ReleaseSubjects"
SETTINGS = '[infra]\nname = "slotcast"\nproduct = "sensor"\n[ota]\nBucketName = "acme-firmware"\n'


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def aws(monkeypatch):
    found = stub_aws(monkeypatch)
    with found.cloud.stub, found.buckets.stub:
        yield found
        found.cloud.stub.assert_no_pending_responses()
        found.buckets.stub.assert_no_pending_responses()


@pytest.fixture
def cloud(aws):
    return aws.cloud


@pytest.fixture
def ota():
    """An infra.toml with bucket and edge alone."""
    Path("infra.toml").write_text(SETTINGS)


@pytest.fixture
def ci():
    """One with roles too."""
    Path("infra.toml").write_text(SETTINGS + "[ci]\n")


@pytest.fixture
def types(monkeypatch):
    """What a person types, in order; and what they are asked."""
    typed, asked = [], []

    def confirm(self, question):
        asked.append(question)
        return typed.pop(0)

    monkeypatch.setattr(Console, "confirm", confirm)
    return lambda *words: typed.extend(words) or asked


# init


def test_init_writes_what_plan_reads(run, cloud):
    code, out, err = run(*INIT)
    assert (code, err.count("\n"), err.startswith(NOBODY)) == (0, 1, True)
    assert out.startswith("infra.toml: slotcast-ota (us-east-1), slotcast-sensor-ci (us-east-1)\n")
    for name in (OTA, CI):
        cloud.is_absent(name)
        if name == CI:
            cloud.is_absent(name)
        cloud.makes_change_set(name, "CREATE")
        cloud.works_out(name)
        cloud.drops_shell(name)
    code, out, err = run("infra", "plan")
    assert (code, err.count("\n"), err.startswith(NOBODY)) == (0, 1, True)
    assert f"{CI} (us-east-1): would be created" in out


def test_init_tells_each_stack_with_its_region(run, aws):
    code, out, _ = run(*INIT, "--region", "eu-central-1", "--log-bucket", "acme-logs")
    assert code == 0
    names = f"{OTA} (eu-central-1), {LOGS} (us-east-1), {CI} (eu-central-1)"
    assert out.startswith(f"infra.toml: {names}\n")


def test_init_warns_of_an_identity_provider_that_vouches_for_nobody(run, aws):
    code, _, err = run(*INIT, "--oidc-provider-arn", PROVIDER)
    assert (code, err.startswith(NOBODY)) == (0, True)


def test_init_never_overwrites(run, aws):
    Path("infra.toml").write_text("mine")
    code, _, err = run(*INIT)
    assert code == 1
    assert err.startswith("slotcast: error: infra.toml already exists")
    assert Path("infra.toml").read_text() == "mine"


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--domain", "Updates.example.com", '[ota] DomainName: "Updates.example.com" does not'),
        ("--domain", "d111.cloudfront.net", "[ota] DomainName: d111.cloudfront.net is CloudFr"),
        ("--log-bucket", "acme--x-s3", '[logs] LogBucketName: "acme--x-s3" is refused by S3'),
        ("--region", "cn-north-1", 'region: "cn-north-1" is of a part of AWS with accounts'),
    ],
)
def test_init_writes_nothing_that_would_be_refused_later(run, aws, option, value, says):
    code, _, err = run(*INIT, option, value)
    assert code == 1
    assert says in err
    assert not Path("infra.toml").exists()


def test_init_gives_the_logs_no_bucket_that_has_releases(run, aws):
    code, _, err = run(*INIT, "--log-bucket", "acme-firmware")
    assert code == 1
    assert "[logs] LogBucketName: acme-firmware is the bucket of the releases\n" in err
    assert not Path("infra.toml").exists()


def test_init_takes_subjects_for_both_roles(run, aws):
    subject = "repo:acme@1/sensor@2:environment:release"
    assert run(*INIT, "--github-subject", subject)[0] == 1  # without a provider
    code, out, err = run(
        *INIT, "--github-subject", subject, "--oidc-provider-arn", PROVIDER, "--json"
    )
    assert code == 0
    assert f"warning: [ci] {subject} refreshes, and may release too" in err
    assert "nobody" not in err
    assert json.loads(out)["stacks"] == {"ota": OTA, "ci": CI}
    assert Path("infra.toml").read_text().count(f'["{subject}"]') == 2


# plan


def test_plan_shows_what_would_change_and_leaves_nothing(run, cloud, ota):
    cloud.is_absent(OTA)
    cloud.makes_change_set(OTA, "CREATE")
    cloud.works_out(OTA, change("Bucket", BUCKET, "Add"))
    cloud.drops_shell(OTA)
    code, out, err = run("infra", "plan", "ota")
    assert (code, err) == (0, "")
    assert out == (
        "slotcast-ota (us-east-1): would be created\n"
        "resource  type             change  replacement  why\n"
        "Bucket    AWS::S3::Bucket  create  -            -\n"
    )


def test_plan_says_when_there_is_nothing_to_do(run, cloud, ota):
    cloud.is_there(OTA, protected=True)
    cloud.has_change_sets(OTA)
    cloud.makes_change_set(OTA)
    cloud.would_change_nothing(OTA)
    cloud.drops_change_set(OTA)
    assert run("infra", "plan")[:2] == (0, "slotcast-ota (us-east-1): nothing to do\n")


def test_plan_says_that_apply_protects_what_is_not(run, cloud, ota):
    cloud.is_there(OTA)
    cloud.has_change_sets(OTA)
    cloud.makes_change_set(OTA)
    cloud.would_change_nothing(OTA)
    cloud.drops_change_set(OTA)
    says = "would get termination protection, which it is without"
    assert run("infra", "plan")[:2] == (0, f"{OTA} (us-east-1): {says}\n")


@pytest.mark.parametrize(
    ("there", "state", "protects"),
    [
        ({}, "protect", True),
        ({"protected": True}, "nothing", False),
    ],
)
def test_plan_tells_scripts_the_same(run, cloud, ota, there, state, protects):
    cloud.is_there(OTA, **there)
    cloud.has_change_sets(OTA)
    cloud.makes_change_set(OTA)
    cloud.would_change_nothing(OTA)
    cloud.drops_change_set(OTA)
    (found,) = json.loads(run("infra", "plan", "--json")[1])["stacks"]
    assert (found["state"], found["protects"]) == (state, protects)


def test_a_change_is_told_with_the_protection_that_comes_with_it(run, cloud, ota):
    for protected in (False, True):
        cloud.is_there(OTA, protected=protected)
        cloud.has_change_sets(OTA)
        cloud.makes_change_set(OTA)
        cloud.works_out(OTA)
        cloud.drops_change_set(OTA)
    title = f"{OTA} (us-east-1): would be changed"
    assert run("infra", "plan")[1] == f"{title}, and protected: outputs or tags only\n"
    assert run("infra", "plan")[1] == f"{title}: outputs or tags only\n"


def test_arns_of_another_account_are_warned_of(run, cloud, monkeypatch):
    old = "arn:aws:iam::999988887777:role/release"
    Path("infra.toml").write_text(SETTINGS + f'[ci]\nTrustedPrincipalArns = ["{old}"]\n')
    cloud.is_there(OTA, outputs=OUTPUTS)
    cloud.is_absent(CI)
    cloud.makes_change_set(CI, "CREATE")
    cloud.works_out(CI, change("ReleaseRole", "AWS::IAM::Role", "Add"))
    cloud.drops_shell(CI)
    code, _, err = run("infra", "plan", "ci")
    assert code == 0
    of = "is of account 999988887777, and the stack of 111122223333"
    assert f"warning: TrustedPrincipalArns: {old} {of}" in err


def test_plan_exits_with_1_where_apply_would_refuse(run, aws, ota):
    cloud = aws.cloud
    cloud.is_there(OTA, parameters={"BucketName": "old-firmware"})
    cloud.has_change_sets(OTA)
    cloud.makes_change_set(OTA)
    cloud.works_out(OTA, change("Bucket", BUCKET, replacement="True", physical="old-firmware"))
    aws.buckets.holds("old-firmware", "sensor/")
    cloud.drops_change_set(OTA)
    code, out, _ = run("infra", "plan", "--json")
    assert code == 1
    data = json.loads(out)
    assert data["refused"] == [OTA]
    (loss,) = data["stacks"][0]["losses"]
    assert loss["says"] == "old-firmware holds sensor/, and would be replaced"


def test_plan_names_what_apply_asks_for(run, aws, ota):
    cloud = aws.cloud
    cloud.is_there(OTA, parameters={"BucketName": "acme-firmware", "DomainName": "a.acme.dev"})
    cloud.has_change_sets(OTA)
    cloud.makes_change_set(OTA)
    cloud.works_out(OTA)
    cloud.drops_change_set(OTA)
    code, out, _ = run("infra", "plan")
    assert code == 1
    assert "or, if it is to be: --let-go DomainName\n" in out


def test_plan_of_what_comes_after_another_stack_waits_for_that(run, cloud):
    Path("infra.toml").write_text(SETTINGS + '[logs]\nLogBucketName = "acme-logs"\n')
    cloud.is_absent(OTA)
    cloud.is_absent(LOGS)
    code, out, _ = run("infra", "plan", "logs")
    assert code == 1  # as `apply logs`
    assert out.startswith("slotcast-logs (us-east-1): comes after ota")
    assert out.endswith("refuse this: slotcast-logs\nhint: `slotcast infra apply ota`\n")


def test_an_edited_template_that_breaks_a_rule_is_refused_before_aws_is_asked(run, aws, ota):
    Path("mine.yaml").write_text(read("ota").replace("https-only", "allow-all"))
    code, _, err = run("infra", "plan", "--template", "ota=mine.yaml")
    assert code == 1
    assert err.startswith("slotcast: error: the template of ota breaks ")
    assert "allow-all" in err


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_writes_without_a_condition_are_not_for_an_account(run, aws, command):
    """NotEnforced lets whoever publishes overwrite what was released."""
    Path("infra.toml").write_text(SETTINGS + 'ConditionalWrites = "NotEnforced"\n')
    code, _, err = run("infra", command)
    assert code == 1
    assert (
        "infra.toml: [ota] ConditionalWrites is NotEnforced, which is for emulators\nhint: " in err
    )


def test_an_emulator_may_do_without_conditions(run, monkeypatch):
    Path("infra.toml").write_text(SETTINGS + 'ConditionalWrites = "NotEnforced"\n')
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    cloud = stub_aws(monkeypatch).cloud
    with cloud.stub:
        cloud.is_there(OTA)
        cloud.has_change_sets(OTA)
        cloud.makes_change_set(OTA)
        cloud.would_change_nothing(OTA)
        cloud.drops_change_set(OTA)
        assert run("infra", "plan")[0] == 0


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_slip_in_let_go_is_refused_before_anything_is_done(run, cloud, ota, command):
    cloud.is_there(OTA)
    cloud.consists_of(OTA, ("Bucket", "acme-firmware", BUCKET))
    code, _, err = run("infra", command, "--let-go", "DomainName", "--let-go", "Buckett")
    assert code == 1
    assert "--let-go Buckett: ota has no such\nhint: is Bucket meant?\n" in err


@pytest.mark.parametrize(("let_go", "code"), [((), 1), (("--let-go", "DeployRoleArn"), 0)])
def test_what_a_parameter_stands_for_goes_by_its_name(run, cloud, ota, let_go, code):
    cloud.is_there(OTA, parameters={"DeployRoleArn": "arn:aws:iam::111122223333:role/deploy"})
    cloud.has_change_sets(OTA)
    cloud.makes_change_set(OTA)
    cloud.works_out(OTA, change("BucketPolicy", "AWS::S3::BucketPolicy"))
    cloud.drops_change_set(OTA)
    found, out, _ = run("infra", "plan", *let_go)
    assert (found, "would take away DeployRoleArn" in out) == (code, True)


DEFAULT = 'Type: String\n    Default: ""\n    Description: WAF'
WEB_ACL = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/mine/1"


@pytest.mark.parametrize(("was", "code"), [("", 1), (WEB_ACL, 0)])
def test_what_infra_toml_leaves_out_counts_as_the_template_has_it(
    run, cloud, ota, monkeypatch, was, code
):
    monkeypatch.setattr("publisher.commands.infra_planning.broken", lambda template: [])
    text = read("ota")
    assert DEFAULT in text
    Path("mine.yaml").write_text(text.replace(DEFAULT, DEFAULT.replace('""', f'"{WEB_ACL}"')))
    cloud.is_there(OTA, parameters={"BucketName": "acme-firmware", "WebAclArn": was})
    cloud.has_change_sets(OTA)
    sent = [{"ParameterKey": "BucketName", "ParameterValue": "acme-firmware"}]
    cloud.makes_change_set(OTA, Parameters=sent)
    cloud.works_out(OTA, change("Distribution", "AWS::CloudFront::Distribution"))
    cloud.drops_change_set(OTA)
    found, out, _ = run("infra", "plan", "--template", "ota=mine.yaml")
    assert (found, "would take away WebAclArn" in out) == (code, bool(code))


def test_records_do_not_move_to_another_zone_by_the_way(run, cloud):
    zone = 'DomainName = "u.example.com"\nHostedZoneId = "ZB"\n'
    Path("infra.toml").write_text(SETTINGS + zone)
    before = {"BucketName": "acme-firmware", "DomainName": "u.example.com", "HostedZoneId": "ZA"}
    cloud.is_there(OTA, parameters=before)
    cloud.has_change_sets(OTA)
    cloud.makes_change_set(OTA)
    target = {"Attribute": "Properties", "Path": "/Properties/HostedZoneId"}
    details = [{"Target": target, "ChangeSource": "ParameterReference"}]
    record = change("Address", "AWS::Route53::RecordSet", replacement="True", Details=details)
    kind = "AWS::CertificateManager::Certificate"
    cloud.works_out(OTA, record, change("Certificate", kind, replacement="True"))
    cloud.drops_change_set(OTA)
    code, _, err = run("infra", "apply", "--yes")
    assert code == 1
    assert "would take away Address" not in err  # told with the zone
    assert "--let-go Certificate --let-go HostedZoneId\n" in err


def test_what_a_template_has_no_more_can_be_let_go(run, cloud, ota):
    cloud.is_there(OTA)
    cloud.consists_of(OTA, ("Former", "E1", "AWS::CloudFront::Distribution"))
    cloud.is_there(OTA)
    cloud.has_change_sets(OTA)
    cloud.makes_change_set(OTA)
    cloud.works_out(OTA, change("Former", "AWS::CloudFront::Distribution", "Remove"))
    cloud.drops_change_set(OTA)
    code, out, _ = run("infra", "plan", "--let-go", "Former")
    assert (code, "would take away Former" in out) == (0, True)


def test_a_template_that_is_no_yaml_is_named_with_its_line(run, aws, ota):
    Path("mine.yaml").write_text("Resources:\n  Bucket: [\n")
    code, _, err = run("infra", "plan", "--template", "ota=mine.yaml")
    assert code == 1
    assert err.startswith("slotcast: error: mine.yaml: line 3: ")


@pytest.mark.parametrize(
    ("setting", "hint"),
    [
        ("", "is it a template of ota? infra/ota.yaml has it"),
        ('LogBuckett = "acme"\n', "is LogBucketName meant?"),
    ],
)
def test_a_template_that_lacks_what_is_set_is_told_by_its_file(run, aws, setting, hint):
    Path("infra.toml").write_text(SETTINGS.replace("BucketName", setting + "BucketName"))
    Path("mine.yaml").write_text(read("logs"))
    code, _, err = run("infra", "plan", "ota", "--template", "ota=mine.yaml")
    assert code == 1
    name = setting.partition(" ")[0] or "BucketName"
    assert f"infra.toml: [ota] {name}: mine.yaml has no such parameter\n" in err
    assert hint in err


def test_a_template_for_no_stack_is_wrong_usage(run, ota):
    with pytest.raises(SystemExit) as caught:
        run("infra", "plan", "--template", "edge=mine.yaml")
    assert caught.value.code == 2


def test_a_stack_without_a_section_is_refused(run, aws, ota):
    code, _, err = run("infra", "plan", "logs")
    assert code == 1
    assert "infra.toml has no section [logs]" in err


def test_a_stack_of_another_product_is_left_alone(run, cloud, ci):
    cloud.is_absent(OTA)
    tags = {"slotcast:name": "slotcast", "slotcast:stack": "ci", "slotcast:product": "lamp"}
    cloud.is_there(CI, tags=tags)
    code, _, err = run("infra", "plan", "ci")
    assert code == 1
    assert f"{CI} is not ours: its tag slotcast:product is lamp, not sensor" in err


# apply


def test_apply_creates_and_protects_and_tells_what_comes_next(run, cloud, ota, types):
    asked = types("yes")
    cloud.is_absent(OTA)
    cloud.makes_change_set(OTA, "CREATE")
    cloud.works_out(OTA, change("Bucket", BUCKET, "Add"))
    cloud.executes(OTA, ("Bucket", "CREATE_COMPLETE", ""))
    asked_for = {"StackName": OTA, "EnableTerminationProtection": True}
    cloud.answers("update_termination_protection", {}, **asked_for)
    cloud.is_there(OTA, outputs=OUTPUTS)
    code, out, err = run("infra", "apply")
    assert code == 0
    assert asked == [f'{OTA}: do that? Type "yes": ']
    assert "would be created\nresource" in err
    assert "  CREATE_COMPLETE Bucket (AWS::S3::Bucket)\nslotcast-ota: created\n" in err
    assert "slotcast-ota: created" not in out
    assert '[store]\nkind = "s3"\nbucket = "acme-firmware"\nregion = "us-east-1"\n' in out
    assert '[edge]\nbase_url = "https://d1.cloudfront.net/"\n' in out
    where = "--store s3://acme-firmware --region us-east-1 --base-url https://d1.cloudfront.net/"
    assert f"  slotcast init sensor {where}\n" in out


@pytest.mark.parametrize(("kind", "name"), [("ota", OTA), ("ci", CI), ("logs", LOGS)])
def test_apply_protects_edge_and_roles_without_asking_and_lets_the_logs_be(run, cloud, kind, name):
    Path("infra.toml").write_text(SETTINGS + '[ci]\n[logs]\nLogBucketName = "acme-logs"\n')
    if kind != "ota":
        cloud.is_there(OTA, outputs=OUTPUTS)
    cloud.is_there(name)
    cloud.has_change_sets(name)
    cloud.makes_change_set(name)
    cloud.would_change_nothing(name)
    cloud.drops_change_set(name)
    if kind != "logs":
        asked_for = {"StackName": name, "EnableTerminationProtection": True}
        cloud.answers("update_termination_protection", {}, **asked_for)
    for one in (OTA, LOGS, CI):
        cloud.is_there(one)
    code, out, err = run("infra", "apply", kind, "--json")
    assert (code, json.loads(out)["done"]) == (
        0,
        {kind: "nothing to do" if kind == "logs" else "protected"},
    )
    assert ("would get termination protection" in err) is (kind != "logs")


@pytest.mark.parametrize("answer", ["no", "", "y"])
def test_whoever_does_not_say_yes_changes_nothing(run, cloud, ota, types, answer):
    types(answer)
    cloud.is_absent(OTA)
    cloud.makes_change_set(OTA, "CREATE")
    cloud.works_out(OTA, change("Bucket", BUCKET, "Add"))
    cloud.drops_shell(OTA)
    code, _, err = run("infra", "apply")
    assert code == 1
    assert err.endswith("slotcast: error: slotcast-ota was not changed\n")


def test_apply_refuses_before_it_asks(run, aws, ota, types):
    asked = types()
    cloud = aws.cloud
    cloud.is_there(OTA)
    cloud.has_change_sets(OTA)
    cloud.makes_change_set(OTA)
    cloud.works_out(OTA, change("Bucket", BUCKET, "Remove", physical="acme-firmware"))
    aws.buckets.holds("acme-firmware", "sensor/")
    cloud.drops_change_set(OTA)
    code, _, err = run("infra", "apply", "--let-go", "Bucket")
    assert (code, asked) == (1, [])
    assert "  Bucket: acme-firmware holds sensor/, and would be removed\n" in err


def test_apply_does_not_switch_the_edge_off_by_the_way(run, cloud, ota):
    target = {"Attribute": "Properties", "Path": "/Properties/DistributionConfig/Enabled"}
    detail = {"Target": target, "ChangeSource": "DirectModification"}
    cloud.is_there(OTA)
    cloud.has_change_sets(OTA)
    cloud.makes_change_set(OTA)
    edge = "AWS::CloudFront::Distribution"
    cloud.works_out(OTA, change("Distribution", edge, physical="E1", Details=[detail]))
    cloud.drops_change_set(OTA)
    code, _, err = run("infra", "apply", "--yes")
    assert code == 1
    assert "  Distribution: DistributionConfig/Enabled is changed: an edge that is off" in err
    assert "--let-go Distribution" in err


def test_apply_passes_the_outputs_of_ota_on(run, cloud, ci):
    cloud.is_there(OTA, outputs=OUTPUTS)
    cloud.is_absent(CI)
    told = {"Product": "sensor", "BucketName": "acme-firmware"}
    parameters = [{"ParameterKey": key, "ParameterValue": text} for key, text in told.items()]
    tags = {"slotcast:name": "slotcast", "slotcast:stack": "ci", "slotcast:product": "sensor"}
    cloud.makes_change_set(
        CI,
        "CREATE",
        Parameters=parameters,
        Tags=[{"Key": key, "Value": text} for key, text in tags.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    cloud.works_out(CI, change("Key", "AWS::KMS::Key", "Add"))
    cloud.executes(CI, protected=True)
    cloud.is_there(OTA, outputs=OUTPUTS)
    cloud.is_there(CI, outputs=KEYS)
    code, out, _ = run("infra", "apply", "ci", "--yes")
    assert code == 0
    assert '[keys]\nsnapshot = ["awskms:arn:s"]\ntimestamp = ["awskms:arn:t"]\n' in out
    both = "--replace snapshot=KEYID:awskms:arn:s --replace timestamp=KEYID:awskms:arn:t"
    assert f"  slotcast root propose {both} --out root-N.json\n" in out


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_roles_are_not_for_another_bucket_than_that_of_ota(run, cloud, ci, command):
    cloud.is_there(OTA, outputs={**OUTPUTS, "BucketName": "acme-old"})
    cloud.is_there(CI)
    code, out, err = run("infra", command, "ci")
    says = "needs the bucket acme-firmware, as infra.toml says, and ota has acme-old"
    if command == "plan":
        assert f"comes after ota: it {says}; then `slotcast infra plan`" in out
    else:
        assert f"{CI} {says}\n" in err
    assert code == 1
    assert "hint: `slotcast infra apply ota`, or put infra.toml back as it was\n" in out + err


def test_logs_are_not_created_before_the_edge(run, cloud):
    Path("infra.toml").write_text(SETTINGS + '[logs]\nLogBucketName = "acme-logs"\n')
    cloud.is_absent(OTA)
    cloud.is_absent(LOGS)
    code, _, err = run("infra", "apply", "logs", "--yes")
    assert code == 1
    assert "slotcast-logs needs the outputs of ota\nhint: `slotcast infra apply ota`" in err


def test_a_bucket_that_outlived_its_stack_is_taken_in(run, cloud, ota):
    cloud.is_absent(OTA)
    cloud.makes_change_set(OTA, "CREATE", ImportExistingResources=True)
    cloud.works_out(OTA, change("Bucket", BUCKET, "Import", physical="acme-firmware"))
    cloud.drops_shell(OTA)
    code, out, _ = run("infra", "plan", "--import-existing")
    assert code == 0
    assert "Bucket    AWS::S3::Bucket  take in" in out


@pytest.fixture
def ctrl_c(monkeypatch):
    """Ctrl-C while CloudFormation works."""
    monkeypatch.setattr("publisher.cli.sleep", interrupt)


def interrupt(*_, **__):
    raise KeyboardInterrupt


def test_ctrl_c_while_cloudformation_works_says_that_it_goes_on(run, cloud, ota, ctrl_c):
    cloud.is_absent(OTA)
    cloud.makes_change_set(OTA, "CREATE")
    cloud.works_out(OTA, change("Bucket", BUCKET, "Add"))
    cloud.executes(OTA, status="CREATE_IN_PROGRESS")
    code, _, err = run("infra", "apply", "--yes")
    assert code == 130
    assert "CloudFormation goes on with slotcast-ota" in err
    assert "once it is done, `slotcast infra apply` again, which protects it\n" in err


def test_ctrl_c_leaves_no_protection_to_do_where_there_was_one(run, cloud, ota, ctrl_c):
    cloud.is_there(OTA, protected=True)
    cloud.has_change_sets(OTA)
    cloud.makes_change_set(OTA)
    cloud.works_out(OTA, change("Bucket", BUCKET))
    cloud.executes(OTA, status="UPDATE_IN_PROGRESS", protected=True)
    code, _, err = run("infra", "apply", "--yes")
    assert code == 130
    assert err.endswith("CloudFormation goes on with slotcast-ota: `slotcast infra outputs`\n")


def test_ctrl_c_before_a_new_stack_is_protected_says_so(run, cloud, ota, monkeypatch):
    monkeypatch.setattr(Stacks, "protect", interrupt)
    cloud.is_absent(OTA)
    cloud.makes_change_set(OTA, "CREATE")
    cloud.works_out(OTA, change("Bucket", BUCKET, "Add"))
    cloud.executes(OTA)
    code, _, err = run("infra", "apply", "--yes")
    assert (code, "`slotcast infra apply` again, which protects it\n" in err) == (130, True)


# outputs


def test_outputs_are_those_of_each_stack(run, cloud, ci):
    cloud.is_there(OTA, outputs=OUTPUTS, protected=True)
    cloud.is_absent(CI)
    code, out, _ = run("infra", "outputs", "--json")
    assert code == 0
    found = json.loads(out)["stacks"]
    assert found["ota"]["outputs"] == OUTPUTS
    assert (found["ota"]["status"], found["ota"]["protected"]) == ("CREATE_COMPLETE", True)
    assert found["ci"] == {
        "name": CI,
        "region": "us-east-1",
        "status": None,
        "protected": None,
        "outputs": {},
    }


def test_outputs_tell_what_is_absent_and_what_is_not_sound(run, cloud, ci):
    cloud.is_there(OTA, "UPDATE_IN_PROGRESS", outputs=OUTPUTS)
    cloud.is_absent(CI)
    out = run("infra", "outputs")[1]
    assert f"{OTA} is UPDATE_IN_PROGRESS\n{CI} is not there\n" in out


def test_outputs_of_nothing_are_a_failure(run, cloud, ota):
    cloud.is_absent(OTA)
    code, _, err = run("infra", "outputs")
    assert code == 1
    assert "none of the stacks is there\nhint: `slotcast infra apply`" in err


NAMED = {**OUTPUTS, "DistributionDomainName": "d1.cloudfront.net"}


@pytest.mark.parametrize(("zone", "told"), [("", True), ("Z0123456789", False)])
def test_the_dns_record_is_told_where_the_stack_makes_none(run, cloud, ota, zone, told):
    parameters = {"DomainName": "updates.example.com", "HostedZoneId": zone}
    cloud.is_there(OTA, outputs=NAMED, parameters=parameters)
    out = run("infra", "outputs")[1]
    assert ("  CNAME updates.example.com -> d1.cloudfront.net\n" in out) is told


def test_cloudfront_s_own_name_needs_no_record(run, cloud, ota):
    cloud.is_there(OTA, outputs=NAMED, parameters={"DomainName": "", "HostedZoneId": ""})
    assert "CNAME" not in run("infra", "outputs")[1]


def founded(keys):
    """slotcast.toml as it is with these keys."""
    edge = '[edge]\nbase_url = "https://d1.cloudfront.net/"\n'
    text = f'product = "sensor"\nroot_sha256 = "{"0" * 64}"\n{edge}[keys]\n{keys}'
    Path("slotcast.toml").write_text(text)


def test_the_ceremony_is_for_keys_that_slotcast_toml_does_not_name(run, cloud, ci):
    founded('snapshot = ["awskms:arn:s?region=us-east-1"]\n')
    cloud.is_there(OTA, outputs=OUTPUTS)
    cloud.is_there(CI, outputs=KEYS)
    out = run("infra", "outputs")[1]
    assert "  slotcast root propose --replace timestamp=KEYID:awskms:arn:t --out root-N" in out


def test_no_ceremony_is_told_of_once_slotcast_toml_names_all_keys(run, cloud, ci):
    founded('snapshot = ["awskms:arn:s"]\ntimestamp = ["awskms:arn:t"]\n')
    cloud.is_there(OTA, outputs=OUTPUTS)
    cloud.is_there(CI, outputs=KEYS)
    out = run("infra", "outputs")[1]
    assert "root propose" not in out
    assert "slotcast doctor" in out


def test_a_slotcast_toml_that_cannot_be_read_does_not_keep_the_outputs_back(run, cloud, ci):
    Path("slotcast.toml").write_text("[keys")
    cloud.is_there(OTA, outputs=OUTPUTS)
    cloud.is_there(CI, outputs=KEYS)
    code, out, err = run("infra", "outputs")
    assert (code, "root propose" in out) == (0, True)
    assert err.startswith("slotcast: warning: ")


# destroy


def stands_alone(cloud):
    """Nothing else stands on bucket and edge."""
    for name in (LOGS, CI):
        cloud.is_absent(name)
    cloud.answers("list_stacks", {"StackSummaries": []})


def test_destroy_says_what_stays_asks_for_the_name_and_lifts_the_protection(run, aws, ota, types):
    asked = types(OTA)
    cloud = aws.cloud
    cloud.is_there(OTA, protected=True)
    stands_alone(cloud)
    cloud.consists_of(
        OTA,
        ("Bucket", "acme-firmware", BUCKET),
        ("Distribution", "E1", "AWS::CloudFront::Distribution"),
    )
    cloud.was_deployed_with(OTA, read("ota"))
    aws.buckets.holds("acme-firmware", "sensor/")
    asked_for = {"StackName": OTA, "EnableTerminationProtection": False}
    cloud.answers("update_termination_protection", {}, **asked_for)
    cloud.removes(OTA, ("Distribution", "DELETE_COMPLETE", ""))
    code, out, err = run("infra", "destroy")
    assert code == 0
    assert asked == [f"Type the stack's name to remove it, {OTA}: "]
    assert "stays: bucket acme-firmware with sensor/" in err
    assert err.count("boards can no longer ask") == 1
    assert out == "slotcast-ota: removed\n"


def is_to_go(cloud, name, **there):
    cloud.is_there(name, **there)
    cloud.consists_of(name)
    cloud.was_deployed_with(name, read("ci"))


def protects(cloud, name, is_on):
    asked = {"StackName": name, "EnableTerminationProtection": is_on}
    cloud.answers("update_termination_protection", {}, **asked)


def test_ctrl_c_while_a_stack_is_removed_says_that_it_goes_on(run, cloud, ci, ctrl_c):
    cloud.is_there(OTA, protected=True)
    cloud.is_there(CI, protected=True)
    cloud.is_absent(LOGS)
    cloud.answers("list_stacks", {"StackSummaries": []})
    for name in (CI, OTA):
        cloud.consists_of(name)
        cloud.was_deployed_with(name, read("ci"))
    protects(cloud, CI, False)
    cloud.happened(CI)
    cloud.answers("delete_stack", {}, StackName=stack_id(CI))
    cloud.is_there(CI, "DELETE_IN_PROGRESS", by_id=True)
    cloud.happened(CI)
    code, _, err = run("infra", "destroy", "--yes")  # the protection of ota was not touched
    assert code == 130
    assert f"warning: CloudFormation goes on removing {CI}; once it is gone, the same" in err


def test_ctrl_c_before_a_removal_has_begun_puts_the_protection_back(run, cloud, ci, monkeypatch):
    monkeypatch.setattr(Stacks, "begin_removal", interrupt)
    is_to_go(cloud, CI, protected=True)
    protects(cloud, CI, False)
    protects(cloud, CI, True)
    code, _, err = run("infra", "destroy", "ci", "--yes")
    assert code == 130
    assert err.endswith(f"warning: {CI} was not removed, and is protected again\n")


def test_a_stack_that_aws_does_not_remove_is_protected_again(run, cloud, ci):
    is_to_go(cloud, CI, protected=True)
    protects(cloud, CI, False)
    cloud.happened(CI)
    cloud.refuses("delete_stack", "AccessDenied", "not authorized", 403)
    protects(cloud, CI, True)
    code, _, err = run("infra", "destroy", "ci", "--yes")
    assert code == 1
    assert f"{CI} was not removed, and is protected again\n" in err


def test_nobody_claims_a_protection_that_aws_refuses(run, cloud, ci, monkeypatch):
    """AWS protects no stack that is being removed, as it may be after Ctrl-C."""
    monkeypatch.setattr(Stacks, "begin_removal", interrupt)
    is_to_go(cloud, CI, protected=True)
    protects(cloud, CI, False)
    cloud.refuses("update_termination_protection", "ValidationError", "in DELETE_IN_PROGRESS")
    code, _, err = run("infra", "destroy", "ci", "--yes")
    assert code == 130
    assert f"warning: {CI} is being removed, or without termination protection: " in err


def test_a_stack_that_was_not_protected_is_left_so(run, cloud, ci, monkeypatch):
    monkeypatch.setattr(Stacks, "begin_removal", interrupt)
    is_to_go(cloud, CI)
    assert run("infra", "destroy", "ci", "--yes")[0] == 130


def test_destroy_does_not_need_to_look_into_what_stays(run, aws, ota):
    aws.cloud.is_there(OTA)
    stands_alone(aws.cloud)
    aws.cloud.consists_of(OTA, ("Bucket", "acme-firmware", BUCKET))
    aws.cloud.was_deployed_with(OTA, read("ota"))
    aws.buckets.stub.add_client_error("list_objects_v2", "AccessDenied", "", 403)
    aws.cloud.removes(OTA)
    code, _, err = run("infra", "destroy", "--yes")
    assert code == 0
    assert "stays: bucket acme-firmware with what could not be looked into" in err


@pytest.mark.parametrize("answer", ["yes", "", "slotcast"])
def test_destroy_takes_nothing_but_the_name_for_an_answer(run, aws, ota, types, answer):
    types(answer)
    aws.cloud.is_there(OTA)
    stands_alone(aws.cloud)
    aws.cloud.consists_of(OTA)
    aws.cloud.was_deployed_with(OTA, read("ota"))
    code, _, err = run("infra", "destroy")
    assert code == 1
    assert "nothing was removed" in err


def test_destroy_refuses_a_bucket_that_would_go_with_what_it_holds(run, aws, ota):
    aws.cloud.is_there(OTA)
    stands_alone(aws.cloud)
    aws.cloud.consists_of(OTA, ("Bucket", "acme-firmware", BUCKET))
    template = read("ota").replace("DeletionPolicy: Retain", "DeletionPolicy: Delete")
    aws.cloud.was_deployed_with(OTA, template)
    aws.buckets.holds("acme-firmware", "sensor/")
    code, _, err = run("infra", "destroy", "--yes")
    assert code == 1
    assert "  Bucket: acme-firmware holds sensor/\n" in err


def test_destroy_refuses_a_key_that_would_go_with_its_stack(run, cloud, ci):
    cloud.is_there(CI)
    cloud.consists_of(CI, ("TargetsSigningKey", "k-1", "AWS::KMS::Key"))
    cloud.was_deployed_with(CI, read("ci").replace("DeletionPolicy: Retain", ""))
    code, _, err = run("infra", "destroy", "ci", "--yes")
    assert code == 1
    assert "  TargetsSigningKey: k-1\n" in err
    assert "hint: give it DeletionPolicy: Retain, and apply" in err


def test_destroy_does_not_take_the_bucket_from_under_the_roles(run, cloud, ci):
    cloud.is_there(OTA)
    cloud.is_absent(LOGS)
    cloud.is_there(CI)
    code, _, err = run("infra", "destroy", "ota", "--yes")
    assert code == 1
    assert "ci would be left without ota\n" in err
    assert "hint: destroy ci first, or both: `slotcast infra destroy ota ci`\n" in err


def test_roles_and_logs_stand_on_the_edge_though_infra_toml_has_no_section_for_them(
    run, cloud, ota
):
    cloud.is_there(OTA)
    cloud.is_there(LOGS)
    cloud.is_there(CI)
    code, _, err = run("infra", "destroy", "--yes")
    assert code == 1
    assert "logs and ci would be left without ota\n" in err
    assert "destroy logs and ci first, or all: `slotcast infra destroy ota logs ci`\n" in err


def test_what_has_no_section_any_more_is_destroyed_where_it_is_named(run, cloud, ota):
    cloud.is_there(CI)
    cloud.consists_of(CI)
    cloud.was_deployed_with(CI, read("ci"))
    cloud.removes(CI)
    assert run("infra", "destroy", "ci", "--yes")[:2] == (0, f"{CI}: removed\n")


def test_destroy_does_not_take_the_edge_from_other_products(run, cloud, ota):
    cloud.is_there(OTA)
    cloud.is_absent(LOGS)
    cloud.is_absent(CI)
    names = ["slotcast-lamp-ci", "slotcast-eu-sensor-ci", "slotcast-gone-ci", "else-ci"]
    states = ["CREATE_COMPLETE", "CREATE_COMPLETE", "DELETE_COMPLETE", "CREATE_COMPLETE"]
    found = [
        {"StackName": name, "StackStatus": state, "CreationTime": 0}
        for name, state in zip(names, states, strict=True)
    ]
    cloud.answers("list_stacks", {"StackSummaries": found})
    cloud.is_there("slotcast-eu-sensor-ci", tags={"slotcast:name": "slotcast-eu"})
    cloud.is_there("slotcast-lamp-ci")
    code, _, err = run("infra", "destroy", "--yes")
    assert code == 1
    assert "other products stand on the same bucket and edge: slotcast-lamp-ci\n" in err


def test_a_product_whose_stack_has_the_same_name_is_another_all_the_same(run, cloud, ota):
    """Of `a.b` and `a-b`: what a stack's name cannot have becomes a dash."""
    theirs = {"slotcast:name": "slotcast", "slotcast:stack": "ci", "slotcast:product": "sen.sor"}
    cloud.is_there(OTA)
    cloud.is_absent(LOGS)
    cloud.is_there(CI, tags=theirs)
    found = {"StackName": CI, "StackStatus": "CREATE_COMPLETE", "CreationTime": 0}
    cloud.answers("list_stacks", {"StackSummaries": [found]})
    cloud.is_there(CI, tags=theirs)
    code, _, err = run("infra", "destroy", "--yes")
    assert code == 1
    assert f"other products stand on the same bucket and edge: {CI}\n" in err


def test_destroy_twice_finds_nothing_the_second_time(run, cloud, ota):
    cloud.is_absent(OTA)
    assert run("infra", "destroy", "--yes")[:2] == (0, "nothing to remove\n")


def test_destroy_mends_a_creation_that_failed(run, cloud, ci):
    cloud.is_there(OTA, "ROLLBACK_COMPLETE")  # whose bucket and edge, if any, nobody stands on
    cloud.consists_of(OTA)
    cloud.was_deployed_with(OTA, read("ota"))
    cloud.removes(OTA)
    assert run("infra", "destroy", "ota", "--yes")[:2] == (0, "slotcast-ota: removed\n")


def test_infra_toml_is_found_beside_slotcast_toml_and_above(run, cloud, ota, here, monkeypatch):
    (here / "deep").mkdir()
    monkeypatch.chdir(here / "deep")
    cloud.is_absent(OTA)
    assert "none of the stacks" in run("infra", "outputs")[2]
    cloud.is_absent(OTA)
    other = here / "else"
    other.mkdir()
    monkeypatch.chdir(other)
    (here / "infra.toml").rename(here / "deep" / "infra.toml")
    assert "infra.toml does not exist" in run("infra", "outputs")[2]
    settings = here / "deep" / "slotcast.toml"
    assert "none of the stacks" in run("infra", "outputs", "--settings", settings)[2]


@pytest.mark.parametrize("command", ["plan", "apply", "destroy"])
def test_what_changes_an_account_says_which_file_of_a_folder_above_it_takes(
    run, cloud, ota, here, monkeypatch, command
):
    def told(*words):
        cloud.refuses("describe_stacks", "AccessDenied", "", 403)
        return "infra.toml is taken from" in run("infra", command, *words)[2]

    assert not told()
    (here / "deep").mkdir()
    monkeypatch.chdir(here / "deep")
    cloud.refuses("describe_stacks", "AccessDenied", "", 403)
    err = run("infra", command)[2]
    assert err.startswith(f"infra.toml is taken from a folder above: {here / 'infra.toml'}\n")
    assert not told("--infra", here / "infra.toml")
    assert not told("--settings", here / "slotcast.toml")


def test_a_file_that_is_named_is_named_in_what_is_wrong_with_it(run, aws):
    Path("bad.toml").write_text(SETTINGS + "Size = 1\n")
    assert (
        "error: bad.toml: [ota] Size is not a parameter"
        in (run("infra", "plan", "--infra", "bad.toml")[2])
    )
    Path("infra.toml").write_text("[infra")
    assert "error: infra.toml: this is not TOML" in run("infra", "plan")[2]
