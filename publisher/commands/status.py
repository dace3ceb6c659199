"""`slotcast status`: what is offered to whom, and what needs a signature next."""

from __future__ import annotations

from publisher.arguments import Arguments
from publisher.commands import Context, Result, Table
from publisher.commands.product import open_product
from publisher.status import Expiry, Offer, read_status


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
        [_offer_row(offer) for offer in status.offers],
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
    }
    title = f"{product.settings.product} in {product.store.location}"
    nothing: list[str | Table] = ["nothing is released yet"]
    return Result([title, *([offers] if status.offers else nothing), roles], data)


def _offer_row(offer: Offer) -> tuple[str, ...]:
    manifest = offer.manifest
    whom = "paused" if manifest.paused else manifest.rollout.percent
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
