"""Days that some years have and others have not; keys that are none; what need not be signed."""

from check import raises

from slotcast.errors import RepositoryError
from slotcast.iso_time import is_time
from slotcast.metadata import Key, Metadata


def test_leap_years_are_those_of_the_calendar():
    for year in ("2000", "2024", "2028", "2104", "2400", "1996"):
        assert is_time(year + "-02-29T00:00:00Z"), year
    for year in ("1900", "2100", "2200", "2023", "2026", "2102"):
        assert not is_time(year + "-02-29T00:00:00Z"), year
        assert is_time(year + "-02-28T23:59:59Z"), year


def test_months_have_their_days():
    for month, days in enumerate((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), 1):
        assert is_time("2026-%02d-%02dT00:00:00Z" % (month, days))
        assert not is_time("2026-%02d-%02dT00:00:00Z" % (month, days + 1))
        assert not is_time("2026-%02d-00T00:00:00Z" % month)
    assert not is_time("2026-00-01T00:00:00Z")
    assert not is_time("2026-13-01T00:00:00Z")
    assert not is_time("0000-01-01T00:00:00Z")


def test_a_key_is_an_object_with_a_type_a_scheme_and_a_value():
    good = {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": "00"}}
    assert Key(good).public == "00"
    for fields in (5, None, [], "key"):
        raises(RepositoryError, Key, fields, says="key is not an object")
    for name in good:
        for value in (5, None, []):
            raises(RepositoryError, Key, dict(good, **{name: value}), says=name + " is not a")


def test_six_kib_beside_the_signed_part_are_not_too_many():
    metadata = Metadata(b'{"signatures":[],"signed":{"_type":"root"}}', "root")
    signed_bytes = len(b'{"_type":"root"}')
    metadata.verify_padding(signed_bytes + 6144)
    raises(RepositoryError, metadata.verify_padding, signed_bytes + 6145, says="too many bytes")
