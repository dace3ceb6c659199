"""infra.toml: what it says, and what is refused before AWS is asked."""

import tomllib

import pytest

from publisher.errors import SettingsError
from publisher.infra.names import stack_name
from publisher.infra.settings import (
    InfraSettings,
    load_infra,
    packaged_templates,
    parse_infra,
)
from publisher.infra.settings_text import InfraRequest, infra_text

HEAD = '[infra]\nname = "slotcast"\nproduct = "sensor"\n'
OTA = '[ota]\nBucketName = "acme-firmware"\n'
PROVIDER = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
DOMAIN = 'DomainName = "updates.example.com"'
CERTIFICATE = 'CertificateArn = "arn:aws:acm:us-east-1:111122223333:certificate/1"'
SUBJECT = "repo:acme@1/sensor@2:environment:release"


@pytest.fixture(scope="module")
def templates():
    return packaged_templates()


@pytest.fixture
def parse(templates):
    return lambda text: parse_infra(text, templates)


def test_values_become_what_cloudformation_takes(parse):
    ci = f'[ci]\nReleaseSubjects = ["{SUBJECT}", "{SUBJECT}2"]\nOidcProviderArn = "{PROVIDER}"\n'
    logs = '[logs]\nLogBucketName = "acme-logs"\nRetentionDays = 14\n'
    found = parse(HEAD + OTA + ci + logs)
    assert list(found.stacks) == ["ota", "logs", "ci"]  # in the order of creation
    assert found.stacks["ci"]["ReleaseSubjects"] == f"{SUBJECT},{SUBJECT}2"
    assert found.stacks["logs"] == {"LogBucketName": "acme-logs", "RetentionDays": "14"}
    assert found.region == "us-east-1"


def test_stacks_are_named_by_what_they_serve(parse):
    found = parse(HEAD + OTA)
    names = [found.stack_name(kind) for kind in ("ota", "logs", "ci")]
    assert names == ["slotcast-ota", "slotcast-logs", "slotcast-sensor-ci"]
    assert stack_name("slotcast", "ci", "a.b_c") == "slotcast-a-b-c-ci"  # no dots there


def test_logs_are_in_us_east_1_wherever_the_bucket_is(parse):
    found = parse(HEAD + 'region = "eu-central-1"\n' + OTA)
    assert [found.region_of(kind) for kind in ("ota", "logs", "ci")] == [
        "eu-central-1",
        "us-east-1",
        "eu-central-1",
    ]


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        (HEAD + OTA + "[x]\n", "x is not a known section", "[ota]"),
        (HEAD, "no stack is named", "[ota]"),
        ("ota = 1\n" + HEAD, r"ota must be a section, \[ota\]", ""),
        (HEAD + "size = 1\n" + OTA, r"\[infra\] size is not a setting", ""),
        (OTA, r"\[infra\] name is missing", ""),
        (HEAD.replace('"sensor"', "1") + OTA, r"\[infra\] product must be text", ""),
        (HEAD.replace('"slotcast"', '"-x"') + OTA, 'name: "-x" cannot begin', "a letter in front"),
        (HEAD.replace('"sensor"', '"Sensor!"') + OTA, 'product: "Sensor!"', "lower-case"),
        (HEAD + 'region = "Frankfurt"\n' + OTA, "is not a region", ""),
        *(
            (HEAD + f'region = "{region}"\n' + OTA, f'"{region}" is of a part of AWS', "eu-central")
            for region in (
                *("cn-north-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1"),
                *("us-isof-south-1", "eu-isoe-west-1", "eusc-de-east-1"),
            )
        ),
        (HEAD + "[ota]\n", r"\[ota\] BucketName is missing", "bucket"),
        (HEAD + OTA + 'BuckettName = "x"\n', "BuckettName is not a parameter", "is BucketName"),
        (HEAD + OTA + 'zzz = "x"\n', r"\[ota\] zzz is not a parameter", "there are BucketName"),
        (HEAD + OTA + 'PriceClass = "All"\n', "must be one of PriceClass_100", ""),
        (HEAD + OTA + "PriceClass = 1\n", "PriceClass must be text in quotes", ""),
        (HEAD + '[ota]\nBucketName = "Acme.Firmware"\n', "does not match", "lower-case"),
        (HEAD + OTA + '[ci]\nProduct = "lamp"\n', "Product is not set here", "[infra]"),
        (HEAD + '[ci]\nBucketName = "a"\n', r'\[ci\] BucketName: "a" does not', ""),
        (HEAD + "[ci]\n", r"\[ci\] BucketName is missing", "bucket"),
        (HEAD + OTA + '[ci]\nReleaseSubjects = "x"\n', "must be a list of texts", ""),
        (HEAD + OTA + '[ci]\nReleaseSubjects = ["a,b"]\n', "has a comma", "two items"),
        (HEAD + OTA + '[ci]\nReleaseSubjects = ["repo:acme/*"]\n', "does not match", "wildcard"),
        (HEAD + OTA + f'[ci]\nReleaseSubjects = ["{SUBJECT}"]\n', "needs OidcProviderArn", "IAM"),
        (HEAD + OTA + '[logs]\nLogBucketName = "x-y"\nRetentionDays = 9999\n', "from 1 to", ""),
        (HEAD + OTA + '[logs]\nLogBucketName = "x-y"\nRetentionDays = true\n', "whole number", ""),
        ("[infra", "is not TOML", ""),
        (HEAD + OTA + '[ci]\nBucketName = "acme-2"\n', "acme-2, and that of .ota. acme-f", "leave"),
        (HEAD + OTA + f"{DOMAIN}\n", "DomainName needs CertificateArn", "HostedZoneId"),
        (HEAD + OTA + f"{CERTIFICATE}\n", "CertificateArn needs DomainName", "host name"),
        (HEAD + OTA + 'HostedZoneId = "Z1"\n', "HostedZoneId needs DomainName", "host name"),
        (HEAD + OTA + 'DomainName = "d1.cloudfront.net"\n', "is CloudFront's own", "leave it out"),
        (HEAD + '[ota]\nBucketName = "acme.mrap"\n', "does not match", "no dots"),
        *(
            (HEAD + f'[ota]\nBucketName = "{name}"\n', f"no bucket may {says}$", "another")
            for name, says in (
                *(("xn--acme", "begin with xn--"), ("sthree-acme", "begin with sthree-")),
                *(
                    ("amzn-s3-demo-acme", "begin with amzn-s3-demo-"),
                    ("a-s3alias", "end in -s3a.*"),
                ),
                *(("acme--ol-s3", "end in --ol-s3"), ("acme--x-s3", "end in --x-s3")),
                ("acme--table-s3", "end in --table-s3"),
            )
        ),
        (HEAD + OTA + '[logs]\nLogBucketName = "sthree-x"\n', r"\[logs\] LogBucketName", "another"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(parse, text, says, hint):
    with pytest.raises(SettingsError, match=says) as caught:
        parse(text)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("[ota]\nBucketName = 'acme'\n", "DeployRoleArn = 'ROOT:user/${aws:username}'"),
        ("[ci]\nBucketName = 'acme'\n", "TrustedPrincipalArns = ['ROOT:user/${aws:username}']"),
        ("[ci]\nBucketName = 'acme'\n", "ReleaseSubjects = ['a', 'repo:${aws:x}:environment:y']"),
        ("[ci]\nBucketName = 'acme'\n", "RefreshSubjects = ['repo:a/b:environment:${x}']"),
        ("[ci]\nBucketName = 'acme'\n", "PermissionsBoundaryArn = 'ROOT:policy/${aws:username}'"),
        ("[ci]\nBucketName = 'acme'\n", "OidcProviderArn = 'ROOT:oidc-provider/${x}'"),
    ],
)
def test_a_variable_of_policies_names_nobody(parse, section, line):
    text = line.replace("ROOT", "arn:aws:iam::111122223333")
    with pytest.raises(SettingsError, match="has a variable, which IAM fills in") as caught:
        parse(f"{HEAD}{section}{text}\n")
    assert line.partition(" ")[0] in str(caught.value)
    assert "write out" in caught.value.hint


def test_a_certificate_can_be_issued_in_us_east_1_only(parse):
    domain = 'DomainName = "updates.example.com"\nHostedZoneId = "Z0123456789"\n'
    assert parse(HEAD + OTA + domain).stacks["ota"]["HostedZoneId"] == "Z0123456789"
    with pytest.raises(SettingsError, match="CertificateArn is missing"):
        parse(HEAD + 'region = "eu-central-1"\n' + OTA + domain)


@pytest.mark.parametrize("value", ["NotEnforced", "Relaxed"])
def test_an_account_does_not_do_without_conditional_writes(value):
    stacks = {"ota": {"BucketName": "acme"}, "ci": {"ConditionalWrites": value}}
    settings = InfraSettings("slotcast", "sensor", stacks=stacks)
    with pytest.raises(
        SettingsError, match=rf"^infra.toml: \[ci\] ConditionalWrites is {value}, which is for"
    ):
        settings.verify_enforced()
    InfraSettings("slotcast", "sensor", stacks={"ota": stacks["ota"]}).verify_enforced()


def test_a_job_that_refreshes_and_may_release_too_is_told(parse):
    ci = f'[ci]\nOidcProviderArn = "{PROVIDER}"\nReleaseSubjects = ["{SUBJECT}", "{SUBJECT}2"]\n'
    apart = parse(HEAD + OTA + ci + f'RefreshSubjects = ["{SUBJECT}3"]\n')
    assert apart.cautions() == parse(HEAD + OTA).cautions() == []  # without [ci] there are no roles
    (says,) = parse(HEAD + OTA + ci + f'RefreshSubjects = ["{SUBJECT}"]\n').cautions()
    assert says.startswith(f"[ci] {SUBJECT} refreshes, and may release too")


@pytest.mark.parametrize("lines", ["", f'OidcProviderArn = "{PROVIDER}"\nReleaseSubjects = []\n'])
def test_roles_that_nobody_may_take_are_told(parse, lines):
    (says,) = parse(f"{HEAD}{OTA}[ci]\n{lines}").cautions()
    assert says.startswith("[ci] nobody may take a role")
    people = 'TrustedPrincipalArns = ["arn:aws:iam::111122223333:role/release"]\n'
    assert parse(f"{HEAD}{OTA}[ci]\n{lines}{people}").cautions() == []


def test_a_bucket_that_is_there_may_have_any_name(parse):
    assert parse(f'{HEAD}[ci]\nBucketName = "sthree-acme"\n').stacks["ci"]


def test_a_file_that_is_not_there_is_told_how_to_get(tmp_path):
    with pytest.raises(SettingsError, match="does not exist") as caught:
        load_infra(tmp_path / "infra.toml", {})
    assert "slotcast infra init" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[infra", "this is not TOML"),
        (HEAD, "no stack is named"),
        (HEAD + "[ota]\n", "[ota] BucketName is missing"),
        (HEAD.replace('"slotcast"', '"-x"') + OTA, 'name: "-x" cannot begin'),
    ],
)
def test_what_is_wrong_is_told_with_the_file_that_it_is_in(tmp_path, templates, text, says):
    path = tmp_path / "other.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_infra(path, templates)
    assert str(caught.value).startswith(f"{path}: {says}")


def request(**more):
    empty = {"DomainName": "", "CertificateArn": "", "HostedZoneId": ""}
    return InfraRequest("slotcast", "sensor", "us-east-1", {"BucketName": "acme", **empty}, **more)


def test_what_init_writes_is_what_is_read(parse):
    subjects = {"release_subjects": (SUBJECT,), "refresh_subjects": (SUBJECT,)}
    text = infra_text(request(oidc_provider_arn=PROVIDER, log_bucket="acme-logs", **subjects))
    found = parse(text)
    assert found.stacks["ota"] == {"BucketName": "acme"}
    assert found.stacks["ci"]["RefreshSubjects"] == SUBJECT
    assert found.stacks["logs"] == {"LogBucketName": "acme-logs"}
    assert list(parse(infra_text(request())).stacks) == ["ota", "ci"]


def test_what_init_leaves_as_a_comment_is_right_once_it_is_uncommented(parse):
    lines = infra_text(request()).splitlines()
    examples = [line[2:] if " = " in line and line.startswith("# ") else line for line in lines]
    examples = ["[logs]" if line == "# [logs]" else line for line in examples]
    text = "\n".join(examples).replace("/...", "/1").replace('Arn = ""', 'Arn = "" # none')
    parse(text)
    assert set(tomllib.loads(text)) == {"infra", "ota", "logs", "ci"}
