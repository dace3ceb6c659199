"""Delegations: the search for a target, and which keys vouch for what it finds."""

from binascii import hexlify
from hashlib import sha256

from check import raises
from repository_simulator import PAST, RepositorySimulator
from signer import Signer

from slotcast.delegations import DelegatedRole, Delegations, HashBins, matches, quoted
from slotcast.errors import ExpiredError, NotFoundError, RepositoryError

# The signer of the tests takes memory, not the code under test.
HEAP_KIB = 2048
ROLE = {"name": "a", "keyids": [], "threshold": 1, "terminating": False, "paths": ["*"]}
BINS = {"keyids": [], "threshold": 1, "name_prefix": "bin", "bit_length": 4}


def graph(*edges):
    """A repository with the delegations "a>b" of these names, and a client that is refreshed."""
    repository = RepositorySimulator()
    for edge in edges:
        delegator, _, role = edge.partition(">")
        repository.delegate(delegator, role)
    return published(repository)


def published(repository):
    repository.publish_delegations()
    files = repository.files()
    client = repository.client(files)
    client.refresh()
    repository.requests.clear()
    return repository, files, client


def visited(repository):
    """Names of the delegated roles that were asked for."""
    return [path.split(".")[1] for path in repository.requests]


def fetched(repository, client, path):
    return client.fetch_target(path, 100)


# The search


def test_a_target_of_the_top_level_asks_for_no_other_role():
    repository, _, client = graph("targets>a")
    assert client.has_target("stable/sensor-r2.json")
    assert visited(repository) == []


def test_roles_are_searched_depth_first_in_the_order_of_their_listing():
    for edges, order in (
        (("targets>a", "targets>b", "a>c", "a>d"), ["a", "c", "d", "b"]),
        (("targets>a", "targets>b", "b>c", "a>c"), ["a", "c", "b"]),
        (("targets>a", "targets>b", "b>c", "c>d", "d>b", "d>a"), ["a", "b", "c", "d"]),
    ):
        repository, _, client = graph(*edges)
        assert not client.has_target("missing")
        assert visited(repository) == order


def test_the_first_role_that_has_the_target_ends_the_search():
    repository = RepositorySimulator()
    for role in ("a", "b"):
        repository.delegate("targets", role)
        repository.add_target("x", role.encode(), role)
    repository, _, client = published(repository)
    repository.served["targets/" + file_name(b"a", "x")] = b"a"
    assert client.fetch_target("x", 10) == b"a"
    assert visited(repository)[:1] == ["a"] and len(repository.requests) == 2


def file_name(data, name):
    return hexlify(sha256(data).digest()).decode() + "." + name


def test_a_terminating_role_ends_the_search_behind_it():
    repository = RepositorySimulator()
    repository.delegate("targets", "a")
    repository.delegate("targets", "b")
    repository.delegate("a", "c", terminating=True)
    repository.delegate("a", "d")
    repository, _, client = published(repository)
    assert not client.has_target("missing")
    assert visited(repository) == ["a", "c"]


def test_only_roles_with_the_path_are_searched():
    repository = RepositorySimulator()
    repository.delegate("targets", "a", paths=["*.py", "x/*"])
    repository.delegate("targets", "b", paths=["y/*"])
    digest = sha256(b"y/1").digest().hex()
    repository.delegate("targets", "c", path_hash_prefixes=["0000", digest[:5]])
    repository.delegate("targets", "d", path_hash_prefixes=["00000000"])
    repository, _, client = published(repository)
    assert not client.has_target("y/1")
    assert visited(repository) == ["b", "c"]


def test_hash_bins_have_the_path_by_its_hash():
    for bits, digits in ((1, 1), (4, 1), (5, 2), (8, 2), (32, 8)):
        name = HashBins(dict(BINS, bit_length=bits)).name_of("some/path")
        number = int(sha256(b"some/path").digest().hex(), 16) >> (256 - bits)
        assert name == "bin-%0*x" % (digits, number)


def test_a_search_visits_32_roles_at_most():
    repository = RepositorySimulator()
    for index in range(33):
        repository.delegate("targets", "r%d" % index)
    repository.delegated["r31"]["targets"]["near"] = {
        "length": 1,
        "hashes": {"sha256": hexlify(sha256(b"x").digest()).decode()},
    }
    repository, _, client = published(repository)
    assert client.has_target("near")
    raises(RepositoryError, client.has_target, "far", says="more than 32")


def test_a_role_that_snapshot_does_not_list_is_not_asked_for():
    repository = RepositorySimulator()
    repository.delegate("targets", "a")
    repository.publish_delegations()
    del repository.snapshot["meta"]["a.json"]
    repository.update_snapshot()
    client = repository.client()
    client.refresh()
    repository.requests.clear()
    raises(RepositoryError, client.has_target, "x", says="snapshot does not name a")
    assert repository.requests == []


# What vouches for a role


def test_a_delegated_role_is_kept_and_not_asked_for_again():
    repository, files, client = graph("targets>a")
    client.has_target("x")
    assert files.data["a"] == repository.served["metadata/1.a.json"]
    repository.client(files).refresh()
    repository.requests.clear()
    again = repository.client(files)
    again.refresh()
    again.has_target("x")
    assert "metadata/1.a.json" not in repository.requests


def test_a_delegated_role_needs_the_signature_of_the_key_that_it_was_delegated_to():
    repository, files, client = graph("targets>a")
    stranger = [Signer("stranger")] + repository.signers["targets"]
    repository.served["metadata/1.a.json"] = without_listed_hash(repository, "a", stranger)
    client = repository.client(files)
    client.refresh()
    raises(RepositoryError, client.has_target, "x", says="a is signed by 0 of 1")
    assert "a" not in files.data


def without_listed_hash(repository, role, signers):
    """The role signed by others, with a snapshot that tells no hash of it."""
    data = repository.write(role, signers)
    repository.snapshot["meta"][role + ".json"] = {"version": 1}
    repository.snapshot["version"] += 1
    repository.write("snapshot")
    repository.update_timestamp()
    return data


def test_a_kept_role_is_verified_again_for_each_delegator():
    repository = RepositorySimulator()
    for parent in ("a", "b"):
        repository.delegate("targets", parent, paths=[parent + "/*"])
        repository.delegate(parent, "release", paths=[parent + "/*"])
        repository.delegated["release"]["targets"][parent + "/x"] = {
            "length": 1,
            "hashes": {"sha256": "00" * 32},
        }
    # Only the key that `a` names has signed.
    repository.signers["release"] = repository.signers["release"][:1]
    repository, files, client = published(repository)
    assert client.has_target("a/x")
    raises(RepositoryError, client.has_target, "b/x", says="release is signed by 0 of 1")
    assert client.has_target("a/x")


def test_a_delegated_role_must_be_the_version_that_snapshot_names_and_not_expired():
    repository = RepositorySimulator()
    repository.delegate("targets", "a")
    repository.delegated["a"]["expires"] = PAST
    repository, files, client = published(repository)
    raises(ExpiredError, client.has_target, "x", says="a expired")
    repository.delegated["a"].update(expires="2028-01-01T00:00:00Z", version=2)
    data = repository.write("a")
    repository.served["metadata/1.a.json"] = without_listed_hash(repository, "a", None)
    repository.served["metadata/1.a.json"] = data
    client = repository.client(files)
    client.refresh()
    raises(RepositoryError, client.has_target, "x", says="a 2 is not 1")
    assert "a" not in files.data


def test_a_role_that_is_missing_on_the_edge_is_an_error():
    repository, _, client = graph("targets>a")
    del repository.served["metadata/1.a.json"]
    raises(NotFoundError, client.has_target, "x")


def test_unusual_names_are_quoted_in_urls_and_files():
    assert quoted("../a b/?#%\u00e9~x_1.-") == "..%2Fa%20b%2F%3F%23%25%C3%A9~x_1.-"
    repository, files, client = graph("targets>../root")
    client.has_target("x")
    assert repository.requests == ["metadata/1...%2Froot.json"]
    assert "..%2Froot" in files.data and len(files.data) == 5


# Form


def test_a_delegated_role_may_not_bear_a_top_level_name():
    for name in ("root", "targets", "snapshot", "timestamp", "", 5, None, "x" * 241):
        raises(RepositoryError, DelegatedRole, dict(ROLE, name=name), says="name")
        raises(RepositoryError, HashBins, dict(BINS, name_prefix=name), says="name")
    HashBins(dict(BINS, name_prefix="x" * 238))  # "-0" and ".json.new" follow
    raises(RepositoryError, HashBins, dict(BINS, name_prefix="x" * 239), says="too long")


def test_fields_of_a_delegated_role_are_checked():
    DelegatedRole(ROLE)
    for fields in (
        {"terminating": None},
        {"terminating": 1},
        {"paths": None},
        {"paths": "*"},
        {"paths": [1]},
        {"path_hash_prefixes": ["00"]},
        {"paths": None, "path_hash_prefixes": [0]},
        {"threshold": 0},
        {"keyids": ["k", "k"]},
    ):
        raises(RepositoryError, DelegatedRole, dict(ROLE, **fields))


def test_fields_of_hash_bins_are_checked():
    for value in (0, 33, "8", True, None):
        raises(RepositoryError, HashBins, dict(BINS, bit_length=value), says="bit_length")


def test_delegations_have_either_roles_or_bins():
    Delegations({"keys": {}, "roles": [ROLE]}, b"")
    Delegations({"keys": {}, "succinct_roles": BINS}, b"")
    for fields in (
        [],
        {"keys": {}},
        {"roles": []},
        {"keys": {"k": {}}, "roles": []},
        {"keys": {}, "roles": [ROLE], "succinct_roles": BINS},
        {"keys": {}, "roles": {}},
        {"keys": {}, "roles": [5]},
        {"keys": {}, "roles": [ROLE, ROLE]},
    ):
        raises(RepositoryError, Delegations, fields, b"")


def test_patterns_match_as_the_shells_and_never_across_a_slash():
    for pattern, path in (
        ("*", ""),
        ("*", "a"),
        ("*.json", "x.json"),
        ("a*b*c", "abc"),
        ("a*b*c", "aXbYbZc"),
        ("?", "a"),
        ("foo-?.tgz", "foo-1.tgz"),
        ("x/*/z", "x/y/z"),
        ("[ab]c", "bc"),
        ("[!ab]c", "cc"),
        ("[a-c]", "b"),
        ("[]x]", "]"),
        ("[a-]", "-"),
        ("[", "["),
        ("**", "abc"),
    ):
        assert matches(path, pattern), (pattern, path)
    for pattern, path in (
        ("*", "a/b"),
        ("?", "/"),
        ("?", ""),
        ("*.md", "a/README.md"),
        ("*.md", "README.MD"),
        ("a*b", "abc"),
        ("foo-?.tgz", "foo-alpha.tgz"),
        ("x/*", "x"),
        ("[!ab]c", "ac"),
        ("[a-c]", "d"),
        ("[c-a]", "b"),
        ("", "a"),
        ("a", ""),
    ):
        assert not matches(path, pattern), (pattern, path)
