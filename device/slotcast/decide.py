"""Whether to install what the channel offers: a pure function, with a reason that can be logged."""

from hashlib import sha256

from slotcast.manifest import parse_version

INSTALL = "install"
CURRENT = "current"  # it runs already
WAIT = "wait"  # not now: ask again at the next poll
REFUSE = "refuse"  # never, as things are
FAILED = "failed"  # the poll did not come to an end


class Decision:
    """What to do and why.

    Attributes: action (INSTALL, CURRENT, WAIT, REFUSE or FAILED), reason (text), manifest (or
    None where the poll did not get so far).
    """

    def __init__(self, action: str, reason: str, manifest):
        self.action = action
        self.reason = reason
        self.manifest = manifest


class Facts:
    """What `decide` knows of the board.

    Args:
        config: a Config, for product, channel, board and chip.
        digest: hex digest of the running image.
        version: its version, "" where unknown.
        security_version: the highest that this board has confirmed.
        slot_bytes: size of the other slot.
        device_id: text that tells this board from all others.
        has_failed: callable, digest -> whether that image was rolled back here.
    """

    def __init__(
        self, config, digest, version, security_version, slot_bytes, device_id, has_failed
    ):
        self.config = config
        self.digest = digest
        self.version = version
        self.security_version = security_version
        self.slot_bytes = slot_bytes
        self.device_id = device_id
        self.has_failed = has_failed


def decide(manifest, facts: Facts) -> Decision:
    """Hold the manifest against the board; the first rule that applies decides."""
    for rule in (_identity, _running, _fitness, _patience):
        verdict = rule(manifest, facts)
        if verdict:
            return Decision(verdict[0], verdict[1], manifest)
    reason = "%s -> %s" % (facts.version or "unknown version", manifest.version)
    return Decision(INSTALL, reason, manifest)


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
    if facts.has_failed(manifest.image_digest):
        return REFUSE, "%s was rolled back here" % manifest.version
    return None


def _fitness(manifest, facts):
    if manifest.size > facts.slot_bytes:
        return REFUSE, "image of %d bytes, slot of %d" % (manifest.size, facts.slot_bytes)
    if manifest.security_version < facts.security_version:
        return REFUSE, "security version %d is below %d" % (
            manifest.security_version,
            facts.security_version,
        )
    running = parse_version(facts.version) if facts.version else None
    if running and manifest.version_key < running:
        return REFUSE, "%s is older than %s, which runs" % (manifest.version, facts.version)
    if manifest.min_version_key and (not running or running < manifest.min_version_key):
        return REFUSE, "needs %s first" % manifest.min_version
    return None


def _patience(manifest, facts):
    if manifest.paused:
        return WAIT, "%s is paused" % manifest.version
    if bucket(manifest.salt, facts.device_id) >= manifest.basis_points:
        return WAIT, "%s has not reached this board yet" % manifest.version
    return None


def bucket(salt: str, device_id: str) -> int:
    """Place of a board in a staged rollout, 0 to 9999 (manifests/repository.md, rollout)."""
    hashed = sha256((salt + ":" + device_id).encode()).digest()
    return int.from_bytes(hashed[:4], "big") % 10000
