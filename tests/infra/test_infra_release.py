"""A product is published with its stacks' roles and keys, and a board takes it from their edge."""

from hashlib import sha256

import pytest

from device.virtual.images import build_app
from publisher.image import read_image
from publisher.layout import key
from publisher.simulate import Order, Rig
from publisher.stores import open_store
from publisher.stores.base import Object
from tests.infra.account import assume_by_token
from tests.infra.command import as_seen_by, days_ago, store_ahead
from tests.infra.deployment import BUCKET, PRODUCT, REFRESH_SUBJECT, RELEASE_SUBJECT, Deployment
from tests.infra.desk import BOARD, CHANNEL, Desk

OLD, NEW, NEWEST = (build_app(seed=seed) for seed in (1, 2, 3))
HEAP_KIB = 320
GC = ("gc", "--grace", "1h", "--keep", "0")


@pytest.fixture(scope="module")
def desk(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A product of which 1.0.0 was released four days ago."""
    desk = Desk(deployment, tmp_path_factory.mktemp("desk"))
    with days_ago(4):
        desk.found()
        assert desk.release(deployment.role("release"), "1.0.0", OLD).code == 0
    return desk


def timestamp(desk: Desk) -> bytes:
    """timestamp.json as the bucket has it."""
    with as_seen_by(desk.deployment.aws, desk.deployment.deployer):
        store = open_store(desk.settings)
        stored = store.read(key(PRODUCT, "metadata/timestamp.json"))
    return stored.data if stored else b""


def verify(desk: Desk) -> None:
    """Check all that is published through the edge, as somebody without credentials."""
    ca = str(desk.deployment.aws.ca)
    desk.must(None, "verify", "--url", desk.base_url, "--ca", ca, "--brief")


def test_a_job_with_the_refresh_role_alone_signs_anew(desk: Desk, deployment: Deployment) -> None:
    before = timestamp(desk)
    job = assume_by_token(deployment.aws, deployment.ci["RefreshRoleArn"], REFRESH_SUBJECT)
    desk.must(job, "refresh")
    assert timestamp(desk) != before


def test_the_refresh_role_cannot_release(desk: Desk, deployment: Deployment) -> None:
    before = timestamp(desk)
    tried = desk.release(deployment.role("refresh"), "6.6.6", NEWEST)
    assert tried.code == 1
    assert "access denied" in tried.err
    assert timestamp(desk) == before


def test_a_board_takes_what_a_job_released_through_the_edge_of_the_stack(
    desk: Desk, deployment: Deployment
) -> None:
    through = ("--edge", "--edge-ca", str(deployment.aws.ca))
    job = assume_by_token(deployment.aws, deployment.ci["ReleaseRoleArn"], RELEASE_SUBJECT)
    assert desk.release(job, "1.1.0", NEW, *through).code == 0
    order = Order(CHANNEL, BOARD, read_image(OLD, "1.0.0"), heap_kib=HEAP_KIB)
    with as_seen_by(deployment.aws, deployment.deployer):
        rig = Rig(desk.settings, open_store(desk.settings), order)
        rig.authority = deployment.aws.authority
        with rig:
            rig.board.world["hosts"] = {rig.host: ["127.0.0.1", deployment.aws.port]}
            first = rig.poll()
            assert any("decide: install" in line for line in first.lines), first.lines
            assert first.requests == ()  # none to an edge of the rig's own
            assert rig.poll().outcome == "current: runs 1.1.0 already"


def test_what_is_large_goes_up_in_parts_with_the_rights_of_the_release_role(
    desk: Desk, deployment: Deployment
) -> None:
    data = bytes(9 * 1024 * 1024)
    name = key(PRODUCT, f"payloads/{sha256(data).hexdigest()}.slc")
    with as_seen_by(deployment.aws, deployment.role("release")):
        store = open_store(desk.settings)
        assert store.create(Object(name, data, "application/octet-stream", "no-store"))
        assert not store.create(Object(name, data, "application/octet-stream", "no-store"))
    s3 = deployment.aws.client("s3", deployment.deployer)
    assert s3.head_object(Bucket=BUCKET, Key=name)["ETag"].endswith('-2"')
    s3.delete_object(Bucket=BUCKET, Key=name)


def test_anybody_verifies_all_of_it_through_the_edge(desk: Desk) -> None:
    verify(desk)


def test_the_gc_role_removes_what_nothing_needs_and_no_other_may(
    desk: Desk, deployment: Deployment
) -> None:
    assert desk.release(deployment.role("release"), "1.2.0", NEWEST).code == 0
    with store_ahead(hours=2):
        for name in ("release", "refresh"):
            tried = desk.run(deployment.role(name), *GC)
            assert tried.code == 1
            assert "access denied" in tried.err
        done = desk.must(deployment.role("gc"), *GC)
    assert f"images/{sha256(OLD).hexdigest()}.bin" in done.out
    verify(desk)
