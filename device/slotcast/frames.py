"""Frames of a payload, decoded block by block; nothing leaves here that has not its row's hash."""

from slotcast.errors import PayloadError
from slotcast.payload import COPY, DEFLATE, DELTA, RAW


class Frame:
    """One frame, or one copied block.

    Args:
        head: a payload.Head.
        first, stop: its blocks; see Head.frame_stop.
        source: an inflate.Source of exactly its encoded bytes; None where only blocks that are
            copied will be asked for.
        base: a delta.Base, or None where the payload has none.
    """

    def __init__(self, head, first: int, stop: int, source, base):
        self._head = head
        self._stop = stop
        self._source = source
        self._base = base
        self._delta = None
        if source and head.encoding(first) == DELTA:
            from slotcast.delta import Delta

            length = sum(
                head.block_bytes(index) for index in range(first, stop) if not self._is_copy(index)
            )
            offset = first * head.block_size
            self._delta = Delta(source, head.window_bits, base, offset, length, head.block_size)

    def _is_copy(self, index):
        return self._head.encoding(index) == COPY

    def decode_steps(self, index: int, pieces):
        """Decode one block and compare its hash; blocks are taken in order, and none left out.

        Args:
            pieces: memoryviews that the block is written over, of its length together. Several
                small ones are found in a fragmented heap where one large one is not.

        Raises PayloadError when the bytes end early, do not decode to exactly the block, or have
        another hash; `pieces` must not be used then.
        """
        try:
            yield from self._write_steps(index, pieces)
        except PayloadError as error:
            raise PayloadError("block %d: %s" % (index, error))
        if not self._head.matches(index, pieces):
            raise PayloadError("block %d has the wrong hash" % index)

    def pass_over_steps(self, index: int, pieces):
        """Go on behind a block that is not needed, which may take decoding; raises PayloadError."""
        if self._delta and self._is_copy(index):
            self._delta.pass_over(self._head.block_bytes(index))
        elif self._delta:
            yield from self._write_steps(index, pieces)

    def _write_steps(self, index, pieces):
        encoding = self._head.encoding(index)
        if encoding == COPY:
            yield from self._copy_steps(index, pieces)
        elif encoding == RAW:
            for piece in pieces:
                self._source.fill(piece)
        elif encoding == DEFLATE:
            self._inflate(pieces)
        else:
            yield from self._follow_steps(index, pieces)

    def _copy_steps(self, index, pieces):
        at = index * self._head.block_size
        for piece in pieces:
            self._base.readinto(at, piece)
            at += len(piece)
        yield from self.pass_over_steps(index, pieces)

    def _inflate(self, pieces):
        from slotcast.inflate import Inflater

        inflater = Inflater(self._source, self._head.window_bits)
        for piece in pieces:
            inflater.fill(piece)
        inflater.verify_ended()

    def _follow_steps(self, index, pieces):
        self._delta.begin_block()
        for piece in pieces:
            yield from self._delta.fill_steps(piece)
        if index == self._stop - 1:
            self._delta.verify_ended()
