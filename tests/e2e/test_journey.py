"""Real firmware travels from the command line to a virtual board and stays there, or does not."""

from collections.abc import Callable

import edges
import pytest
from product import Product

from publisher.certificates import Authority
from publisher.simulate import Poll, Rig


def boot_choice(rig: Rig) -> list[tuple[int, int]]:
    return [(entry.seq, entry.state) for entry in rig.board.otadata()]


def paths(poll: Poll) -> list[str]:
    return [access.path.removeprefix("/sensor/") for access in poll.requests]


def verify_kept(poll: Poll, rig: Rig, version: str, product: Product) -> None:
    image = product.image(version)
    assert poll.outcome == f"current: runs {version} already"
    assert poll.boots[-1].image_digest == image.image_digest
    slot = int(poll.boots[-1].slot[-1])
    assert rig.board.slot_bytes(slot)[: image.size] == image.data
    assert f"slotcast confirm: {version} is kept" in poll.lines


def test_two_updates_through_a_directory(product: Product) -> None:
    product.release("3.1.1")
    with product.rig() as rig:
        assert rig.poll().outcome == "current: runs 3.1.1 already"
        product.release("3.2.5")
        poll = rig.poll()
        verify_kept(poll, rig, "3.2.5", product)
        assert "slotcast decide: install: 3.1.1 -> 3.2.5" in poll.lines
        product.release("3.3.0")
        poll = rig.poll()
        verify_kept(poll, rig, "3.3.0", product)
        assert "slotcast decide: install: 3.2.5 -> 3.3.0" in poll.lines
        # half of 3.1.1's blocks, in the slot from the factory, stand in 3.3.0 too
        assert poll.sent_bytes < 700_000
    assert product.slotcast("verify") == 0


def test_an_update_through_an_s3_server(
    found: Callable[..., Product], s3_server: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    s3_server.client().create_bucket(Bucket="journey")
    product = found("--store", "s3://journey", "--endpoint-url", s3_server.endpoint_url)
    product.release("3.2.5")
    with product.rig() as rig:
        verify_kept(rig.poll(), rig, "3.2.5", product)
    assert product.slotcast("verify") == 0


def test_an_idle_poll_is_two_requests_and_under_a_kilobyte(product: Product) -> None:
    product.release("3.1.1")
    with product.rig() as rig:
        rig.poll()
        poll = rig.poll()
        assert paths(poll) == ["metadata/2.root.json", "metadata/timestamp.json"]
        assert poll.connections == 1
        assert poll.sent_bytes < 1024


@pytest.mark.parametrize("sickness", ["wifi", "panic"])
def test_a_sick_release_is_rolled_back_and_not_tried_again(product: Product, sickness: str) -> None:
    image = product.release("3.2.5")
    with product.rig() as rig:
        rig.board.world.sicken(image.image_digest, **{sickness: sickness != "wifi"})
        poll = rig.poll()
        tried = [boot.image_digest for boot in poll.boots].count(image.image_digest)
        # What fails its health checks is given up at once; what resets may have had bad luck.
        assert tried == (1 if sickness == "wifi" else 3)
        assert poll.outcome == "refuse: 3.2.5 was rolled back here"
        again = rig.poll()
        assert again.outcome == poll.outcome
        assert len(again.requests) == 2
        assert again.boots[-1].image_digest == product.image("3.1.1").image_digest
        product.release("3.3.0")
        verify_kept(rig.poll(), rig, "3.3.0", product)


@pytest.mark.parametrize(
    ("part", "at", "error"),
    [
        ("timestamp.json", 60, "RepositoryError"),
        ("snapshot.json", 60, "RepositoryError"),
        ("targets.json", 60, "RepositoryError"),
        ("targets/stable", 60, "RepositoryError"),
        (".slc", 40, "PayloadError"),
        (".slc", 100, "PayloadError"),
        (".slc", -1000, "PayloadError"),
    ],
)
def test_what_an_edge_changes_is_refused_and_nothing_is_armed(
    product: Product, part: str, at: int, error: str
) -> None:
    product.release("3.2.5")
    with product.rig() as rig:
        honest, before = rig.edge, boot_choice(rig)
        rig.connect(rig.open_edge(edges.flip(product.store, part, at)))
        poll = rig.poll()
        assert poll.outcome.startswith(error)
        assert len(poll.boots) == 1
        assert boot_choice(rig)[1] == before[1]
        rig.connect(honest)
        verify_kept(rig.poll(), rig, "3.2.5", product)


def test_what_was_fetched_before_the_damage_is_not_fetched_again(product: Product) -> None:
    product.release("3.2.5")
    with product.rig() as rig:
        honest = rig.edge
        rig.connect(rig.open_edge(edges.flip(product.store, ".slc", -1000)))
        rig.poll()
        rig.connect(honest)
        poll = rig.poll()
        verify_kept(poll, rig, "3.2.5", product)
        assert poll.sent_bytes < 50_000


def test_an_edge_of_an_unknown_authority_is_refused(product: Product) -> None:
    product.release("3.2.5")
    with product.rig() as rig:
        rig.connect(rig.open_edge(product.store, Authority.create("Impostor")))
        poll = rig.poll()
        assert "not correctly signed by the trusted CA" in poll.outcome
        assert not poll.requests


def test_an_edge_for_another_name_is_refused(product: Product) -> None:
    product.release("3.2.5")
    with product.rig() as rig:
        rig.host = "elsewhere.test"
        edge = rig.open_edge(product.store)
        rig.host = "updates.test"
        rig.connect(edge)
        poll = rig.poll()
        assert "does not match" in poll.outcome
        assert not poll.requests


def test_old_metadata_after_new_is_refused(product: Product) -> None:
    product.release("3.2.5")
    old = edges.frozen(product.store)
    product.release("3.3.0")
    with product.rig() as rig:
        verify_kept(rig.poll(), rig, "3.3.0", product)
        rig.connect(rig.open_edge(old))
        poll = rig.poll()
        assert poll.outcome.startswith("RepositoryError")
        assert poll.boots[-1].image_digest == product.image("3.3.0").image_digest


def test_a_payload_that_is_gone_is_an_error_and_no_more(product: Product) -> None:
    product.release("3.2.5")
    with product.rig() as rig:
        rig.connect(rig.open_edge(edges.without(product.store, ".slc")))
        assert rig.poll().outcome.startswith("NotFoundError")


def test_a_board_without_network_time_updates_by_its_floor(product: Product) -> None:
    product.release("3.2.5")
    with product.rig() as rig:
        rig.board.world["ntp"] = False
        poll = rig.poll()
        verify_kept(poll, rig, "3.2.5", product)
        assert any(line.endswith(", without the network's") for line in poll.lines)


def test_a_clock_far_ahead_stops_the_update_and_is_forgotten(product: Product) -> None:
    product.release("3.2.5")
    with product.rig() as rig:
        rig.board.world["clock_offset_s"] = 10 * 365 * 86400
        assert "expired" in rig.poll().outcome
        rig.board.world["clock_offset_s"] = 0
        verify_kept(rig.poll(), rig, "3.2.5", product)


def test_wifi_that_comes_later_is_no_harm(product: Product) -> None:
    product.release("3.2.5")
    with product.rig() as rig:
        rig.board.world["wifi"] = False
        assert rig.poll().outcome.startswith("DownloadError")
        rig.board.world["wifi"] = True
        verify_kept(rig.poll(), rig, "3.2.5", product)
