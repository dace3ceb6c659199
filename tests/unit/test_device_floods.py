"""Metadata made to fill a board's memory, and the board's client in a heap of 96 KiB.

As large as the caps allow, all of it; signed by the true keys where that lets it go further. Each
flood ends in an error, or is taken; either way the same client goes on with sound metadata.
"""

import subprocess
from pathlib import Path

import pytest
import repository_simulator
from repository_simulator import RepositorySimulator

import device
from device.virtual.programs import compile_mpy, find_micropython

HERE = Path(__file__).parent
DEVICE = Path(device.__file__).parent
HEAP_KIB = 96
ROOT_BYTES, TIMESTAMP_BYTES, OTHER_BYTES = 16 * 1024, 4 * 1024, 32 * 1024
NO_MEMORY = ("BoardError: no memory for metadata", "MemoryError: ")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """The board's modules and the script, without the compiler's part of the heap."""
    folder = tmp_path_factory.mktemp("compiled")
    compile_mpy(DEVICE / "slotcast", folder / "slotcast")
    compile_mpy(HERE.parent / "device" / "on_board", folder)
    return folder


# What a text begins with, what it repeats, with a number for #, and what ends it.
TEXTS = {
    "brackets": ("", "[", ""),
    "empty arrays": ("[", "[],", "0]"),
    "objects": ('{"signatures":[', '{"x":{}},', "0]}"),
    "short strings": ("[", '"#",', "0]"),
    "keys": ("{", '"#":0,', '"":0}'),
    "escapes": ('["', "\\n", '"]'),
    "one string": ('["', "a", '"]'),
    "signatures": ('{"signatures":[', '{"keyid":"#","sig":""},', '0],"signed":{}}'),
}


def filled(text, size):
    """JSON of nearly `size` bytes."""
    beginning, piece, end = text
    pieces, used = [beginning], len(beginning + end)
    while used + len(piece) + 4 < size:
        pieces.append(piece.replace("#", str(len(pieces))))
        used += len(pieces[-1])
    return "".join([*pieces, end]).encode()


# No key is needed for these.


def flood_file(text, place, size):
    def publish(repository):
        repository.served[place] = filled(text, size)

    return publish


def flood_envelope(*text):
    """A sound timestamp, with as much that is not signed as fits."""

    def publish(repository):
        sound = repository.served["metadata/timestamp.json"]
        more = filled(text, TIMESTAMP_BYTES - len(sound))
        repository.served["metadata/timestamp.json"] = sound.replace(b"{", b"{" + more, 1)

    return publish


# These are signed by the true keys.


def flood_roots(repository):
    """A chain of roots twice as long as those of a product."""
    for _ in range(3):
        repository.root["x-padding"] = ["x" * 500] * 6
        repository.rotate_root("timestamp", "timestamp")


def flood_meta(repository):
    repository.snapshot["meta"].update((f"{i}.json", {"version": 1}) for i in range(1200))
    repository.update_snapshot()


def flood_targets(repository):
    info = repository_simulator.file_fields(b"")
    repository.targets["targets"].update((str(i), info) for i in range(250))
    repository.update_targets()


def flood_delegations(repository):
    for i in range(80):
        repository.delegate("targets", f"r{i}")
    repository.publish_delegations()


def flood_delegated_roles(repository):
    """A chain of roles, of files as long as they may be."""
    info = repository_simulator.file_fields(b"")
    for i in range(8):
        repository.delegate(f"r{i - 1}" if i else "targets", f"r{i}")
        repository.delegated[f"r{i}"]["targets"] = {str(j): info for j in range(240)}
    repository.publish_delegations()


def floods():
    """name -> (what publishes it, how the error may begin)."""
    for name, text in TEXTS.items():
        flood = flood_file(text, "metadata/timestamp.json", TIMESTAMP_BYTES)
        yield f"{name} for a timestamp", (flood, ("RepositoryError: ", *NO_MEMORY))
    for name in ("brackets", "keys"):
        flood = flood_file(TEXTS[name], "metadata/2.root.json", ROOT_BYTES)
        yield f"{name} for a root", (flood, ("RepositoryError: ", *NO_MEMORY))
    says = ("RepositoryError: too much is not signed", *NO_MEMORY)
    yield "an envelope of values", (flood_envelope('"x":[', "1,", "0],"), says)
    more = flood_envelope('"x":[', '{"keyid":"#","sig":""},', "0],")
    yield "an envelope of signatures", (more, says)
    yield flood_roots.__name__, (flood_roots, ("finds False",))
    for flood in (flood_meta, flood_targets, flood_delegations, flood_delegated_roles):
        yield flood.__name__, (flood, ("finds False", "RepositoryError: more than 32", *NO_MEMORY))


FLOODS = dict(floods())


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_ends_and_the_same_client_goes_on(name, compiled, tmp_path):
    publish, says = FLOODS[name]
    repository = RepositorySimulator()
    put(tmp_path / "kept", {"root": repository.served["metadata/1.root.json"]})
    publish(repository)
    put(tmp_path / "flood", repository.served)
    put(tmp_path / "sound", sound_after(repository))
    flooded, asked, after = play(compiled, tmp_path)
    assert flooded.startswith(says)
    assert int(asked) <= 1 + 3 + 3 + 8
    assert after == "finds False"


def put(folder, files):
    folder.mkdir()
    for path, data in files.items():
        (folder / path.replace("/", "+")).write_bytes(data)


def sound_after(repository):
    """What the same repository serves when it is sound again."""
    after = RepositorySimulator()
    after.root["version"] = repository.root["version"]
    for role in ("targets", "snapshot", "timestamp"):
        getattr(after, role)["version"] = getattr(repository, role)["version"]
    after.rotate_root("snapshot", "snapshot anew")
    after.update_targets()
    return after.served


def play(compiled, folder):
    command = [find_micropython(), "-X", f"heapsize={HEAP_KIB}K", "-m", "flooded_client"]
    environment = {"MICROPYPATH": str(compiled)}
    done = subprocess.run(
        [*command, str(folder)], capture_output=True, text=True, timeout=60, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()
