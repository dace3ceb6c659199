"""`slotcast resume`: boards may take again what was paused."""

from __future__ import annotations

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.offering import change
from publisher.commands.retry import retried
from publisher.offers import Offer
from publisher.rollout_words import words


@retried
def run(arguments: Arguments, context: Context) -> Result:
    """Resume the offer; a ramp goes on from where it stood."""
    return change(arguments, context, lambda before: before.resumed_at(context.now), _said)


def _said(offer: Offer) -> str:
    whom = words(offer.manifest, " of boards")
    done = "goes on, for" if offer.is_new else "is not paused: it goes to"
    return f"{offer.manifest.version} on {offer.where} {done} {whom}"
