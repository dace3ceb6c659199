"""Delegations that have no end: cycles, floods, patterns and names made to cost time and memory."""

from check import raises
from repository_simulator import RepositorySimulator, encoded, key_fields, keyid

from slotcast import delegations
from slotcast.delegations import DelegatedRole, Delegations, HashBins, matches
from slotcast.errors import RepositoryError
from slotcast.steps import finish, plain

# The signer of the tests takes memory, not the code under test.
HEAP_KIB = 2048
ROLE = {"name": "a", "keyids": [], "threshold": 1, "terminating": False, "paths": ["*"]}
MAX_BYTES = 32 * 1024


class Roles:
    """Delegated roles that need no signature: name -> names that it delegates everything to."""

    def __init__(self, edges) -> None:
        self.loaded = []
        self._edges = edges

    def load(self, name: str, delegator):
        self.loaded.append(name)
        return self.targets(name)

    def targets(self, name: str):
        return Unsigned([dict(ROLE, name=role) for role in self._edges.get(name, ())])

    def find(self, path: str):
        return finish(delegations.find_steps(path, self.targets("targets"), plain(self.load)))


class Unsigned:
    """What a search reads of targets metadata."""

    def __init__(self, roles) -> None:
        self.targets = {}
        self.delegations = Delegations({"keys": {}, "roles": roles}, b"")


def test_cycles_end_and_no_role_is_visited_twice():
    ring = {"targets": ["r0"]}
    ring.update(("r%d" % i, ["r%d" % ((i + 1) % 30)]) for i in range(30))
    names = ["r%d" % i for i in range(30)]
    for edges, visited in (
        ({"targets": ["a"], "a": ["a"]}, ["a"]),
        ({"targets": ["a", "b"], "a": ["b", "a"], "b": ["a", "b"]}, ["a", "b"]),
        (dict.fromkeys(["targets"] + names, names), names),
        (ring, names),
    ):
        roles = Roles(edges)
        assert roles.find("missing") is None
        assert roles.loaded == visited


def test_a_search_in_a_flood_ends_at_32_roles_however_it_branches():
    wide = {"targets": ["r%d" % i for i in range(200)]}
    long = {"targets": ["r0"]}
    long.update(("r%d" % i, ["r%d" % (i + 1)]) for i in range(200))
    tree = {"targets": ["r"]}
    for name in ("r", "rx", "ry", "rxx", "rxy", "rxxx", "rxxxx", "rxxxxx"):
        tree[name] = [name + letter for letter in "xyzuvw"]
    for edges in (wide, long, tree):
        roles = Roles(edges)
        raises(RepositoryError, roles.find, "missing", says="more than 32 delegated roles")
        assert len(roles.loaded) == 32
        assert len(set(roles.loaded)) == 32


def test_targets_full_of_delegations_cost_32_requests_and_the_board_goes_on():
    repository = RepositorySimulator()
    repository.delegate("targets", "role")
    listed = repository.targets["delegations"]
    one = dict(listed["roles"][0])
    listed["roles"] = [dict(one, name="r%d" % i) for i in range(225)]
    assert MAX_BYTES - 4096 < len(encoded(repository.targets)) < MAX_BYTES
    data = repository.write("role")
    for i in range(225):
        repository.served["metadata/1.r%d.json" % i] = data
        repository.snapshot["meta"]["r%d.json" % i] = {"version": 1}
    repository.update_targets()
    files = repository.files()
    client = repository.client(files)
    client.refresh()
    assert client.has_target("stable/sensor-r2.json")
    repository.requests.clear()
    raises(RepositoryError, client.has_target, "x", says="more than 32 delegated roles")
    assert len(repository.requests) == 32
    assert client.has_target("stable/sensor-r2.json")


def test_keys_of_delegations_are_the_hashes_that_they_stand_under():
    repository = RepositorySimulator()
    key = key_fields(repository.signers["targets"][0])
    right = keyid(repository.signers["targets"][0])
    Delegations({"keys": {right: key}, "roles": [ROLE]}, b"")
    for wrong in ({"k": key}, {right.upper(): key}, {right: dict(key, x=1)}, {right: 5}):
        raises(RepositoryError, Delegations, {"keys": wrong, "roles": [ROLE]}, b"")


def test_patterns_cost_no_more_than_length_times_length():
    count = []
    takes = delegations._takes
    delegations._takes = lambda token, character: count.append(1) or takes(token, character)
    try:
        for pattern in ("*a" * 60 + "b", "a*" * 60 + "b", "*" * 120 + "b", "?*" * 60 + "b"):
            count.clear()
            assert not matches("a" * 120, pattern)
            assert len(count) <= 120 * 121, pattern
    finally:
        delegations._takes = takes


def test_a_bracket_is_closed_by_its_own_and_not_by_another_ones():
    for path, pattern in (("ab]c", "ab]c"), ("a", "[!]x]"), ("a]", "?]"), ("!", "[]!]")):
        assert matches(path, pattern)
    for path, pattern in (("ac", "ab]c"), ("]", "[!]x]"), ("x", "[!]x]"), ("a", "[]!]")):
        assert not matches(path, pattern)


def test_patterns_and_prefixes_have_a_longest_length():
    for text in ("a" * 512, "[" * 512, "*a" * 256):
        assert not DelegatedRole(dict(ROLE, paths=[text])).has("stable")
    for text in ("a" * 513, "[" * 30000, "*a" * 15000, "\u00e9" * 10000):
        raises(RepositoryError, DelegatedRole, dict(ROLE, paths=["x", text]), says="too long")
        bins = dict(ROLE, paths=None, path_hash_prefixes=[text])
        raises(RepositoryError, DelegatedRole, bins, says="too long")


def test_names_have_a_longest_length():
    bins = {"keyids": [], "threshold": 1, "bit_length": 4}
    for name in ("a" * 240, "\u00e9" * 40):
        assert DelegatedRole(dict(ROLE, name=name)).name == name
    for name in ("a" * 241, "a" * 30000, "\u00e9" * 10000, "/" * 81):
        raises(RepositoryError, DelegatedRole, dict(ROLE, name=name), says="too long")
        raises(RepositoryError, HashBins, dict(bins, name_prefix=name), says="too long")
