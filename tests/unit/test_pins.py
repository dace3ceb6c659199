"""pins.json: what is one, what is none, and what a new set and a retired one make of it."""

import hashlib
import json
import ssl
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from publisher.certificates import Authority, amazon_roots
from publisher.errors import SettingsError, VerificationError
from publisher.layout import IMMUTABLE, cache_control, is_published, key, pins_path
from publisher.pins.anchors import Anchor
from publisher.pins.guard import (
    StrandingError,
    verify_backup,
    verify_retirement,
    verify_room,
    verify_strands_nobody,
)
from publisher.pins.live import Leaf, Live, Verdict
from publisher.pins.sets import MAX_BYTES, PinSet, PinSets
from publisher.schemas import canonical_json

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
URL = "https://updates.example.org/sensor/"
OTHER_URL = "https://updates.example.net/sensor/"
ONE, TWO = (Authority.create(name).certificate_der for name in ("one", "two"))
LEAF, BACKUP, THIRD = "ab" * 32, "cd" * 32, "ef" * 32


def name_of(der):
    return hashlib.sha256(der).hexdigest()


def factory(pins=(), anchors=(ONE, TWO)):
    return PinSets.of_factory("sensor", URL, pins, anchors)


def two_sets():
    return factory().with_next([URL], [LEAF, BACKUP], [ONE], NOW)


def changed(**change):
    """The bytes of a pins.json of one set, with some of its fields changed."""
    fields = {"serial": 1, "base_urls": [URL], "pins": [], "trust_anchors": [name_of(ONE)]}
    fields = {**fields, "pins": [LEAF, BACKUP], **change.pop("only_set", {})}
    anchors = {name_of(der): b64encode(der).decode() for der in (ONE, TWO)}
    return canonical_json(
        {"product": "sensor", "sets": [fields], "trust_anchors": anchors, **change}
    )


def with_serials(*serials):
    sets = [json.loads(changed(only_set={"serial": serial}))["sets"][0] for serial in serials]
    return changed(sets=sets)


# the document


def test_what_is_written_is_read_back():
    assert PinSets.from_bytes(two_sets().to_bytes()) == two_sets()


def test_it_is_compact_canonical_ascii_with_the_fields_of_the_page():
    fields = json.loads(two_sets().to_bytes())
    assert list(fields) == ["product", "sets", "trust_anchors"]
    assert fields["sets"][0] == {
        "base_urls": [URL],
        "pins": [LEAF, BACKUP],
        "serial": 1,
        "since": "2026-11-22T10:00:00Z",
        "trust_anchors": [name_of(ONE)],
    }
    assert "since" not in fields["sets"][1]
    assert fields["trust_anchors"][name_of(TWO)] == b64encode(TWO).decode()
    assert canonical_json(fields) == two_sets().to_bytes()


def test_fields_of_a_later_version_survive_a_read_and_a_write():
    data = changed(only_set={"region": "eu"}, comment="mine")
    assert PinSets.from_bytes(data).to_bytes() == data
    newer = PinSets.from_bytes(data).with_next([URL], [LEAF, THIRD], [ONE], NOW)
    assert b'"comment":"mine"' in newer.to_bytes()
    assert b'"region":"eu"' in newer.to_bytes()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "Expecting value"),
        (changed()[:-1], "Expecting"),
        (b" " + changed(), "not compact canonical"),
        (json.dumps(json.loads(changed())).encode(), "not compact canonical"),
        (changed() + b" " * MAX_BYTES, "at most 8192"),
        (changed(sets=[]), "1 to 4 sets"),
        (with_serials(5, 4, 3, 2, 1), "1 to 4 sets"),
        (with_serials(1, 2), "set 2 stands behind set 1"),
        (with_serials(2, 2), "set 2 stands behind set 2"),
        (with_serials(-1), "the set's number"),
        (with_serials(True), "the set's number"),
        (with_serials("1"), "the set's number"),
        (changed(product="Sensor"), "a name"),
        (changed(only_set={"base_urls": []}), "1 to 4 different BASE URLs"),
        (changed(only_set={"base_urls": [URL] * 2}), "1 to 4 different BASE URLs"),
        (changed(only_set={"base_urls": ["http://updates.example.org/"]}), "https URL"),
        (changed(only_set={"pins": [LEAF]}), "set 1 has no backup"),
        (changed(only_set={"pins": [LEAF, LEAF]}), "different leaf pins"),
        (changed(only_set={"pins": [LEAF, "AB" * 32]}), "lower-case hex"),
        (changed(only_set={"pins": [f"{n:064x}" for n in range(9)]}), "at most 8 different"),
        (changed(only_set={"pins": []}), "set 1 has no backup"),
        (changed(only_set={"trust_anchors": []}), "1 to 8 different trust anchors"),
        (changed(only_set={"trust_anchors": [LEAF]}), "no trust anchor here"),
        (changed(trust_anchors={}), "1 to 32 certificates"),
        (changed(trust_anchors={name_of(ONE): "AA=A"}), "base64"),
        (changed(trust_anchors={name_of(b"abc\0"): "YWJjAB=="}), "not canonical base64"),
        (changed(trust_anchors={name_of(ONE): b64encode(TWO).decode()}), "another SHA-256"),
        (changed(trust_anchors={name_of(b"junk"): "anVuaw=="}), "no certificate"),
    ],
)
def test_what_breaks_a_rule_is_no_pins_json(data, says):
    with pytest.raises(VerificationError, match=f"this is no pins.json: .*{says}"):
        PinSets.from_bytes(data)


def test_a_set_of_ca_roots_has_its_backup_in_the_second_root():
    data = changed(only_set={"pins": [], "trust_anchors": [name_of(ONE), name_of(TWO)]})
    assert PinSets.from_bytes(data).newest.has_backup


def test_a_servers_own_certificate_is_no_trust_anchor():
    leaf = Authority.create("one").issue(["localhost"])
    der = ssl.PEM_cert_to_DER_cert(leaf.cert_pem.decode())
    with pytest.raises(ValueError, match="no authority's"):
        Anchor.from_der(der)


def test_an_anchor_says_whose_it_is_and_until_when():
    first = Anchor.from_der(amazon_roots()[0])
    assert (first.subject, f"{first.expires:%Y-%m-%d}") == ("Amazon Root CA 1", "2038-01-17")
    assert first.is_root
    intermediate = Authority.create("one").create_intermediate("below")
    assert not Anchor.from_der(intermediate.certificate_der).is_root


def test_four_sets_of_amazon_s_roots_fit():
    sets = PinSets.of_factory("sensor", URL, (), amazon_roots())
    for pin in (LEAF, THIRD, "12" * 32):
        sets = sets.with_next([URL], [pin, BACKUP], amazon_roots(), NOW)
    assert len(sets.to_bytes()) <= MAX_BYTES


def root_of(key, size_bytes):
    """A CA root as large as a real one, of a public key that nobody has the other half of."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "of real size")])
    begin, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2046, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key, 1, begin, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    signer = ed25519.Ed25519PrivateKey.generate()  # its signatures are all of one length
    bare = len(builder.sign(signer, None).public_bytes(Encoding.DER))
    padding = x509.UnrecognizedExtension(
        x509.ObjectIdentifier("1.3.6.1.4.1.1"), bytes(size_bytes - bare)
    )
    der = (
        builder.add_extension(padding, critical=False).sign(signer, None).public_bytes(Encoding.DER)
    )
    assert len(der) >= size_bytes
    return der


# Sizes: the largest and smallest of their kind among the roots that browsers take (certifi).
ON_A_CURVE = root_of(ec.derive_private_key(7, ec.SECP384R1()).public_key(), 735)
SMALL_RSA = root_of(rsa.RSAPublicNumbers(65537, 2**2047 + 1).public_key(), 867)
LARGE_RSA = root_of(rsa.RSAPublicNumbers(65537, 2**4095 + 1).public_key(), 2007)


def second_name(anchors):
    """The sets of the operator's manual with a second name, and those when the first is lost."""
    first, second = "https://updates.acme.dev/sensor/", "https://updates.acme-backup.net/sensor/"
    sets = PinSets.of_factory("sensor", first, (), amazon_roots())
    both = sets.with_next([first, second], (), anchors, NOW)
    return both, both.with_next([second], (), anchors, NOW)


@pytest.mark.parametrize("more", [[], [ON_A_CURVE]])
def test_a_second_name_has_room_beside_amazon_s_roots_and_one_on_a_curve(more):
    both, alone = second_name([*amazon_roots(), *more])
    assert len(both.to_bytes()) <= MAX_BYTES
    assert len(alone.without(0).to_bytes()) <= MAX_BYTES


def test_a_second_name_with_an_rsa_root_has_room_beside_one_of_amazon_s_alone():
    _, alone = second_name([*amazon_roots(), SMALL_RSA])
    with pytest.raises(SettingsError, match="of at most 8192"):
        alone.without(0).to_bytes()
    for one in amazon_roots():
        both, alone = second_name([one, LARGE_RSA])
        with pytest.raises(SettingsError, match="of at most 8192"):
            both.to_bytes()  # so the command leaves the factory's set out
        assert len(both.without(0).to_bytes()) < len(alone.without(0).to_bytes()) <= MAX_BYTES


def test_sets_of_another_product_are_refused():
    two_sets().verify_product("sensor")
    with pytest.raises(VerificationError, match="is for sensor, not for lamp"):
        two_sets().verify_product("lamp")


def test_the_edge_serves_it_for_good():
    path = key("sensor", pins_path(LEAF))
    assert is_published(path)
    assert cache_control(path) == IMMUTABLE


# changes


def test_a_new_set_comes_first_with_the_next_serial_and_the_time():
    sets = two_sets().with_next([URL], [BACKUP, THIRD], [TWO], NOW)
    assert [one.serial for one in sets.sets] == [2, 1, 0]
    assert (sets.newest.since, sets.anchors(sets.newest)) == ("2026-11-22T10:00:00Z", [TWO])


def test_what_is_named_twice_counts_once():
    newest = factory().with_next([URL, URL], [LEAF, LEAF], [ONE, ONE], NOW).newest
    assert newest == PinSet(1, (URL,), (LEAF,), (name_of(ONE),), "2026-11-22T10:00:00Z")
    assert not newest.has_backup


def test_a_factory_s_set_without_backup_is_known_but_not_published():
    with pytest.raises(SettingsError, match="set 0 has no backup"):
        factory(anchors=[ONE]).to_bytes()


def test_a_retired_set_takes_the_ca_roots_with_it_that_it_alone_named():
    left = two_sets().without(0)
    assert [one.serial for one in left.sets] == [1]
    assert list(left.trust_anchors) == [name_of(ONE)]


def test_the_newest_set_and_one_that_is_not_there_cannot_be_retired():
    with pytest.raises(SettingsError, match="set 1 is the newest"):
        two_sets().without(1)
    with pytest.raises(SettingsError, match="no pin set 7") as raised:
        two_sets().without(7)
    assert raised.value.hint == "supported sets: 1, 0"


def test_the_order_of_pins_and_roots_makes_no_other_set_but_that_of_urls_does():
    sets = factory().with_next([URL, OTHER_URL], [LEAF, BACKUP], [ONE, TWO], NOW)
    same = sets.with_next([URL, OTHER_URL], [BACKUP, LEAF], [TWO, ONE], NOW)
    assert same.newest.says_the_same(sets.newest)
    other = sets.with_next([OTHER_URL, URL], [LEAF, BACKUP], [ONE, TWO], NOW)
    assert not other.newest.says_the_same(sets.newest)


# whom a new set would strand


def serves(pin, *verdicts, url=URL, fault="", issuer="CN=one"):
    return Live(url, Leaf(pin, "CN=x", issuer, NOW, NOW), verdicts, fault)


def test_a_fifth_set_has_no_room_until_the_oldest_is_retired():
    sets = factory()
    for _ in range(3):
        sets = sets.with_next([URL], [LEAF, BACKUP], [ONE], NOW)
    verify_room(sets)
    with pytest.raises(SettingsError, match="keep 4 pin sets") as raised:
        verify_room(sets.with_next([URL], [LEAF, BACKUP], [ONE], NOW))
    assert raised.value.hint.endswith("add --retire 0")


@pytest.mark.parametrize(
    ("pins", "anchors", "says"),
    [
        ([LEAF], [ONE, TWO], "one pin alone has no backup"),
        ([LEAF, LEAF], [ONE, TWO], "one pin alone has no backup"),
        ([], [ONE], "1 CA root has no backup"),
    ],
)
def test_a_set_without_backup_is_refused_with_a_hint(pins, anchors, says):
    with pytest.raises(StrandingError, match=says) as raised:
        verify_backup(factory().with_next([URL], pins, anchors, NOW), NOW)
    assert raised.value.hint


def test_an_intermediate_is_no_backup_of_its_root():
    root = Authority.create("one")
    below = root.create_intermediate("below").certificate_der
    sets = factory().with_next([URL], [], [root.certificate_der, below], NOW)
    with pytest.raises(StrandingError, match="1 CA root has no backup"):
        verify_backup(sets, NOW)


def test_two_roots_or_two_pins_are_a_backup():
    verify_backup(factory().with_next([URL], [], [ONE, TWO], NOW), NOW)
    verify_backup(factory().with_next([URL], [LEAF, BACKUP], [ONE], NOW), NOW)


def test_a_root_that_has_expired_is_no_backup():
    sets = factory().with_next([URL], [], [ONE, TWO], NOW)
    with pytest.raises(StrandingError, match="0 CA root has no backup"):
        verify_backup(sets, max(Anchor.from_der(der).expires for der in (ONE, TWO)))


def test_a_set_that_every_board_could_use_is_let_through_with_no_warning():
    sets = factory().with_next([URL], [LEAF, BACKUP], [ONE, TWO], NOW)
    live = [serves(LEAF, Verdict(1), Verdict(0))]
    assert verify_strands_nobody(sets, live) == []


@pytest.mark.parametrize(
    ("live", "says"),
    [
        (
            serves(THIRD, Verdict(1, "pin: no"), Verdict(0)),
            "the new set would not accept .*pin: no",
        ),
        (serves(LEAF, Verdict(1), Verdict(0), fault="not reached: x"), "new set .*not reached: x"),
        (serves(LEAF, Verdict(1), Verdict(0, "chain: no")), "boards with set 0 .*chain: no"),
    ],
)
def test_a_set_that_strands_boards_is_refused_with_a_hint(live, says):
    with pytest.raises(StrandingError, match=says) as raised:
        verify_strands_nobody(two_sets(), [live])
    assert raised.value.hint


def test_pins_that_are_all_served_are_no_backup_of_one_another():
    sets = factory().with_next([URL, OTHER_URL], [LEAF, BACKUP], [ONE, TWO], NOW)
    live = [serves(LEAF, Verdict(1), Verdict(0)), serves(BACKUP, Verdict(1), url=OTHER_URL)]
    with pytest.raises(StrandingError, match="every pin is served already"):
        verify_strands_nobody(sets, live)


def test_an_older_set_that_has_one_good_url_left_is_warned_of_only():
    sets = factory().with_next([URL, OTHER_URL], [LEAF, BACKUP], [ONE, TWO], NOW)
    sets = sets.with_next([URL], [LEAF, BACKUP], [ONE, TWO], NOW)
    gone = Live(OTHER_URL, None, (), "not reached: gone")
    live = [serves(LEAF, Verdict(2), Verdict(1), Verdict(0)), gone]
    told = verify_strands_nobody(sets, live)
    assert told == [f"boards with set 1 do not accept {OTHER_URL}: not reached: gone"]


def test_pins_on_a_certificate_that_amazon_renews_and_a_lone_ca_root_are_warned_of():
    issuer = "CN=Amazon RSA 2048 M02,O=Amazon,C=US"
    live = [serves(LEAF, Verdict(1), Verdict(0), issuer=issuer)]
    told = verify_strands_nobody(two_sets(), live)
    assert ["one CA root" in told[0], "its key changes at each renewal" in told[1]] == [True, True]


def test_no_set_is_retired_while_the_newest_refuses_what_is_served():
    live = [serves(THIRD, Verdict(1, "pin: no"), Verdict(0))]
    with pytest.raises(StrandingError, match="boards with set 1 do not accept .*pin: no") as raised:
        verify_retirement(two_sets(), live)
    assert raised.value.hint


def test_older_sets_that_are_left_and_refuse_what_is_served_are_warned_of():
    live = [serves(LEAF, Verdict(1), Verdict(0, "chain: no"))]
    told = verify_retirement(two_sets(), live)
    assert told == [f"boards with set 0 do not accept {URL}: chain: no"]
