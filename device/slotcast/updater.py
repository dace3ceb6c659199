"""One poll, from waking up to the reset into new firmware.

    settle -> guard -> time -> connect -> refresh -> decide -> install -> check -> arm -> reset
                                                          next boot: health -> confirm | reset

Every step logs what was decided and why. Whatever fails before `arm` leaves the running firmware
and the boot choice as they were. Nothing stands between `arm` and `reset`: a board that is armed
and polls again would overwrite the otadata entry of the image that it could go back to.
"""

import gc

from slotcast import boot, signatures
from slotcast.client import Client
from slotcast.config import Config
from slotcast.decide import CURRENT, FAILED, INSTALL, WAIT, Decision, Facts, decide
from slotcast.edges import Edges
from slotcast.files import MetadataFiles, read_file
from slotcast.manifest import MAX_BYTES, Manifest
from slotcast.modules import unload
from slotcast.slot import SECTOR_BYTES
from slotcast.trial import Trial, running_digest

_SECTORS = 4  # of the largest block: 16 KiB
_RETRY_S = 5
_GC_THRESHOLD_BYTES = 8192


class Updater:
    """Keeps one board on the release that its channel offers.

    Args:
        directory: holds ota.json, the trust anchors, and metadata/ with the trusted root.
        board: the hardware, a board.Board.
        record: what the board remembers, a record.Record.
        log: callable (step, message).
        progress: callable (done_bytes, total_bytes) during an install, or None.
        feed: callable that feeds a watchdog, or None.

    Raises BoardError when ota.json is not one, OSError when it is not there.
    """

    def __init__(self, directory, board, record, log, progress=None, feed=None):
        self._directory = directory
        self._board = board
        self._record = record
        self._log = unfailing(log)
        self._progress = unfailing(progress)
        self._feed = unfailing(feed)
        self._config = Config(read_file(directory + "/ota.json"))
        self._clock = board.clock(self._config.built_at)
        self._edges = Edges(directory, self._config, self._log)
        self._session = None
        self._out_of_memory = Decision(FAILED, "MemoryError", None)
        self._client = Client(MetadataFiles(directory + "/metadata"), self._fetch, self._clock.now)
        self._trial = Trial(board, record, self._log, self._feed)

    @classmethod
    def open(cls, directory="/etc/slotcast", log=None, progress=None, feed=None) -> "Updater":
        """The updater of this board, as provisioned in `directory`; call it once a boot.

        It also finds out what became of an image that was armed before.
        """
        from slotcast.board import Board
        from slotcast.record import Record

        updater = cls(directory, Board(), Record.open(), log or print_log, progress, feed)
        updater._trial.begin()
        return updater

    @property
    def poll_every_s(self) -> int:
        """Seconds between polls, as provisioned."""
        return self._config.poll_every_s

    def confirm(self, checks=()) -> bool:
        """End the trial of a new image: keep it when all checks pass, else roll back; see Trial."""
        return self._trial.confirm(checks)

    def settle(self) -> None:
        """After power-on, wait until the supply is steady; a brown-out hits flash writes."""
        if self._board.was_powered_on():
            self._log("settle", "%d s" % self._config.settle_s)
            self._sleep(self._config.settle_s)

    def poll(self) -> Decision:
        """Ask the channel once, install what it offers, and reset into it.

        Returns the Decision for what the application may want to show; after INSTALL the board has
        been reset. Never raises for what may go wrong in an update: then the Decision's action is
        FAILED, and its reason says what.
        """
        # Collected often, what stays for long is not scattered over the heap, and the window that
        # each block needs finds room (MicroPython docs, reference/constrained.rst).
        threshold = gc.threshold()
        gc.threshold(_GC_THRESHOLD_BYTES)
        try:
            decision = self._guard() or self._ask()
            if decision.action == INSTALL:
                self._arm(decision.manifest)
        except Exception as error:  # the application must live, whatever it is
            decision = self._failed(error)
        finally:
            gc.threshold(threshold)
        return decision

    def _failed(self, error):
        try:
            decision = Decision(FAILED, "%s: %s" % (type(error).__name__, error), None)
            self._log("failed", decision.reason)
        except MemoryError:
            return self._out_of_memory
        return decision

    def _guard(self):
        """A Decision to wait, when the boot choice must not be touched now; or None."""
        reason = None
        if not self._board.boots_itself():
            reason = "another slot boots next"
            unsettled = self._board.boot_state() in (boot.NEW, boot.PENDING)
            # Armed without a reset, or a fallback: a bootloader with rollback settles both.
            if unsettled and self._trial.may_reset():
                self._log("guard", reason + ": resetting")
                self._board.reset()
        elif self._board.state() == boot.PENDING:
            # An install would overwrite the image that a rollback goes back to: ESP-IDF's own
            # esp_ota_begin refuses here, raw partition writes do not.
            reason = "the running image is not confirmed"
            self._trial.end_if_overdue()
        if reason is None:
            return None
        self._log("guard", reason)
        return Decision(WAIT, reason, None)

    def _ask(self):
        """The decision of the first edge that serves what can be trusted."""
        # A block's buffers come first, while the heap is in one piece: what can poll can install.
        sectors = [bytearray(SECTOR_BYTES) for _ in range(_SECTORS)]
        self._set_clock()
        return self._edges.try_each(lambda session: self._decide(session, sectors))

    def _set_clock(self):
        self._clock.set_floor(self._client.signed_at())
        answered = self._clock.synchronise()
        self._log("time", self._clock.now() + ("" if answered else ", without the network's"))

    def _decide(self, session, sectors):
        """Decide on what is offered; after INSTALL the slot holds it, verified and not armed."""
        self._session = session
        try:
            self._client.refresh()
            self._edges.take_up(self._client)
            decision = decide(self._fetch_manifest(), self._facts())
            if decision.action == CURRENT:
                self._trial.adopt(decision.manifest)
            self._log("decide", "%s: %s" % (decision.action, decision.reason))
            if decision.action == INSTALL:
                self._install(decision.manifest, sectors)
            return decision
        finally:
            self._session = None
            self._log("traffic", session.traffic())
            session.close()

    def _fetch(self, path, max_bytes):
        self._feed()
        return self._session.fetch(path, max_bytes)

    def _fetch_manifest(self):
        """The manifest, from flash where it is still the one that targets names."""
        kept = MetadataFiles(self._directory)
        path = self._config.target_path
        data = kept.read("manifest")
        if data is None or not self._client.is_target(path, data):
            data = self._client.fetch_target(path, MAX_BYTES)
            self._keep(kept, data)
        gc.collect()
        return Manifest(data)

    def _keep(self, files, manifest):
        try:
            files.write("manifest", manifest)
        except OSError as error:  # it saves a request, no more: a full filesystem must not matter
            self._log("refresh", "the manifest is not kept: %s" % error)

    def _facts(self):
        digest = running_digest(self._board)
        return Facts(
            self._config,
            digest,
            self._version_of(digest),
            max(self._config.security_version, self._record.security_version),
            self._board.other_slot().size,
            self._board.device_id(),
            self._trial.has_failed,
        )

    def _version_of(self, digest):
        """Version of the running image as the record or the factory knows it, or ""."""
        installed = self._record.installed
        if installed and installed["digest"] == digest:
            return installed["version"]
        return self._config.version if self._config.image_digest == digest else ""

    def _install(self, manifest, sectors):
        # What only a refresh needs, and what only an install needs, is not in memory together.
        unload(*signatures.MODULES)
        from slotcast.install import Installer, fetch_with_retries

        slot = self._board.other_slot()
        self._record.prepare(manifest)
        gc.collect()
        installer = Installer(slot, self._session.get, sectors, self._progress, self._feed)
        missing = installer.prepare(manifest)
        self._log("install", "%d blocks to fetch into %s" % (missing, slot.label))
        fetch_with_retries(installer, manifest, self._pause, self._log)
        self._log("install", "%d sectors written" % slot.written_sectors)
        installer.check(manifest)
        self._log("check", "size, SHA-256, MD5 and chip are right")

    def _arm(self, manifest):
        slot = self._board.other_slot()
        self._log("arm", "%s boots next, from %s" % (manifest.version, slot.label))
        self._record.arm()
        slot.set_boot()
        self._board.reset()

    def _pause(self, attempt):
        self._sleep(_RETRY_S * attempt)

    def _sleep(self, seconds):
        for _ in range(seconds):
            self._board.sleep_s(1)
            self._feed()


def unfailing(callback):
    """The application's callback (or None), whose exceptions change nothing of an update."""

    def call(*arguments):
        try:
            if callback:
                callback(*arguments)
        except Exception as error:
            print("slotcast: a callback raised %r" % error)

    return call


def print_log(step: str, message: str) -> None:
    """Write a step to the console."""
    print("slotcast %s: %s" % (step, message))
