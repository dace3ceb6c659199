"""Bring an image into the other slot: block by block, each verified before it is written.

There is no journal. What the slot holds is hashed first; blocks that match their row stay, the rest
is fetched with Range requests. An interrupted install resumes by the same rule.

All work is in steps (steps.py): a block is received and decoded in one, and hashed in one; a sector
is written in one.
"""

from binascii import hexlify
from hashlib import sha256

from slotcast.errors import PayloadError
from slotcast.image import verify_image_steps
from slotcast.payload import Head, Source, decode_block, head_bytes
from slotcast.slot import SECTOR_BYTES

# Encoded bytes of blocks that stand already are read and dropped up to this many, rather than
# skipped by a further request: a request costs a round trip and is billed.
_MAX_GAP_BYTES = 8192


class Installer:
    """Writes one manifest's image to a slot.

    Args:
        slot: a slot.Slot.
        get: generator function (path, start, stop) -> response with readinto(buffer) and close(),
            of the bytes start..stop (inclusive) of an object below BASE. Raises DownloadError.
        sectors: bytearrays of a sector each, as many as the largest block that this board takes
            has; everything passes through them.
        progress: callable (done_bytes, total_bytes) of the image, or None.
    """

    def __init__(self, slot, get, sectors, progress=None):
        self._slot = slot
        self._get = get
        self._sectors = [memoryview(sector) for sector in sectors]
        self._progress = progress
        self._head = None
        self._missing = None
        self._written_blocks = 0

    def prepare_steps(self, manifest):
        """Fetch and check the payload's head, then hash what the slot holds.

        Returns the number of blocks to fetch.
        Raises PayloadError when the head is not what the manifest says, or breaks a rule of the
        format; DownloadError.
        """
        self._head = yield from self._fetch_head_steps(manifest)
        self._missing = bytearray(self._head.block_count)
        for index in range(self._head.block_count):
            pieces = self._pieces(index)
            for number, piece in enumerate(pieces):
                self._slot.readinto(self._offset(index, number), piece)
            self._missing[index] = not self._head.matches(index, pieces)
            yield
        return sum(self._missing)

    def _pieces(self, index):
        """The sectors, cut to the length of a block."""
        left, pieces = self._head.block_bytes(index), []
        for sector in self._sectors:
            if left > 0:
                pieces.append(sector[: min(left, SECTOR_BYTES)])
            left -= SECTOR_BYTES
        return pieces

    def _offset(self, index, number):
        return index * self._head.block_size + number * SECTOR_BYTES

    def _fetch_head_steps(self, manifest):
        entry = manifest.full
        if not 0 < entry.head_length <= head_bytes(manifest.size, SECTOR_BYTES):
            raise PayloadError("payload's head has an impossible length")
        data = bytearray(entry.head_length)
        yield from self._fetch_into_steps(entry.path, data)
        if hexlify(sha256(data).digest()).decode() != entry.head_sha256:
            raise PayloadError("payload's head has the wrong hash")
        head = Head(data, len(self._sectors) * SECTOR_BYTES)
        if head.image_size != manifest.size or head.image_sha256 != manifest.sha256:
            raise PayloadError("payload is of another image than the manifest")
        if entry.head_length + head.data_bytes() != entry.length:
            raise PayloadError("payload's table does not add up to its length")
        return head

    def _fetch_into_steps(self, path, data):
        response = yield from self._get(path, 0, len(data) - 1)
        try:
            Source(response, len(data)).fill(memoryview(data))
        finally:
            response.close()

    def fetch_steps(self, manifest):
        """Fetch, verify and write the blocks that are missing; may be called again after an error.

        Raises PayloadError when a block does not match its row, and nothing of it is written;
        DownloadError; OSError of the flash.
        """
        for first, last, start, stop in self._runs(manifest.full.head_length):
            response = yield from self._get(manifest.full.path, start, stop - 1)
            try:
                for index in range(first, last + 1):
                    source = Source(response, self._head.encoded_bytes(index))
                    yield from self._take_steps(index, source)
            finally:
                response.close()

    def _runs(self, offset):
        """Yield (first block, last block, start, stop) of the ranges worth one request each."""
        run = None
        for index in range(self._head.block_count):
            end = offset + self._head.encoded_bytes(index)
            if self._missing[index]:
                if run and offset - run[3] > _MAX_GAP_BYTES:
                    yield run
                    run = None
                run = (run[0], index, run[2], end) if run else (index, index, offset, end)
            offset = end
        if run:
            yield run

    def _take_steps(self, index, source):
        if not self._missing[index]:
            source.skip(self._sectors[0])
            return
        pieces = self._pieces(index)
        decode_block(self._head, index, source, pieces)
        for number, piece in enumerate(pieces):
            sector = self._sectors[number]
            for at in range(len(piece), SECTOR_BYTES):
                sector[at] = 0xFF
            self._slot.write(self._offset(index, number), sector)
            yield
        self._missing[index] = 0
        self._written_blocks += 1
        self._tell_progress()

    def _tell_progress(self):
        if self._progress:
            done = (self._head.block_count - sum(self._missing)) * self._head.block_size
            self._progress(min(done, self._head.image_size), self._head.image_size)

    def made_progress(self) -> bool:
        """Whether a block was written since this was asked last."""
        written, self._written_blocks = self._written_blocks, 0
        return written > 0

    def check_steps(self, manifest):
        """Read the whole image back from flash; raises ImageError when it is not the manifest's."""
        return verify_image_steps(self._slot, manifest, self._sectors[0])
