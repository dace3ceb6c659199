"""A product whose offers tests change without a new image."""

from dataclasses import replace

from products import Product

from publisher.fleet import Fleet
from publisher.manifest import Manifest
from publisher.offers import plan_offers, present_offer
from publisher.promotion import prepare_promotion
from publisher.withdrawal import prepare_withdrawal


class Shop(Product):
    """A product whose offers are changed as the commands do it."""

    def offered(self, channel="stable", board="b1"):
        return Manifest.from_bytes(self.open().read_manifest(channel, board))

    def stones(self, channel="stable", board="b1"):
        return sorted(self.open().read_stones(channel, board))

    def apply(self, prepare):
        view = self.view()
        repository = self.open(view)
        offers = prepare(repository, view)
        self.publish(plan_offers(Fleet(self.settings, repository, view), offers))
        return offers

    def change(self, **fields):
        def prepare(repository, view):
            present = present_offer(repository, "stable", "b1")
            return [replace(present, manifest=replace(present.manifest, **fields))]

        [offer] = self.apply(prepare)
        return offer

    def withdrawal(self, version, to=None):
        """What a withdrawal would offer."""
        view = self.view()
        return prepare_withdrawal(self.open(view), view, "stable", "b1", version, to)

    def withdraw(self, version, to=None):
        def prepare(repository, view):
            return [prepare_withdrawal(repository, view, "stable", "b1", version, to)]

        [self.last] = self.apply(prepare)
        return self.last.manifest

    def promote(self, version, source="beta", to="stable", boards=(), **how):
        def prepare(repository, view):
            where = (source, to)
            return prepare_promotion(self.settings, repository, view, version, where, boards, **how)

        return self.apply(prepare)

    def targets_version(self):
        return self.open().targets().version
