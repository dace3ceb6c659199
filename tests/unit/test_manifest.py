import json

import pytest

from publisher.errors import SettingsError, VerificationError
from publisher.manifest import (
    DeltaEntry,
    Manifest,
    OtherPayload,
    PayloadEntry,
    version_json,
)
from publisher.rollout import Rollout

DIGEST = "ab" * 32


def entry(**change):
    fields = {
        "path": f"payloads/{DIGEST}.slc",
        "length": 500,
        "sha256": DIGEST,
        "head_length": 100,
        "head_sha256": DIGEST,
    }
    return PayloadEntry(**{**fields, **change})


def delta(base="cd" * 32, **change):
    fields = {**entry().to_fields(), "kind": "delta", "base": base, **change}
    return {name: value for name, value in fields.items() if value is not ...}


def manifest(**change):
    fields = {
        "version": "1.4.3",
        "release": 3,
        "product": "sensor",
        "channel": "stable",
        "board": "sensor-r2",
        "chip": "esp32",
        "size": 1789216,
        "sha256": DIGEST,
        "md5": "cd" * 16,
        "image_digest": DIGEST,
        "security_version": 0,
        "min_version": None,
        "mandatory": False,
        "paused": False,
        "rollout": Rollout("1.4.3-3", 10000),
        "confirm_within_s": 300,
        "url": f"https://updates.example.com/sensor/images/{DIGEST}.bin",
        "payloads": (entry(),),
        "notes": "",
    }
    return Manifest(**{**fields, **change})


def altered(**change):
    """The bytes of a manifest whose JSON has other fields; None takes a field away."""
    fields = {**json.loads(manifest().to_bytes()), **change}
    return json.dumps({name: value for name, value in fields.items() if value is not ...}).encode()


def test_a_manifest_survives_a_write_and_a_read():
    assert Manifest.from_bytes(manifest().to_bytes()) == manifest()


def test_a_manifest_is_compact_ascii_with_sorted_names():
    data = manifest(notes="plain").to_bytes()
    assert data == json.dumps(json.loads(data), sort_keys=True, separators=(",", ":")).encode()
    assert data.isascii()


def test_unknown_fields_survive_a_read_and_a_write_at_every_level():
    later = {"kind": "torrent", "path": "x"}
    full = {**entry().to_fields(), "mirror": 1}
    fields = {"later": {"a": [1, None]}, "payloads": [later, full, delta(mirror=[2])]}
    fields["rollout"] = {"salt": "s", "basis_points": 1, "group": "b"}
    read = Manifest.from_bytes(altered(**fields))
    assert json.loads(read.to_bytes()) == json.loads(altered(**fields))
    assert read.payloads[0] == OtherPayload(later)


def test_what_lifts_and_withdraws_survives_a_read_and_a_write():
    lifting = manifest(retry_failed=True, withdrawn=("1.5.0", "1.4.4"))
    assert Manifest.from_bytes(lifting.to_bytes()) == lifting
    assert json.loads(lifting.to_bytes())["withdrawn"] == ["1.5.0", "1.4.4"]


def test_a_manifest_of_before_is_written_as_it_was_read():
    """Its bytes have the hash that targets name."""
    data = json.loads(manifest().to_bytes())
    assert not {"retry_failed", "withdrawn"} & set(data)
    old = json.dumps(data, sort_keys=True, separators=(",", ":")).encode()
    read = Manifest.from_bytes(old)
    assert (read.to_bytes(), read.retry_failed, read.withdrawn) == (old, False, ())


def test_the_manifests_of_the_decisions_may_be_published(vectors):
    known = json.loads((vectors / "decide.json").read_text())
    for case in known["cases"]:
        assert Manifest.from_bytes(json.dumps({**known["manifest"], **case["manifest"]}).encode())


def test_the_full_payload_is_found_among_others():
    other = OtherPayload({"kind": "torrent"})
    on_base = DeltaEntry.from_fields(delta())
    among = manifest(payloads=(other, on_base, entry(length=7777)))
    assert among.full.length == 7777
    assert (among.deltas, len(among.known_payloads)) == ((on_base,), 2)


def test_deltas_are_read_with_their_bases():
    eight = [delta(base=f"{number:064x}") for number in range(8)]
    read = Manifest.from_bytes(altered(payloads=[*eight, entry().to_fields()]))
    assert [one.base for one in read.deltas] == [f"{number:064x}" for number in range(8)]
    assert read.deltas[0].to_fields() == eight[0]


def test_a_release_with_eight_deltas_and_all_that_may_be_said_fits_a_board():
    eight = [DeltaEntry.from_fields(delta(base=f"{number:064x}")) for number in range(8)]
    longest = manifest(payloads=(entry(), *eight), notes="n" * 500)
    assert len(longest.to_bytes()) < 6000


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"md5": ...}, "has no md5"),
        ({"version": "1.100.0"}, "version is"),
        ({"version": "1.2.3\n"}, "version is"),
        ({"size": 0}, "size is 0"),
        ({"size": True}, "size is True"),
        ({"size": 1.0}, "1.0 is not an integer"),
        ({"sha256": DIGEST.upper()}, "64 lower-case hex digits"),
        ({"chip": "ESP32"}, "a name"),
        ({"channel": "../x"}, "a name"),
        ({"channel": ""}, "a name"),
        ({"url": "http://updates.example.com/x"}, "https"),
        ({"min_version": "1"}, "min_version is"),
        ({"mandatory": 0}, "true or false"),
        ({"rollout": {"salt": "s", "basis_points": 10001}}, "rollout.basis_points is 10001"),
        ({"rollout": {"salt": "\xe9", "basis_points": 1}}, "rollout.salt"),
        ({"notes": "x" * 501}, "at most 500"),
        ({"notes": "two\nlines"}, "printable ASCII"),
        ({"payloads": []}, "exactly one of kind full"),
        ({"payloads": [delta()]}, "exactly one of kind full"),
        ({"payloads": [entry().to_fields(), delta(base=...)]}, "payloads.1 has no base"),
        ({"payloads": [entry().to_fields(), delta(base="cd")]}, "payloads.1.base is 'cd'"),
        ({"payloads": [entry().to_fields(), delta(length=0)]}, "payloads.1.length is 0"),
        ({"payloads": [entry().to_fields(), delta(head_length=147536)]}, "100 to 147535"),
        ({"payloads": [entry().to_fields(), delta(), delta(length=1000)]}, "more than one delta"),
        ({"payloads": [entry().to_fields(), delta(base=DIGEST)]}, "is the image itself"),
        (
            {"payloads": [entry().to_fields(), *(delta(base=f"{n:064x}") for n in range(9))]},
            "at most 8 payloads of kind delta",
        ),
        ({"payloads": [entry().to_fields()] * 2}, "exactly one of kind full"),
        ({"payloads": [{"kind": "full"}]}, "payloads.0 has no path"),
        ({"payloads": [entry(path="payloads/../x.slc").to_fields()]}, "payloads.0.path"),
        ({"later": "x" * 8192}, "bytes of at most 8192"),
        ({"retry_failed": 1}, "true or false"),
        ({"withdrawn": None}, "at most 16 different versions"),
        ({"withdrawn": ["1.4"]}, "withdrawn.0 is '1.4'"),
        ({"withdrawn": ["1.4.4", "1.4.4"]}, "at most 16 different versions"),
        ({"withdrawn": [f"2.0.{z}" for z in range(17)]}, "at most 16 different versions"),
    ],
)
def test_a_manifest_that_breaks_a_rule_is_refused_with_the_field_and_the_rule(change, says):
    with pytest.raises(VerificationError, match=says):
        Manifest.from_bytes(altered(**change))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "Expecting value"),
        (b"\xff\xfe", "can't decode"),
        ("{}".encode("utf-16"), "can't decode"),
        ("\ufeff{}".encode(), "BOM"),
        (b"[]", "must be an object"),
        (b"{" * 5000, "Expecting"),
        (b"[" * 8000, "nested too deeply"),
        (b'{"size":1,"size":2}', "occurs twice"),
        (b'{"size":NaN}', "NaN is not an integer"),
    ],
)
def test_what_readers_could_read_differently_is_refused(data, says):
    with pytest.raises(VerificationError, match=says):
        Manifest.from_bytes(data)


def test_a_manifest_that_boards_would_refuse_is_not_written():
    with pytest.raises(SettingsError, match="notes"):
        manifest(notes="caf\xe9").to_bytes()


def test_version_json_has_exactly_the_four_fields_of_the_article():
    url = manifest().url
    expected = {"version": "1.4.3", "url": url, "md5": "cd" * 16, "mandatory": False}
    assert json.loads(version_json(manifest())) == expected


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"version": "1.0.100"}, "Y and Z to 99"),
        ({"version": "429496.0.0"}, "X to 429495"),
        ({"url": "https://e/" + "x" * 246}, "below 256 characters"),
        ({"md5": "cd" * 15}, "32 lower-case hex digits"),
    ],
)
def test_what_the_arduino_client_would_misread_is_not_published(change, says):
    with pytest.raises(SettingsError, match=says):
        version_json(manifest(**change))


def test_the_longest_url_and_version_fit_into_version_json():
    data = version_json(manifest(version="429495.99.99", url="https://e/" + "x" * 245))
    assert len(data) <= 480


def test_rollout_buckets_are_those_of_the_vectors(vectors):
    cases = json.loads((vectors / "rollout.json").read_text())["cases"]
    for case in cases:
        assert Rollout(case["salt"], 0).bucket(case["device_id"]) == case["bucket"]
