"""`slotcast pause`: no board takes what is offered until it is resumed."""

from __future__ import annotations

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.offering import change
from publisher.commands.retry import retried
from publisher.manifest import Manifest
from publisher.offers import Offer
from publisher.rollout_words import words


@retried
def run(arguments: Arguments, context: Context) -> Result:
    """Pause the offer; a ramp stands still where it is."""
    return change(arguments, context, lambda before: before.paused_at(context.now), _said)


def _said(offer: Offer) -> str:
    done = "is paused" if offer.is_new else "is paused already"
    rest = "" if offer.manifest.rollout.ramp is None else _rest(offer.manifest)
    return f"{offer.manifest.version} on {offer.where} {done}: boards that run it keep it{rest}"


def _rest(manifest: Manifest) -> str:
    return f"; resumed, it goes on for {words(manifest, ' of boards')}"
