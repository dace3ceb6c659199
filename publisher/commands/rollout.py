"""`slotcast rollout`: how many boards may take what is offered."""

from __future__ import annotations

from dataclasses import replace

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.offering import change
from publisher.manifest import Manifest
from publisher.offers import Offer


def run(arguments: Arguments, context: Context) -> Result:
    """Set the share of boards, which are drawn as they were before."""

    def edit(before: Manifest) -> Manifest:
        points = arguments.basis_points
        if points < before.rollout.basis_points:
            context.warn(_fewer(before, points))
        return replace(before, rollout=replace(before.rollout, basis_points=points))

    return change(arguments, context, edit, _said)


def _fewer(before: Manifest, points: int) -> str:
    was = before.rollout.basis_points / 100
    return f"from {was:g} % down to {points / 100:g} %: boards that have it already keep it"


def _said(offer: Offer) -> str:
    percent = f"{offer.manifest.rollout.percent} of boards"
    paused = ", once it is resumed" if offer.manifest.paused else ""
    already = "" if offer.is_new else " already"
    return f"{offer.manifest.version} on {offer.where} goes to {percent}{already}{paused}"
