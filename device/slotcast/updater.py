"""One poll, from waking up to the reset into new firmware.

    settle -> guard -> time -> connect -> refresh -> decide -> install -> check -> arm -> reset
                                                          next boot: health -> confirm | reset

Every step logs what was decided and why. Whatever fails before `arm` leaves the running firmware
and the boot choice as they were.
"""

import gc
from hashlib import sha256

from slotcast.client import Client
from slotcast.config import Config
from slotcast.decide import CURRENT, FAILED, INSTALL, WAIT, Decision, Facts, decide
from slotcast.errors import DownloadError, OtaError
from slotcast.files import MetadataFiles
from slotcast.https import Session
from slotcast.install import Installer, fetch_with_retries
from slotcast.manifest import MAX_BYTES, Manifest
from slotcast.slot import SECTOR_BYTES
from slotcast.trial import Trial, running_digest

_SECTORS = 4  # of the largest block: 16 KiB
_RETRY_S = 5


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
        self._log = log
        self._progress = progress
        self._feed = feed
        self._config = Config(_read(directory + "/ota.json"))
        self._clock = board.clock(self._config.built_at)
        self._session = None
        self._client = Client(MetadataFiles(directory + "/metadata"), self._fetch, self._clock.now)
        self._trial = Trial(board, record, log, feed)

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

        Never raises for what may go wrong in an update: then the Decision's action is FAILED, and
        its reason says what.
        """
        try:
            decision = self._poll()
        except (OtaError, OSError, MemoryError) as error:
            decision = Decision(FAILED, "%s: %s" % (type(error).__name__, error), None)
            self._log("failed", decision.reason)
        if decision.action == INSTALL:
            self._log("reset", "into %s" % decision.manifest.version)
            self._board.reset()
        return decision

    def _poll(self):
        if self._board.is_pending():
            # Its slot is all that a rollback could go back from: ESP-IDF's own esp_ota_begin
            # refuses here, raw partition writes do not.
            self._log("guard", "the running image is not confirmed")
            return Decision(WAIT, "the running image is not confirmed", None)
        self._set_clock()
        for url in self._config.base_urls:
            try:
                return self._poll_at(url)
            except DownloadError as error:
                self._log("connect", "%s: %s" % (url, error))
                last = error
        raise last

    def _set_clock(self):
        self._clock.raise_floor(self._client.signed_at())
        answered = self._clock.synchronise()
        self._log("time", self._clock.now() + ("" if answered else ", without the network's"))

    def _poll_at(self, url):
        self._open_session(url)
        try:
            self._client.refresh()
            decision = decide(self._fetch_manifest(), self._facts())
            if decision.action == CURRENT:
                self._record.adopt(decision.manifest)
            self._log("decide", "%s: %s" % (decision.action, decision.reason))
            if decision.action == INSTALL:
                self._install(decision.manifest)
            return decision
        finally:
            self._log("traffic", self._session.traffic())
            self._session.close()
            self._session = None

    def _open_session(self, url):
        anchors = [_read(self._directory + "/" + n) for n in self._config.trust_anchors]
        self._session = Session(url, anchors, self._config.pins)
        self._log("connect", url)

    def _fetch(self, path, max_bytes):
        return self._session.fetch(path, max_bytes)

    def _fetch_manifest(self):
        """The manifest, from flash where it is still the one that targets names."""
        kept = MetadataFiles(self._directory)
        path = self._config.target_path
        data = kept.read("manifest")
        length, digest = self._client.target(path)
        if data is None or len(data) != length or sha256(data).digest().hex() != digest:
            data = self._client.fetch_target(path, MAX_BYTES)
            kept.write("manifest", data)
        gc.collect()
        return Manifest(data)

    def _facts(self):
        digest = running_digest(self._board)
        installed = self._record.installed or {}
        known = ((installed.get("digest"), installed.get("version")),)
        known += ((self._config.image_digest, self._config.version),)
        version = ""
        for its_digest, its_version in known:
            if digest and its_digest == digest:
                version = version or its_version
        return Facts(
            self._config,
            digest,
            version,
            max(self._config.security_version, installed.get("security_version", 0)),
            self._board.other_slot().size,
            self._board.device_id(),
            self._record.has_failed,
        )

    def _install(self, manifest):
        slot = self._board.other_slot()
        gc.collect()
        sectors = [bytearray(SECTOR_BYTES) for _ in range(_SECTORS)]
        installer = Installer(slot, self._session.get, sectors, self._progress, self._feed)
        missing = installer.prepare(manifest)
        self._log("install", "%d blocks to fetch into %s" % (missing, slot.label))
        fetch_with_retries(installer, manifest, self._pause, self._log)
        self._log("install", "%d sectors written" % slot.written_sectors)
        installer.check(manifest)
        self._log("check", "size, SHA-256, MD5 and chip are right")
        self._record.arm(manifest, slot.address)
        slot.set_boot()
        self._log("arm", "%s boots next, from %s" % (manifest.version, slot.label))

    def _pause(self, attempt):
        self._sleep(_RETRY_S * attempt)

    def _sleep(self, seconds):
        for _ in range(seconds):
            self._board.sleep_s(1)
            if self._feed:
                self._feed()


def print_log(step: str, message: str) -> None:
    """Write a step to the console."""
    print("slotcast %s: %s" % (step, message))


def _read(path):
    with open(path, "rb") as file:
        return file.read()
