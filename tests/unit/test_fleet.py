"""No board left behind: real mistakes that strand boards, and are refused with the way printed."""

from dataclasses import replace

import esp_images
import pytest
from products import BOARD, NOW
from shop import Shop

from publisher.errors import SettingsError, StoreError, StrandingError
from publisher.fleet import Fleet
from publisher.layout import key
from publisher.offers import Offer, plan_offers, present_offer, read_offer
from publisher.pins.sets import PinSets
from publisher.plan import File, Kind, make_plan
from publisher.release import ReleaseRequest, prepare_release

LARGE, SMALL = b"large" * 20000, b"small" * 1000
WHERE = "stable/b1 would strand boards"


@pytest.fixture
def shop():
    return Shop()


def release(shop, *versions, **request):
    for version in versions:
        shop.release(version, **request)


def board(shop, **changes):
    """Change what slotcast.toml says of b1."""
    shop.settings = replace(shop.settings, boards={"b1": replace(BOARD, **changes)})


def app(version, code=SMALL, chip="esp32"):
    return esp_images.app_image(chip, code=version.encode() + code)


def refusal(shop, version, data=None, **request):
    """The lines of the refusal of a release, and the hint."""
    objects = dict(shop.store.objects)
    with pytest.raises(StrandingError) as caught:
        shop.prepare(version, data, **request)
    assert shop.store.objects == objects
    return lines_of(caught.value), caught.value.hint


def lines_of(error):
    return [str(error), *error.more]


def force(shop, **changes):
    """Publish what no command would: the present manifest with changes, and no stones."""
    view = shop.view()
    repository = shop.open(view)
    before = read_offer(repository, "stable", "b1")
    fleet = Fleet(shop.settings, repository, view)
    fleet.prove = lambda offers: ()
    shop.publish(plan_offers(fleet, [Offer(before, replace(before, **changes))]))


def prove(shop, manifest, *stones):
    """The proof that an offer meets before anything is signed."""
    view = shop.view()
    repository = shop.open(view)
    before = read_offer(repository, "stable", "b1")
    [proof] = Fleet(shop.settings, repository, view).prove([Offer(before, manifest, stones)])
    return proof


def test_a_slot_that_became_too_small_for_what_boards_take_first(shop):
    shop.release("0.9.0", app("0.9.0"))
    large = shop.release("1.0.0", app("1.0.0", LARGE))
    shop.release("2.0.0", app("2.0.0"), min_version="1.0.0")
    board(shop, slot_size=65536)
    lines, hint = refusal(shop, "2.1.0", app("2.1.0"), min_version="1.0.0")
    why = f"1.0.0 (takes first): image of {large.size} bytes, slot of 65536"
    assert lines == [
        f"{WHERE} on 0.9.0: 0.9.0 -> {why}",
        f"{WHERE} from the factory: unknown version -> {why}",
    ]
    wanted = "1.0.0 does not fit the slot of [boards.b1]: leave --min-version out"
    assert hint == f"{wanted}, or put slot_size back"
    shop.release("2.1.0", app("2.1.0"))


def test_the_name_of_a_board_that_means_another_chip_now(shop):
    release(shop, "1.0.0", "1.1.0")
    board(shop, chip="esp32c3")
    lines, hint = refusal(shop, "2.0.0", app("2.0.0", chip="esp32c3"))
    why = "2.0.0: manifest is for chip esp32c3, this is esp32"
    assert lines == [f"{WHERE} on {one}: {one} -> {why}" for one in ("1.1.0", "1.0.0")]
    assert 'supported_since = "2.0.0" in [boards.b1], if none is left' in hint
    board(shop, chip="esp32c3", supported_since="2.0.0")
    shop.release("2.0.0", app("2.0.0", chip="esp32c3"))


def test_a_stone_of_another_chip(shop):
    release(shop, "1.0.0")
    board(shop, chip="esp32c3", supported_since="2.0.0")
    lines, _ = refusal(shop, "2.0.0", app("2.0.0", chip="esp32c3"), min_version="1.0.0")
    way = "unknown version -> 1.0.0 (takes first): manifest is for chip esp32, this is esp32c3"
    assert lines == [f"{WHERE} from the factory: {way}"]


def test_a_stone_below_what_boards_have_confirmed_of_security(shop):
    """1.1.0 came after 1.4.0, as a mend of what boards went back to."""
    release(shop, "1.0.0", "1.4.0", "1.5.0")
    shop.withdraw("1.5.0", to="1.0.0")
    board(shop, security_version=3)
    release(shop, "1.1.0")
    lines, hint = refusal(shop, "2.0.0", min_version="1.4.0")
    way = "1.1.0 -> 1.4.0 (takes first): security version 0 is below 3"
    assert lines == [f"{WHERE} on 1.1.0: {way}"]
    assert 'supported_since = "1.4.0" in [boards.b1]' in hint
    release(shop, "2.0.0")


def test_a_withdrawn_version_that_the_offer_has_no_room_for_any_more(shop):
    release(shop, "1.0.0", "1.1.0")
    offered = shop.withdraw("1.1.0", to="1.0.0")
    with pytest.raises(StrandingError) as caught:
        prove(shop, replace(offered, withdrawn=()))
    why = "1.0.0 is older than 1.1.0, which runs"
    assert str(caught.value) == f"{WHERE} on 1.1.0: 1.1.0 -> 1.0.0: {why}"


def test_an_older_release_below_what_boards_have_confirmed_of_security(shop):
    first = shop.release("1.0.0")
    board(shop, security_version=2)
    release(shop, "1.1.0")
    with pytest.raises(SettingsError, match="security_version 0"):
        shop.withdraw("1.1.0", to="1.0.0")
    with pytest.raises(StrandingError) as caught:
        prove(shop, replace(first, release=3, withdrawn=("1.1.0",)))
    why = "1.1.0 is withdrawn, but 1.0.0 cannot replace it: security version 0 is below 2"
    assert str(caught.value) == f"{WHERE} on 1.1.0: 1.1.0 -> 1.0.0: {why}"


def test_a_stone_that_is_not_published(shop):
    first = shop.release("1.0.0")
    second = replace(first, version="2.0.0", min_version="1.5.0", image_digest="2" * 64)
    with pytest.raises(StrandingError) as caught:
        prove(shop, second)
    why = "2.0.0: needs 1.5.0 first, which is not published"
    assert lines_of(caught.value) == [
        f"{WHERE} on 1.0.0: 1.0.0 -> {why}",
        f"{WHERE} from the factory: unknown version -> {why}",
    ]


def test_a_stone_whose_own_stone_is_withdrawn_or_gone(shop):
    release(shop, "1.0.0")
    release(shop, "2.0.0", min_version="1.0.0")
    release(shop, "3.0.0")
    shop.withdraw("1.0.0")
    with pytest.raises(SettingsError, match=r"1\.0\.0 is withdrawn .* on their way to 2\.0\.0"):
        shop.prepare("3.1.0", min_version="2.0.0")
    other = Shop()
    first = other.release("1.0.0")
    other.release("2.0.0", min_version="1.0.0")
    del other.store.objects[key("sensor", first.full.path)]
    with pytest.raises(StoreError, match=r"no board can take 1\.0\.0: .* on their way to 2\.0\.0"):
        other.prepare("3.0.0", min_version="2.0.0")


def test_more_stones_than_boards_follow(shop):
    least = None
    for number in range(9):
        shop.release(f"1.{number}.0", min_version=least)
        least = f"1.{number}.0"
    with pytest.raises(SettingsError, match=r"more than 8 releases first: 1\.0\.0, 1\.1\.0, "):
        shop.prepare("1.9.0", min_version="1.8.0")


def test_a_promotion_to_boards_that_never_had_the_stone(shop):
    release(shop, "1.0.0", channel="beta")
    release(shop, "2.0.0", channel="beta", min_version="1.0.0")
    with pytest.raises(SettingsError, match=r"1\.0\.0 was never released on stable/b1"):
        shop.promote("2.0.0")


def test_a_promotion_to_boards_that_mean_another_chip(shop):
    shop.settings = replace(shop.settings, boards={"b1": BOARD, "b2": BOARD})
    for name in ("b1", "b2"):
        release(shop, "1.0.0", board=name)
    board(shop, chip="esp32s3")
    shop.release("2.0.0", app("2.0.0", chip="esp32s3"), channel="beta")
    with pytest.raises(StrandingError, match=r"stable/b1 would strand boards on 1\.0\.0: "):
        shop.promote("2.0.0")


def test_versions_of_other_channels_are_no_states_of_this_one(shop):
    release(shop, "5.0.0", channel="beta")
    proof = shop.prepare("1.0.0").proof
    assert ([way.start.version for way in proof.arriving], proof.lines) == ([None], [])


def test_the_proof_counts_versions_and_steps(shop):
    release(shop, "1.0.0", "1.1.0")
    release(shop, "1.2.0", min_version="1.1.0")
    proof = shop.prepare("1.3.0", min_version="1.2.0").proof
    assert proof.lines == [
        "stable/b1: 3 supported versions and boards from the factory reach 1.3.0, "
        "the longest way in 3 steps"
    ]
    assert proof.to_dict() == {
        "where": "stable/b1",
        "states": 4,
        "arriving": 4,
        "longest": 3,
        "above": [],
        "stranded": [],
    }


def test_what_is_supported_no_more_is_not_looked_for(shop):
    release(shop, "1.0.0", "1.1.0", "1.2.0")
    board(shop, supported_since="1.2.0")
    assert prepared_versions(shop, "1.3.0") == {"1.2.0", None}


def test_no_more_of_the_past_is_read_than_what_is_supported(shop):
    release(shop, "1.0.0", "1.1.0", "1.2.0", "1.3.0")
    board(shop, supported_since="1.2.0")
    read, view = [], shop.view()
    stored, view.stored = view.stored, lambda path: read.append(path) or stored(path)
    Fleet(shop.settings, shop.open(view), view).supported("stable", "b1")
    past = [path for path in ("2", "3", "4") if f"metadata/{path}.targets.json" in read]
    assert past == ["3", "4"]  # 1.1.0, which is below, and 1.2.0; not 1.0.0


def prepared_versions(shop, version):
    proof = shop.prepare(version).proof
    return {way.start.version for way in (*proof.arriving, *proof.above)}


def test_what_boards_went_back_from_is_looked_for_behind_what_is_supported_no_more(shop):
    release(shop, "1.0.0", "1.1.0", "1.2.0")
    shop.withdraw("1.2.0", to="1.0.0")
    board(shop, supported_since="1.1.0")
    assert prepared_versions(shop, "1.3.0") == {"1.1.0", "1.2.0", None}


def test_a_version_below_what_is_supported_is_not_released(shop):
    board(shop, supported_since="2.0.0")
    with pytest.raises(SettingsError, match=r"supported_since = 2\.0\.0 is above 1\.0\.0"):
        shop.prepare("1.0.0")


def test_each_image_that_a_version_had_is_a_state(shop):
    first = shop.release("1.0.0")
    force(shop, image_digest="1" * 64, chip="esp32c3", release=2)
    lines, _ = refusal(shop, "2.0.0")
    why = "2.0.0: manifest is for chip esp32, this is esp32c3"
    assert lines == [f"{WHERE} on 1.0.0 (image 11111111): 1.0.0 -> {why}"]
    assert first.image_digest in {one.digest for one in states(shop)}


def states(shop):
    view = shop.view()
    return Fleet(shop.settings, shop.open(view), view).supported("stable", "b1").states


def test_boards_on_a_withdrawn_release_have_confirmed_its_security_version(shop):
    release(shop, "1.0.0")
    board(shop, security_version=3)
    release(shop, "1.1.0", "1.2.0")
    shop.withdraw("1.2.0", to="1.1.0")
    found = {one.version: one.security_version for one in states(shop)}
    assert found == {"1.0.0": 0, "1.1.0": 3, "1.2.0": 3, None: 0}


def test_the_same_image_offered_with_a_higher_security_version_counts_with_that(shop):
    release(shop, "1.0.0")
    force(shop, security_version=2, release=2)
    force(shop, security_version=1, release=3)
    assert [one.security_version for one in states(shop)] == [2, 0]


def test_a_stone_is_a_state_though_nothing_tells_of_its_offer(shop):
    release(shop, "1.0.0")
    release(shop, "2.0.0", min_version="1.0.0")
    del shop.store.objects["sensor/metadata/2.targets.json"]
    assert [one.version for one in states(shop)] == ["2.0.0", "1.0.0", None]


def test_boards_above_what_is_offered_are_not_behind_it(shop):
    release(shop, "1.0.0", "1.1.0", "1.2.0")
    shop.withdraw("1.2.0", to="1.0.0")
    proof = shop.prepare("1.0.1").proof
    assert proof.to_dict()["above"] == ["1.1.0"]
    assert "2 supported versions" in proof.lines[0]


def stranded(shop):
    """2.0.0 is offered, and boards on 1.0.0, of another chip, do not get there."""
    release(shop, "1.0.0")
    force(shop, version="1.1.0", image_digest="1" * 64, release=2, chip="esp32c3")
    force(shop, version="2.0.0", image_digest="2" * 64, release=3)
    return shop


def test_a_pause_is_never_held_up(shop):
    stranded(shop)
    read = []
    view = shop.view()
    repository = shop.open(view)
    present = present_offer(repository, "stable", "b1")
    stored, view.stored = view.stored, lambda path: read.append(path) or stored(path)
    paused = replace(present, manifest=replace(present.manifest, paused=True))
    fleet = Fleet(shop.settings, repository, view)
    assert fleet.prove([paused]) == ()
    shop.publish(plan_offers(fleet, [paused]))
    assert shop.offered().paused
    assert not any("2.targets" in path for path in read)  # the past is not even looked at


def test_what_is_stranded_already_is_told_when_something_is_taken_back(shop):
    stranded(shop)
    manifest = shop.offered()
    proof = prove(shop, replace(manifest, release=4, withdrawn=("1.1.0",)))
    why = "2.0.0: manifest is for chip esp32c3, this is esp32"
    assert proof.warnings == (
        f"boards on stable/b1 stay stranded, as they were: 1.0.0 -> {why}",
        f"boards on stable/b1 stay stranded, as they were: unknown version -> {why}",
    )
    assert (len(proof.stranded), proof.refused) == (2, ())


def test_the_next_release_is_refused_for_what_is_stranded_already(shop):
    lines, hint = refusal(stranded(shop), "3.0.0")
    assert len(lines) == 2
    assert 'supported_since = "3.0.0"' in hint


def test_a_board_that_slotcast_toml_knows_no_more_can_still_be_taken_back(shop):
    release(shop, "1.0.0", "1.1.0")
    shop.settings = replace(shop.settings, boards={})
    assert shop.withdraw("1.1.0", to="1.0.0").version == "1.0.0"
    assert [one.version for one in states(shop)] == ["1.0.0", "1.1.0"]


def test_nothing_is_encoded_for_a_release_that_would_strand_boards(shop):
    release(shop, "1.0.0")
    board(shop, chip="esp32c3")
    view, steps = shop.view(), []
    data = app("2.0.0", chip="esp32c3")
    request = ReleaseRequest(data, "app.bin", "2.0.0", "stable", "b1")
    with pytest.raises(StrandingError):
        prepare_release(
            shop.settings, shop.open(view), view, request, lambda *step: steps.append(step)
        )
    assert steps == []


def test_the_very_same_release_again_has_nothing_to_prove(shop):
    release(shop, "1.0.0", "1.1.0")
    board(shop, chip="esp32", supported_since="9.0.0")
    assert shop.prepare("1.1.0").proof is None


def test_it_is_proved_again_before_anything_is_signed(shop):
    first = shop.release("1.0.0")
    view = shop.view()
    repository = shop.open(view)
    other = replace(first, version="2.0.0", release=2, chip="esp32c3", image_digest="2" * 64)
    with pytest.raises(StrandingError):
        plan_offers(Fleet(shop.settings, repository, view), [Offer(first, other)])
    assert repository.edited == []


def publish_pins(shop, *base_urls):
    """Publish a pin set of these base URLs, of two CA roots."""
    from publisher.certificates import amazon_roots

    sets = PinSets.of_factory("sensor", shop.settings.base_url, (), amazon_roots()[:2])
    data = sets.with_next(base_urls, (), amazon_roots()[:2], NOW).without(0).to_bytes()
    repository = shop.open()
    repository.publish_pins(data)
    sha256 = repository.targets().targets["pins.json"].hashes["sha256"]
    pins = File(Kind.PINS, f"targets/{sha256}.pins.json", data)
    shop.publish(make_plan("sensor", [pins, *repository.edited], shop.view().stored))


def move(shop, host):
    edge = replace(shop.settings.edge, base_url=f"https://{host}/")
    shop.settings = replace(shop.settings, edge=edge)


def test_a_base_url_that_no_pin_set_tells_boards_of(shop):
    release(shop, "1.0.0")
    publish_pins(shop, "https://updates.example.org/sensor/", "https://spare.example.org/sensor/")
    move(shop, "new.example.org")
    lines, hint = refusal(shop, "1.1.0")
    assert lines == [
        "no pin set tells boards of https://new.example.org/sensor/: they ask at "
        "https://spare.example.org/sensor/, https://updates.example.org/sensor/"
    ]
    assert "`slotcast pins set --base-url https://new.example.org/`" in hint
    move(shop, "spare.example.org")
    assert shop.prepare("1.1.0").warnings == ()


def test_a_base_url_that_no_pin_set_told_boards_of_before_is_warned_of(shop):
    release(shop, "1.0.0")
    publish_pins(shop, "https://spare.example.org/sensor/")
    [warning] = shop.prepare("1.1.0").warnings
    assert warning.startswith("no pin set tells boards of https://updates.example.org/sensor/")


def test_a_base_url_that_changes_without_pin_sets_is_warned_of_once(shop):
    release(shop, "1.0.0")
    move(shop, "new.example.org")
    prepared = shop.prepare("1.1.0")
    assert "boards of that time go on asking there alone" in prepared.warnings[0]
    shop.publish(prepared.plan)
    assert shop.prepare("1.2.0").warnings == ()
