"""TUF metadata from anyone on the way: refused with RepositoryError, or signed and sound.

The peer is python-tuf: what the board takes, it takes too. (The other way round the board is
stricter, as test_device_tuf_formats.py lists.)
"""

import copy
import json
import random
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import tuf.api.exceptions
import tuf_publisher
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from repository_simulator import MemoryFiles
from securesystemslib.formats import encode_canonical
from tuf.api.metadata import Metadata
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
from tuf.ngclient.config import EnvelopeType

import slotcast.client
import slotcast.ed25519
from slotcast.client import Client
from slotcast.errors import DownloadError, NotFoundError, OtaError, RepositoryError
from slotcast.steps import plain
from slotcast.trust import TrustedMetadata

NOW = "2026-11-20T12:00:00Z"
ROLES = ("root", "timestamp", "snapshot", "targets")
VALUES = [None, True, False, 0, 1, 2, 3, -1, 2**53 - 1, 2**53, 2**70, 0.5, "", "1", "1.0.31"]
VALUES += ["2.0.0", NOW, "2027-01-01T00:00:00Z", "2027-02-29T00:00:00Z", "root", "a" * 64]
VALUES += ["\xe9", "\U0001f600", "\ud800", [], ["a", "a"], {}, {"a": 1}, {"": None}]
VALUES += [{"sha256": "0" * 64}, {"version": 1}, {"snapshot.json": {"version": 1}}]
VALUES += [json.loads("[" * depth + "]" * depth) for depth in (8, 9, 10, 900)]
NAMES = ["", "a", "version", "length", "hashes", "signed", "delegations", "x-slotcast-signed-at"]


def published(has_file_hashes):
    """A publisher on its second root."""
    for seed in range(100):
        found = tuf_publisher.Publisher(random.Random(seed))
        if found.consistent and found.has_file_hashes == has_file_hashes:
            found.rotate_root()
            return found
    raise AssertionError


# Without lengths and hashes in meta: signatures and forms decide.
PUBLISHER = published(has_file_hashes=False)
PINNING = published(has_file_hashes=True)
GENUINE = {role: PUBLISHER.served[PUBLISHER.path(getattr(PUBLISHER, role))] for role in ROLES}
VERIFIED = {}  # what the board's core has verified once, for speed


@pytest.fixture(autouse=True, scope="module")
def fast_client():
    """`cryptography` verifies: the board's own code for it has tests of its own."""

    def verify(public, signature, write_message):
        pieces = []
        write_message(lambda piece: pieces.append(bytes(piece)))
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, b"".join(pieces))
        except (InvalidSignature, ValueError):
            return False
        return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slotcast.ed25519, "verify", verify)
        # A board's few objects are quickly looked through; those of a test run are not.
        patch.setattr(slotcast.client, "gc", SimpleNamespace(collect=lambda: 0))
        yield


def first_root(role):
    return PUBLISHER.served[f"metadata/{1 if role == 'root' else 2}.root.json"]


def loaded(trusted, role):
    """`trusted`, with the roles before `role`."""
    for name in ROLES[1 : ROLES.index(role)]:
        getattr(trusted, f"update_{name}")(GENUINE[name])
    return trusted


def device_takes(role, data):
    """Whether the board does; and that it keeps only what is signed."""
    trusted = loaded(TrustedMetadata.of(first_root(role), NOW, VERIFIED), role)
    trusted = copy.copy(trusted)
    trusted._verified = dict(VERIFIED)
    before = [getattr(trusted, name) for name in ROLES]
    try:
        getattr(trusted, f"update_{role}")(data)
    except RepositoryError:
        after = [getattr(trusted, name) for name in ROLES]
        # Expired, say: remembered so that an older one is refused, and not used.
        assert all(map(_is, before, after)) or is_signed(role, data)
        return False
    return True


def _is(one, other):
    return one is other


def is_signed(role, data):
    """By a threshold of the keys that root has for it; a root, by those of both roots."""
    try:
        metadata = Metadata.from_bytes(data)
        roots = [Metadata.from_bytes(first_root(role)).signed]
        roots += [metadata.signed] if role == "root" else []
        for root in roots:
            root.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
    except (ValueError, tuf.api.exceptions.RepositoryError):
        return False
    return True


def python_tuf_takes(role, data):
    trusted = TrustedMetadataSet(first_root(role), EnvelopeType.METADATA)
    time = datetime.strptime(NOW, "%Y-%m-%dT%H:%M:%SZ")
    trusted.reference_time = time.replace(tzinfo=UTC)
    loaded(trusted, role)
    try:
        getattr(trusted, f"update_{role}")(data)
    except tuf.api.exceptions.RepositoryError:
        return False
    return True


def assert_sound(role, data):
    """What the board takes is signed, and python-tuf takes it; returns whether the board does."""
    is_taken = device_takes(role, data)
    assert not is_taken or (is_signed(role, data) and python_tuf_takes(role, data))
    return is_taken


@st.composite
def edits(draw):
    """Function that changes some bytes."""
    place = draw(st.floats(0, 1, exclude_max=True))
    cut = draw(st.integers(0, 3))
    new = draw(st.sampled_from([b"", b" ", b"\n", b'"', b"{}", b"[", b",", b"0", b"\\", b"\xff"]))
    new = draw(st.just(new) | st.binary(max_size=3))

    def edit(data):
        at = int(place * len(data))
        return data[:at] + new + data[at + cut :]

    return edit


def places(value):
    """Every (container, key) of a parsed value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        yield value, key
        if isinstance(inner, dict | list):
            yield from places(inner)


def change(value, draw):
    """Change, drop, double or add one thing somewhere in a parsed value."""
    found = list(places(value))
    container, key = found[draw(st.integers(0, len(found) - 1))]
    act = draw(st.sampled_from(["set", "set", "set", "drop", "add", "copy"]))
    if act == "drop":
        del container[key]
    elif act == "set" or isinstance(container, list):
        container[key] = copy.deepcopy(draw(st.sampled_from(VALUES)))
    elif act == "add":
        container[draw(st.sampled_from(NAMES))] = copy.deepcopy(draw(st.sampled_from(VALUES)))
    else:
        container[draw(st.sampled_from(NAMES))] = copy.deepcopy(container[key])


def signed_again(role, signed):
    """The file of a changed role by its genuine keys."""
    try:
        message = encode_canonical(signed).encode("utf-8", "surrogatepass")
    except Exception:  # a float cannot be signed
        message = b""
    signatures = [signer.sign(message).to_dict() for signer in PUBLISHER.signers[role]]
    return json.dumps({"signatures": signatures, "signed": signed}).encode()


@pytest.mark.parametrize("role", ROLES)
def test_bytes_changed_anywhere(role):
    @examples(60)
    @given(st.lists(edits(), min_size=1, max_size=2))
    def run(changes):
        data = GENUINE[role]
        for edit in changes:
            data = edit(data)
        assert_sound(role, data)

    run()


@pytest.mark.parametrize("role", ROLES)
def test_fields_changed_without_a_signature(role):
    @examples(60)
    @given(st.data())
    def run(more):
        envelope = json.loads(GENUINE[role])
        change(envelope, more.draw)
        data = json.dumps(envelope).encode()
        if assert_sound(role, data):
            assert envelope["signed"] == json.loads(GENUINE[role])["signed"]

    run()


@pytest.mark.parametrize("role", ROLES)
def test_fields_changed_by_whoever_has_the_keys(role):
    @examples(80)
    @given(st.data())
    def run(more):
        signed = json.loads(GENUINE[role])["signed"]
        for _ in range(more.draw(st.integers(1, 2))):
            change(signed, more.draw)
        assert_sound(role, signed_again(role, signed))

    run()


@examples(40)
@given(st.dictionaries(st.sampled_from(sorted(PINNING.served)), edits(), min_size=1, max_size=3))
def test_a_board_recovers_from_whatever_an_edge_served(changes):
    """It ends with OtaError or not at all, keeps nothing unsigned, and updates again after."""
    files = MemoryFiles()
    files.write("root", PINNING.served["metadata/1.root.json"])
    served = {path: changes.get(path, bytes)(data) for path, data in PINNING.served.items()}
    fetch_from = [served]

    def fetch(path, max_bytes):
        if path not in fetch_from[0]:
            raise NotFoundError(path)
        if len(fetch_from[0][path]) > max_bytes:
            raise DownloadError("too long")
        return fetch_from[0][path]

    client = Client(files, plain(fetch), lambda: NOW)
    try:
        client.refresh()
        client.fetch_target(tuf_publisher.TARGET, 100)
    except OtaError:
        pass
    fetch_from[0] = PINNING.served
    client.refresh()
    wanted = PINNING.targets.targets[tuf_publisher.TARGET]
    wanted.verify_length_and_hashes(client.fetch_target(tuf_publisher.TARGET, 100))
