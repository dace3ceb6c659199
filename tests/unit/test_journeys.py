"""The publisher's model of a board, held against the board's own code and the shared vectors."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.journeys import Action, Kind, State, decide, poll, travel
from publisher.manifest import Manifest
from slotcast.config import Config
from slotcast.decide import Facts
from slotcast.errors import RepositoryError
from slotcast.offer import Offer as DeviceOffer
from slotcast.steps import finish

KIND = Kind("sensor", "stable", "r2", "esp32", 65536)
OTA = {
    **{"product": "sensor", "channel": "stable", "board": "r2", "chip": "esp32"},
    "built_at": "2026-01-01T00:00:00Z",
    "base_urls": ["https://updates.example.com/sensor/"],
    "trust_anchors": ["ca-1.der"],
}


@pytest.fixture(scope="module")
def known(vectors):
    return json.loads((vectors / "decide.json").read_text())


@pytest.fixture(scope="module")
def no_collection():
    """The board's code collects garbage at every manifest, which takes its time here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("slotcast.offer.gc", SimpleNamespace(collect=lambda: None))
        yield


@pytest.fixture(scope="module")
def example(known):
    return Manifest.from_fields(known["manifest"])


def state_of(facts):
    kind = Kind(*(facts[name] for name in ("product", "channel", "board", "chip", "slot_bytes")))
    return State(kind, facts["version"] or None, facts["digest"], facts["security_version"])


def test_it_decides_as_the_vectors_say(known):
    """All but what failed there; where boards are to wait, it is about what comes after."""
    compared = 0
    for case in known["cases"]:
        manifest = Manifest.from_fields({**known["manifest"], **case["manifest"]})
        facts = {**known["facts"], **case["facts"]}
        found = decide(manifest, state_of(facts))
        if manifest.image_digest in facts["failed"] and case["action"] != "current":
            continue
        compared += 1
        if case["action"] == "wait":
            assert found.action in (Action.INSTALL, Action.STEP), case["name"]
        else:
            assert (found.action.value, found.reason) == (case["action"], case["reason"])
    assert compared >= 38


class Files:
    """The file system of a board that keeps nothing."""

    def read(self, name):
        return None

    def write(self, name, data):
        pass


class Client:
    """Serves manifests by target path, as the device's client does."""

    def __init__(self, targets):
        self._targets = targets

    def has_target_steps(self, path):
        yield
        return path in self._targets

    def fetch_target_steps(self, path, max_bytes):
        yield
        return self._targets[path]


def ask_device(state, newest, stones):
    """What the board's own code makes of it: action, version and reason."""
    named = {"stable/r2.json": newest}
    named |= {f"stable/r2/{version}.json": stone for version, stone in stones.items()}
    targets = {path: json.dumps(one.to_fields()).encode() for path, one in named.items()}
    config = Config(json.dumps(OTA).encode())
    offer = DeviceOffer("/nowhere", config, Client(targets), lambda *said: None, print)
    offer._files = Files()
    facts = Facts(
        config,
        (state.version or "", state.digest),
        state.security_version,
        state.kind.slot_size,
        device_id="0011",
        failed_release=lambda digest: None,
        now=OTA["built_at"],
    )
    try:
        decision = finish(offer.decide_steps(facts))
    except RepositoryError as error:
        return "refuse", None, str(error)
    return decision.action, decision.manifest.version, decision.reason


VERSIONS = st.sampled_from([f"1.{minor}.0" for minor in range(4)])


def offers():
    return st.fixed_dictionaries(
        {
            "version": VERSIONS,
            "min_version": st.none() | VERSIONS,
            "security_version": st.integers(0, 2),
            "size": st.sampled_from([40000, 70000, 40001]),
            "image_digest": st.sampled_from([letter * 64 for letter in "abcdef"]),
            "chip": st.sampled_from(["esp32"] * 9 + ["esp32c3"]),
        }
    )


def states():
    version, digest = st.none() | VERSIONS, st.sampled_from(["", *(one * 64 for one in "abcf")])
    return st.builds(State, st.just(KIND), version, digest, st.integers(0, 2))


@given(
    states(),
    offers(),
    st.lists(VERSIONS, max_size=2, unique=True),
    st.dictionaries(VERSIONS, offers(), max_size=4),
    st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_whatever_is_offered_it_does_as_the_board_does(
    no_collection, example, state, newest, withdrawn, stones, sound
):
    """And comes to an end, also where stones are not what their names say."""
    manifest = replace(example, **newest, withdrawn=tuple(withdrawn))
    named = {
        version: replace(example, **{**fields, **({"version": version} if sound else {})})
        for version, fields in stones.items()
    }
    found = poll(state, manifest, named)
    action, version, reason = ask_device(state, manifest, named)
    assert (found.action.value, found.reason) == (action, reason)
    assert version in (None, found.manifest.version)
    assert len(travel(state, manifest, named).taken) <= 5


def offered(example, version, needs=None, **changes):
    digest = version.replace(".", "a").ljust(64, "0")
    return replace(example, version=version, min_version=needs, image_digest=digest, **changes)


def chain(example, *versions):
    """The newest manifest, and the stones to it, each of which needs the one before it."""
    needed = (None, *versions[:-1])
    made = [offered(example, one, needs) for one, needs in zip(versions, needed, strict=True)]
    return made[-1], {one.version: one for one in made[:-1]}


def test_a_way_tells_what_is_taken_first(example):
    newest, stones = chain(example, "1.0.0", "2.0.0", "3.0.0")
    assert str(travel(State(KIND, "0.9.0"), newest, stones)) == (
        "0.9.0 -> 1.0.0 (takes first) -> 2.0.0 (takes first) -> 3.0.0"
    )
    assert str(travel(State(KIND), newest, {})) == (
        "unknown version -> 3.0.0: needs 2.0.0 first, which is not published"
    )


def test_a_way_that_ends_at_a_stone_says_why(example):
    newest, stones = chain(example, "1.0.0", "2.0.0", "3.0.0")
    stones["2.0.0"] = replace(stones["2.0.0"], size=99999)
    assert str(travel(State(KIND, "1.0.0"), newest, stones)) == (
        "1.0.0 -> 2.0.0 (takes first): image of 99999 bytes, slot of 65536"
    )


def test_eight_stones_are_followed_and_not_nine(example):
    newest, stones = chain(example, *(f"1.{number}.0" for number in range(9)))
    assert len(travel(State(KIND), newest, stones).taken) == 9
    newest, stones = chain(example, *(f"1.{number}.0" for number in range(10)))
    assert str(travel(State(KIND, "0.1.0"), newest, stones)) == (
        "0.1.0 -> 1.1.0 (takes first): needs 1.0.0 first, and there are too many such steps"
    )


def test_a_board_that_finds_itself_on_a_stone_goes_on_from_there(example):
    newest, stones = chain(example, "1.0.0", "2.0.0", "3.0.0")
    board = State(KIND, None, stones["2.0.0"].image_digest)
    assert travel(board, newest, stones).taken == ("3.0.0",)


def test_a_board_that_runs_what_is_offered_has_no_way_to_go(example):
    journey = travel(State(KIND).running(example), example, {})
    assert (journey.arrives, journey.taken, str(journey)) == (True, (), "1.4.3")
