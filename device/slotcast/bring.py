"""Bring a release's image into the other slot by the cheapest of its payloads that serves.

A delta is a help, no more: whatever goes wrong with it, the full payload takes its place in the
same poll, and what was written by then stands where it matches.
"""

import gc

from slotcast.errors import DownloadError, ImageError, NotFoundError
from slotcast.install import Installer
from slotcast.modules import unload
from slotcast.phases import OF_DELTAS


class RunningImage:
    """The image that runs, as what a delta starts from.

    Args:
        slot: the running slot.Slot.

    Attributes: digest (hex), size (bytes, its digest included).

    Raises ImageError when it carries no digest.
    """

    def __init__(self, slot):
        from slotcast.image import image_bytes, image_digest  # not while it is installed

        self._slot = slot
        self.size = image_bytes(slot)
        self.digest = image_digest(slot)

    def readinto(self, offset: int, buffer) -> None:
        """Fill `buffer` with the image's bytes from `offset` on."""
        self._slot.readinto(offset, buffer)


class Bringer:
    """Brings images into the other slot.

    Args:
        board: the hardware, a board.Board.
        get: as of install.Installer.
        buffers: a buffers.Buffers.
        application: an Application.
        attempts: counts deltas that come to no end, an attempts.Attempts.
        block_erase: whether 64 KiB may be erased at once, see erase.Eraser.
    """

    def __init__(self, board, get, buffers, application, attempts, block_erase: bool = False):
        self._slot = board.other_slot()
        self._eraser = board.eraser(self._slot, block_erase)
        self._running = _running_image(board)
        self._get = get
        self._buffers = buffers
        self._application = application
        self._attempts = attempts
        self._installer = None

    def bring_steps(self, manifest, retry_steps):
        """Bring the image of `manifest`.

        Args:
            retry_steps: generator function (attempt, made_progress=None), as with_retries_steps.

        Raises DownloadError where the transport fails, whatever is fetched: the delta is tried
        again at the next poll then, as long as attempts.Attempts lets it. Raises what else goes
        wrong with the full payload.
        """
        for entry in manifest.payloads_for(self._running.digest if self._running else ""):
            if entry.base and not self._attempts.begin(entry):
                self._log("the delta was begun too often")
                continue
            unload("files attempts")
            failure = yield from self._try_steps(manifest, entry, retry_steps)
            if not failure:
                break
            self._installer = self._buffers.row = None
            unload("delta_plain")
            unload(OF_DELTAS)
            gc.collect()
            self._log("the delta is given up, %s: %s" % (type(failure).__name__, failure))
        self._attempts.ended()
        self._log("%d sectors written" % self._slot.written_sectors)

    def check_steps(self, manifest):
        """Read the whole image back; raises ImageError when it is not the manifest's."""
        return self._installer.check_steps(manifest)

    def _try_steps(self, manifest, entry, retry_steps):
        """Bring it by one payload; returns None, or what has gone wrong with a delta."""
        try:
            yield from self._use_steps(manifest, entry, retry_steps)
        # No fault in a delta, nor in what reads it, may strand a board that can do without.
        except Exception as error:
            if not entry.base or _is_of_transport(error):
                raise
            return error
        return None

    def _use_steps(self, manifest, entry, retry_steps):
        self._log("%s payload of %d bytes" % ("delta" if entry.base else "full", entry.length))
        self._installer = installer = self._make_installer(entry)
        missing = yield from retry_steps(lambda: installer.prepare_steps(manifest, entry))
        unload("head_fields relocation_fields survey")
        self._log("%d blocks to fetch into %s" % (missing, self._slot.label))
        yield from retry_steps(installer.fetch_steps, installer.made_progress)

    def _make_installer(self, entry):
        base = None
        if entry.base:
            from slotcast.delta import Base

            base = Base(self._running, row=self._buffers.row)
        progress, buffers = self._application.progress, self._buffers
        return Installer(
            self._slot, self._get, buffers.sectors, progress, base, buffers.memory, self._eraser
        )

    def _log(self, message):
        self._application.log("install", message)


def _is_of_transport(error):
    """Whether the way is at fault: what fails is then no more likely to come in full."""
    return isinstance(error, DownloadError) and not isinstance(error, NotFoundError)


def _running_image(board):
    """The RunningImage; None where it carries no digest, so that no delta can name it."""
    try:
        return RunningImage(board.running_slot())
    except ImageError:
        return None
