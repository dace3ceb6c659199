import json
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from publisher.schemas import canonical_json, parse_json, schema_problem

MANIFESTS = Path(__file__).parents[2] / "manifests"
NAMES = ["manifest", "ota", "pins", "version"]
DIGEST = "ab" * 32


def version_fields(version):
    return {"version": version, "url": "https://e/x", "md5": "cd" * 16, "mandatory": False}


def ota(**change):
    fields = {
        "product": "sensor",
        "channel": "stable",
        "board": "sensor-r2",
        "chip": "esp32",
        "base_urls": ["https://updates.example.com/sensor/"],
        "trust_anchors": ["ca-1.der"],
        "pins": [],
        "built_at": "2026-11-22T06:38:00Z",
        "image_digest": None,
        "version": None,
        "security_version": None,
        "settle_s": 30,
        "poll_every_s": 21600,
    }
    return {**fields, **change}


@pytest.mark.parametrize("name", NAMES)
def test_each_schema_is_one(name):
    Draft202012Validator.check_schema(json.loads((MANIFESTS / f"{name}.schema.json").read_text()))


@pytest.mark.parametrize("name", NAMES)
def test_every_part_of_a_schema_says_in_words_what_it_wants(name):
    def parts(schema):
        yield schema
        for part in schema.get("properties", {}).values():
            yield from parts(part)
        for part in schema.get("$defs", {}).values():
            yield from parts(part)
        if "items" in schema:
            yield from parts(schema["items"])

    for part in parts(json.loads((MANIFESTS / f"{name}.schema.json").read_text())):
        assert "description" in part or "$ref" in part or "const" in part, part


def test_the_vectors_are_what_their_script_makes(tmp_path, vectors):
    subprocess.run([sys.executable, str(vectors / "make.py"), str(tmp_path)], check=True)
    for name in ("payload.json", "rollout.json", "version.json", "decide.json"):
        assert (tmp_path / name).read_bytes() == (vectors / name).read_bytes()


def test_the_versions_of_the_vectors_pass_and_their_refused_ones_do_not(vectors):
    cases = json.loads((vectors / "version.json").read_text())
    for case in cases["numbers"]:
        assert schema_problem("version", version_fields(case["version"])) == ""
    for case in cases["refused"]:
        assert schema_problem("version", version_fields(case["version"])), case


def test_version_json_takes_no_fifth_field():
    problem = schema_problem("version", {**version_fields("1.2.3"), "size": 1})
    assert problem == "it has other fields than version, url, md5, mandatory"


def test_an_ota_json_passes_with_and_without_what_the_factory_knows():
    known = {"image_digest": DIGEST, "version": "1.4.3", "security_version": 3}
    assert schema_problem("ota", ota()) == schema_problem("ota", ota(**known)) == ""


def test_an_ota_json_passes_with_and_without_a_group():
    for group in ({}, {"group": None}, {"group": "canary"}):
        assert schema_problem("ota", ota(**group)) == ""


def test_an_ota_json_of_an_older_factory_passes_and_one_with_manners_too():
    manners = {"spread_s": 0, "window": "22:30-04:00", "mandatory_after_s": 0, "block_erase": True}
    assert schema_problem("ota", ota(**manners)) == ""
    assert schema_problem("ota", ota(**{**manners, "window": None})) == ""


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"base_urls": []}, "base_urls is []"),
        ({"base_urls": ["http://updates.example.com/"]}, "base_urls.0 is"),
        ({"base_urls": ["https://updates.example.com"]}, "ends in a slash"),
        ({"trust_anchors": []}, "trust_anchors is []"),
        ({"trust_anchors": ["../ca.der"]}, "a file name"),
        ({"pins": ["abcd"]}, "pins.0"),
        ({"built_at": "2026-11-22 06:38:00"}, "built_at"),
        ({"built_at": "2026-13-22T06:38:00Z"}, "built_at"),
        ({"image_digest": "ab"}, "64 lower-case hex digits"),
        ({"poll_every_s": 0}, "poll_every_s is 0"),
        ({"spread_s": -1}, "spread_s is -1"),
        ({"window": "always"}, "window"),
        ({"window": "05:00-05:00"}, "two different times"),
        ({"mandatory_after_s": 1.5}, "mandatory_after_s is 1.5"),
        ({"block_erase": 1}, "block_erase is 1"),
        ({"group": "No!"}, "group is 'No!'"),
        ({"group": ["canary"]}, "group is"),
        ({"payload_memory": 8191}, "payload_memory is 8191"),
    ],
)
def test_an_ota_json_that_a_board_could_not_use_is_refused(change, says):
    assert says in schema_problem("ota", ota(**change))


def test_a_long_value_is_shortened_in_the_message():
    assert len(schema_problem("ota", ota(product="x" * 5000))) < 200


def test_canonical_json_reads_back():
    value = {"b": ["\xe9", None, True], "a": {"z": 1, "y": -1}}
    data = canonical_json(value)
    assert parse_json(data) == value
    assert data.startswith(b'{"a":{"y":-1,"z":1},"b":["\\u00e9"')


@pytest.mark.parametrize("number", [2**53 - 1, 1 - 2**53])
def test_an_integer_below_2_to_the_53_is_read(number):
    assert parse_json(b'{"a":[%d]}' % number) == {"a": [number]}


@pytest.mark.parametrize("text", [str(2**53), str(-(2**53)), "1" * 99, "1" * 5000])
def test_an_integer_of_2_to_the_53_or_more_is_refused(text):
    with pytest.raises(ValueError, match=r"2\^53|digits"):
        parse_json(text.encode())
