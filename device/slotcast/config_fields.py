"""Reading ota.json (manifests/repository.md): what is in it, and of which types."""

import json

from slotcast.errors import BoardError, RepositoryError
from slotcast.iso_time import is_time
from slotcast.url import BaseUrl
from slotcast.versions import parse_version

_NAMES = ("product", "channel", "board", "chip")
# Numbers, with what they are where the file does not say.
_NUMBERS = {
    "settle_s": 30,
    "spread_s": 300,
    "poll_every_s": 21600,
    "mandatory_after_s": 259200,
}


def parse(data: bytes) -> dict:
    """What ota.json says: attributes of config.Config by name; raises BoardError."""
    try:
        fields = json.loads(data)
        known = _who(fields)
        known.update(_whom(fields))
        known.update(_what(fields))
        known.update(_when(fields))
        return known
    except (ValueError, KeyError, TypeError, AttributeError, RepositoryError) as error:
        raise BoardError("ota.json: %r" % error)


def _who(fields):
    """What the board is."""
    known = {name: _text(fields[name]) for name in _NAMES}
    group = fields.get("group")
    known["group"] = None if group is None else _text(group)
    known["built_at"] = fields["built_at"]
    if not is_time(known["built_at"]):
        raise ValueError("built_at is no time")
    return known


def _whom(fields):
    """Where it polls, and whom it trusts there."""
    return {
        "base_urls": tuple(_url(url) for url in _some(fields["base_urls"])),
        "trust_anchors": tuple(_text(name) for name in _some(fields["trust_anchors"])),
        "pins": tuple(_pin(pin) for pin in fields.get("pins") or ()),
    }


def _what(fields):
    """What it left the factory with, and has room for."""
    version = fields.get("version") or ""
    if version:
        parse_version(version)
    return {
        "image_digest": fields.get("image_digest"),
        "version": version,
        "security_version": _number(fields.get("security_version") or 0),
        "block_erase": _truth(fields.get("block_erase", False)),
        "payload_memory": _memory(fields.get("payload_memory", 28672)),
    }


def _when(fields):
    """When it polls and updates."""
    known = {name: _number(fields.get(name, _NUMBERS[name])) for name in _NUMBERS}
    known["window"] = _window(fields.get("window"))
    return known


def _text(value):
    if not isinstance(value, str) or not value:
        raise ValueError("a text is missing")
    return value


def _some(values):
    if not isinstance(values, list) or not values:
        raise ValueError("base_urls or trust_anchors are missing")
    return values


def _url(value):
    BaseUrl(_text(value))
    return value


def _pin(value):
    pin = bytes.fromhex(value)
    if len(pin) != 32:
        raise ValueError("a pin is no SHA-256")
    return pin


def _memory(value):
    """A block of 4 KiB with its window, or a row of a delta's base, is the least that there is."""
    if not 8192 <= _number(value) <= 131072:
        raise ValueError("payload_memory is not 8192 to 131072")
    return value


def _truth(value):
    if not isinstance(value, bool):
        raise ValueError("a truth is neither true nor false")
    return value


def _number(value):
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("a number is not one")
    return value


def _window(text):
    if text is None:
        return None
    from slotcast.window import Window

    return Window(text)
