"""ota.json: what the board was told at the factory (manifests/repository.md)."""

import json

from slotcast.errors import BoardError

_TEXTS = ("product", "channel", "board", "chip", "built_at")


class Config:
    """Who this board is, where it polls and whom it trusts.

    Attributes as in ota.json: product, channel, board, chip, base_urls, trust_anchors (file names),
    pins (bytes, SHA-256 of leaf SubjectPublicKeyInfo), built_at, image_digest, version,
    security_version, settle_s, poll_every_s.

    Raises BoardError when ota.json is not one.
    """

    def __init__(self, data: bytes):
        try:
            fields = json.loads(data)
            self.product, self.channel, self.board, self.chip, self.built_at = (
                _text(fields[name]) for name in _TEXTS
            )
            self.base_urls = tuple(_text(url) for url in fields["base_urls"])
            self.trust_anchors = tuple(_text(name) for name in fields["trust_anchors"])
            self.pins = tuple(bytes.fromhex(pin) for pin in fields.get("pins", ()))
        except (ValueError, KeyError, TypeError) as error:
            raise BoardError("ota.json: %r" % error)
        self.image_digest = fields.get("image_digest")
        self.version = fields.get("version")
        self.security_version = fields.get("security_version") or 0
        self.settle_s = fields.get("settle_s", 30)
        self.poll_every_s = fields.get("poll_every_s", 21600)
        if not self.base_urls or not self.trust_anchors:
            raise BoardError("ota.json names no base_urls or no trust_anchors")

    @property
    def target_path(self) -> str:
        """Target path of this board's manifest."""
        return self.channel + "/" + self.board + ".json"


def _text(value):
    if not isinstance(value, str) or not value:
        raise ValueError("a text is missing")
    return value
