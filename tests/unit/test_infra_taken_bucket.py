"""A bucket that was deleted, and whose name another account has since."""

from pathlib import Path

import pytest
from infra_cloud import Buckets, change, stub_aws

from publisher.infra.buckets import holdings, is_anothers
from publisher.infra.errors import InfraError

OTA, NAME = "slotcast-ota", "acme-firmware"
INFRA = '[infra]\nname = "slotcast"\nproduct = "sensor"\n[ota]\nBucketName = "acme-firmware-2"\n'
TAKEN = f"bucket {NAME} is not this account's"


def denies(buckets, method="list_objects_v2"):
    buckets.stub.add_client_error(method, "AccessDenied", "", 403)


def account_has(buckets, *names, then=""):
    """Answer with one page of the account's buckets; `then` leads to the next one."""
    page = {"Buckets": [{"Name": name} for name in names]}
    buckets.stub.add_response("list_buckets", page | ({"ContinuationToken": then} if then else {}))


@pytest.mark.parametrize("others", [(), (f"{NAME}-logs",)])
def test_a_bucket_that_the_account_does_not_list_holds_nothing_of_its_own(others):
    buckets, said = Buckets(), []
    denies(buckets)
    account_has(buckets, *others)
    with buckets.stub:
        assert holdings(buckets.client, NAME, said.append) == ""
    assert len(said) == 1
    assert said[0].startswith(TAKEN)


def test_what_can_be_looked_into_counts_whosever_it_is():
    """S3's list of buckets may lag behind."""
    buckets = Buckets()
    buckets.holds(NAME, "sensor/")
    with buckets.stub:
        assert holdings(buckets.client, NAME) == "sensor/"


def test_an_answer_without_a_list_tells_nothing():
    buckets = Buckets()
    buckets.stub.add_response("list_buckets", {})
    with buckets.stub:
        assert not is_anothers(buckets.client, NAME)


def test_the_list_is_read_to_its_end():
    buckets = Buckets()
    account_has(buckets, f"{NAME}-1", then="more")
    account_has(buckets, NAME)
    with buckets.stub:
        assert not is_anothers(buckets.client, NAME)
        buckets.stub.assert_no_pending_responses()


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_bucket_of_the_account_s_that_denies_stops_everything(is_listed):
    """And so does one of which nobody can tell whose it is."""
    buckets = Buckets()
    denies(buckets)
    if is_listed:
        account_has(buckets, NAME)
    else:
        denies(buckets, "list_buckets")
    with buckets.stub, pytest.raises(InfraError, match="access denied to ListObjectsV2"):
        holdings(buckets.client, NAME)


@pytest.mark.parametrize(("options", "code"), [((), 1), (("--let-go", "Bucket"), 0)])
def test_another_bucket_can_be_made_in_its_place(run, tmp_path, monkeypatch, options, code):
    monkeypatch.chdir(tmp_path)
    Path("infra.toml").write_text(INFRA)
    aws = stub_aws(monkeypatch)
    aws.cloud.is_there(OTA)
    aws.cloud.has_change_sets(OTA)
    aws.cloud.makes_change_set(OTA)
    aws.cloud.works_out(OTA, change("Bucket", "AWS::S3::Bucket", replacement="True", physical=NAME))
    aws.cloud.drops_change_set(OTA)
    denies(aws.buckets)
    account_has(aws.buckets)
    with aws.cloud.stub, aws.buckets.stub:
        found, _, err = run("infra", "plan", *options)
    assert found == code
    assert f"warning: {TAKEN}" in err
