"""From the newest manifest down the stepping stones, and what is refused on the way."""

import json

from check import raises
from test_decide import config, facts, manifest_fields

from slotcast.decision import INSTALL, REFUSE, WAIT
from slotcast.errors import RepositoryError
from slotcast.offer import Offer
from slotcast.steps import finish

NEWEST = "stable/r2.json"


def stone_path(version):
    return "stable/r2/%s.json" % version


def offered(version, needs=None, **changes):
    digest = "%064x" % int(version.replace(".", ""))
    fields = manifest_fields(version=version, min_version=needs, image_digest=digest)
    fields.update(changes)
    return fields


def digest_of(version):
    return offered(version)["image_digest"]


def chain(*versions):
    """Targets: the last version is the newest, and each needs the one before it."""
    targets, needs = {}, None
    for version in versions:
        targets[stone_path(version)] = offered(version, needs)
        needs = version
    targets[NEWEST] = targets.pop(stone_path(needs))
    return targets


class FakeClient:
    """Serves targets that are given as fields, and notes which were fetched."""

    def __init__(self, targets):
        self.targets = targets
        self.fetched = []

    def is_target_steps(self, path, data):
        yield
        assert data is not None
        return data == self.bytes_of(path)

    def has_target_steps(self, path):
        yield
        return path in self.targets

    def fetch_target_steps(self, path, max_bytes):
        yield
        self.fetched.append(path)
        return self.bytes_of(path)

    def bytes_of(self, path):
        return json.dumps(self.targets[path]).encode()


class FakeFiles:
    """The file system, with the manifest that was kept before or None."""

    def __init__(self, kept):
        self.kept = kept

    def read(self, name):
        return self.kept

    def write(self, name, data):
        self.kept = data


def ask(targets, board, kept=None, adopt=print):
    """The decision, the paths fetched after the newest manifest, and the log."""
    client, log = FakeClient(targets), []
    offer = Offer("/nowhere", config(), client, lambda step, text: log.append(text), adopt)
    offer._files = FakeFiles(kept)
    decision = finish(offer.decide_steps(board))
    assert client.fetched[0] == NEWEST
    return decision, client.fetched[1:], log


def test_the_newest_manifest_is_fetched_only_where_another_one_is_kept():
    targets = chain("1.0.0")
    client = FakeClient(targets)
    offer = Offer("/nowhere", config(), client, print, print)
    for kept, fetched in ((client.bytes_of(NEWEST), []), (b"{}", [NEWEST]), (None, [NEWEST])):
        client.fetched, offer._files = [], FakeFiles(kept)
        assert finish(offer.decide_steps(facts(version="0.9.0"))).action == INSTALL
        assert client.fetched == fetched


def test_a_board_that_needs_no_step_asks_for_none():
    decision, fetched, _ = ask(chain("1.0.0", "2.0.0"), facts(version="1.0.0"))
    assert (decision.action, decision.manifest.version, fetched) == (INSTALL, "2.0.0", [])


def test_stones_are_followed_down_to_the_one_that_the_board_may_take():
    decision, fetched, log = ask(chain("1.0.0", "2.0.0", "3.0.0"), facts(version="0.9.0"))
    assert (decision.action, decision.reason) == (INSTALL, "0.9.0 -> 1.0.0")
    assert fetched == [stone_path("2.0.0"), stone_path("1.0.0")]
    assert log == ["step: needs 2.0.0 first", "step: needs 1.0.0 first"]
    decision, fetched, _ = ask(chain("1.0.0", "2.0.0", "3.0.0"), facts(version="1.0.0"))
    assert (decision.reason, fetched) == ("1.0.0 -> 2.0.0", [stone_path("2.0.0")])


def test_a_board_of_unknown_version_begins_with_the_oldest():
    decision, _, _ = ask(chain("1.0.0", "2.0.0", "3.0.0"), facts(version=""))
    assert decision.reason == "unknown version -> 1.0.0"


def test_a_board_that_runs_a_stone_unawares_goes_on_from_there():
    for known in ("", "0.9.0"):  # its record was lost; or the image had that version before
        board = facts(version=known, digest=digest_of("2.0.0"))
        decision, _, _ = ask(chain("1.0.0", "2.0.0", "3.0.0"), board)
        assert (decision.action, decision.reason) == (INSTALL, "2.0.0 -> 3.0.0")
    board = facts(version="", digest=digest_of("1.0.0"))
    assert ask(chain("1.0.0", "2.0.0", "3.0.0"), board)[0].reason == "1.0.0 -> 2.0.0"


def test_a_board_that_lost_its_record_takes_its_version_from_the_manifest_it_kept():
    """Else it would go back to a stone that is older than what it runs."""
    kept = json.dumps(offered("2.5.0")).encode()
    targets = chain("2.0.0", "3.0.0")
    adopted = []
    unknown = facts(version="", digest=digest_of("2.5.0"))
    decision, _, _ = ask(targets, unknown, kept, adopted.append)
    assert decision.reason == "2.5.0 -> 3.0.0"
    # The file is another's from now on: the next poll needs it in the record.
    assert [manifest.version for manifest in adopted] == ["2.5.0"]
    assert ask(targets, facts(version=""), kept)[0].reason == "unknown version -> 2.0.0"
    damaged = facts(version="", digest=digest_of("2.5.0"))
    assert ask(targets, damaged, kept[:-1])[0].reason == "unknown version -> 2.0.0"
    known = facts(version="1.0.0", digest=digest_of("2.5.0"))
    assert ask(targets, known, kept)[0].reason == "1.0.0 -> 2.0.0"


def test_a_stone_that_failed_here_is_refused_and_nothing_in_its_place():
    board = facts(version="0.9.0", failed_release=lambda d: 1 if d == digest_of("1.0.0") else None)
    decision, _, _ = ask(chain("1.0.0", "2.0.0"), board)
    assert (decision.action, decision.reason) == (REFUSE, "1.0.0 was rolled back here")


def test_no_stone_is_asked_for_while_the_newest_is_paused():
    targets = chain("1.0.0", "2.0.0")
    targets[NEWEST]["paused"] = True
    decision, fetched, _ = ask(targets, facts(version="0.9.0"))
    assert (decision.action, fetched) == (WAIT, [])


def test_a_stone_that_is_not_published_is_told():
    targets = chain("1.0.0", "2.0.0")
    del targets[stone_path("1.0.0")]
    decision, _, _ = ask(targets, facts(version="0.9.0"))
    assert decision.action == REFUSE
    assert decision.reason == "needs 1.0.0 first, which is not published"


def test_a_stone_of_another_version_is_refused():
    targets = chain("1.0.0", "2.0.0")
    targets[stone_path("1.0.0")] = offered("1.0.1")
    raises(RepositoryError, ask, targets, facts(version="0.9.0"), says="is of 1.0.1")


def test_a_stone_for_another_board_is_refused():
    targets = chain("1.0.0", "2.0.0")
    targets[stone_path("1.0.0")]["board"] = "r3"
    decision, _, _ = ask(targets, facts(version="0.9.0"))
    assert (decision.action, "board r3" in decision.reason) == (REFUSE, True)


def test_eight_stones_are_followed_and_no_ninth():
    versions = ["%d.0.0" % number for number in range(1, 11)]
    decision, fetched, _ = ask(chain(*versions), facts(version="1.5.0"))
    assert (decision.reason, len(fetched)) == ("1.5.0 -> 2.0.0", 8)
    decision, fetched, _ = ask(chain(*versions), facts(version="0.9.0"))
    assert (decision.action, len(fetched)) == (REFUSE, 8)
    assert decision.reason == "needs 1.0.0 first, and there are too many such steps"


def test_stones_that_lead_to_each_other_end():
    targets = {NEWEST: offered("3.0.0", "2.0.0"), stone_path("2.0.0"): offered("2.0.0", "2.0.0")}
    decision, fetched, _ = ask(targets, facts(version="1.0.0"))
    assert (decision.action, len(fetched)) == (REFUSE, 8)
