"""`slotcast rollout`: how many boards may take what is offered, and which come first."""

from __future__ import annotations

from dataclasses import replace

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.offering import change
from publisher.commands.retry import retried
from publisher.commands.shares import asked_share, losses
from publisher.manifest import Manifest
from publisher.offers import Offer
from publisher.rollout_words import words


@retried
def run(arguments: Arguments, context: Context) -> Result:
    """Set the share of boards, which are drawn as they were before, and the groups."""

    def edit(before: Manifest) -> Manifest:
        share = asked_share(arguments, before.rollout.share)
        rollout = before.rollout.with_share(share, context.now)
        after = replace(before, rollout=rollout)
        for warning in losses(before, after, context.now):
            context.warn(warning)
        return after

    return change(arguments, context, edit, _said)


def _said(offer: Offer) -> str:
    whom = words(offer.manifest, " of boards")
    paused = ", once it is resumed" if offer.manifest.paused else ""
    goes = "goes" if offer.is_new else "already goes"
    return f"{offer.manifest.version} on {offer.where} {goes} to {whom}{paused}"
