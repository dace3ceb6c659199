"""`slotcast root propose`: the next root, for others to sign."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from tuf.api.metadata import Root

from publisher.arguments import Arguments
from publisher.clock import verify_clock
from publisher.commands import Context, Result
from publisher.commands.product import signer_loader
from publisher.commands.root_site import Site, open_site, verify_newest_root
from publisher.files import verify_new, write_file
from publisher.repository import ONLINE_ROLES
from publisher.root.changes import RootChanges, next_root
from publisher.root.proposal import Proposal
from publisher.root.public_keys import find_public_key
from publisher.root.words import caution_lines, change_lines, signature_lines


def propose(arguments: Arguments, context: Context) -> Result:
    """Write a proposal on top of the newest root; publishes nothing, and needs no key."""
    verify_new(arguments.out, arguments.force)
    site = open_site(arguments)
    verify_newest_root(site)
    verify_clock(context.now, site.store.time)
    days = timedelta(days=site.settings.expiry_days.root)
    expires = context.now.replace(microsecond=0) + days
    changes = _changes(arguments, context)
    proposal = Proposal(site.chain, next_root(site.root, changes, expires))
    write_file(arguments.out, proposal.to_bytes(), arguments.force)
    return _result(arguments, context, site, proposal)


def _changes(arguments: Arguments, context: Context) -> RootChanges:
    load = signer_loader(context, Path())
    return RootChanges(
        additions=[(role, find_public_key(text, load)) for role, text in arguments.add_keys],
        removals=arguments.remove_keys,
        replacements=[
            (role, keyid, find_public_key(text, load))
            for role, keyid, text in arguments.replace_keys
        ],
        thresholds=arguments.thresholds,
        renews=arguments.renew,
    )


def _result(arguments: Arguments, context: Context, site: Site, proposal: Proposal) -> Result:
    changes = list(change_lines(site.root, proposal.root))
    cautions = list(caution_lines(proposal.root, site.root))
    for line in cautions:
        context.warn(line)
    data = {
        "out": str(arguments.out),
        "version": proposal.root.version,
        "sha256": proposal.sha256,
        "digits": proposal.digits,
        "changes": changes,
        "cautions": cautions,
    }
    lines = [
        f"root {site.root.version} -> {proposal.root.version}, {proposal.digits}:",
        *(f"  {line}" for line in changes),
        *signature_lines(site.root, proposal.metadata),
        *settings_lines(site.root, proposal.root),
        f"written to {arguments.out}: `slotcast root sign {arguments.out} --key URI`",
    ]
    return Result(lines, data)


def settings_lines(before: Root, after: Root) -> Iterator[str]:
    """Yield what a person has to put into slotcast.toml for the roles whose keys change."""
    for role in ONLINE_ROLES:
        was, now = before.roles[role], after.roles[role]
        if (was.keyids, was.threshold) != (now.keyids, now.threshold):
            keys = ", ".join(keyid[:8] for keyid in now.keyids)
            count = f"{now.threshold} of {keys}" if len(now.keyids) > 1 else keys
            yield f"[keys] {role} of slotcast.toml has to name {count} before `root apply`"
