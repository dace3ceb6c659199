import json

import pytest

from publisher.versions import Version, parse_loosely


@pytest.fixture(scope="module")
def table(vectors):
    return json.loads((vectors / "version.json").read_text())


def test_every_version_of_the_vectors_parses_to_the_number_that_the_four_field_client_computes(
    table,
):
    for row in table["numbers"]:
        version = Version.parse(row["version"])
        assert version.major * 10000 + version.minor * 100 + version.patch == row["number"] < 2**32


def test_versions_order_as_the_vectors_say(table):
    for row in table["order"]:
        assert Version.parse(row["less"]) < Version.parse(row["more"])


def test_what_the_vectors_refuse_does_not_parse(table):
    for row in table["refused"]:
        with pytest.raises(ValueError, match="version"):
            Version.parse(row["version"])


@pytest.mark.parametrize("text", ["١.0.0", "1.0.0\n", " 1.0.0", "1.0", "v1.0.0", "1.0.0.0", ""])
def test_near_misses_are_refused(text):
    with pytest.raises(ValueError, match=r"X\.Y\.Z"):
        Version.parse(text)


def test_a_version_prints_as_it_was_written():
    assert str(Version.parse("429495.99.0")) == "429495.99.0"


def test_an_image_may_write_its_version_with_a_v():
    assert parse_loosely("v1.4.3") == parse_loosely("1.4.3") == Version(1, 4, 3)


@pytest.mark.parametrize("text", ["1", "v1.28.0-preview.12", "3f2a1c-dirty", ""])
def test_versions_of_other_kinds_are_not_guessed_at(text):
    assert parse_loosely(text) is None
