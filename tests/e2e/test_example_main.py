"""examples/main.py, as a user would flash it, on a virtual board with an MQTT broker."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from broker import NOT_AUTHORIZED, Broker, Message
from product import BOARD, CHANNEL, Product

import device
from device.virtual.boot import Boot, Outcome
from device.virtual.images import build_app
from publisher.image import read_image
from publisher.simulate import Order, Rig

HERE = Path(__file__).parent
EXAMPLES = Path(device.__file__).parent / "examples"
NODE = "240ac4000001"
SECRETS = b"""\
SSID = "workshop"
PASSWORD = "secret"
BROKER = "broker.test"
"""
FILES = {
    "/boot.py": (EXAMPLES / "boot.py").read_bytes(),
    "/main.py": (EXAMPLES / "main.py").read_bytes(),
    "/secrets.py": SECRETS,
    "/lib/umqtt/simple.py": (HERE / "umqtt_simple.py").read_bytes(),
}
FACTORY = build_app(version="1.0.0", seed=1)
NEXT = build_app(version="1.1.0", seed=2)
KEPT = "slotcast confirm: 1.1.0 is kept"
REFUSED = "slotcast decide: refuse: 1.1.0 was rolled back here"
CURRENT = "slotcast decide: current: runs 1.0.0 already"


@pytest.fixture
def release(product: Product) -> Callable[[str, bytes], None]:
    """A function that publishes an image, and with which 1.0.0 is published already."""

    def publish(version: str, image: bytes) -> None:
        Path("app.bin").write_bytes(image)
        where = ("--channel", CHANNEL, "--board", BOARD)
        assert product.slotcast("release", "app.bin", "--version", version, *where) == 0

    publish("1.0.0", FACTORY)
    return publish


@pytest.fixture
def rig(product: Product, release: object) -> Iterator[Rig]:
    """A board that runs 1.0.0 and main.py, and polls every minute."""
    # The application is compiled on the board, and MQTT beside it.
    order = Order(CHANNEL, BOARD, read_image(FACTORY, "factory"), heap_kib=320)
    with Rig(product.settings, product.store, order) as rig:
        told = json.loads(rig.board.copy_out("/etc/slotcast/ota.json"))
        ota = json.dumps({**told, "poll_every_s": 60}).encode()
        rig.board.copy_in({**FILES, "/etc/slotcast/ota.json": ota})
        yield rig


def reach(rig: Rig, broker: Broker) -> None:
    """Let the name in secrets.py lead to this broker."""
    hosts = rig.board.world["hosts"]
    rig.board.world["hosts"] = {**hosts, "broker.test": ["127.0.0.1", broker.port]}


def run(
    rig: Rig,
    until: Callable[[str], bool],
    on_line: Callable[[int, str], None] | None = None,
) -> list[Boot]:
    boots = rig.board.run(until, 30, on_line)
    assert boots[-1].outcome == Outcome.UNTIL, boots[-1].lines
    return boots


def verify_measurement(message: Message) -> None:
    assert (message.client_id, message.topic) == (NODE, f"nodes/{NODE}")
    assert json.loads(message.payload)["free_bytes"] > 0


def test_a_node_publishes_updates_and_keeps_what_is_healthy(
    rig: Rig, release: Callable[[str, bytes], None]
) -> None:
    with Broker() as broker:
        reach(rig, broker)
        run(rig, lambda line: bool(broker.messages))
        release("1.1.0", NEXT)
        before = len(broker.messages)
        old, new = run(rig, lambda line: len(broker.messages) > before)
        assert (old.slot, new.slot) == ("app0", "app1")
        assert KEPT in new.lines
        for message in broker.messages:
            verify_measurement(message)


def test_without_a_broker_the_new_firmware_goes_and_the_old_publishes_on(
    rig: Rig, release: Callable[[str, bytes], None]
) -> None:
    with Broker() as broker:
        reach(rig, broker)
        run(rig, lambda line: bool(broker.messages))
    release("1.1.0", NEXT)
    with Broker() as back:

        def mend(boot: int, line: str) -> None:
            if line == REFUSED:
                reach(rig, back)

        boots = run(rig, lambda line: bool(back.messages), mend)
        assert [boot.slot for boot in boots] == ["app0", "app1", "app0"]
        assert "slotcast health: mqtt did not pass in time: rolling back" in boots[1].lines
        assert REFUSED in boots[2].lines
        verify_measurement(back.messages[0])


def test_a_broker_that_restarts_costs_a_measurement_and_no_more(rig: Rig) -> None:
    with Broker() as back, Broker() as broker:
        reach(rig, broker)

        def restart(boot: int, line: str) -> None:
            if broker.messages:
                broker.close()
                reach(rig, back)

        (boot,) = run(rig, lambda line: bool(back.messages), restart)
        assert any(line.startswith("mqtt: OSError") for line in boot.lines)


def test_a_broker_that_refuses_the_node_keeps_no_update_away(rig: Rig) -> None:
    heard: list[str] = []

    def until(line: str) -> bool:
        heard.append(line)
        return heard.count(CURRENT) == 2

    with Broker(NOT_AUTHORIZED) as broker:
        reach(rig, broker)
        (boot,) = run(rig, until)
        assert f"mqtt: MQTTException({NOT_AUTHORIZED},)" in boot.lines


def test_an_asyncio_application_updates_and_works_on(
    rig: Rig, release: Callable[[str, bytes], None]
) -> None:
    # asyncio waits in real time: it does so in C, that asks the host.
    told = json.loads(rig.board.copy_out("/etc/slotcast/ota.json"))
    ota = json.dumps({**told, "settle_s": 0, "spread_s": 0}).encode()
    main = (EXAMPLES / "asyncio_main.py").read_bytes()
    rig.board.copy_in({"/main.py": main, "/etc/slotcast/ota.json": ota})
    release("1.1.0", NEXT)
    boots = run(rig, lambda line: line == "slotcast decide: current: runs 1.1.0 already")
    assert [boot.slot for boot in boots] == ["app0", "app1"]
    assert KEPT in boots[1].lines
