"""One poll: from asking whether it may, to an image that is verified and ready to be armed."""

import gc
from os import urandom

from slotcast.application import unfailing
from slotcast.decision import CURRENT, INSTALL, WAIT, Decision
from slotcast.modules import load, unload, wipe
from slotcast.phases import ASKING, CONNECTING, DECIDING, INSTALLING, OF_DELTAS, VERIFYING
from slotcast.retries import ATTEMPTS, delay_s, with_retries_steps
from slotcast.schedule import Uptime
from slotcast.steps import sleep_steps

# An install makes little garbage, and what it keeps is to stand close together: a deflate window
# has to find room beside it. The Updater sets the threshold back.
_INSTALL_THRESHOLD_BYTES = 2048
_FILE_ATTEMPTS = 3  # of metadata and manifest: nothing is lost, and there may be another edge


class Poll:
    """What it takes to ask the channel, again and again.

    Args:
        directory: holds the trust anchors, and metadata/ with the trusted root.
        config: the board's Config.
        board: the hardware, a board.Board.
        recall: what the board remembers, a recall.Recall.
        application: an Application.

    Attributes:
        uptime: an Uptime.
        is_put_off: whether the last poll found a release that has to wait for its hour.
    """

    def __init__(self, directory, config, board, recall, application):
        self._config = config
        self._board = board
        self._recall = recall
        self._record, self._trial = recall.record, recall.trial
        self._application = application
        self._log, self._status = application.log, application.status
        self._clock = board.clock(config.built_at)
        self._directory = directory
        self._client = None
        self._of_clients = {}
        self._session = None
        self._offered = "", 0
        self.uptime = Uptime(board)
        self.is_put_off = False

    def now(self) -> str:
        """The time by the board's clock and floor, as an ISO time."""
        return self._clock.now()

    def running(self) -> tuple:
        """(version, digest) of the running image; "" for what is not known."""
        from slotcast.image import running_digest

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
        self._recall.let_go()
        try:
            return (yield from self._ask_steps())
        finally:
            self._forget_asking()
            unload(CONNECTING)

    def _ask_steps(self):
        """The Decision by the first edge that serves what can be trusted."""
        # What stays is to stand before what is let go of, or large buffers find no room behind it.
        load("manifest edges")
        from slotcast.edges import Edges

        self._client = self._new_client()
        yield from self._set_clock_steps()
        self._forget_asking()
        edges = Edges(self._directory, self._config, self._log)
        return (yield from edges.try_each_steps(lambda session: self._use_steps(edges, session)))

    def _new_client(self):
        from slotcast.client import Client
        from slotcast.files import KeptFiles

        files = KeptFiles(self._directory + "/metadata", self._log)
        return Client(files, self._fetch_steps, self._clock.now, self._of_clients)

    def _set_clock_steps(self):
        self._status.enter("time")
        self._clock.set_floor((yield from self._client.signed_at_steps()))
        answered = self._clock.synchronise()
        text = self._clock.now() + ("" if answered else ", without the network's")
        self._log("time", text)
        yield

    def _use_steps(self, edges, session):
        """The Decision by what one edge serves; after INSTALL the image is there."""
        self._status.enter("connect")
        self._session = session
        session.breathe = self._application.feed
        try:
            self._client = self._client or self._new_client()  # gone where an install was tried
            yield from self._client.refresh_steps()
            unload(VERIFYING)
            self._clock.set_floor((yield from self._client.signed_at_steps()))
            yield from edges.take_up_steps(self._client)
            decision = yield from self._decide_steps()
            if decision.action == INSTALL:
                yield from self._bring_steps(decision.manifest)
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

        data = yield from self._retry_steps("refresh", attempt, attempts=_FILE_ATTEMPTS)
        unload("http connect chunked")  # what has arrived is verified without them
        return data

    def _decide_steps(self):
        """What the channel offers, unless the application or the hour is against it."""
        decision = yield from self._offered_steps()
        self._forget_asking()
        self._status.enter("decide")
        if decision.action == CURRENT:
            self._adopt(decision.manifest)
        if decision.action == INSTALL:
            why_not = self._objection(decision.manifest)
            if why_not:
                self.is_put_off = True
                decision = Decision(WAIT, why_not, decision.manifest)
        self._log("decide", "%s: %s" % (decision.action, decision.reason))
        return decision

    def _offered_steps(self):
        """The Decision on what the channel offers."""
        from slotcast.offer import Offer

        facts = self._facts()
        self._recall.let_go()
        offer = Offer(self._directory, self._config, self._client, self._log, self._adopt)
        return (yield from offer.decide_steps(facts))

    def _adopt(self, manifest):
        self._trial.adopt(manifest)

    def _forget_asking(self):
        """What only asking needs, and what only an install needs, is not in memory together."""
        self._client = None
        wipe(ASKING)
        unload(VERIFYING)
        unload(DECIDING)
        gc.collect()

    def _objection(self, manifest):
        from slotcast.manners import objection, overdue

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
        from slotcast.elapsed import seconds_between

        signed_s = seconds_between(since, self._clock.floor)
        return max(signed_s, self.uptime.now_s() - self._offered[1])

    def _facts(self):
        from slotcast.decide import Facts

        return Facts(
            self._config,
            self.running(),
            max(self._config.security_version, self._record.security_version),
            self._board.other_slot().size,
            self._board.device_id(),
            lambda image: self._record.failed_release(image),
            self._clock.now(),
        )

    def _version_of(self, digest):
        """Version of the running image as the record or the factory knows it, or ""."""
        for known in (self._record.installed, self._record.trial):
            if known and known["digest"] == digest:
                return known["version"]
        return self._config.version if self._config.image_digest == digest else ""

    def _bring_steps(self, manifest):
        """Install, with the application's tasks suspended as it sees fit."""
        hooks, succeeded = self._application.hooks, False
        unfailing(hooks.before_install)(manifest)
        try:
            yield from self._install_steps(manifest)
            succeeded = True
        finally:
            unload(INSTALLING)
            unload(OF_DELTAS)
            unfailing(hooks.after_install)(succeeded)

    def _install_steps(self, manifest):
        unload("manners elapsed")
        self._status.enter("install")
        self._trial.prepare(manifest)
        self._recall.let_go()
        gc.threshold(_INSTALL_THRESHOLD_BYTES)
        bringer = self._make_bringer(bool(manifest.deltas))

        def retry_steps(attempt, made_progress=None):
            return self._retry_steps("install", attempt, made_progress)

        yield from bringer.bring_steps(manifest, retry_steps)
        self._status.enter("check")
        yield from bringer.check_steps(manifest)
        self._log("check", "size, SHA-256, MD5 and chip are right")

    def _make_bringer(self, has_deltas):
        """A Bringer, with what it needs loaded: large buffers first, small things in the gaps."""
        load("buffers")
        from slotcast.buffers import Buffers

        buffers = Buffers(self._config.payload_memory, has_deltas)
        load(INSTALLING)
        if has_deltas:
            load(OF_DELTAS)
        from slotcast.attempts import Attempts
        from slotcast.bring import Bringer

        attempts = Attempts(self._directory, self._log)
        erase = self._config.block_erase
        bringer = Bringer(self._board, self._get_steps, buffers, self._application, attempts, erase)
        unload("slots boot image buffers")
        return bringer

    def _get_steps(self, path, start, stop):
        """A response to read blocks from, and nothing beside it in memory that they do not need."""
        response = yield from self._session.get_steps(path, start, stop)
        response.headers = None
        unload("http connect chunked")
        return response

    def _retry_steps(self, step, attempt, made_progress=None, attempts=ATTEMPTS):
        """Attempt it, again and again while the transport fails, with pauses that grow."""

        def pause(failures):
            return sleep_steps(self._board, delay_s(failures, urandom))

        def log(message):
            self._log(step, message)

        return with_retries_steps(attempt, pause, log, made_progress, attempts)
