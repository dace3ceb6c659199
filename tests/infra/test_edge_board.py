"""A virtual board updates through an edge that follows infra/ota.yaml, from a private bucket."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from product import BOARD, CHANNEL, INIT, Product
from small_fleet import HEAP_KIB, NEW, OLD, release

from publisher import cli
from publisher.image import read_image
from publisher.infra.template import load, read
from publisher.simulate import Order, Rig
from tests.infra.edge_origin import Where
from tests.infra.edge_rules import read_rules
from tests.infra.edge_thread import ThreadedEdge, threaded_edge
from tests.seaweedfs import READER_KEY, SECRET_KEY, Server

BUCKET = "edge-board"
POINTER_S = 60


@pytest.fixture
def product(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3_server: Server) -> Product:
    """A product in a bucket that only who signs may read, with 1.0.0 for all."""
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    s3_server.client().create_bucket(Bucket=BUCKET)
    store = ("--store", f"s3://{BUCKET}", "--endpoint-url", s3_server.endpoint_url)
    assert cli.main([*INIT, *store]) == 0
    product = Product(tmp_path, tmp_path)
    product.set_deltas(0)
    release(product, "1.0.0", OLD)
    return product


@pytest.fixture
def rig(product: Product, s3_server: Server) -> Iterator[Rig]:
    """A board that runs 1.0.0, connected to the edge."""
    rules = read_rules(load(read("ota")), {"BucketName": BUCKET, "DomainName": "updates.test"})
    where = Where(s3_server.endpoint_url, BUCKET, READER_KEY, SECRET_KEY)
    order = Order(CHANNEL, BOARD, read_image(OLD, "factory"), heap_kib=HEAP_KIB)
    with Rig(product.settings, product.store, order) as rig:
        certificate = rig.authority.issue([rig.host])
        with threaded_edge(rules, where, certificate) as edge:
            rig.connect(edge)
            yield rig


def results(edge: ThreadedEdge, name: str) -> list[str]:
    return [line.result for line in edge.requests if line.path.endswith(name)]


def test_a_board_gets_a_release_when_the_edges_minute_is_over_and_not_before(
    product: Product, rig: Rig, s3_server: Server
) -> None:
    pointer = f"{s3_server.endpoint_url}/{BUCKET}/sensor/metadata/timestamp.json"
    with urllib3.PoolManager() as unsigned:
        assert unsigned.request("GET", pointer).status == 403
    assert rig.poll().outcome == "current: runs 1.0.0 already"
    release(product, "1.1.0", NEW)
    assert rig.poll().outcome == "current: runs 1.0.0 already"
    assert results(rig.edge, "timestamp.json") == ["Miss", "Hit"]

    rig.edge.ahead_s += POINTER_S
    poll = rig.poll()
    assert poll.outcome == "current: runs 1.1.0 already"
    assert rig.board.slot_bytes(1)[: len(NEW)] == NEW
    assert results(rig.edge, "timestamp.json")[2:] == ["Miss", "Hit"]  # the reboot's is the last
    assert results(rig.edge, ".root.json") == ["Error"] * 4
    assert {line.status for line in rig.edge.requests} <= {200, 206, 403}
