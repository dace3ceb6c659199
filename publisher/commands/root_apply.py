"""`slotcast root apply`: publish a root that enough people have signed, and what follows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from tuf.api.metadata import Metadata, Snapshot, Targets

from publisher.arguments import Arguments
from publisher.clock import verify_clock
from publisher.commands import Context, Result
from publisher.commands.product import signer_loader
from publisher.commands.publishing import Done, name_newer, planned, published
from publisher.commands.retry import retried
from publisher.commands.root_site import (
    Site,
    open_site,
    read_proposal,
    verify_newest_root,
)
from publisher.commands.through_edge import edge_check
from publisher.errors import (
    ConflictError,
    PublisherError,
    SettingsError,
    StoreError,
    VerificationError,
)
from publisher.layout import key, parse_offer, root_path
from publisher.manifest import Manifest
from publisher.newer import Newer, find_newer, find_outrun
from publisher.plan import File, Plan, make_plan
from publisher.publish import Outcome, publish
from publisher.repository import Repository
from publisher.root.ground import (
    Ground,
    choices,
    choose_ground,
    is_applied,
    read_ground,
)
from publisher.root.proposal import Proposal, merge
from publisher.root.rotation import Rotation, floors, order, rotate, stale_role, with_former
from publisher.root.words import caution_lines, change_lines
from publisher.seen import Seen, SeenFile

_RESUME = (
    "a release is running, or was cut short: let it finish, or add --resume to leave it out. Or "
    "somebody put an old timestamp.json back: put the newest one back first. After a theft, name "
    "the targets that are to be offered: --targets N"
)

_CHOOSE = "if it is lost or spoilt, choose the targets that are to be offered, --targets N: "
_COMPLETE = "run the same command again: until then no other command of slotcast goes on"


@dataclass(frozen=True)
class _Ceremony:
    """What one run applies, whether that is published already, where, and what is remembered."""

    site: Site
    proposal: Proposal
    applied: bool
    seen: SeenFile
    known: Seen


@retried
def apply(arguments: Arguments, context: Context) -> Result:
    """Verify signatures of both roots, then publish it all, or print what would be written."""
    site = open_site(arguments)
    verify_newest_root(site)
    proposal = merge([read_proposal(path) for path in arguments.files])
    proposal.verify(site.settings.root_sha256, context.now)
    applied = is_applied(proposal, site.chain)
    proposal.verify_signed()
    seen = SeenFile(site.settings.directory, site.settings.root_sha256)
    ceremony = _Ceremony(site, proposal, applied, seen, seen.read())
    ground = _ground(ceremony, arguments, context)
    rotation = _rotation(ceremony, ground, arguments, context)
    plans = [_plan(site, part) for part in (rotation.before, rotation.then)]
    whole = Plan(tuple(write for plan in plans for write in plan.writes))
    lines = [*_lines(proposal, ground, rotation), *_offers(rotation)]
    data = {"version": proposal.root.version, "signed": list(rotation.signed)}
    if arguments.dry_run:
        return planned(whole, site.store, data, lines)
    # Refuses what is no edge while nothing is written.
    then = edge_check(whole, site.store, site.settings, arguments, context, "the root")
    outcome = _carry_out(ceremony, plans, rotation, context)
    return published(Done(outcome, "the root", then), data, lines)


def _ground(ceremony: _Ceremony, arguments: Arguments, context: Context) -> Ground:
    """Return the state to apply it to; refuse one that may have been put back."""
    site, proposal = ceremony.site, ceremony.proposal
    verify_clock(context.now, site.store.time)
    if arguments.from_targets:
        version = arguments.from_targets
        return choose_ground(site.view.read, proposal, ceremony.applied, version)
    ground = _published_ground(ceremony)
    _verify_seen(ceremony, ground, context)
    if not ceremony.applied or stale_role(proposal.root, ground):
        newer = _verify_newest(ceremony, ground, arguments, context)
        return replace(ground, left_out=tuple(one.named_by for one in newer))
    return ground


def _published_ground(ceremony: _Ceremony) -> Ground:
    view, proposal = ceremony.site.view, ceremony.proposal
    seen_root = ceremony.known.versions.get("root", 0)
    try:
        return read_ground(view.read, proposal, ceremony.applied, seen_root)
    except VerificationError as error:
        named = ", ".join(choices(view.read, view.metadata_paths(), proposal))
        raise VerificationError(str(error), error.hint or _CHOOSE + named) from error


def _verify_seen(ceremony: _Ceremony, ground: Ground, context: Context) -> None:
    """Refuse a state that is older than this machine has seen."""
    files = {"root": ceremony.proposal.chain[-1], **ground.files}
    days, read = ceremony.site.settings.expiry_days, ceremony.site.view.read
    former = Repository(files, read, lambda role: (), days, context.now)
    states = [state for state in former.states() if state.role != "root"]
    ceremony.seen.verify(ceremony.known, states)


def _verify_newest(
    ceremony: _Ceremony, ground: Ground, arguments: Arguments, context: Context
) -> list[Newer]:
    """Refuse to sign on top of a timestamp that may have been put back, unless told to.

    Returns what is newer, and left out then.
    """
    newer = _newer(ceremony, ground)
    if what := name_newer(newer, ceremony.site.store, arguments.resume, _RESUME):
        context.warn(f"--resume leaves out {what}")
    return newer


def _newer(ceremony: _Ceremony, ground: Ground) -> list[Newer]:
    """Return what looks newer by the keys of the former root.

    Once the new root is published, its keys may have signed a part too: what is in order by the
    keys of either root never was offered.
    """
    view, proposal = ceremony.site.view, ceremony.proposal
    snapshot = Metadata[Snapshot].from_bytes(ground.files["snapshot"]).signed
    targets = Metadata[Targets].from_bytes(ground.files["targets"]).signed
    paths = view.metadata_paths()
    found = find_newer(view.read, proposal.former, snapshot, targets, paths)
    former = [one for one in found if one.sha256 not in ceremony.known.begun]
    if not ceremony.applied:
        outrun = find_outrun(view.read, proposal.former, snapshot, former, paths)
        return [one for one in former if one not in outrun]
    # A former key may have signed this snapshot: what it says has been outrun is not believed.
    found = find_newer(view.read, proposal.root, snapshot, targets, paths)
    now = {one.path: one for one in found}
    return [now[one.path] if one.fault else one for one in former if one.path in now]


def _rotation(
    ceremony: _Ceremony, ground: Ground, arguments: Arguments, context: Context
) -> Rotation:
    """Sign everything in memory, and see that readers can follow."""
    site, proposal = ceremony.site, ceremony.proposal
    load = signer_loader(context, site.settings.directory)
    signers = cache(lambda role: load(site.settings.keys.of(role)))
    others = load(arguments.also_sign)
    above = _floors(ceremony, ground) if stale_role(proposal.root, ground) else {}

    def open_under(files: dict[str, bytes]) -> Repository:
        signing = with_former(signers, proposal.former, others)
        days, read = site.settings.expiry_days, site.view.read
        repository = Repository(files, read, signing, days, context.now, arguments.redate)
        repository.step_over(above)
        repository.leave_out(ground.left_out)
        return repository

    repository = rotate(proposal, ground, open_under)
    rotation = order(proposal, ground, repository, both=bool(others))
    rotation.verify(site.view.read, site.settings.root_sha256)
    for warning in repository.warnings:
        context.warn(warning)
    return rotation


def _floors(ceremony: _Ceremony, ground: Ground) -> dict[str, int]:
    view, seen = ceremony.site.view, ceremony.known.versions
    return floors(view.read, view.metadata_paths(), ceremony.proposal, ground, seen)


def _plan(site: Site, files: tuple[File, ...]) -> Plan:
    return make_plan(site.settings.product, files, site.view.stored)


def _carry_out(
    ceremony: _Ceremony, plans: list[Plan], rotation: Rotation, context: Context
) -> Outcome:
    """Run the plans in their order, and remember what came of it."""
    seen = ceremony.seen
    written: list[str] = []
    unchanged: list[str] = []
    for plan in (plan for plan in plans if plan.writes):
        seen.begin(plan)
        done = _publish(plan, ceremony, context)
        written += done.written
        unchanged += done.unchanged
    try:
        seen.restart(rotation.repository.states())
    except SettingsError as error:
        context.warn(f"the root is published, but this machine does not remember it: {error}")
    return Outcome(tuple(written), tuple(unchanged))


def _publish(plan: Plan, ceremony: _Ceremony, context: Context) -> Outcome:
    """Run a plan; an error says if the root is published all the same."""
    site, settings = ceremony.site, ceremony.site.settings
    try:
        return publish(plan, site.store, settings.product, settings.root_sha256, context.progress)
    except PublisherError as error:
        proposal = ceremony.proposal
        there = site.store.read(key(settings.product, root_path(proposal.root.version)))
        if there is None or not is_applied(proposal, [*proposal.chain, there.data]):
            raise
        message = f"root {proposal.root.version} is published, the rest is not: {error}"
        kind = ConflictError if isinstance(error, ConflictError) else StoreError
        raise kind(message, _COMPLETE) from error


def _lines(proposal: Proposal, ground: Ground, rotation: Rotation) -> Iterator[str]:
    version = proposal.root.version
    yield f"root {version} is published already" if ground.is_applied else f"root {version}:"
    for line in change_lines(proposal.former, proposal.root):
        yield f"  {line}"
    for line in caution_lines(proposal.root, proposal.former):
        yield f"  note: {line}"
    if rotation.signed:
        yield f"signed anew by its keys: {', '.join(rotation.signed)}"
    if rotation.signed and not rotation.before and not ground.is_applied:
        yield "boards that poll before the new timestamp reaches them fail for this once"


def _offers(rotation: Rotation) -> Iterator[str]:
    """Yield what new keys say is offered: whoever stole the former ones may have changed it."""
    repository = rotation.repository
    if not rotation.signed:
        return
    for name in repository.offered():
        channel, board, _ = parse_offer(name)
        data = repository.read_manifest(channel, board)
        if data is not None:
            manifest = Manifest.from_bytes(data)
            yield f"offers {channel}/{board}: {manifest.version} (release {manifest.release})"
