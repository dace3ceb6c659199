"""ota.json: what the board was told at the factory; config_fields.py reads it."""


class Config:
    """Who this board is, where it polls and whom it trusts.

    Attributes as in ota.json: product, channel, board, chip, base_urls, trust_anchors (file names),
    pins (bytes, SHA-256 of leaf SubjectPublicKeyInfo), built_at, image_digest, version,
    security_version, settle_s, spread_s, poll_every_s, mandatory_after_s, block_erase,
    payload_memory; group (None where it is in none); window (a Window, or None where updates may go
    ahead at any time).

    Raises BoardError when ota.json is not one.
    """

    def __init__(self, data: bytes):
        from slotcast.config_fields import parse  # so much is needed for a moment only

        for name, value in parse(data).items():
            setattr(self, name, value)

    @property
    def target_path(self) -> str:
        """Target path of this board's manifest."""
        return self.channel + "/" + self.board + ".json"

    def stone_path(self, version: str) -> str:
        """Target path of the manifest of an older release that others need first."""
        return self.channel + "/" + self.board + "/" + version + ".json"
