"""The release manifest, as the board has it; manifest_fields.py reads it."""

MAX_BYTES = 8192


class Manifest:
    """What a channel offers a board now; attributes are the manifest's fields.

    Args:
        data: the target's bytes, whose length and hash the caller has checked.

    Attributes beside them: version_key and min_version_key ((X, Y, Z), the latter or None),
    withdrawn_keys (list of them), salt, basis_points and groups (names) of the rollout, its ramp as
    (to, start, over_s) or None, full, the PayloadEntry of kind "full", and deltas, a list of those
    of kind "delta".

    Raises RepositoryError when a field is missing or has another type.
    """

    def __init__(self, data: bytes):
        from slotcast.manifest_fields import parse  # so much is needed for a moment only

        for name, value in parse(data, PayloadEntry).items():
            setattr(self, name, value)

    def payloads_for(self, digest: str) -> list:
        """The PayloadEntry of each payload worth trying where an image of this digest runs.

        First the deltas that go with it and are shorter than the full payload, the shortest first;
        then the full payload, which goes anywhere.
        """
        fitting = [e for e in self.deltas if e.base == digest and e.length < self.full.length]
        return sorted(fitting, key=lambda entry: entry.length) + [self.full]


class PayloadEntry:
    """One entry of `payloads`: path (below BASE), length, head_length, head_sha256.

    base is the digest of the image that a delta goes with, "" of the full payload.
    """

    def __init__(self, fields, base: str):
        self.base = base
        self.path = fields["path"]
        self.length = fields["length"]
        self.head_length = fields["head_length"]
        self.head_sha256 = fields["head_sha256"]
