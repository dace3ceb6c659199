"""`slotcast pause`: no board takes what is offered until it is resumed."""

from __future__ import annotations

from dataclasses import replace

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.offering import change
from publisher.offers import Offer


def run(arguments: Arguments, context: Context) -> Result:
    """Pause the offer."""
    return change(arguments, context, lambda before: replace(before, paused=True), _said)


def _said(offer: Offer) -> str:
    done = "is paused" if offer.is_new else "is paused already"
    return f"{offer.manifest.version} on {offer.where} {done}: boards that run it keep it"
