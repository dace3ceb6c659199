"""Whether what is published is older than what this machine has seen (publisher/seen.py)."""

from __future__ import annotations

from publisher.doctor.findings import Finding, fail, ok, warn
from publisher.doctor.site import Site
from publisher.errors import PublisherError, VerificationError
from publisher.seen import SeenFile

CHECK = "rolled-back"
_EDGE = "an edge may be a minute behind: look again, with credentials of the store"


def check_rolled_back(site: Site) -> list[Finding]:
    """Check that no role is older than it was; an edge, which may be a minute behind, warns."""
    memory = SeenFile(site.settings.directory, site.settings.root_sha256)
    seen = memory.read()  # first: somebody may publish meanwhile
    if not seen.versions:
        # No UNKNOWN: a job on a machine that is new each time has never seen anything.
        return [ok(CHECK, "there is no memory here to hold it against (.slotcast/seen.json)")]
    try:
        where, states = "the store", list(site.in_store.states())
    except PublisherError:
        where, states = "the edge", list(site.at_edge.states())
    try:
        memory.verify(seen, states)
    except VerificationError as error:
        if where == "the edge":
            return [warn(CHECK, f"the edge is behind: {error}", _EDGE)]
        return [fail(CHECK, f"the store was rolled back: {error}", error.hint)]
    return [ok(CHECK, f"no role in {where} is older than this machine has seen it")]
