"""Stacks that are not as they should be, and an endpoint that is none: what is said of them."""

from pathlib import Path

import pytest
from infra_cloud import stub_aws

from publisher.infra import clients
from publisher.infra.errors import InfraError

OTA = "slotcast-ota"
INFRA = '[infra]\nname = "slotcast"\nproduct = "sensor"\n[ota]\nBucketName = "acme-firmware"\n'


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        ("ROLLBACK_COMPLETE", "`slotcast infra destroy ota`, then apply again"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name slotcast-ota"),
        ("UPDATE_IN_PROGRESS", "wait until it is done"),
    ],
)
def test_outputs_say_what_to_do_about_a_stack_and_exit_with_1(
    run, tmp_path, monkeypatch, status, hint
):
    monkeypatch.chdir(tmp_path)
    Path("infra.toml").write_text(INFRA)
    cloud = stub_aws(monkeypatch).cloud
    cloud.is_there(OTA, status)
    with cloud.stub:
        code, out, _ = run("infra", "outputs")
    assert code == 1
    assert f"{OTA} is {status}\n" in out
    assert "\nhint: " in out
    assert hint in out


def test_an_update_that_was_undone_leaves_a_sound_stack(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("infra.toml").write_text(INFRA)
    cloud = stub_aws(monkeypatch).cloud
    cloud.is_there(OTA, "UPDATE_ROLLBACK_COMPLETE")
    with cloud.stub:
        assert run("infra", "outputs")[0] == 0


@pytest.mark.parametrize("url", ["127.0.0.1:4566", "garbage"])
@pytest.mark.parametrize("service", ["cloudformation", "kms", "s3", "sts"])
def test_an_endpoint_that_is_no_url_is_an_error_with_a_hint(monkeypatch, service, url):
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    with pytest.raises(InfraError, match=f"region us-east-1: Invalid endpoint: {url}") as error:
        getattr(clients, service)("us-east-1")
    assert "AWS_ENDPOINT_URL" in error.value.hint
