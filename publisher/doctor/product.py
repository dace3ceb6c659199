"""What is published, as a board that has never polled gets it, and whether that is the store's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from tuf.api.metadata import Metadata, Targets, Timestamp

from publisher.doctor.findings import Finding, fail, ok, unknown, warn
from publisher.doctor.replies import Reply, short
from publisher.doctor.samples import pointers
from publisher.doctor.site import TIMESTAMP, Site
from publisher.edge_check import difference
from publisher.errors import PublisherError
from publisher.infra.requirements import POINTER_MAX_S
from publisher.iso_time import signed_at
from publisher.layout import key
from publisher.manifest import Manifest
from publisher.verification.targets import note_missing_stones, verify_targets
from publisher.verification.walk import ERROR, UNREADABLE, Walk

# What the edge may be behind by, and what clocks may differ by.
_BEHIND = timedelta(seconds=POINTER_MAX_S + 5)

_VERIFY = (
    "`slotcast verify` tells what of the store is wrong; `slotcast verify --url BASE` of the edge"
)
_UNREAD = (
    "the edge may not read the bucket (its policy, the origin access control: the checks of the "
    "account tell), or stands before another bucket or prefix"
)
_AGAIN = (
    "if the store has it (`slotcast verify`), the edge may not read it; if not, release the same "
    "file again under the same version, which puts it back"
)
_STALE = (
    "look at how long the edge keeps it (MaxTTL 60), and at its origin: where that is a copy, make "
    "it anew; for now invalidate that path (`aws cloudfront create-invalidation`)"
)
_OTHER = "the edge stands before another bucket, or prefix: compare its origin with [store]"


@dataclass(frozen=True)
class Pointer:
    """A file that is replaced, at the edge and in the store, and when the store's was written.

    Attributes:
        edge: None where the edge says that there is none.
        written: None where the store does not tell, or both are the same.
    """

    path: str
    edge: bytes | None
    origin: bytes | None
    written: datetime | None


def check_chain(site: Site) -> list[Finding]:
    """Verify what the edge serves from the root's fingerprint down to manifests and pin sets."""
    name = "chain"
    try:
        repository = site.at_edge
    except PublisherError as error:
        mend = _UNREAD if _is_kept_back(site) else error.hint or _VERIFY
        return [fail(name, f"a new board would not get through: {error}", mend)]
    found = list(_target_findings(site, repository.targets()))
    versions = ", ".join(f"{state.role} {state.version}" for state in repository.states())
    count = len(repository.targets().targets)
    what = f"{versions}, and what they name ({count})"
    return found or [ok(name, f"{what}: verified as by a new board")]


def check_offers(site: Site) -> list[Finding]:
    """Check that each payload and image on offer is there, and as long as was signed."""
    wanted = dict(pair for one in site.manifests.values() for pair in _lengths(one))
    replies = site.heads(list(wanted))
    return judge_offers(wanted, {reply.path: reply for reply in replies})


def check_edge_origin(site: Site) -> list[Finding]:
    """Check that the edge serves what the store has, or what it had a minute ago."""
    found = []
    for path in pointers(site):
        edge = site.visitor.ask(path)  # anew: the store may have changed since the first look
        if edge.coding or not (edge.is_there or edge.is_missing):
            how = f"compressed ({edge.coding})" if edge.coding else f"as {edge.status}"
            found.append(unknown("edge-origin", f"{path} comes {how}"))
            continue
        body = edge.body if edge.is_there else None
        origin = site.read_origin(path)
        written = None if body == origin else site.written(path)
        pointer = Pointer(path, body, origin, written)
        found.append(judge_pointer(pointer, site.now))
    return found


def judge_offers(wanted: Mapping[str, int], replies: Mapping[str, Reply]) -> list[Finding]:
    """Judge the answers to HEAD for what is on offer.

    Args:
        wanted: bytes by path.
    """
    name = "offers"
    if not wanted:
        return [ok(name, "nothing is offered yet")]
    found = []
    for path, length in wanted.items():
        reply = replies[path]
        told = reply.header("content-length")
        if not reply.is_there:
            says = f"{reply.name} is on offer, and answered with {reply.status}"
            found.append(fail(name, says, _AGAIN))
        elif reply.coding:
            return [unknown(name, f"{reply.name} comes compressed ({reply.coding})")]
        elif told != str(length):
            says = f"{reply.name} has {told or 'unknown'} bytes, where {length} were signed"
            found.append(fail(name, says, _VERIFY))
    return found or [ok(name, f"{len(wanted)} payloads and images are there, as long as signed")]


def judge_pointer(pointer: Pointer, now: datetime) -> Finding:
    """Judge a file that is replaced by what the store has."""
    name, path = "edge-origin", pointer.path
    if pointer.edge is None and pointer.origin is None:
        return ok(name, f"{path} is missing, at the edge as in the store")
    if pointer.edge == pointer.origin:
        return ok(name, f"{path}: the edge serves what the store has")
    if pointer.origin is None:
        return fail(name, f"{path} is served, but the store has none", _OTHER)
    if pointer.edge is None:
        return fail(name, f"{path} is in the store, but the edge says that it is missing", _UNREAD)
    ours, theirs = _version(pointer.origin), _version(pointer.edge)
    if theirs > ours:
        says = f"{path}: the edge serves version {theirs}, the store has {ours} only"
        return fail(name, says, _OTHER)
    how = difference(pointer.origin, pointer.edge)
    says = f"{path}: the edge's {how}"
    if 0 < theirs < ours:
        says = f"{path}: the edge serves version {theirs}, the store has {ours}"
    written = pointer.written or _signed(pointer.origin)
    if written is None:
        return unknown(name, f"{says}; since when cannot be told")
    if now - written <= _BEHIND:
        return warn(name, f"{says}, since {written:%H:%M:%S}", "look again in a minute")
    return fail(name, f"{says}, since {written:%Y-%m-%d %H:%M:%S}", _STALE)


def _target_findings(site: Site, targets: Targets) -> Iterator[Finding]:
    """Verify manifests, stones and pin sets through the edge, and yield what is wrong with them."""
    base = key(site.settings.product, "")
    walk = Walk(lambda name: site.read(name.removeprefix(base)), site.settings.product, site.now)
    note_missing_stones(walk, list(verify_targets(walk, targets, {})))
    for one in walk.findings:
        judge = fail if one.severity in (ERROR, UNREADABLE) else warn
        yield judge("chain", f"{short(one.key)}: {one.message}", _VERIFY)


def _is_kept_back(site: Site) -> bool:
    """Whether the store has a timestamp, and the edge gives none."""
    with suppress(PublisherError):
        return site.reply(TIMESTAMP).is_missing and site.read_origin(TIMESTAMP) is not None
    return False


def _lengths(manifest: Manifest) -> Iterator[tuple[str, int]]:
    for entry in manifest.known_payloads:
        yield entry.path, entry.length
    yield manifest.objects[-1], manifest.size


def _version(data: bytes) -> int:
    """Return the version of a timestamp; 0 of anything else."""
    with suppress(Exception):  # whatever an edge serves
        return Metadata[Timestamp].from_bytes(data).signed.version
    return 0


def _signed(data: bytes) -> datetime | None:
    with suppress(Exception):
        return datetime.fromisoformat(signed_at(Metadata[Timestamp].from_bytes(data).signed))
    return None
