"""ota.json: what the board was told at the factory (manifests/repository.md)."""

import json

from slotcast.errors import BoardError, RepositoryError
from slotcast.http import BaseUrl
from slotcast.manifest import parse_version
from slotcast.metadata import is_time
from slotcast.window import Window

_NAMES = ("product", "channel", "board", "chip")


class Config:
    """Who this board is, where it polls and whom it trusts.

    Attributes as in ota.json: product, channel, board, chip, base_urls, trust_anchors (file names),
    pins (bytes, SHA-256 of leaf SubjectPublicKeyInfo), built_at, image_digest, version,
    security_version, settle_s, spread_s, poll_every_s, mandatory_after_s; window (a Window, or None
    where updates may go ahead at any time).

    Raises BoardError when ota.json is not one.
    """

    def __init__(self, data: bytes):
        try:
            self._take(json.loads(data))
        except (ValueError, KeyError, TypeError, AttributeError, RepositoryError) as error:
            raise BoardError("ota.json: %r" % error)

    def _take(self, fields):
        self.product, self.channel, self.board, self.chip = (_text(fields[n]) for n in _NAMES)
        self.built_at = fields["built_at"]
        if not is_time(self.built_at):
            raise ValueError("built_at is no time")
        self.base_urls = tuple(_url(url) for url in _some(fields["base_urls"]))
        self.trust_anchors = tuple(_text(name) for name in _some(fields["trust_anchors"]))
        self.pins = tuple(_pin(pin) for pin in fields.get("pins") or ())
        self.image_digest = fields.get("image_digest")
        self.version = fields.get("version") or ""
        if self.version:
            parse_version(self.version)
        self.security_version = _number(fields.get("security_version") or 0)
        self.settle_s = _number(fields.get("settle_s", 30))
        self.spread_s = _number(fields.get("spread_s", 300))
        self.poll_every_s = _number(fields.get("poll_every_s", 21600))
        self.mandatory_after_s = _number(fields.get("mandatory_after_s", 259200))
        window = fields.get("window")
        self.window = None if window is None else Window(window)

    @property
    def target_path(self) -> str:
        """Target path of this board's manifest."""
        return self.channel + "/" + self.board + ".json"

    def stone_path(self, version: str) -> str:
        """Target path of the manifest of an older release that others need first."""
        return self.channel + "/" + self.board + "/" + version + ".json"


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


def _number(value):
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("a number is not one")
    return value
