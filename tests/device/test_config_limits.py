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
    for name in ("security_version", "settle_s", "poll_every_s"):
        for value in (-1, 1.5, True, "7", [7]):
            change = {name: value}
            raises(BoardError, lambda change=change: config(**change), says="a number is not one")
        assert getattr(config(**{name: 7}), name) == 7


def test_an_unknown_version_is_an_empty_text():
    assert config(version=None).version == ""
    assert config().version == ""
    assert config(version="1.4.2").version == "1.4.2"
