"""What the board's TUF core takes for metadata against what python-tuf's takes, properly signed.

Where the two differ the table says so, and why; everything else must be decided alike.
"""

import copy
import hashlib
import json
import random
from datetime import UTC, datetime

import pytest
import tuf_publisher
from securesystemslib.formats import encode_canonical
from tuf.api.exceptions import RepositoryError
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
from tuf.ngclient.config import EnvelopeType

import slotcast.errors
from slotcast.trust import TrustedMetadata

ABSENT = object()
NOW = "2026-11-20T12:00:00Z"
ROLES = ("root", "timestamp", "snapshot", "targets")
HASH = "0123456789abcdef" * 4
ED25519 = {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": "00" * 32}}
ROLE = {"keyids": ["k"], "threshold": 1}


def key_case(**fields):
    """A further key in root, under its own keyid."""
    key = {**ED25519, **fields}
    keyid = hashlib.sha256(encode_canonical(key).encode()).hexdigest()
    return "root", f"keys/{keyid}", key


# Per field of a signed part, the values that are tried.
COMMON = {
    "version": ["1", True, 0, -1, 1.0, None, ABSENT],
    "expires": ["2027-06-01", "2027-06-01T00:00:00+00:00", "2027-6-1T0:0:0Z", 5, None, ABSENT]
    + ["2027-02-29T00:00:00Z", "2028-02-29T00:00:00Z", "2027-06-01T24:00:00Z"]
    + ["2027-06-01T00:00:60Z", "2027-13-01T00:00:00Z", "2026-11-20T12:00:00Z"],
    "spec_version": ["1", "1.0", "1.2.3", "1.", "1.a", "1.0.31.1", "2.0.0", 1.0, None, ABSENT],
    "_type": ["mirrors", 5, ABSENT],
    "x-unknown": [{"b": [1, None, True, -5], "a": 'é\n"\\'}, "\U0001f600", "\ud800", 0.5],
}
META = {
    "version": [0, -1, "1", True, 1.0, None, ABSENT],
    "length": [0, 10, -1, "10", True, None],
    "hashes": [{"sha256": HASH}, {}, None, [], {"sha256": 5}, {"sha256": HASH, "md5": "00"}],
    "x-unknown": [1, {"a": []}],
}
FIELDS = {
    ("root", "consistent_snapshot"): [True, False, None, ABSENT],
    ("root", "keys"): [[], None, ABSENT, {"k": 5}, {"k": {}}],
    key_case()[:2]: [ED25519],
    key_case(x=1)[:2]: [{**ED25519, "x": 1}],
    key_case(keyval=5)[:2]: [{**ED25519, "keyval": 5}],
    ("root", "roles"): [[], {}, None, ABSENT],
    ("root", "roles/snapshot"): [ABSENT, 5, {}],
    ("root", "roles/mirrors"): [ROLE],
    ("root", "roles/snapshot/threshold"): [0, -1, 2, "1", None, ABSENT],
    ("root", "roles/snapshot/keyids"): [[], ["k"], ["k", "k"], None, ABSENT],
    ("timestamp", "meta"): [{}, [], None, ABSENT],
    ("timestamp", "meta/other.json"): [{"version": 1}],
    ("snapshot", "meta"): [{}, [], None, ABSENT, {"targets.json": 5}],
    ("snapshot", "meta/other.json"): [{"version": 1}, {"version": 0}],
    ("targets", "targets"): [{}, [], None, ABSENT, {"a": 5}, {"a": {}}],
    ("targets", "targets/a"): [{"length": 0, "hashes": {"sha256": HASH}, "custom": {"a": [1]}}],
    ("targets", "targets/a/length"): [-1, "1", None, ABSENT],
    ("targets", "targets/a/hashes"): [{}, None, ABSENT, {"sha256": 5}],
    ("targets", "delegations"): [5, {}, [], {"keys": {}}, {"keys": {}, "roles": []}],
}
STRICTER = {
    "booleans are no integers": [
        ("timestamp", "version", True),
        ("root", "roles/snapshot/threshold", True),
        ("targets", "targets/a/length", True),
    ],
    "flags are booleans": [("root", "consistent_snapshot", 1)],
    "integers stay below 2^53": [("timestamp", "version", 2**53), ("root", "x-unknown", 2**53)],
    "keyids are an array of strings": [
        ("root", "roles/snapshot/keyids", "k"),
        ("root", "roles/snapshot/keyids", [5]),
    ],
    "hashes hold a SHA-256 in lower-case hex": [
        ("timestamp", "meta/snapshot.json/hashes", {"md5": "00"}),
        ("snapshot", "meta/targets.json/hashes", {"sha512": "00"}),
        ("targets", "targets/a/hashes", {"sha256": HASH.upper()}),
        ("targets", "targets/a/hashes", {"sha256": HASH[:-1]}),
    ],
    "keyids are the hashes of their keys": [("root", "keys/k", ED25519)],
    "nesting ends at 10": [("targets", "x-unknown", json.loads("[" * 9 + "]" * 9))],
}
LAXER = {
    "keys that we cannot use do not count": [
        key_case(keytype="future"),
        key_case(scheme="ed25519ph"),
        key_case(keyval={}),
    ],
}


def same_cases():
    for role in ROLES:
        for field, values in COMMON.items():
            yield from ((role, field, value) for value in values)
    for field, values in META.items():
        yield from (("timestamp", f"meta/snapshot.json/{field}", value) for value in values)
        yield from (("snapshot", f"meta/targets.json/{field}", value) for value in values)
    for (role, field), values in FIELDS.items():
        yield from ((role, field, value) for value in values)


def is_known_to_differ(case):
    is_integer = case[1].rpartition("/")[2] in ("version", "length", "threshold")
    return is_integer and case[2] is True


@pytest.fixture(scope="module")
def publisher():
    """A publisher without lengths and hashes in meta: signatures and versions decide."""
    for seed in range(100):
        found = tuf_publisher.Publisher(random.Random(seed))
        if found.consistent and not found.has_file_hashes:
            found.rotate_root()
            found.verified = {}  # what the board's core verified once, for speed
            return found
    raise AssertionError


def changed(publisher, role, field, value):
    """A role's file with a field (a path with slashes) changed, signed as it should be."""
    signed = copy.deepcopy(getattr(publisher, role).to_dict())
    *parents, last = field.split("/") if "x-" not in field or "/" in field else [field]
    place = signed
    for name in parents:
        place = place.setdefault(name, {"length": 1, "hashes": {"sha256": HASH}})
    if value is ABSENT:
        place.pop(last, None)
    else:
        place[last] = value
    return file_of(publisher, role, signed)


def file_of(publisher, role, signed):
    try:
        message = encode_canonical(signed).encode("utf-8", "surrogatepass")
    except Exception:  # a float cannot be signed
        message = b""
    signatures = [signer.sign(message).to_dict() for signer in publisher.signers[role]]
    return json.dumps({"signatures": signatures, "signed": signed}).encode()


def load(publisher, role, data, trusted):
    """Load the roles before `role`, then `data` as that role."""
    for name in ROLES[1 : ROLES.index(role)]:
        path = publisher.path(getattr(publisher, name))
        getattr(trusted, f"update_{name}")(publisher.served[path])
    getattr(trusted, f"update_{role}")(data)


def python_tuf_takes(publisher, role, data):
    trusted = TrustedMetadataSet(first_root(publisher, role), EnvelopeType.METADATA)
    time = datetime.strptime(NOW, "%Y-%m-%dT%H:%M:%SZ")
    trusted.reference_time = time.replace(tzinfo=UTC)
    try:
        load(publisher, role, data, trusted)
    except RepositoryError:
        return False
    return True


def device_takes(publisher, role, data):
    trusted = TrustedMetadata.of(first_root(publisher, role), NOW, publisher.verified)
    try:
        load(publisher, role, data, trusted)
    except slotcast.errors.RepositoryError:
        return False
    return True


def first_root(publisher, role):
    return publisher.served[f"metadata/{1 if role == 'root' else 2}.root.json"]


@pytest.mark.parametrize("role", ROLES)
def test_both_take_and_refuse_the_same_fields(publisher, role):
    cases = [case for case in same_cases() if case[0] == role and not is_known_to_differ(case)]
    differing = []
    for case in cases:
        data = changed(publisher, *case)
        if python_tuf_takes(publisher, role, data) != device_takes(publisher, role, data):
            differing.append(case)
    assert differing == []


@pytest.mark.parametrize("why", STRICTER)
def test_the_board_is_stricter_where_the_table_says(publisher, why):
    for case in STRICTER[why]:
        data = changed(publisher, *case)
        assert python_tuf_takes(publisher, case[0], data), case
        assert not device_takes(publisher, case[0], data), case


@pytest.mark.parametrize("why", LAXER)
def test_the_board_is_laxer_where_the_table_says(publisher, why):
    for case in LAXER[why]:
        data = changed(publisher, *case)
        assert not python_tuf_takes(publisher, case[0], data), case
        assert device_takes(publisher, case[0], data), case


@pytest.mark.parametrize("role", ROLES)
def test_both_take_the_same_of_bits_flipped_anywhere(publisher, role):
    data = publisher.served[publisher.path(getattr(publisher, role))]
    rng = random.Random(role)
    taken = 0
    for position in range(0, len(data), 17):
        flipped = bytearray(data)
        flipped[position] ^= 1 << rng.randrange(8)
        verdict = device_takes(publisher, role, bytes(flipped))
        assert verdict == python_tuf_takes(publisher, role, bytes(flipped)), position
        taken += verdict
    assert taken < len(data) / 17 / 2


ENVELOPES = [
    lambda envelope: envelope["signatures"].append(envelope["signatures"][0]),
    lambda envelope: envelope["signatures"].append({"keyid": "k", "sig": ""}),
    lambda envelope: envelope["signatures"].append({"keyid": "k"}),
    lambda envelope: envelope["signatures"].append({"sig": ""}),
    lambda envelope: envelope["signatures"].append(5),
    lambda envelope: envelope["signatures"].reverse(),
    lambda envelope: envelope["signatures"].clear(),
    lambda envelope: envelope["signatures"][0].update(sig=""),
    lambda envelope: envelope["signatures"][0].update({"x-unknown": 1}),
    lambda envelope: envelope.update({"x-unknown": 5}),
    lambda envelope: envelope.update(signatures={}),
    lambda envelope: envelope.update(signed=[]),
]


@pytest.mark.parametrize("index", range(len(ENVELOPES)))
def test_both_take_and_refuse_the_same_envelopes(publisher, index):
    envelope = json.loads(publisher.served[publisher.path(publisher.root)])
    ENVELOPES[index](envelope)
    data = json.dumps(envelope).encode()
    assert device_takes(publisher, "root", data) == python_tuf_takes(publisher, "root", data)


def test_the_board_refuses_a_float_even_where_nothing_is_signed(publisher):
    envelope = json.loads(publisher.served[publisher.path(publisher.root)])
    data = json.dumps({**envelope, "x-unknown": 0.5}).encode()
    assert python_tuf_takes(publisher, "root", data)
    assert not device_takes(publisher, "root", data)
