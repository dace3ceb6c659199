"""What the channel offers this board: the manifest that decides, over stepping stones if need be.

A board below `min_version` cannot take the newest release at once: it goes to the release that
min_version names first, whose manifest is a target of its own, and if need be to one before that.
"""

import gc

from slotcast.decide import decide
from slotcast.decision import CURRENT, REFUSE, STEP, Decision
from slotcast.errors import RepositoryError
from slotcast.files import KeptFiles
from slotcast.manifest import MAX_BYTES, Manifest

_MAX_STONES = 8


class Offer:
    """The manifests of one board on its channel.

    Args:
        directory: keeps the newest manifest, as manifest.json.
        config: the board's Config.
        client: a Client that has refreshed.
        log: callable (step, message) that does not raise.
        adopt: callable (manifest): told of the manifest of what runs, where only the file knew.
    """

    def __init__(self, directory: str, config, client, log, adopt):
        self._files = KeptFiles(directory, log)
        self._adopt = adopt
        self._config = config
        self._client = client
        self._log = log

    def decide_steps(self, facts):
        """Return the Decision on the newest release, or on the stone that has to come before it.

        Raises RepositoryError when a manifest is not one, DownloadError when it cannot be had.
        """
        self._learn(facts)
        newest = yield from self._newest_steps()
        decision = decide(newest, facts)
        for _ in range(_MAX_STONES):
            if decision.action == STEP:
                decision = yield from self._lower_steps(decision, facts)
        if decision.action == STEP:
            return self._stranded(decision, "and there are too many such steps")
        return decision

    def _lower_steps(self, step, facts):
        """The Decision on the stone that comes before the manifest of `step`."""
        version = step.manifest.min_version
        stone = yield from self._stone_steps(version)
        if stone is None:
            return self._stranded(step, "which is not published")
        self._log("decide", "%s: %s" % (step.action, step.reason))
        decision = decide(stone, facts)
        if decision.action != CURRENT:
            return decision
        # It runs that image, and did not know or did not call it by that version.
        facts.learn(stone)
        return decide(step.manifest, facts)

    def _stranded(self, decision, why):
        return Decision(REFUSE, "%s, %s" % (decision.reason, why), decision.manifest)

    def _learn(self, facts):
        """Where the record was lost, what was offered last may still say which version runs."""
        data = None if facts.version else self._files.read("manifest")
        try:
            kept = Manifest(data) if data else None
        except RepositoryError:  # it is a help, no more
            return
        if kept and kept.image_digest == facts.digest:
            # Before a newer manifest takes the file's place.
            self._adopt(kept)
            facts.learn(kept)

    def _newest_steps(self):
        """The manifest, from flash where it is still the one that targets names."""
        path = self._config.target_path
        data = self._files.read("manifest")
        if data is None or not (yield from self._client.is_target_steps(path, data)):
            data = yield from self._client.fetch_target_steps(path, MAX_BYTES)
            self._files.write("manifest", data)
        gc.collect()
        return Manifest(data)

    def _stone_steps(self, version):
        """The manifest of the release `version`; None where the channel has no such stone."""
        path = self._config.stone_path(version)
        if not (yield from self._client.has_target_steps(path)):
            return None
        stone = Manifest((yield from self._client.fetch_target_steps(path, MAX_BYTES)))
        if stone.version != version:
            raise RepositoryError("%s is of %s" % (path, stone.version))
        gc.collect()
        return stone
