import json
from dataclasses import replace
from datetime import UTC, datetime

import esp_images as esp
import pytest

from publisher.certificates import Authority, amazon_roots
from publisher.errors import ImageError, SettingsError, VerificationError
from publisher.image import read_image
from publisher.partitions import parse_binary, parse_csv, slot_size
from publisher.pins.sets import PinSets
from publisher.provision import Whom, provision
from publisher.schemas import schema_problem
from publisher.settings import BoardSettings, EdgeSettings, Settings
from slotcast.config import Config

NOW = datetime(2026, 11, 22, 6, 38, tzinfo=UTC)
ROOT = b'{"signatures":[],"signed":{}}'
SETTINGS = Settings(
    product="sensor",
    root_sha256="ab" * 32,
    edge=EdgeSettings("https://updates.example.com/"),
    boards={
        "sensor-r2": BoardSettings("esp32", 0x1E0000, security_version=3),
        "sensor-c3": BoardSettings("esp32c3", 0x300000),
        "odd": BoardSettings("esp33", 0x1E0000),
        "huge": BoardSettings("esp32", 0x1000000),
    },
)


def files(board="sensor-r2", settings=SETTINGS, group=None, **options):
    return provision(settings, ROOT, Whom("stable", board, group), NOW, **options)


def ota(**options):
    return json.loads(files(**options)["slotcast/ota.json"])


def test_a_board_is_told_who_it_is_and_where_it_polls():
    told = ota()
    assert schema_problem("ota", told) == ""
    assert told["product"] == "sensor"
    assert (told["channel"], told["board"], told["chip"]) == ("stable", "sensor-r2", "esp32")
    assert told["base_urls"] == ["https://updates.example.com/sensor/"]
    assert told["built_at"] == "2026-11-22T06:38:00Z"


def test_a_board_is_told_when_to_poll_and_to_install():
    board = BoardSettings(
        "esp32", 0x1E0000, 0, 300, 5, 600, 3600, "22:30-04:00", 86400, True, payload_memory=40960
    )
    told = ota(settings=replace(SETTINGS, boards={"sensor-r2": board}))
    assert schema_problem("ota", told) == ""
    assert (told["settle_s"], told["spread_s"], told["poll_every_s"]) == (5, 600, 3600)
    assert (told["window"], told["mandatory_after_s"]) == ("22:30-04:00", 86400)
    config = Config(json.dumps(told).encode())
    assert (config.window.text, config.block_erase) == ("22:30-04:00", True)
    assert config.payload_memory == told["payload_memory"] == 40960


def test_a_board_without_these_settings_is_told_what_it_would_take_for_granted():
    told = ota()
    names = ("settle_s", "spread_s", "poll_every_s", "window", "mandatory_after_s", "block_erase")
    names += ("payload_memory",)
    shortened = {name: value for name, value in told.items() if name not in names}
    taken, default = (Config(json.dumps(fields).encode()) for fields in (told, shortened))
    assert told["window"] is None
    assert [getattr(taken, name) for name in names] == [getattr(default, name) for name in names]


def test_the_root_is_given_as_it_was_published():
    assert files()["slotcast/metadata/root.json"] == ROOT


def test_with_amazon_the_board_trusts_the_roots_of_cloudfront():
    made, names = files(), ota()["trust_anchors"]
    assert [made[f"slotcast/{name}"] for name in names] == amazon_roots()


def test_with_a_pem_file_the_board_trusts_what_stands_in_it(tmp_path):
    one, two = Authority.create("one"), Authority.create("two")
    (tmp_path / "ca.pem").write_bytes(one.certificate_pem + two.certificate_pem)
    edge = replace(SETTINGS.edge, ca="ca.pem", pins=("cd" * 32,))
    settings = replace(SETTINGS, edge=edge, directory=tmp_path)
    made, told = files(settings=settings), ota(settings=settings)
    assert told["trust_anchors"] == ["ca-1.der", "ca-2.der"]
    assert made["slotcast/ca-2.der"] == two.certificate_der
    assert told["pins"] == ["cd" * 32]


@pytest.mark.parametrize("content", [None, b"no certificate", b"\xff\xfe"])
def test_a_pem_file_without_certificates_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "ca.pem").write_bytes(content)
    settings = replace(SETTINGS, edge=replace(SETTINGS.edge, ca="ca.pem"), directory=tmp_path)
    with pytest.raises(SettingsError):
        files(settings=settings)


def test_without_a_factory_image_the_board_knows_none():
    assert {ota()[name] for name in ("image_digest", "version", "security_version")} == {None}


@pytest.mark.parametrize(
    ("inside", "told"), [("1.4.3", "1.4.3"), ("v1.4.3", "1.4.3"), ("", None), ("main-4f2a", None)]
)
def test_the_factory_image_is_told_with_its_version_where_it_has_one(inside, told):
    image = read_image(esp.app_image(version=inside), "app.bin")
    known = ota(image=image)
    assert known["image_digest"] == image.image_digest
    assert (known["version"], known["security_version"]) == (told, 3)


@pytest.mark.parametrize(("board", "flash_mib"), [("sensor-r2", 4), ("sensor-c3", 8)])
def test_the_partition_table_has_two_slots_of_the_boards_size(board, flash_mib):
    made = files(board)
    table = parse_csv(made["partitions.csv"].decode())
    assert table == parse_binary(made["partitions.bin"])
    assert slot_size(table) == SETTINGS.boards[board].slot_size
    assert table[-1].end == flash_mib << 20


def test_the_page_for_the_bench_names_board_chip_and_addresses():
    page = files("sensor-c3")["INSTALL.md"].decode()
    assert "esptool --chip esp32c3 write-flash 0x0 FIRMWARE.bin" in page
    assert "`https://updates.example.com/sensor/` offers in channel `stable`" in page
    assert "mpremote cp -r slotcast :etc/" in page
    assert "| app1 | 0x310000 | 3145728 |" in page


@pytest.mark.parametrize(
    ("board", "error", "says"),
    [
        ("lamp", SettingsError, 'no board "lamp"'),
        ("odd", ImageError, 'no chip "esp33"'),
        ("huge", SettingsError, "no flash has room"),
    ],
)
def test_a_board_that_cannot_be_provisioned_is_refused(board, error, says):
    with pytest.raises(error, match=says):
        files(board)


def test_published_pin_sets_come_before_the_edge_of_the_settings():
    anchors = [Authority.create(name).certificate_der for name in ("one", "two")]
    sets = PinSets.of_factory("sensor", "https://updates.example.com/sensor/", (), anchors)
    url = "https://updates.example.net/sensor/"
    pins = sets.with_next([url], ["ab" * 32, "cd" * 32], anchors[:1], NOW).to_bytes()
    made, told = files(pins=pins), ota(pins=pins)
    assert schema_problem("ota", told) == ""
    assert (told["base_urls"], told["pins"]) == ([url], ["ab" * 32, "cd" * 32])
    assert told["trust_anchors"] == ["ca-1.der"]
    assert made["slotcast/ca-1.der"] == anchors[0]
    assert made["slotcast/pins.json"] == pins
    assert f"`{url}` offers" in made["INSTALL.md"].decode()


def test_pin_sets_of_another_product_are_refused():
    anchors = [Authority.create(name).certificate_der for name in ("one", "two")]
    pins = PinSets.of_factory("lamp", "https://updates.example.com/lamp/", (), anchors).to_bytes()
    with pytest.raises(VerificationError, match="is for lamp"):
        files(pins=pins)


def test_a_channel_that_is_no_name_is_refused():
    with pytest.raises(SettingsError, match="channel"):
        provision(SETTINGS, ROOT, Whom("../x", "sensor-r2"), NOW)


def test_a_board_is_told_its_group_where_it_is_in_one():
    told = ota(group="canary")
    assert schema_problem("ota", told) == ""
    assert told["group"] == Config(json.dumps(told).encode()).group == "canary"
    assert "group" not in ota()
    with pytest.raises(SettingsError, match='group: "No!" is not a name'):
        files(group="No!")
