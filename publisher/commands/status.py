"""`slotcast status`: what is offered to whom, and what needs a signature next."""

from __future__ import annotations

from datetime import datetime

from publisher.arguments import Arguments
from publisher.commands import Context, Result, Table
from publisher.commands.product import open_product
from publisher.rollout import Share
from publisher.rollout_words import words
from publisher.status import Expiry, Offer, Status, read_status


def run(arguments: Arguments, context: Context) -> Result:
    """Read what is published and show it; warn of what has expired."""
    product = open_product(arguments, context, reads_only=True)
    status = read_status(product.repository, product.view.read, context.now)
    for role in status.roles:
        if role.days < 0:
            context.warn(f"{role.state.role} has expired: boards install nothing")
    for newer in product.newer():
        context.warn(f"newer, but not named by the timestamp: {newer}")
    offers = Table(
        ("channel", "board", "version", "release", "since", "to"),
        [_offer_row(offer, context.now) for offer in status.offers],
        right=("release",),
    )
    roles = Table(
        ("role", "version", "signed at", "expires", "in days"),
        [_role_row(role) for role in status.roles],
        right=("version", "in days"),
    )
    data = {
        "product": product.settings.product,
        "store": product.store.location,
        "root_sha256": product.settings.root_sha256,
        "offers": [offer.to_dict() for offer in status.offers],
        "roles": [role.to_dict() for role in status.roles],
        "next_signature": status.next_signature.to_dict(),
    }
    title = f"{product.settings.product} in {product.store.location}"
    nothing: list[str | Table] = ["nothing is released yet"]
    what = [offers, *_more(status)] if status.offers else nothing
    return Result([title, *what, roles, _next_line(status.next_signature)], data)


def _more(status: Status) -> list[str | Table]:
    """Say what boards go by, or leave."""
    lines: list[str | Table] = []
    for offer in status.offers:
        where = f"{offer.manifest.channel}/{offer.manifest.board}"
        if offer.stones:
            lines.append(f"{where}: older boards take {', then '.join(offer.stones)} first")
        if offer.manifest.withdrawn:
            lines.append(f"{where}: {', '.join(offer.manifest.withdrawn)} withdrawn")
    return lines


def _next_line(role: Expiry) -> str:
    ways = {
        "root": "`slotcast root propose --renew`",
        "targets": "a release, or `slotcast refresh --targets`",
    }
    way = ways.get(role.state.role, "`slotcast refresh`")
    return f"{role.state.role} needs a signature next, before {role.state.expires:%Y-%m-%d}: {way}"


def _offer_row(offer: Offer, now: datetime) -> tuple[str, ...]:
    manifest = offer.manifest
    whom = words(manifest, now=now)
    if manifest.paused:
        whom = "paused" if manifest.rollout.share == Share() else f"paused, then {whom}"
    return (
        manifest.channel,
        manifest.board,
        manifest.version,
        str(manifest.release),
        offer.since,
        whom,
    )


def _role_row(role: Expiry) -> tuple[str, ...]:
    state = role.state
    expires = f"{state.expires:%Y-%m-%d}"
    return (state.role, str(state.version), state.signed_at or "-", expires, str(role.days))
