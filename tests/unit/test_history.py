import hashlib
from dataclasses import replace

import pytest
from shop import Shop

from publisher.errors import SettingsError
from publisher.fleet import Fleet
from publisher.layout import hashed_path, key
from publisher.offers import present_offer
from publisher.plan import make_plan
from publisher.repository import Offering, sign
from publisher.rollout import Share
from publisher.stores.base import Object
from publisher.upkeep.history import read_events


def events(shop):
    view = shop.view()
    found = read_events(shop.open(view), view)
    return [(event.channel, event.version, event.release, event.what) for event in found]


def test_a_new_product_has_no_history():
    assert events(Shop()) == []


def test_each_change_is_told_in_its_order_and_with_its_time():
    shop = Shop()
    shop.release("1.0.0", channel="beta")
    shop.later(hours=1)
    shop.promote("1.0.0", share=Share(1000))
    shop.change(rollout=replace(shop.offered().rollout, basis_points=5000))
    shop.change(paused=True)
    shop.change(paused=False)
    shop.release("1.1.0")
    shop.later(hours=1)
    shop.withdraw("1.1.0", to="1.0.0")
    assert events(shop) == [
        ("beta", "1.0.0", 1, "released"),
        ("stable", "1.0.0", 1, "released, for 10 % of boards"),
        ("stable", "1.0.0", 1, "for 50 % of boards"),
        ("stable", "1.0.0", 1, "paused"),
        ("stable", "1.0.0", 1, "resumed"),
        ("stable", "1.1.0", 2, "released"),
        ("stable", "1.0.0", 3, "offered again, 1.1.0 withdrawn"),
    ]
    view = shop.view()
    first, *_, last = read_events(shop.open(view), view)
    assert first.to_dict() == {
        "signed_at": "2026-11-22T07:00:00Z",
        "targets": 2,
        "channel": "beta",
        "board": "b1",
        "event": "released",
        "what": "released",
        "offered": True,
        "version": "1.0.0",
        "release": 1,
        "mandatory": False,
        "paused": False,
        "basis_points": 10000,
        "groups": [],
        "ramp": None,
        "withdrawn": [],
    }
    assert last.signed_at == "2026-11-22T09:00:00Z"
    assert last.to_dict()["withdrawn"] == ["1.1.0"]
    assert [event.event for event in read_events(shop.open(view), view)] == [
        "released",
        "released",
        "rollout",
        "paused",
        "resumed",
        "released",
        "offered again",
    ]


def test_a_ramp_and_its_groups_are_told_in_words_while_they_are_paused_too():
    shop = Shop()
    shop.release("1.0.0", share=Share(0, 10000, 7200, ("canary",)))
    shop.later(hours=1)
    shop.change(**changed(shop.offered().paused_at(shop.now)))
    shop.later(hours=3)
    shop.change(**changed(shop.offered().resumed_at(shop.now)))
    shop.change(rollout=shop.offered().rollout.with_share(Share(), shop.now))
    assert [what for *_, what in events(shop)] == [
        "released, for 0 % .. 100 % of boards by 2026-11-22 09:00 UTC; canary first",
        "paused, for 50 % .. 100 % of boards over 1 h; canary first",
        "resumed, for 50 % .. 100 % of boards by 2026-11-22 12:00 UTC; canary first",
        "for 100 % of boards",
    ]


def changed(manifest):
    return {"paused": manifest.paused, "rollout": manifest.rollout}


def test_what_is_signed_anew_without_a_change_is_no_event():
    shop = Shop()
    shop.release("1.0.0")
    view = shop.view()
    repository = shop.open(view)
    repository.renew("targets")
    shop.publish(make_plan("sensor", repository.edited, view.stored))
    assert events(shop) == [("stable", "1.0.0", 1, "released")]


def test_a_manifest_that_is_lost_is_told_of():
    shop = Shop()
    shop.release("1.0.0")
    target = shop.open().targets().targets["stable/b1.json"]
    shop.release("1.1.0")
    path = hashed_path("stable/b1.json", target.hashes["sha256"])
    del shop.store.objects[key("sensor", path)]
    lost = ("stable", "", 0, "its manifest is lost")
    assert events(shop) == [lost, ("stable", "1.1.0", 2, "released")]


def lose_a_race(shop, version):
    """Another run prepares a release whose timestamp is never written; then shop goes on."""
    view = shop.view()
    repository = shop.open(view)
    manifest = replace(shop.offered(), version=version, release=2)
    repository.offer_all([Offering("stable", "b1", manifest.to_bytes(), {})])
    plan = make_plan("sensor", repository.edited, view.stored)
    for write in plan.versioned:
        shop.store.create(write.item)
    path = hashed_path("stable/b1.json", hashlib.sha256(manifest.to_bytes()).hexdigest())
    shop.store.create(Object(key("sensor", path), manifest.to_bytes(), "", ""))


def test_who_lost_a_race_is_told_to_have_offered_nothing():
    shop = Shop()
    shop.release("1.0.0")
    lose_a_race(shop, "1.1.0")
    shop.change(paused=True)
    assert events(shop) == [
        ("stable", "1.0.0", 1, "released"),
        ("stable", "1.1.0", 2, "never offered: released"),
        ("stable", "1.0.0", 1, "paused"),
    ]
    view = shop.view()
    found = read_events(shop.open(view), view)
    assert [event.to_dict()["offered"] for event in found] == [True, False, True]


def test_what_was_left_out_with_resume_is_told_apart():
    shop = Shop()
    shop.release("1.0.0")
    lose_a_race(shop, "1.1.0")
    view = shop.view()
    repository = shop.open(view)
    repository.leave_out([9])
    manifest = replace(shop.offered(), paused=True)
    repository.offer_all([Offering("stable", "b1", manifest.to_bytes(), {})])
    path = hashed_path("stable/b1.json", hashlib.sha256(manifest.to_bytes()).hexdigest())
    shop.store.create(Object(key("sensor", path), manifest.to_bytes(), "", ""))
    shop.publish(make_plan("sensor", repository.edited, view.stored))
    assert [what for *_, what in events(shop)] == [
        "released",
        "left out, or hidden: released",
        "paused",
    ]


def test_a_thief_of_the_keys_hides_nothing_that_was_offered(monkeypatch):
    shop = Shop()
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        shop.release(version)
    with monkeypatch.context() as patch:
        patch.setattr("publisher.repository.sign", forging(0))
        shop.change(paused=True)
    told = [(version, what) for _, version, _, what in events(shop)]
    assert told[-2:] == [("1.2.0", "left out, or hidden: released"), ("1.2.0", "released, paused")]
    view = shop.view()
    supported = Fleet(shop.settings, shop.open(view), view).supported("stable", "b1")
    assert [release.version for release in supported.releases] == ["1.2.0", "1.1.0", "1.0.0"]
    assert shop.withdrawal("1.2.0", to="1.1.0").manifest.version == "1.1.0"


@pytest.mark.parametrize("forged", [-1, True, "2", 9])
def test_what_makes_no_sense_as_a_version_to_follow_says_nothing(monkeypatch, forged):
    shop = Shop()
    shop.release("1.0.0")
    with monkeypatch.context() as patch:
        patch.setattr("publisher.repository.sign", forging(forged))
        shop.release("1.1.0")
    assert [what for *_, what in events(shop)] == ["released", "released"]


def forging(followed):
    """What signs, after a change of what targets say that they follow."""

    def forge(metadata, signer):
        if metadata.signed.type == "targets":
            metadata.signed.unrecognized_fields["x-slotcast-follows"] = followed
        sign(metadata, signer)

    return forge


def test_what_was_never_offered_is_neither_promoted_nor_supported():
    shop = Shop()
    shop.release("1.0.0")
    lose_a_race(shop, "1.1.0")
    shop.change(paused=True)
    with pytest.raises(SettingsError, match="1.1.0 was never released on stable"):
        shop.promote("1.1.0", source="stable", to="other")
    view = shop.view()
    supported = Fleet(shop.settings, shop.open(view), view).supported("stable", "b1")
    assert [release.version for release in supported.releases] == ["1.0.0"]


def test_targets_that_are_gone_are_told_of_and_so_is_that_nobody_knows_what_boards_run():
    shop = Shop()
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        shop.release(version)
    del shop.store.objects["sensor/metadata/3.targets.json"]
    gone = "metadata/3.targets.json is gone"
    assert events(shop) == [
        ("stable", "1.0.0", 1, "released"),
        ("", "", 0, f"{gone}: nobody can tell what it offered"),
        ("stable", "1.2.0", 3, "released"),
    ]
    view = shop.view()
    fleet = Fleet(shop.settings, shop.open(view), view)
    manifest = replace(shop.offered(), version="1.3.0", release=4, image_digest="ab" * 32)
    offer = replace(present_offer(fleet.repository, "stable", "b1"), manifest=manifest)
    [proof] = fleet.prove([offer])
    words = f"stable/b1: {gone}: boards that run what it offered are not proved for"
    assert proof.warnings == (words,)
