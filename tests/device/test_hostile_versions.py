"""True metadata in the wrong place or time: replays, rollbacks, fast-forwards, mixed snapshots."""

from check import raises
from repository_simulator import TARGET, RepositorySimulator
from signer import Signer

from slotcast.errors import RepositoryError

# The signer of the tests takes memory, not the code under test.
HEAP_KIB = 2048
ROLES = ("root", "timestamp", "snapshot", "targets")
HIGHEST = 2**53 - 1


class OtherProduct(RepositorySimulator):
    """A sound repository of other keys; its versions are 2."""

    def __init__(self) -> None:
        super().__init__()
        for role, signers in self.signers.items():
            self.signers[role] = [Signer("other %s %d" % (role, i)) for i in range(len(signers))]
        self.list_keys()
        self.root["version"] = 2
        self.write("root")
        self.update_targets()


def refreshed(repository):
    files = repository.files()
    client = repository.client(files)
    client.refresh()
    return files, client


def path_of(role, version):
    return "metadata/%s.json" % (role if role == "timestamp" else "%d.%s" % (version, role))


def with_versions_alone(repository):
    """Publish version 2 of all but root, with no hashes listed."""
    repository.targets["version"] = repository.snapshot["version"] = 2
    repository.timestamp["version"] = 2
    repository.write("targets")
    repository.snapshot["meta"] = {"targets.json": {"version": 2}}
    repository.write("snapshot")
    repository.timestamp["meta"] = {"snapshot.json": {"version": 2}}
    repository.write("timestamp")


def refused_in_place(repository, role, data, says):
    """Serve `data` as version 2 of a role; assert that what comes before is all that is kept."""
    files, client = refreshed(repository)
    with_versions_alone(repository)
    before = ROLES[1 : ROLES.index(role)] if role != "root" else ()
    accepted = {name: repository.served[path_of(name, 2)] for name in before}
    repository.served[path_of(role, 2)] = data
    expected = dict(files.data, **accepted)
    for one in (client, repository.client(files)):
        raises(RepositoryError, one.refresh, says=says)
        assert files.data == expected


# In place of another


def test_metadata_of_another_product_is_refused_in_every_role():
    other = OtherProduct()
    for role in ROLES:
        says = "%s is signed by 0 of %d keys" % (role, 2 if role == "root" else 1)
        data = other.served[path_of(role, 2)]
        refused_in_place(RepositorySimulator(), role, data, says)


def test_metadata_of_another_role_is_refused_in_its_place():
    for role in ROLES:
        other = ROLES[(ROLES.index(role) + 1) % 4]
        repository = RepositorySimulator()
        data = repository.served[path_of(other, 1)]
        refused_in_place(repository, role, data, "this is not %s metadata" % role)


def test_the_root_that_is_trusted_is_not_its_own_successor():
    repository = RepositorySimulator()
    first = repository.served["metadata/1.root.json"]
    refused_in_place(repository, "root", first, "root 1 follows root 1")
    repository.rotate_root("timestamp", "timestamp")
    repository.rotate_root("timestamp", "timestamp")
    served = repository.served
    skipped = served.pop("metadata/3.root.json")
    fresh = RepositorySimulator()
    refused_in_place(fresh, "root", skipped, "root 3 follows root 1")


# Rollback


def test_old_files_of_any_role_are_refused_after_new_ones():
    for role in ROLES[1:]:
        repository = RepositorySimulator()
        old = repository.served[path_of(role, 1)]
        repository.update_targets()
        files, client = refreshed(repository)
        before = dict(files.data)
        repository.update_targets()
        accepted = {name: repository.served[path_of(name, 3)] for name in ROLES[1:]}
        repository.served[path_of(role, 3)] = old
        raises(RepositoryError, client.refresh)
        for name in ROLES[1 : ROLES.index(role)]:
            before[name] = accepted[name]
        assert files.data == before


def test_a_snapshot_that_takes_targets_back_is_refused():
    repository = RepositorySimulator()
    repository.update_targets()
    files, client = refreshed(repository)
    kept = dict(files.data)
    repository.targets["version"] = 0
    repository.update_targets()
    raises(RepositoryError, client.refresh, says="targets.json went from 2 to 1")
    kept["timestamp"] = repository.served["metadata/timestamp.json"]
    assert files.data == kept


# Fast-forward


def test_the_highest_version_is_accepted_and_none_beyond_it():
    repository = RepositorySimulator()
    files, client = refreshed(repository)
    for role in ("targets", "snapshot", "timestamp"):
        getattr(repository, role)["version"] = HIGHEST - 1
    repository.update_targets()
    client.refresh()
    kept = dict(files.data)
    beyond = kept["timestamp"].replace(b'"version":%d}' % HIGHEST, b'"version":%d}' % (HIGHEST + 1))
    assert beyond != kept["timestamp"]
    repository.served["metadata/timestamp.json"] = beyond
    raises(RepositoryError, client.refresh, says="beyond 2^53")
    assert files.data == kept


def fast_forwarded(*roles):
    """A board that has accepted the highest version of these roles, and what was served before."""
    repository = RepositorySimulator()
    before = {role: getattr(repository, role)["version"] for role in roles}
    for role in roles:
        getattr(repository, role)["version"] = HIGHEST - 1
    repository.update_targets()
    files, _ = refreshed(repository)
    for role in roles:
        getattr(repository, role)["version"] = before[role]
    return repository, files


def test_versions_cannot_come_down_while_the_keys_stay():
    for role, says in (
        ("timestamp", "timestamp went from %d to 2" % HIGHEST),
        ("snapshot", "snapshot went from %d to 2" % HIGHEST),
        ("targets", "targets.json went from %d to 2" % HIGHEST),
    ):
        repository, files = fast_forwarded(role)
        repository.update_targets()
        kept = {name: files.data[name] for name in ("root", "snapshot", "targets")}
        for _ in range(2):
            raises(RepositoryError, repository.client(files).refresh, says=says)
        assert {name: files.data[name] for name in kept} == kept


def test_rotated_keys_bring_the_versions_of_their_roles_down():
    for role, rotated in (
        ("timestamp", ("timestamp",)),
        ("snapshot", ("timestamp", "snapshot")),
        ("targets", ("snapshot",)),
    ):
        repository, files = fast_forwarded(role)
        for name in rotated:
            repository.rotate_root(name, name + " anew")
        repository.add_target(TARGET, b"after")
        repository.update_targets()
        client = repository.client(files)
        client.refresh()
        assert client.fetch_target(TARGET, 10) == b"after"
        for name in ROLES[1:]:
            version = getattr(repository, name)["version"]
            assert files.data[name] == repository.served[path_of(name, version)]


# Mix and match


def generations():
    """What is served of two releases, without and with hashes of what they list: (old, new)."""
    for has_hashes in (False, True):
        repository = RepositorySimulator()
        files, _ = refreshed(repository)
        made = []
        for version in (2, 3):
            repository.add_target(TARGET, b"release %d" % version)
            repository.update_targets()
            if not has_hashes:
                repository.snapshot["meta"]["targets.json"] = {"version": version}
                repository.write("snapshot")
                repository.timestamp["meta"]["snapshot.json"] = {"version": version}
                repository.write("timestamp")
            made.append({role: repository.served[path_of(role, version)] for role in ROLES[1:]})
        yield repository, files, made


def test_files_of_two_snapshots_are_never_taken_together():
    for repository, files, (old, new) in generations():
        first = dict(files.data)
        for timestamp, snapshot, targets in (
            (new, new, old),
            (new, old, new),
            (new, old, old),
            (old, new, new),
            (old, new, old),
            (old, old, new),
        ):
            version = 3 if timestamp is new else 2
            repository.served["metadata/timestamp.json"] = timestamp["timestamp"]
            repository.served[path_of("snapshot", version)] = snapshot["snapshot"]
            repository.served[path_of("targets", version)] = targets["targets"]
            files.data = dict(first)
            raises(RepositoryError, repository.client(files).refresh)
            kept = dict(first, timestamp=timestamp["timestamp"])
            if snapshot is timestamp:
                kept["snapshot"] = snapshot["snapshot"]
            assert files.data == kept


# Roots without end


class EndlessRoots(RepositorySimulator):
    """As many roots as are asked for, by one key; each is signed when it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.signers["root"] = [Signer("root-1")]
        self.list_keys(root_threshold=1)
        self.write("root")
        self.last = 10000

    def fetch(self, path: str, max_bytes: int) -> bytes:
        if path.endswith(".root.json"):
            version = int(path[len("metadata/") : -len(".root.json")])
            if version <= self.last:
                self.root["version"] = version
                self.write("root")
        return super().fetch(path, max_bytes)


def test_of_10000_roots_a_poll_follows_32_and_still_learns_of_releases():
    repository = EndlessRoots()
    files, client = refreshed(repository)
    repository.requests.clear()
    repository.add_target(TARGET, b"released")
    repository.update_targets()
    client.refresh()
    asked = [path for path in repository.requests if "root" in path]
    assert asked == [path_of("root", version) for version in range(34, 66)]
    assert files.data["root"] == repository.served[path_of("root", 65)]
    assert client.fetch_target(TARGET, 10) == b"released"
    # A chain that breaks goes on from its last sound root.
    kept = files.data["root"]
    repository.signers["root"] = [Signer("stranger")]
    raises(RepositoryError, client.refresh, says="root is signed by 0 of 1 keys")
    assert files.data["root"] == kept
    repository.signers["root"] = [Signer("root-1")]
    repository.last = 66
    client.refresh()
    assert files.data["root"] == repository.served[path_of("root", 66)]
