"""One poll: from asking whether it may, to an image that is verified and ready to be armed."""

import gc
from os import urandom

from slotcast import signatures
from slotcast.application import unfailing
from slotcast.client import Client
from slotcast.clock import seconds_between
from slotcast.decide import CURRENT, INSTALL, WAIT, Decision, Facts
from slotcast.edges import Edges
from slotcast.files import KeptFiles
from slotcast.manners import objection, overdue
from slotcast.modules import unload
from slotcast.offer import Offer
from slotcast.retries import ATTEMPTS, delay_s, with_retries_steps
from slotcast.schedule import Uptime
from slotcast.slot import SECTOR_BYTES
from slotcast.steps import sleep_steps
from slotcast.trial import running_digest

_SECTORS = 4  # of the largest block: 16 KiB
_FILE_ATTEMPTS = 3  # of metadata and manifest: nothing is lost, and there may be another edge


class Poll:
    """What it takes to ask the channel, again and again.

    Args:
        directory: holds the trust anchors, and metadata/ with the trusted root.
        config: the board's Config.
        board: the hardware, a board.Board.
        record: what the board remembers, a record.Record.
        trial: the Trial of this boot.
        application: an Application.

    Attributes:
        uptime: an Uptime.
        is_put_off: whether the last poll found a release that has to wait for its hour.
    """

    def __init__(self, directory, config, board, record, trial, application):
        self._config = config
        self._board = board
        self._record = record
        self._trial = trial
        self._application = application
        self._log, self._status = application.log, application.status
        self._clock = board.clock(config.built_at)
        self._edges = Edges(directory, config, self._log)
        files = KeptFiles(directory + "/metadata", self._log)
        self._client = Client(files, self._fetch_steps, self._clock.now)
        self._offer = Offer(directory, config, self._client, self._log, trial.adopt)
        self._session = None
        self._offered = "", 0
        self.uptime = Uptime(board)
        self.is_put_off = False

    def now(self) -> str:
        """The time by the board's clock and floor, as an ISO time."""
        return self._clock.now()

    def running(self) -> tuple:
        """(version, digest) of the running image; "" for what is not known."""
        digest = running_digest(self._board)
        return self._version_of(digest), digest

    def steps(self):
        """Return the Decision; after INSTALL the other slot holds the image, and is not armed.

        Raises whatever may go wrong in a poll.
        """
        self._status.begin()
        self.is_put_off = False
        reason = self._trial.reason_to_wait()
        if reason:
            self._log("guard", reason)
            return Decision(WAIT, reason, None)
        self._board.verify_can_update()
        # A block's buffers come first, while the heap is in one piece: what can poll can install.
        sectors = [bytearray(SECTOR_BYTES) for _ in range(_SECTORS)]
        yield from self._set_clock_steps()
        return (yield from self._ask_steps(sectors))

    def _set_clock_steps(self):
        self._status.enter("time")
        self._clock.set_floor((yield from self._client.signed_at_steps()))
        answered = self._clock.synchronise()
        text = self._clock.now() + ("" if answered else ", without the network's")
        self._log("time", text)
        yield

    def _ask_steps(self, sectors):
        """The decision of the first edge that serves what can be trusted."""

        def use(session):
            return self._use_steps(session, sectors)

        return (yield from self._edges.try_each_steps(use))

    def _use_steps(self, session, sectors):
        self._status.enter("connect")
        self._session = session
        session.breathe = self._application.feed
        try:
            yield from self._client.refresh_steps()
            self._clock.set_floor((yield from self._client.signed_at_steps()))
            yield from self._edges.take_up_steps(self._client)
            decision = yield from self._decide_steps()
            if decision.action == INSTALL:
                yield from self._bring_steps(decision.manifest, sectors)
            return decision
        finally:
            self._session = None
            self._log("traffic", session.traffic())
            self._status.received_bytes += session.received_bytes
            self._status.attempts += session.connections
            session.close()

    def _fetch_steps(self, path, max_bytes):
        session = self._session

        def attempt():
            # The session connects when it is asked for something.
            self._status.enter("refresh" if session.connections else "connect")
            return session.fetch_steps(path, max_bytes)

        return (yield from self._retry_steps("refresh", attempt, attempts=_FILE_ATTEMPTS))

    def _decide_steps(self):
        """What the channel offers, unless the application or the hour is against it."""
        decision = yield from self._offer.decide_steps(self._facts())
        self._status.enter("decide")
        if decision.action == CURRENT:
            self._trial.adopt(decision.manifest)
        if decision.action == INSTALL:
            why_not = self._objection(decision.manifest)
            if why_not:
                self.is_put_off = True
                decision = Decision(WAIT, why_not, decision.manifest)
        self._log("decide", "%s: %s" % (decision.action, decision.reason))
        return decision

    def _objection(self, manifest):
        waited_s = self._waited_s(manifest)
        urgent = overdue(self._config, manifest, waited_s)
        if urgent:
            self._log("decide", urgent)
        return objection(
            self._config, manifest, self._clock.now(), waited_s, self._application.hooks
        )

    def _waited_s(self, manifest):
        """Seconds for which this board has been offered an image.

        By the times at which the repository was signed, and by how long this boot has lasted: the
        network's time is nobody's word.
        """
        if self._offered[0] != manifest.image_digest:
            self._offered = manifest.image_digest, self.uptime.now_s()
        since = self._record.offer(manifest, self._clock.floor)
        signed_s = seconds_between(since, self._clock.floor)
        return max(signed_s, self.uptime.now_s() - self._offered[1])

    def _facts(self):
        version, digest = self.running()
        return Facts(
            self._config,
            digest,
            version,
            max(self._config.security_version, self._record.security_version),
            self._board.other_slot().size,
            self._board.device_id(),
            self._record.failed_release,
        )

    def _version_of(self, digest):
        """Version of the running image as the record or the factory knows it, or ""."""
        for known in (self._record.installed, self._record.trial):
            if known and known["digest"] == digest:
                return known["version"]
        return self._config.version if self._config.image_digest == digest else ""

    def _bring_steps(self, manifest, sectors):
        """Install, with the application's tasks suspended as it sees fit."""
        hooks, succeeded = self._application.hooks, False
        unfailing(hooks.before_install)(manifest)
        try:
            yield from self._install_steps(manifest, sectors)
            succeeded = True
        finally:
            unfailing(hooks.after_install)(succeeded)

    def _install_steps(self, manifest, sectors):
        # What only a refresh needs, and what only an install needs, is not in memory together.
        unload(*signatures.MODULES)
        from slotcast.install import Installer

        slot = self._board.other_slot()
        self._status.enter("install")
        self._trial.prepare(manifest)
        gc.collect()
        get = self._session.get_steps
        installer = Installer(slot, get, sectors, self._application.progress)
        missing = yield from self._retry_steps("install", lambda: installer.prepare_steps(manifest))
        self._log("install", "%d blocks to fetch into %s" % (missing, slot.label))
        yield from self._retry_steps(
            "install", lambda: installer.fetch_steps(manifest), installer.made_progress
        )
        self._log("install", "%d sectors written" % slot.written_sectors)
        self._status.enter("check")
        yield from installer.check_steps(manifest)
        self._log("check", "size, SHA-256, MD5 and chip are right")

    def _retry_steps(self, step, attempt, made_progress=None, attempts=ATTEMPTS):
        """Attempt it, again and again while the transport fails, with pauses that grow."""

        def pause(failures):
            return sleep_steps(self._board, delay_s(failures, urandom))

        def log(message):
            self._log(step, message)

        return with_retries_steps(attempt, pause, log, made_progress, attempts)
