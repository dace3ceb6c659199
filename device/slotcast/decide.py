"""Whether to install what the channel offers: a pure function, with a reason that can be logged."""

from hashlib import sha256

from slotcast.decision import CURRENT, INSTALL, REFUSE, STEP, WAIT, Decision
from slotcast.versions import parse_version


class Facts:
    """What `decide` knows of the board.

    Args:
        config: a Config, for product, channel, board, chip and group.
        running: version and hex digest of the running image; the version is "" where unknown.
        security_version: the highest that this board has confirmed.
        slot_bytes: size of the other slot.
        device_id: text that tells this board from all others.
        failed_release: callable, digest -> the release by which that image failed here, 0 where
            that is unknown, None where it has not failed.
        now: the time, as an ISO time: that by which metadata expires.
    """

    def __init__(
        self, config, running, security_version, slot_bytes, device_id, failed_release, now
    ):
        self.config = config
        self.version, self.digest = running
        self.version_key = parse_version(self.version) if self.version else None
        self.security_version = security_version
        self.slot_bytes = slot_bytes
        self.device_id = device_id
        self.failed_release = failed_release
        self.now = now

    def learn(self, manifest) -> None:
        """The running image, which is confirmed, turns out to be the manifest's."""
        self.version, self.version_key = manifest.version, manifest.version_key
        self.security_version = max(self.security_version, manifest.security_version)


def decide(manifest, facts: Facts) -> Decision:
    """Hold the manifest against the board; the first rule that applies decides.

    What a board must never do comes before what it must wait for, and both before a step: a board
    takes a step only towards a release that it may go on to.
    """
    for rule in (_identity, _running, _trouble, _room, _security, _age, _patience, _step):
        verdict = rule(manifest, facts)
        if verdict:
            return Decision(verdict[0], verdict[1], manifest)
    return Decision(INSTALL, _transition(manifest, facts), manifest)


def _identity(manifest, facts):
    """A manifest replayed in another's place is signed all the same."""
    for name in ("product", "channel", "board", "chip"):
        theirs, ours = getattr(manifest, name), getattr(facts.config, name)
        if theirs != ours:
            return REFUSE, "manifest is for %s %s, this is %s" % (name, theirs, ours)
    return None


def _running(manifest, facts):
    if manifest.image_digest == facts.digest:
        return CURRENT, "runs %s already" % manifest.version
    return None


def _trouble(manifest, facts):
    """An image that failed here is known by its digest, whatever version it is called now.

    Only a release that came after the failure lifts it: one that has failed itself would be tried
    for ever.
    """
    failed = facts.failed_release(manifest.image_digest)
    if failed is None or manifest.retry_failed and failed < manifest.release:
        return None
    return REFUSE, "%s was rolled back here" % manifest.version


def _room(manifest, facts):
    if manifest.size > facts.slot_bytes:
        return REFUSE, "image of %d bytes, slot of %d" % (manifest.size, facts.slot_bytes)
    return None


def _security(manifest, facts):
    """What a board has confirmed never goes down, not even from a withdrawn version."""
    if manifest.security_version >= facts.security_version:
        return None
    reason = "security version %d is below %d" % (
        manifest.security_version,
        facts.security_version,
    )
    if _is_withdrawn(manifest, facts):
        reason = "%s is withdrawn, but %s cannot replace it: %s" % (
            facts.version,
            manifest.version,
            reason,
        )
    return REFUSE, reason


def _age(manifest, facts):
    if _is_older(manifest, facts) and not _is_withdrawn(manifest, facts):
        return REFUSE, "%s is older than %s, which runs" % (manifest.version, facts.version)
    return None


def _patience(manifest, facts):
    """All of it holds for a board whose version is withdrawn, too.

    It is about the release that would replace it: whoever withdraws in a hurry gives it to all.
    """
    if manifest.paused:
        return WAIT, "%s is paused" % manifest.version
    if facts.config.group in manifest.groups:
        return None
    if bucket(manifest.salt, facts.device_id) >= share(manifest, facts.now):
        return WAIT, "%s has not reached this board yet" % manifest.version
    return None


def _step(manifest, facts):
    """A board of unknown version may be below any minimum."""
    least, running = manifest.min_version_key, facts.version_key
    if least and (not running or running < least):
        return STEP, "needs %s first" % manifest.min_version
    return None


def _transition(manifest, facts):
    reason = "%s -> %s" % (facts.version or "unknown version", manifest.version)
    if _is_older(manifest, facts):
        reason += ", as %s is withdrawn" % facts.version
    if manifest.retry_failed and facts.failed_release(manifest.image_digest) is not None:
        reason += ", which may be tried again"
    return reason


def _is_older(manifest, facts):
    return facts.version_key is not None and manifest.version_key < facts.version_key


def _is_withdrawn(manifest, facts):
    return facts.version_key in manifest.withdrawn_keys


def share(manifest, now: str) -> int:
    """Basis points of boards that take part at an ISO time (manifests/repository.md, Rollout)."""
    if not manifest.ramp:
        return manifest.basis_points
    from slotcast.rollout import share_at  # seldom

    return share_at(manifest.basis_points, manifest.ramp, now)


def bucket(salt: str, device_id: str) -> int:
    """Place of a board in a staged rollout, 0 to 9999 (manifests/repository.md, Rollout)."""
    hashed = sha256((salt + ":" + device_id).encode()).digest()
    return int.from_bytes(hashed[:4], "big") % 10000
