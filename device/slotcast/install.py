"""Bring an image into the other slot: block by block, each verified before it is written.

There is no journal. What the slot holds is hashed first; blocks that match their row stay, the rest
is fetched with Range requests, or copied from the image that runs. An interrupted install resumes
by the same rule, at the beginning of a frame.

All work is in steps (steps.py): a block is received and decoded in one, and hashed in one; a sector
is written in one.
"""

from slotcast.errors import PayloadError
from slotcast.frames import Frame
from slotcast.inflate import Source
from slotcast.payload import COPY, DEFAULT_MEMORY_BYTES, HeadBytes
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
            has (buffers.Buffers); everything passes through them.
        progress: callable (done_bytes, total_bytes) of the image, or None.
        base: the image that runs, a delta.Base; None where a payload must not need one.
        memory: bytes that this board gives to a payload; see head_fields.read_head.
        eraser: an erase.Eraser of the slot, or None where nothing is erased ahead.
    """

    def __init__(
        self,
        slot,
        get,
        sectors,
        progress=None,
        base=None,
        memory: int = DEFAULT_MEMORY_BYTES,
        eraser=None,
    ):
        self._slot = slot
        self._get = get
        self._sectors = [memoryview(sector) for sector in sectors]
        self._progress = progress
        self._base = base
        self._memory = memory
        self._eraser = eraser
        self._entry = None
        self._head = None
        self._missing = None
        self._written_blocks = 0

    def prepare_steps(self, manifest, entry=None):
        """Fetch and check the payload's head, then hash what the slot holds.

        Args:
            entry: of the manifest's payloads, the one to use; its full one if that is not said.

        Returns the number of blocks that are missing.
        Raises PayloadError when the head is not what the manifest says, breaks a rule of the
        format, or is of another base than the image that runs; DownloadError.
        """
        self._entry = entry or manifest.full
        self._head = yield from self._fetch_head_steps(manifest)
        self._missing = bytearray(self._head.block_count)
        for index in range(self._head.block_count):
            pieces = self._pieces(index)
            for number, piece in enumerate(pieces):
                self._slot.readinto(self._offset(index, number), piece)
            self._missing[index] = not self._head.matches(index, pieces)
            yield
        if any(self._missing):
            from slotcast.survey import survey_steps  # not while blocks come, in a small heap

            yield from survey_steps(self._slot)
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
        from slotcast.head_fields import most_head_bytes, read_head  # nor this

        entry = self._entry
        if not 0 < entry.head_length <= most_head_bytes(manifest.size):
            raise PayloadError("payload's head has an impossible length")
        data = yield from self._fetch_bytes_steps(entry.path, entry.head_length)
        if data.sha256() != entry.head_sha256:
            raise PayloadError("payload's head has the wrong hash")
        head = read_head(data, self._memory)
        if head.image_size != manifest.size or head.image_sha256 != manifest.sha256:
            raise PayloadError("payload is of another image than the manifest")
        if entry.head_length + head.data_bytes() != entry.length:
            raise PayloadError("payload's table does not add up to its length")
        self._verify_fits(head)
        return head

    def _verify_fits(self, head):
        """Refuse what this board cannot decode: for its sectors, or the image that it runs."""
        if head.block_size > len(self._sectors) * SECTOR_BYTES:
            raise PayloadError("blocks are larger than this board's sectors")
        if not head.base_digest:
            return
        if not self._base or self._base.digest != head.base_digest:
            raise PayloadError("payload is of another base than the image that runs")
        for index in range(head.block_count):
            end = index * head.block_size + head.block_bytes(index)
            if head.encoding(index) == COPY and end > self._base.size:
                raise PayloadError("block %d is copied from outside of the base" % index)
        self._base.relocation = head.relocation

    def _fetch_bytes_steps(self, path, length):
        response = yield from self._get(path, 0, length - 1)
        try:
            return HeadBytes(Source(response, length))
        finally:
            response.close()

    def fetch_steps(self):
        """Fetch, verify and write the blocks that are missing; may be called again after an error.

        Raises PayloadError when a block does not match its row, and nothing of it is written;
        DownloadError; OSError of the flash.
        """
        at = 0
        while at < self._head.block_count:
            behind, begins, ends = self._run(at)
            at = yield from self._take_run_steps(at, behind, begins, ends)

    def _frames(self, first, stop):
        """Yield (first block, block behind it, start, stop) of frames, and of blocks copied alone.

        The latter two are of their encoded bytes.
        """
        at = self._entry.head_length + sum(
            self._head.encoded_bytes(index) for index in range(first)
        )
        while first < stop:
            behind = self._head.frame_stop(first)
            end = at + self._head.encoded_bytes(first)
            yield first, behind, at, end
            first, at = behind, end

    def _run(self, at):
        """How far it goes from a frame on with one request, whose gaps are worth it.

        Returns (block behind the last, start, stop), the latter two of the encoded bytes that are
        needed, or 0 where none are.
        """
        begins = ends = 0
        for first, behind, start, stop in self._frames(at, self._head.block_count):
            if self._needs_bytes(first, behind):
                if ends and start - ends > _MAX_GAP_BYTES:
                    return first, begins, ends
                begins, ends = begins or start, stop
        return self._head.block_count, begins, ends

    def _needs_bytes(self, first, behind):
        """Whether a block is missing that is not copied."""
        return any(
            self._missing[index] and self._head.encoding(index) != COPY
            for index in range(first, behind)
        )

    def _take_run_steps(self, first, behind, begins, ends):
        """Bring those blocks, or fewer where a frame's last bytes are not worth reading.

        Returns the block behind the last frame that was brought.
        """
        response = None
        try:
            for start, stop, at, end in self._frames(first, behind):
                source = None
                if begins <= at < end <= ends:
                    if not response:
                        response = yield from self._get(self._entry.path, begins, ends - 1)
                    source = Source(response, end - at)
                yield from self._take_frame_steps(start, stop, source)
                if source and end < ends:
                    if source.left > _MAX_GAP_BYTES:
                        return stop
                    source.skip(self._sectors[0])
            return behind
        finally:
            if response:
                response.close()

    def _take_frame_steps(self, first, behind, source):
        stop = self._missing.rfind(b"\x01", first, behind) + 1
        if not stop:
            return
        frame = Frame(self._head, first, behind, source, self._base)
        for index in range(first, stop):
            pieces = self._pieces(index)
            if self._missing[index]:
                yield from frame.decode_steps(index, pieces)
                yield from self._write_steps(index, pieces)
            else:
                yield from frame.pass_over_steps(index, pieces)
                yield

    def _write_steps(self, index, pieces):
        sectors = self._sectors[: len(pieces)]
        for at in range(len(pieces[-1]), SECTOR_BYTES):
            sectors[-1][at] = 0xFF
        self._erase_ahead(index, sectors)
        for number, sector in enumerate(sectors):
            self._slot.write(self._offset(index, number), sector)
            yield
        self._missing[index] = 0
        self._written_blocks += 1
        self._tell_progress()

    def _erase_ahead(self, index, sectors):
        if self._eraser:
            behind = index
            while behind < self._head.block_count and self._missing[behind]:
                behind += 1
            size = self._head.image_size
            stop = min(self._offset(behind, 0), size)
            self._eraser.erase_ahead(self._offset(index, 0), sectors, stop, size)

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
        from slotcast.image import verify_image_steps  # nor this

        return verify_image_steps(self._slot, manifest, self._sectors[0])
