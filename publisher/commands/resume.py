"""`slotcast resume`: boards may take again what was paused."""

from __future__ import annotations

from dataclasses import replace

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.offering import change
from publisher.offers import Offer


def run(arguments: Arguments, context: Context) -> Result:
    """Resume the offer."""
    return change(arguments, context, lambda before: replace(before, paused=False), _said)


def _said(offer: Offer) -> str:
    percent = f"{offer.manifest.rollout.percent} of boards"
    done = "goes on" if offer.is_new else "is not paused"
    return f"{offer.manifest.version} on {offer.where} {done}, for {percent}"
