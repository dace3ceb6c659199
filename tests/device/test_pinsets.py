"""pins.json: what a board takes, what it refuses, and in which order it tries what it has."""

import json
from binascii import b2a_base64
from hashlib import sha256

from check import raises

from slotcast.errors import RepositoryError
from slotcast.means import PinSet, in_order
from slotcast.pinsets import PinSets

URL = "https://updates.example.com/sensor/"
OTHER_URL = "https://other.example.com/sensor/"
ONE, TWO, THREE = b"first root", b"second root", b"third root"
PINS = ["11" * 32, "22" * 32]


def fingerprint(der):
    return sha256(der).digest().hex()


def encoded(der):
    return b2a_base64(der).decode().strip()


def pin_set(serial=1, anchors=(ONE, TWO), **fields):
    made = {"serial": serial, "base_urls": [URL], "pins": []}
    made["trust_anchors"] = [fingerprint(der) for der in anchors]
    made.update(fields)
    return made


def document(*sets, **fields):
    anchors = {fingerprint(der): encoded(der) for der in (ONE, TWO, THREE)}
    made = {"product": "sensor", "sets": list(sets), "trust_anchors": anchors}
    made.update(fields)
    return json.dumps(made).encode()


def read(data):
    return PinSets(data, "sensor")


def refused(data, says):
    return raises(RepositoryError, read, data, says=says)


def test_sets_are_read_newest_first():
    newer = pin_set(2, [THREE], base_urls=[OTHER_URL, URL], pins=PINS)
    kept = read(document(newer, pin_set(1)))
    assert [one.label for one in kept.sets] == ["set 2", "set 1"]
    assert kept.sets[0].base_urls == [OTHER_URL, URL]
    assert kept.sets[0].pins == [b"\x11" * 32, b"\x22" * 32]
    assert kept.sets[1].pins == []
    assert kept.anchors(kept.sets[0]) == [THREE]
    assert kept.anchors(kept.sets[1]) == [ONE, TWO]
    kept.verify_anchors()


def test_fields_of_a_later_format_are_passed_over():
    data = document(pin_set(note="hello", rank=[1]), comment=None)
    assert len(read(data).sets) == 1


def test_what_is_no_such_file_is_refused():
    refused(b"", "not JSON")
    refused(document(pin_set())[:-1], "not JSON")
    refused(b"[" * 5000, "not JSON")
    refused(b"[]", "no object")
    refused(document(pin_set(), product="other"), "another product")
    refused(document(pin_set(), trust_anchors=[]), "no trust anchors")


def test_a_file_that_is_too_long_is_refused():
    room = 8192 - len(document(pin_set(), filler=""))
    read(document(pin_set(), filler="x" * room))
    refused(document(pin_set(), filler="x" * (room + 1)), "more than 8192 bytes")


def test_numbers_of_sets_urls_anchors_and_pins_are_bounded():
    sets = [pin_set(serial) for serial in (5, 4, 3, 2, 1)]
    read(document(*sets[:4]))
    refused(document(*sets), "sets are not 1 to 4")
    refused(document(), "sets are not 1 to 4")
    urls = ["https://%d.example.com/" % number for number in range(5)]
    read(document(pin_set(base_urls=urls[:4])))
    refused(document(pin_set(base_urls=urls)), "base_urls are not 1 to 4")
    refused(document(pin_set(base_urls=[])), "base_urls are not 1 to 4")
    pins = [("%02x" % number) * 32 for number in range(9)]
    read(document(pin_set(pins=pins[:8])))
    refused(document(pin_set(pins=pins)), "pins are not 0 to 8")
    anchors = [b"root %d" % number for number in range(9)]
    known = {fingerprint(der): encoded(der) for der in anchors}
    read(document(pin_set(anchors=anchors[:8]), trust_anchors=known))
    refused(document(pin_set(anchors=anchors), trust_anchors=known), "trust_anchors are not 1 to 8")


def test_a_rogue_authority_never_passes_for_want_of_anchors():
    refused(document(pin_set(anchors=[], pins=PINS)), "trust_anchors are not 1 to 8")


def test_a_set_without_backup_is_refused():
    refused(document(pin_set(anchors=[ONE])), "set 1 has no backup")
    refused(document(pin_set(pins=PINS[:1])), "set 1 has no backup")
    read(document(pin_set(anchors=[ONE], pins=PINS)))


def test_the_same_twice_is_no_backup():
    refused(document(pin_set(anchors=[ONE, ONE])), "trust_anchors has the same twice")
    refused(document(pin_set(pins=PINS[:1] * 2)), "pins has the same twice")


def test_serial_numbers_fall_and_are_numbers():
    refused(document(pin_set(1), pin_set(2)), "set 2 does not stand before set 1")
    refused(document(pin_set(1), pin_set(1)), "the same twice")
    refused(document(pin_set(1), pin_set(1, pins=PINS)), "set 1 does not stand before set 1")
    read(document(pin_set(0)))
    for serial in ("1", None, True, -1, []):
        refused(document(pin_set(serial)), "no serial number")
    refused(document(1), "no serial number")


def test_pins_and_fingerprints_are_lower_case_hex_of_sha256():
    for wrong in ("11" * 31, "11" * 33, "AA" * 32, "gg" * 32, 1, None):
        refused(document(pin_set(pins=[wrong, PINS[0]])), "pins are not SHA-256 in hex")
        anchors = [wrong, fingerprint(ONE)]
        refused(document(pin_set(trust_anchors=anchors)), "trust_anchors are not SHA-256 in hex")
    for wrong in (None, {}, "1" * 64):
        refused(document(pin_set(pins=wrong)), "pins are not 0 to 8")


def test_base_urls_are_https_urls_of_directories():
    for wrong in ("http://updates.example.com/", "https://updates.example.com", "", 1, None):
        refused(document(pin_set(base_urls=[wrong])), "a base URL is none")


def test_an_anchor_that_is_missing_is_refused():
    refused(document(pin_set(anchors=[ONE, b"unknown"])), "lacks the trust anchor")


def test_an_anchor_that_is_not_what_its_fingerprint_says_is_refused():
    def wrong(value):
        known = {fingerprint(ONE): encoded(ONE), fingerprint(TWO): value}
        return read(document(pin_set(), trust_anchors=known))

    raises(RepositoryError, wrong(encoded(THREE)).verify_anchors, says="another trust anchor")
    for broken in ("A", 1, None):
        kept = wrong(broken)
        raises(RepositoryError, kept.verify_anchors, says="lacks the trust anchor")
        raises(RepositoryError, kept.anchors, kept.sets[0], says="lacks the trust anchor")


def test_a_root_that_went_with_a_newer_file_is_refused():
    used = read(document(pin_set())).sets[0]
    left = {fingerprint(der): encoded(der) for der in (TWO, THREE)}
    newer = read(document(pin_set(2, [TWO, THREE]), trust_anchors=left))
    raises(RepositoryError, newer.anchors, used, says="lacks the trust anchor " + fingerprint(ONE))


def is_taken(data):
    try:
        read(data).verify_anchors()
    except RepositoryError:
        return False
    return True


def test_a_file_that_is_cut_or_changed_anywhere_is_taken_or_refused_and_no_more():
    data = document(pin_set(2, pins=PINS), pin_set(1))
    assert is_taken(data)
    for at in range(0, len(data), 7):
        assert not is_taken(data[:at])
        for byte in b'"]}0\xff':
            is_taken(data[:at] + bytes([byte]) + data[at + 1 :])


def order(*sets):
    factory = PinSet("factory", (URL, OTHER_URL), ("ca-1.der",), ())
    found = in_order(read(document(*sets)).sets if sets else [], factory)
    return [(url, [one.label for one in ways]) for url, ways in found]


def test_without_sets_there_is_the_factorys_at_each_of_its_urls():
    assert order() == [(URL, ["factory"]), (OTHER_URL, ["factory"])]


def test_each_url_has_the_sets_that_name_it_newest_first_then_the_factorys():
    new = "https://new.example.com/"
    newer, older = pin_set(3, base_urls=[new, OTHER_URL]), pin_set(1, base_urls=[URL, new])
    assert order(newer, pin_set(2), older) == [
        (new, ["set 3", "set 1"]),
        (OTHER_URL, ["set 3", "factory"]),
        (URL, ["set 2", "set 1", "factory"]),
    ]
