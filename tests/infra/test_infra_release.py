"""A product is published with its stacks' roles and keys, and a board takes it from their edge."""

import json
import re
from hashlib import sha256

import pytest
from botocore.exceptions import ClientError

from device.virtual.images import build_app
from publisher.image import read_image
from publisher.infra.names import KEY_OUTPUTS, KEY_PARAMETERS, KEY_SCHEME
from publisher.layout import key
from publisher.simulate import Order, Rig
from publisher.stores import open_store
from publisher.stores.base import Object
from tests.infra.account import assume_by_token
from tests.infra.command import Done, as_seen_by, days_ago, days_ahead, store_ahead
from tests.infra.deployment import (
    BUCKET,
    NAME,
    PRODUCT,
    REFRESH_SUBJECT,
    RELEASE_SUBJECT,
    Deployment,
    infra,
)
from tests.infra.desk import BOARD, CHANNEL, Desk
from tests.infra.ministack_server import Credentials

OLD, NEW, NEWEST, LATEST = (build_app(seed=seed) for seed in (1, 2, 3, 4))
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


def of_stacks(deployment: Deployment, *words: str) -> Done:
    """Run a command of `slotcast infra` as whoever deploys."""
    return infra(deployment.aws, deployment.deployer, deployment.folder, *words)


def give(deployment: Deployment, *lines: str) -> None:
    """Write lines about keys below [ci] of infra.toml, which are the last there."""
    path = deployment.folder / "infra.toml"
    kept = [line for line in path.read_text().splitlines() if not re.match(r"\w+Key = ", line)]
    path.write_text("\n".join([*kept, *lines, ""]))


def signers(data: bytes) -> list[str]:
    """The ids of the keys that a role's file is signed with."""
    return [one["keyid"] for one in json.loads(data)["signatures"]]


def sign(deployment: Deployment, job: Credentials, arn: str) -> None:
    kms = deployment.aws.client("kms", job)
    kms.sign(KeyId=arn, Message=b"x", MessageType="RAW", SigningAlgorithm="ED25519_SHA_512")


def test_who_refreshes_is_not_given_the_key_that_root_lists_for_targets(
    deployment: Deployment,
) -> None:
    former, new = (deployment.keys[role] for role in ("targets", "timestamp"))
    for keys in (
        (f'TargetsKey = "{new[:-4]}0000"', f'SnapshotKey = "{former}"'),
        ('TargetsKey = "None"', f'SnapshotKey = "{former}"'),
    ):
        give(deployment, *keys)
        resources = ("TargetsSigningKey", "SnapshotSigningKey", "TargetsAlias", "SnapshotAlias")
        let_go = [word for name in resources for word in ("--let-go", name)]
        tried = of_stacks(deployment, "apply", "ci", "--yes", *let_go)
        assert tried.code == 1
        assert "SnapshotKey is the key of TargetsKey until now" in tried.err
    give(deployment)
    assert "nothing to do" in of_stacks(deployment, "plan", "ci").out


def test_the_timestamp_key_alone_is_replaced(desk: Desk, deployment: Deployment) -> None:
    kms = deployment.aws.client("kms", deployment.deployer)
    spec = {"KeySpec": "ECC_NIST_EDWARDS25519", "KeyUsage": "SIGN_VERIFY"}
    new, old = kms.create_key(**spec)["KeyMetadata"]["Arn"], deployment.keys["timestamp"]
    give(deployment, f'TimestampKey = "{new}"')
    let_go = ("--let-go", "TimestampSigningKey", "--let-go", "TimestampAlias")
    tried = of_stacks(deployment, "plan", "ci")
    assert tried.code == 1
    assert "would take away TimestampSigningKey" in tried.out
    assert "have that root signed before" in tried.out
    assert of_stacks(deployment, "apply", "ci", "--yes", *let_go[2:]).code == 1
    assert of_stacks(deployment, "apply", "ci", "--yes", *let_go).code == 0
    before = timestamp(desk)
    job = assume_by_token(deployment.aws, deployment.ci["RefreshRoleArn"], REFRESH_SUBJECT)
    with days_ahead(4):  # half of its time is over
        assert "access denied" in desk.run(job, "refresh").err
    desk.hand_over({"timestamp": new})
    handed_over = timestamp(desk)
    with days_ahead(4):
        desk.must(job, "refresh")
    assert len({before, handed_over, timestamp(desk)}) == 3
    (own,) = [one["keyid"] for one in desk.root()["keys"] if "timestamp" in one["roles"]]
    assert signers(timestamp(desk)) == [own] != signers(before)
    alias = kms.describe_key(KeyId=f"alias/{NAME}-{PRODUCT}-ci-timestamp")
    assert alias["KeyMetadata"]["Arn"] == new
    sign(deployment, job, new)
    with pytest.raises(ClientError, match="AccessDenied"):
        sign(deployment, job, old)


def test_a_new_stack_takes_the_keys_up_that_the_former_has_left(
    desk: Desk, deployment: Deployment
) -> None:
    root = desk.root()
    gone = of_stacks(deployment, "destroy", "ci", "--yes", "--json")
    assert gone.code == 0, gone.err
    lines = re.findall(r"(?m)^  (\w+Key = \".*\")$", gone.err)
    (stack,) = json.loads(gone.out)["stacks"]
    assert lines == [f'{name} = "{arn}"' for name, arn in stack["keys"].items()]
    give(deployment, *lines)
    made = of_stacks(deployment, "apply", "--yes", "--json")
    assert made.code == 0, made.err
    outputs = json.loads(made.out)["stacks"]["ci"]["outputs"]
    in_use = {role: outputs[name].removeprefix(KEY_SCHEME) for role, name in KEY_OUTPUTS.items()}
    assert [stack["keys"][KEY_PARAMETERS[role]] for role in in_use] == [*in_use.values()]
    before = timestamp(desk)
    with days_ahead(8):
        job = assume_by_token(deployment.aws, outputs["RefreshRoleArn"], REFRESH_SUBJECT)
        desk.must(job, "refresh")
        refreshed = timestamp(desk)
        job = assume_by_token(deployment.aws, outputs["ReleaseRoleArn"], RELEASE_SUBJECT)
        done = desk.release(job, "1.3.0", LATEST)
        assert done.code == 0, done.err
        verify(desk)
    assert len({before, refreshed, timestamp(desk)}) == 3
    assert desk.root()["version"] == root["version"]
