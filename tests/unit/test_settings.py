import json
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import publisher
from publisher.errors import SettingsError
from publisher.payload import DEFAULT_MEMORY
from publisher.settings import (
    BoardSettings,
    load_settings,
    parse_settings,
    verify_base_url,
    verify_window,
)
from slotcast.payload import DEFAULT_MEMORY_BYTES
from slotcast.url import BaseUrl
from slotcast.window import Window

MANIFESTS = Path(__file__).parents[2] / "manifests"
SCHEMA = json.loads((MANIFESTS / "ota.schema.json").read_text())

MINIMAL = """
product = "sensor"
root_sha256 = "%s"
[edge]
base_url = "https://updates.example.com/"
""" % ("ab" * 32)

FULL = (
    MINIMAL
    + """
ca = "roots.pem"
pins = ["%s"]
[store]
kind = "s3"
bucket = "fleet"
endpoint_url = "http://127.0.0.1:9000"
region = "eu-central-1"
[keys]
root = ["file:keys/root-1.pem", "file:keys/root-2.pem"]
targets = ["file:keys/targets.pem"]
[expiry_days]
timestamp = 3
[payload]
deltas = 5
delta_margin = 25
[boards.sensor-r2]
chip = "esp32c3"
slot_size = 0x1E0000
security_version = 2
confirm_within_s = 60
settle_s = 5
spread_s = 600
poll_every_s = 3600
window = "22:30-04:00"
mandatory_after_s = 86400
block_erase = true
payload_memory = 0xA000
"""
    % ("cd" * 32)
)

PARTITIONS = """
nvs,     data, nvs,     0x9000,  0x4000
otadata, data, ota,     0xd000,  0x2000
app0,    app,  ota_0,   0x10000, 0x1E0000
app1,    app,  ota_1,   0x1F0000, 0x1D0000
"""


def parse(text, **files):
    return parse_settings(text, Path("here"), files.__getitem__)


def test_a_product_and_an_edge_are_enough():
    settings = parse(MINIMAL)
    assert settings.base_url == "https://updates.example.com/sensor/"
    assert (settings.store.kind, settings.store.path) == ("directory", "published")
    assert (settings.edge.ca, settings.edge.pins) == ("amazon", ())
    assert (settings.payload.deltas, settings.payload.delta_margin) == (3, 10)
    days = settings.expiry_days
    assert [days.of(role) for role in ("root", "targets", "snapshot", "timestamp")] == [
        365,
        180,
        30,
        7,
    ]
    assert settings.directory == Path("here")


def test_every_setting_is_read():
    settings = parse(FULL)
    assert settings.store.bucket == "fleet"
    assert settings.store.endpoint_url == "http://127.0.0.1:9000"
    assert settings.edge.pins == ("cd" * 32,)
    assert settings.keys.of("root") == ("file:keys/root-1.pem", "file:keys/root-2.pem")
    assert settings.keys.of("snapshot") == ()
    assert settings.expiry_days.timestamp == 3
    assert (settings.payload.deltas, settings.payload.delta_margin) == (5, 25)
    board = settings.board("sensor-r2")
    assert (board.chip, board.slot_size) == ("esp32c3", 0x1E0000)
    assert (board.security_version, board.confirm_within_s) == (2, 60)
    assert (board.settle_s, board.spread_s, board.poll_every_s) == (5, 600, 3600)
    assert (board.window, board.mandatory_after_s) == ("22:30-04:00", 86400)
    assert (board.block_erase, board.payload_memory) == (True, 40960)


def test_a_partition_table_stands_for_the_slot_size_of_its_smaller_slot():
    board = '[boards.b1]\nchip = "esp32"\npartitions = "table"\n'
    assert parse(MINIMAL + board, table=PARTITIONS).board("b1").slot_size == 0x1D0000


def test_a_slot_has_whole_sectors():
    board = '[boards.b1]\nchip = "esp32"\nslot_size = 0x1E0001\n'
    with pytest.raises(SettingsError, match=r"\[boards\.b1\] slot_size is 0x1e0001; no part") as e:
        parse(MINIMAL + board)
    assert "0x1e0000 and 0x1e1000 are" in e.value.hint


def test_a_misspelt_name_of_a_board_is_told_before_what_is_missing_for_it():
    with pytest.raises(SettingsError, match=r"\[boards\.b1\] slotsize is not a setting"):
        parse(MINIMAL + '[boards.b1]\nchip = "esp32"\nslotsize = 0x1E0000\n')


def test_an_unknown_board_is_told_with_those_that_there_are():
    with pytest.raises(SettingsError, match='no board "sensor-r9"') as caught:
        parse(FULL).board("sensor-r9")
    assert "sensor-r2" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("product = ", "produkt = "), "produkt is not a setting"),
        (('product = "sensor"', 'product = "Sensor"'), "product"),
        (('product = "sensor"', 'product = "../x"'), "product"),
        (('product = "sensor"', "product = 3"), "product must be text"),
        (("abab", "ABAB"), "root_sha256 is not 64"),
        (("https://", "http://"), r"\[edge\] base_url .* must begin with https"),
        ((".com/", ".com"), r"\[edge\] base_url .* end with a slash"),
        ((".com/", ".com/?x=/"), r"\[edge\] base_url .* plain"),
        (("cdcd", "xy"), r"\[edge\] pins"),
        (('pins = ["', 'pins = [3, "'), r"\[edge\] pins must be a list of texts"),
        (('kind = "s3"', 'kind = "ftp"'), r'\[store\] kind is "ftp"'),
        (('bucket = "fleet"', ""), r"\[store\] bucket is missing"),
        (('region = "', 'path_style = "'), r"\[store\] path_style is not a setting"),
        (("timestamp = 3", "timestamp = 0"), r"\[expiry_days\] timestamp is 0"),
        (("timestamp = 3", "timestamp = true"), r"\[expiry_days\] timestamp must be a whole"),
        (("deltas = 5", "deltas = 9"), r"\[payload\] deltas is 9; it must be from 0 to 8"),
        (("deltas = 5", "deltas = -1"), r"\[payload\] deltas is -1"),
        (("delta_margin = 25", "delta_margin = 100"), r"\[payload\] delta_margin .* 0 to 99"),
        (("delta_margin = 25", "delta_margin = -1"), r"\[payload\] delta_margin is -1"),
        (("0xA000", "8191"), r"payload_memory is 8191; it must be from 8192 to 131072"),
        (("0xA000", "131073"), r"payload_memory is 131073"),
        (("[boards.sensor-r2]", "[boards.Sensor]"), "boards"),
        (("slot_size = 0x1E0000", ""), "needs one of slot_size and partitions"),
        (("slot_size = 0x1E0000", "slot_size = 1"), r"\[boards.sensor-r2\] slot_size is 1"),
        (('chip = "esp32c3"', ""), r"\[boards.sensor-r2\] chip is missing"),
        (("settle_s = 5", "settle_s = -1"), r"\[boards.sensor-r2\] settle_s is -1"),
        (("settle_s = 5", "settle_s = 2.5"), "settle_s must be a whole number"),
        (("spread_s = 600", "spread_s = 86401"), "spread_s is 86401; .* 0 to 86400"),
        (("poll_every_s = 3600", "poll_every_s = 59"), "poll_every_s is 59; .* 60 to 2592000"),
        (("mandatory_after_s = 86400", "mandatory_after_s = -1"), "mandatory_after_s is -1"),
        (("block_erase = true", "block_erase = 1"), "block_erase must be true or false"),
        (('"22:30-04:00"', '"22:30"'), r'\[boards.sensor-r2\] window is "22:30"; .* HH:MM-HH:MM'),
        (('"22:30-04:00"', '"04:00-04:00"'), "must begin and end at different times"),
        (('window = "22:30-04:00"', "window = 22"), "window must be text in quotes"),
        (("[payload]", "[[payload]]"), "payload must be a section"),
        (("[payload]", "[payload"), "is not TOML"),
    ],
)
def test_what_is_wrong_is_named(change, says):
    assert change[0] in FULL
    with pytest.raises(SettingsError, match=says):
        parse(FULL.replace(*change))


@pytest.mark.parametrize("former", ["block_size", "window_bits"])
def test_a_setting_of_former_times_comes_with_the_one_that_took_its_place(former):
    with pytest.raises(SettingsError, match=rf"\[payload\] {former} is not a setting") as caught:
        parse(FULL.replace("delta_margin", former))
    assert "payload_memory" in caught.value.hint


def test_a_board_that_is_told_nothing_has_the_memory_that_payloads_are_encoded_for():
    memory = BoardSettings("esp32", 0x1E0000).payload_memory
    assert memory == DEFAULT_MEMORY == DEFAULT_MEMORY_BYTES


URLS = [
    "https://updates.example.com/",
    "https://updates.example.com/fleet/a/",
    "https://UPDATES.Example.com:8443/",
    "https://127.0.0.1:1/",
    "https://u.e:65535/~!$&'()*+,;=:@%20[]/",
    "https://u.e//x//",
    "https://u.e:65536/",
    "https://u.e:0/",
    "https://u.e:/",
    "https://u.e:x/",
    "https://u.e:-1/",
    "https://u.e:\u0661/",
    "https://u.e:00000000443/",
    "https://user@u.e/",
    "https://user:secret@u.e/",
    "https://[::1]/",
    "https://[::1]:443/",
    "https://under_score.e/",
    "https://caf\u00e9.e/",
    "https:///",
    "https://u.e",
    "https://u.e/x",
    "https://u.e/?/",
    "https://u.e/#/",
    "https://u.e?/",
    "https://u.e/a b/",
    "https://u.e/caf\u00e9/",
    "https://u.e/\n/",
    "https://u.e/\n",
    "https://u.e\\x/",
    "HTTPS://u.e/",
    "http://u.e/",
    "//u.e/",
]


def accepts(verify, *arguments):
    try:
        verify(*arguments)
    except (SettingsError, ValueError):
        return False
    return True


@pytest.mark.parametrize("url", URLS)
def test_a_url_is_taken_where_a_board_takes_it(url):
    taken = accepts(BaseUrl, url)
    assert accepts(verify_base_url, "base_url", url) == taken
    items = SCHEMA["properties"]["base_urls"]["items"]
    assert Draft202012Validator(items).is_valid(url) == taken


WINDOWS = [
    "01:00-05:00",
    "22:30-04:00",
    "00:00-23:59",
    "23:59-00:00",
    "01:00-01:00",
    "24:00-05:00",
    "01:00-24:00",
    "01:60-05:00",
    "1:00-05:00",
    "01:00 - 05:00",
    "01:00-05:00\n",
    "01:00-05:00-06:00",
    "\u0660\u0661:00-05:00",
    "+1:00-05:00",
    "always",
]


@pytest.mark.parametrize("window", WINDOWS)
def test_a_window_is_taken_where_a_board_takes_it(window):
    taken = accepts(verify_window, "window", window)
    assert Draft202012Validator(SCHEMA["properties"]["window"]).is_valid(window) == taken
    assert accepts(Window, window) == taken or not window.isascii()


def test_the_windows_are_of_both_kinds():
    assert [accepts(verify_window, "window", one) for one in WINDOWS].count(True) == 4


def test_the_template_names_the_defaults_of_the_manners():
    template = (Path(publisher.__file__).parent / "templates/slotcast.toml.jinja").read_text()
    lines = [line[1:] for line in template.splitlines() if line.startswith("#   ")]
    named = tomllib.loads("\n".join(lines))
    manners = {"settle_s", "spread_s", "poll_every_s", "window", "mandatory_after_s"}
    assert set(named) == manners | {"block_erase", "payload_memory", "supported_since"}
    board = BoardSettings("esp32", 0x1E0000)
    assert named == {name: getattr(board, name) for name in named}


def test_what_is_supported_since_is_a_version():
    assert BoardSettings("esp32", 0x1E0000, supported_since="1.2.0").supported_since == "1.2.0"
    with pytest.raises(SettingsError, match='supported_since: version "1.2" is not X.Y.Z'):
        BoardSettings("esp32", 0x1E0000, supported_since="1.2")


def test_the_urls_are_of_both_kinds():
    assert [accepts(BaseUrl, url) for url in URLS].count(True) == 6


def test_directory_is_not_a_setting():
    with pytest.raises(SettingsError, match="directory is not a setting"):
        parse('directory = "/elsewhere"\n' + MINIMAL)


@pytest.mark.parametrize("missing", ["product", "root_sha256", "base_url"])
def test_what_is_missing_is_named(missing):
    lines = [line for line in MINIMAL.splitlines() if not line.startswith(missing)]
    with pytest.raises(SettingsError, match=f"{missing} is missing"):
        parse("\n".join(lines))


def test_a_file_that_is_not_there_comes_with_advice(tmp_path):
    with pytest.raises(SettingsError, match="does not exist") as caught:
        load_settings(tmp_path / "slotcast.toml")
    assert "slotcast init" in caught.value.hint


def test_relative_files_start_beside_the_settings(tmp_path):
    board = '[boards.b1]\nchip = "esp32"\npartitions = "table.csv"\n'
    (tmp_path / "slotcast.toml").write_text(MINIMAL + board)
    with pytest.raises(SettingsError, match=r"table\.csv cannot be read"):
        load_settings(tmp_path / "slotcast.toml")
    (tmp_path / "table.csv").write_text(PARTITIONS)
    assert load_settings(tmp_path / "slotcast.toml").board("b1").slot_size == 0x1D0000
