"""`slotcast status`: what is offered to whom, and what needs a signature next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from publisher.arguments import Arguments
from publisher.commands import Context, Result, Table
from publisher.commands.filters import is_asked, verify_names
from publisher.commands.product import Product, open_product
from publisher.newer import in_words
from publisher.rollout import Share
from publisher.rollout_words import words
from publisher.settings import Settings
from publisher.upkeep.status import Expiry, Offer, Status, read_status


def run(arguments: Arguments, context: Context) -> Result:
    """Read what is published and show it; warn of what has expired."""
    product = open_product(arguments, context, reads_only=True)
    status = read_status(product.repository, product.view.read, context.now)
    status = _asked(status, product.settings, arguments)
    for role in status.roles:
        if role.days < 0:
            context.warn(f"{role.state.role} has expired: boards install nothing")
    _warn_of_newer(product, context)
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
    is_all = arguments.only_channel is None and arguments.only_board is None
    nothing: list[str | Table] = [
        "nothing is released yet" if is_all else "nothing is offered there"
    ]
    what = [offers, *_more(status, context.now)] if status.offers else nothing
    return Result([title, *what, roles, _next_line(status.next_signature)], data)


def _warn_of_newer(product: Product, context: Context) -> None:
    """Warn of what the timestamp does not name, what lost a race too, as a person can judge it."""
    newer, outrun = product.sort_newer()
    for one in in_words(newer):
        context.warn(f"newer, but not named by the timestamp: {one}")
    for one in in_words(outrun):
        context.warn(f"passed over, as another run was first: {one}")


def _asked(status: Status, settings: Settings, arguments: Arguments) -> Status:
    """Leave out the offers of other channels and boards than those asked for."""
    manifests = [offer.manifest for offer in status.offers]
    boards = {*settings.boards, *(manifest.board for manifest in manifests)}
    verify_names(arguments, {manifest.channel for manifest in manifests}, boards)
    offers = [
        offer
        for offer in status.offers
        if is_asked(arguments, offer.manifest.channel, offer.manifest.board)
    ]
    return replace(status, offers=tuple(offers))


def _more(status: Status, now: datetime) -> list[str | Table]:
    """Say what boards go by, or leave."""
    lines: list[str | Table] = []
    for offer in status.offers:
        manifest = offer.manifest
        where = f"{manifest.channel}/{manifest.board}"
        if offer.stones:
            lines.append(f"{where}: older boards take {', then '.join(offer.stones)} first")
        if manifest.withdrawn:
            is_for_all = manifest.is_for_all_at(now)
            stay = "" if is_for_all else "; boards that run it stay on it until their turn"
            lines.append(f"{where}: {', '.join(manifest.withdrawn)} withdrawn{stay}")
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
    if manifest.mandatory:
        whom = f"{whom}, mandatory"
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
