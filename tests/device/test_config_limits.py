"""ota.json with values of another type than the factory writes."""

from check import raises
from test_decide import config

from slotcast.errors import BoardError


def test_values_of_another_type_are_refused():
    wrong = [
        {"product": 7},
        {"board": ["r2"]},
        {"chip": None},
        {"base_urls": [7]},
        {"base_urls": [""]},
        {"base_urls": {"https://updates.example.com/sensor/": 1}},
        {"trust_anchors": [7]},
        {"trust_anchors": [""]},
        {"trust_anchors": "ca-1.der"},
        {"trust_anchors": {"ca-1.der": 1}},
        {"pins": [7]},
        {"version": 7},
    ]
    for change in wrong:
        raises(BoardError, lambda change=change: config(**change), says="ota.json")


def test_numbers_are_whole_and_not_negative():
    for name in (
        "security_version",
        "settle_s",
        "spread_s",
        "poll_every_s",
        "mandatory_after_s",
    ):
        for value in (-1, 1.5, True, "7", [7]):
            change = {name: value}
            raises(BoardError, lambda change=change: config(**change), says="a number is not one")
        assert getattr(config(**{name: 7}), name) == 7


def test_an_unknown_version_is_an_empty_text():
    assert config(version=None).version == ""
    assert config().version == ""
    assert config(version="1.4.2").version == "1.4.2"


def test_a_board_of_an_older_factory_has_the_default_manners():
    old = config()
    assert (old.settle_s, old.spread_s, old.poll_every_s) == (30, 300, 21600)
    assert (old.window, old.mandatory_after_s, old.block_erase) == (None, 259200, False)


def test_payload_memory_is_8_to_128_kib_and_28_where_it_is_not_told():
    assert config().payload_memory == 28672
    for value in (8192, 131072):
        assert config(payload_memory=value).payload_memory == value
    for wrong in (8191, 131073, -1, 8192.5, True, "28672", None):
        raises(BoardError, lambda wrong=wrong: config(payload_memory=wrong), says="ota.json")


def test_block_erase_is_true_or_false():
    assert config(block_erase=True).block_erase is True
    for wrong in (1, 0, None, "true", []):
        raises(BoardError, lambda wrong=wrong: config(block_erase=wrong), says="neither true")


def test_a_board_is_in_one_group_or_in_none():
    assert config().group is None
    assert config(group=None).group is None
    assert config(group="canary").group == "canary"


def test_a_window_is_one_or_null():
    assert config(window=None).window is None
    assert config(window="22:30-04:00").window.text == "22:30-04:00"
    for wrong in ("", "always", 7, ["01:00-05:00"], False, "05:00-05:00"):
        raises(BoardError, lambda wrong=wrong: config(window=wrong), says="ota.json")


def test_the_manifest_of_a_stone_stands_below_that_of_the_board():
    assert config().target_path == "stable/r2.json"
    assert config().stone_path("1.2.0") == "stable/r2/1.2.0.json"
