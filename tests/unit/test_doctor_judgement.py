"""What the doctor makes of what it has seen: pure judgements, each with what tips it over."""

import base64
import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from publisher.certificates import Authority
from publisher.doctor import (
    answers,
    caching,
    certificate,
    contents,
    other_requests,
    product,
    reach,
    times,
    tls,
    version_files,
)
from publisher.doctor.findings import State
from publisher.doctor.handshakes import Handshake
from publisher.doctor.replies import Reply
from publisher.pins.live import Leaf, Live, Verdict
from publisher.pins.sets import PinSets
from publisher.repository import RoleState
from publisher.settings import ExpirySettings

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
URL = "https://updates.example.org/sensor/"
REFUSED = Handshake(refusal="no")
SPOKEN = Handshake("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384")
ROOTS = [Authority.create(name).certificate_der for name in ("one", "two")]
EXPIRY = ExpirySettings()
CHUNKED = {"transfer-encoding": "chunked"}


def reply(status=200, body=b"{}", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply("metadata/1.root.json", status, {"content-length": str(len(body)), **named}, body)


def leaf(life, left, issuer="CN=someone"):
    begin = NOW + timedelta(days=left - life)
    return Leaf("ab" * 32, "CN=host", issuer, begin, begin + timedelta(days=life))


def live(*refusals, shown=None, fault=""):
    verdicts = tuple(Verdict(serial, why) for serial, why in enumerate(refusals))
    return Live(URL, shown, verdicts, fault)


def state(role, left, signed_at="2026-11-20T12:00:00Z"):
    return RoleState(role, 3, NOW + timedelta(days=left), signed_at)


# The certificate


@pytest.mark.parametrize(
    ("life", "left", "wanted"),
    [
        (198, 45, State.OK),  # ACM is about to renew it
        (198, 35, State.WARN),  # and has not
        (198, 9, State.FAIL),
        (90, 29, State.OK),
        (90, 17, State.WARN),
        (47, 10, State.OK),
        (47, 2, State.FAIL),
        (47, -1, State.FAIL),
    ],
)
def test_a_certificate_is_judged_by_the_share_of_its_life_that_is_left(life, left, wanted):
    found = certificate.judge_life(live("", shown=leaf(life, left)), NOW)
    assert found.state is wanted
    assert ("has expired" in found.says) == (left < 0)


def test_a_certificate_of_tomorrow_is_no_good_today():
    found = certificate.judge_life(live("", shown=leaf(90, 91)), NOW)
    assert (found.state, "not valid yet" in found.says) == (State.FAIL, True)


def test_no_certificate_shown_is_not_known():
    assert certificate.judge_life(live("tls: refused"), NOW).state is State.UNKNOWN


@pytest.mark.parametrize(
    ("refusals", "wanted"),
    [
        (("", ""), State.OK),
        (("name: the certificate is for another host", ""), State.FAIL),
        (("chain: unable to get local issuer certificate",), State.UNKNOWN),
    ],
)
def test_the_host_name_is_judged_by_itself(refusals, wanted):
    assert certificate.judge_host_name(live(*refusals)).state is wanted


@pytest.mark.parametrize(
    ("refusals", "wanted"),
    [
        (("", ""), State.OK),
        (("", "chain: unable to get local issuer certificate"), State.FAIL),
        (("pin: the leaf's key is not one of the set", ""), State.FAIL),
        (("tls: handshake failure",), State.UNKNOWN),
        (("date: a certificate is expired",), State.UNKNOWN),
    ],
)
def test_one_pin_set_that_refuses_is_enough(refusals, wanted):
    assert certificate.judge_host(live(*refusals), URL).state is wanted


def test_another_host_without_the_product_is_told_and_our_own_is_left_to_other_checks():
    broken = live("", fault="metadata/timestamp.json cannot be read: the host answers 403")
    assert certificate.judge_host(broken, URL).state is State.OK
    assert certificate.judge_host(broken, "https://other.example.org/").state is State.FAIL


def test_a_pinned_key_on_a_certificate_of_amazon_s_is_warned_of():
    sets = PinSets.of_factory("sensor", URL, ["cd" * 32], ROOTS)
    amazon = live("", shown=leaf(198, 100, "CN=Amazon RSA 2048 M01,O=Amazon,C=US"))
    assert [one.state for one in certificate.judge_managed(amazon, sets)] == [State.WARN]
    assert certificate.judge_managed(live("", shown=leaf(198, 100)), sets) == []
    unpinned = PinSets.of_factory("sensor", URL, [], ROOTS)
    assert certificate.judge_managed(amazon, unpinned) == []


def test_a_set_without_backup_and_a_base_url_that_none_names_are_warned_of():
    sound = PinSets.of_factory("sensor", URL, [], ROOTS)
    assert certificate.judge_sets(sound, URL, NOW) == []
    alone = PinSets.of_factory("sensor", URL, [], ROOTS[:1])
    [backup] = certificate.judge_sets(alone, URL, NOW)
    assert "has no backup" in backup.says
    [told] = certificate.judge_sets(sound, "https://new.example.org/sensor/", NOW)
    assert "no pin set tells boards of https://new.example.org/sensor/" in told.says


# TLS


def test_an_edge_of_tls_1_3_alone_cuts_boards_off():
    [found] = tls.judge_versions(REFUSED, Handshake("TLSv1.3"), REFUSED)
    assert found.state is State.FAIL
    assert "speaks TLS 1.3 alone" in found.says
    assert "TLSv1.2_2025" in found.mend


def test_old_versions_are_to_be_refused_and_untold_where_nobody_can_ask():
    assert [one.state for one in tls.judge_versions(SPOKEN, REFUSED, REFUSED)] == [State.OK]
    old = tls.judge_versions(SPOKEN, REFUSED, Handshake("TLSv1.1"))
    assert [one.state for one in old] == [State.OK, State.WARN]
    assert "TLSv1.1" in old[1].says
    untold = tls.judge_versions(SPOKEN, None, None)
    assert [one.state for one in untold] == [State.OK, State.UNKNOWN]


def test_cipher_suites_are_judged_by_what_a_board_s_hello_gets():
    groups = {"CBC": SPOKEN, "RSA": REFUSED, "broken": REFUSED}
    [found] = tls.judge_ciphers(SPOKEN, groups)
    assert found.state is State.OK
    assert found.says.endswith("; CBC suites are accepted too")
    assert tls.judge_ciphers(REFUSED, groups)[0].state is State.FAIL
    cbc = replace(SPOKEN, cipher="ECDHE-ECDSA-AES256-SHA384")
    assert tls.judge_ciphers(cbc, groups)[0].state is State.WARN
    broken = tls.judge_ciphers(SPOKEN, {"broken": Handshake("TLSv1.2", "DES-CBC3-SHA")})
    assert [one.state for one in broken] == [State.OK, State.WARN]


def test_a_connection_is_to_be_kept():
    assert tls.judge_keep_alive([reply()] * 3, 3).state is State.OK
    assert tls.judge_keep_alive([reply()], 3).state is State.WARN
    assert tls.judge_keep_alive([replace(reply(), version=10)], 3).state is State.FAIL


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (None, State.OK),
        (reply(301, location="https://updates.example.org/"), State.OK),
        (reply(301, location="http://elsewhere.example.org/"), State.FAIL),
        (reply(403), State.OK),
        (reply(200), State.FAIL),
    ],
)
def test_nothing_is_to_be_had_without_tls(answer, wanted):
    assert reach.judge_plain_http(answer).state is wanted


# Answers


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (reply(403), State.OK),
        (reply(404), State.OK),
        (reply(404, b"x" * 5000), State.WARN),
        (reply(200, b"<!DOCTYPE html>"), State.FAIL),
        (reply(302, location="/404.html"), State.FAIL),
        (reply(503), State.FAIL),
        (Reply("metadata/2.root.json", 404), State.WARN),  # no end but the connection's
        (Reply("metadata/2.root.json", 403, CHUNKED, b"<Error/>"), State.OK),  # S3's way
        (Reply("metadata/2.root.json", 403, CHUNKED, b"x" * 4097), State.WARN),
        (Reply("metadata/2.root.json", 403, {"transfer-encoding": "gzip, chunked"}), State.WARN),
        (reply(403, transfer_encoding="chunked"), State.WARN),  # two ends
    ],
)
def test_what_is_missing_is_403_or_404_and_short(answer, wanted):
    assert answers.judge_missing(answer).state is wanted


SPAN = answers.Span("bytes=2-3", b"cd", 2)
PART = reply(206, b"cd", content_range="bytes 2-3/6")


@pytest.mark.parametrize(
    ("part", "wanted"),
    [
        (PART, State.OK),
        (replace(PART, status=200), State.FAIL),
        (replace(PART, body=b"ab"), State.FAIL),
        (reply(206, b"cd", content_range="bytes 0-1/6"), State.FAIL),
        (reply(206, b"cd"), State.FAIL),
        (reply(206, b"cd", content_range="bytes 2-3/6", content_length="6"), State.FAIL),
    ],
)
def test_a_range_gives_its_bytes_and_says_which(part, wanted):
    assert answers.judge_ranges([(SPAN, part)], reply(416), 6)[0].state is wanted


def test_a_range_behind_the_end_is_416():
    found = answers.judge_ranges([(SPAN, PART)], reply(200), 6)
    assert [one.state for one in found] == [State.OK, State.WARN]


def test_compression_is_found_in_any_answer():
    plain = reply()
    assert answers.judge_plainness([plain, plain])[0].state is State.OK
    assert answers.judge_plainness([reply(content_encoding="identity")])[0].state is State.OK
    [found] = answers.judge_plainness([plain, reply(content_encoding="br")])
    assert (found.state, "br" in found.says) == (State.FAIL, True)
    chunked = Reply("metadata/1.root.json", 200, CHUNKED, b"{}")
    assert answers.judge_plainness([chunked])[0].state is State.FAIL
    assert answers.judge_plainness([reply(403)])[0].state is State.UNKNOWN


def test_boards_get_what_the_doctor_gets():
    assert other_requests.judge_user_agent(reply(), reply()).state is State.OK
    for other in (reply(403), reply(200, b"<challenge>")):
        assert other_requests.judge_user_agent(reply(), other).state is State.FAIL


def test_two_refusals_that_differ_in_their_words_tell_nothing_of_user_agents():
    one, other = reply(403, b"<RequestId>1</RequestId>"), reply(403, b"<RequestId>2</RequestId>")
    found = other_requests.judge_user_agent(one, other)
    assert (found.state, "answered with 403" in found.says) == (State.UNKNOWN, True)
    assert other_requests.judge_user_agent(one, reply()).state is State.FAIL


def test_a_query_changes_neither_the_answer_nor_what_is_kept():
    hit, miss = reply(x_cache="Hit from cloudfront"), reply(x_cache="Miss from cloudfront")
    assert other_requests.judge_query(hit, hit).state is State.OK
    assert other_requests.judge_query(miss, miss).state is State.OK
    assert other_requests.judge_query(hit, miss).state is State.WARN
    assert other_requests.judge_query(hit, reply(200, b"other")).state is State.FAIL
    assert other_requests.judge_query(hit, reply(400)).state is State.FAIL


def test_without_the_plain_answer_nothing_is_known_of_queries():
    missing, differs = reply(403, b"<Error>1</Error>"), reply(403, b"<Error>2</Error>")
    found = other_requests.judge_query(missing, differs)
    assert found.state is State.UNKNOWN
    assert "answered with 403, not 200" in found.says


@pytest.mark.parametrize(
    ("status", "wanted"),
    [(403, State.OK), (405, State.OK), (501, State.OK), (404, State.WARN), (302, State.WARN)]
    + [(status, State.FAIL) for status in (200, 204, 412)],
)
def test_what_writes_is_refused_by_the_edge_itself(status, wanted):
    replies = {"PUT": reply(403), "DELETE": reply(status)}
    assert other_requests.judge_methods(replies).state is wanted


def test_headers_of_the_bucket_are_told_but_not_those_of_cloudfront():
    sound = {"strict_transport_security": "max-age=1", "x_content_type_options": "nosniff"}
    assert answers.judge_headers(reply(x_amz_cf_id="a", **sound))[0].state is State.OK
    [leak] = answers.judge_headers(reply(x_amz_version_id="a", **sound))
    assert "x-amz-version-id" in leak.says
    [missing] = answers.judge_headers(reply(x_content_type_options="nosniff"))
    assert missing.says == "strict-transport-security are not sent"


# Caches


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({"cache_control": "public, max-age=60"}, State.OK),
        ({"cache_control": "public, max-age=60", "age": "60"}, State.OK),
        ({"cache_control": "no-store"}, State.OK),
        ({"cache_control": "public, max-age=60", "age": "66"}, State.FAIL),
        ({"cache_control": "public, max-age=86400"}, State.FAIL),
        ({"cache_control": "max-age=60, s-maxage=86400"}, State.FAIL),
        ({"cache_control": "max-age=60, immutable"}, State.FAIL),
        ({}, State.FAIL),
    ],
)
def test_what_is_replaced_may_be_kept_for_a_minute(headers, wanted):
    assert caching.judge_pointer(reply(**headers)).state is wanted


def test_what_never_changes_is_to_be_kept_for_a_year():
    year = reply(cache_control="public, max-age=31536000, immutable")
    assert caching.judge_immutable({"root": year, "image": year})[0].state is State.OK
    day = reply(cache_control="public, max-age=86400")
    [found] = caching.judge_immutable({"root": year, "image": day})
    assert (found.state, "(image)" in found.says) == (State.WARN, True)
    assert caching.judge_immutable({})[0].state is State.UNKNOWN


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({}, State.OK),
        ({"age": "5"}, State.OK),
        ({"age": "300"}, State.WARN),
        ({"cache_control": "max-age=86400"}, State.FAIL),
    ],
)
def test_that_something_is_missing_is_soon_forgotten(headers, wanted):
    assert caching.judge_missing(reply(404, **headers)).state is wanted


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({"x_cache": "Hit from cloudfront"}, State.OK),
        ({"x_cache": "RefreshHit from cloudfront"}, State.OK),
        ({"age": "7"}, State.OK),
        ({"x_cache": "Miss from cloudfront"}, State.WARN),
        ({}, State.UNKNOWN),
    ],
)
def test_whether_the_edge_keeps_anything(headers, wanted):
    assert caching.judge_hits(reply(**headers)).state is wanted


# Time


@pytest.mark.parametrize(
    ("off_s", "wanted"), [(100, State.OK), (-100, State.OK), (-600, State.WARN), (1000, State.FAIL)]
)
def test_two_clocks_are_held_against_each_other(off_s, wanted):
    [found] = times.judge_clock(NOW, NOW + timedelta(seconds=off_s), [state("timestamp", 7)])
    assert found.state is wanted


def test_what_was_signed_in_the_future_is_found():
    late = state("timestamp", 7, "2026-11-23T13:00:00Z")
    found = times.judge_clock(NOW, NOW, [state("targets", 100), late])
    assert [one.state for one in found] == [State.OK, State.FAIL]
    assert times.judge_clock(NOW, None, [])[0].state is State.UNKNOWN


def test_a_kept_answer_s_time_is_its_date_and_its_age():
    kept = reply(date="Mon, 23 Nov 2026 11:00:00 GMT", age="3600")
    assert kept.time_near(NOW) == NOW
    own = reply(date="Mon, 23 Nov 2026 12:00:00 GMT", age="3600")  # a cache that dates anew
    assert own.time_near(NOW) == NOW
    assert reply(date="yesterday").time_near(NOW) is None
    assert reply(date=f"Fri, 31 Dec {10**20} 23:59:59 GMT").time_near(NOW) is None


def test_a_date_at_the_end_of_all_years_is_a_clock_that_is_wrong():
    late = reply(date="Fri, 31 Dec 9999 23:59:59 GMT", age="9999999999")
    [found] = times.judge_clock(NOW, late.time_near(NOW), [])
    assert found.state is State.FAIL


def test_an_answer_without_a_date_tells_no_time():
    assert reply().time_near(NOW) is None


@pytest.mark.parametrize(
    ("role", "left", "wanted"),
    [
        ("root", 31, State.OK),
        ("root", 29, State.WARN),
        ("root", 6, State.FAIL),
        ("targets", 29, State.WARN),
        ("timestamp", 1, State.OK),  # the job's business
        ("timestamp", 0, State.FAIL),
        ("root", -1, State.FAIL),
    ],
)
def test_roles_that_people_sign_are_told_of_in_time(role, left, wanted):
    assert times.judge_expiry(state(role, left), EXPIRY, NOW).state is wanted


@pytest.mark.parametrize(
    ("left", "wanted"),
    [(7, State.OK), (3.4, State.OK), (2.6, State.OK), (2.4, State.WARN), (1.7, State.FAIL)]
    + [(-1, State.FAIL)],
)
def test_a_refresh_that_is_overdue_by_a_day_is_told(left, wanted):
    assert times.judge_refresh(state("timestamp", left), EXPIRY, NOW).state is wanted


def test_with_a_life_of_a_day_the_job_is_late_after_four_hours():
    short = replace(EXPIRY, timestamp=1)
    assert times.judge_refresh(state("timestamp", 9 / 24), short, NOW).state is State.OK
    assert times.judge_refresh(state("timestamp", 7 / 24), short, NOW).state is State.WARN
    assert times.judge_refresh(state("timestamp", 5 / 24), short, NOW).state is State.FAIL


# What is published


def test_what_is_on_offer_is_there_and_as_long_as_was_signed():
    wanted = {"images/a.bin": 2}
    assert product.judge_offers(wanted, {"images/a.bin": reply()})[0].state is State.OK
    assert product.judge_offers(wanted, {"images/a.bin": reply(403)})[0].state is State.FAIL
    assert product.judge_offers(wanted, {"images/a.bin": reply(200, b"abc")})[0].state is State.FAIL
    assert product.judge_offers({}, {})[0].state is State.OK


def pointer(edge, origin, age_s=600):
    return product.Pointer("v.json", edge, origin, NOW - timedelta(seconds=age_s))


@pytest.mark.parametrize(
    ("pointer", "wanted"),
    [
        (pointer(b"{1}", b"{1}"), State.OK),
        (pointer(None, None), State.OK),
        (pointer(b"{0}", b"{1}"), State.FAIL),
        (pointer(b"{0}", b"{1}", age_s=30), State.WARN),
        (pointer(b"{0}", None), State.FAIL),
        (pointer(None, b"{1}"), State.FAIL),
        (replace(pointer(b"{0}", b"{1}"), written=None), State.UNKNOWN),
    ],
)
def test_the_edge_may_be_a_minute_behind_the_store(pointer, wanted):
    assert product.judge_pointer(pointer, NOW).state is wanted


def version_file(there, age_s=600):
    changed = None if age_s is None else NOW - timedelta(seconds=age_s)
    return version_files.VersionFile("v.json", "1.2.3", b"{1}", there, changed)


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        (version_file(b"{1}"), State.OK),
        (version_file(b"{1}", age_s=None), State.OK),
        (version_file(b"{0}", age_s=59), State.WARN),
        (version_file(b"{0}", age_s=61), State.FAIL),
        (version_file(b"{0}", age_s=None), State.FAIL),
        (version_file(None, age_s=None), State.FAIL),
        (version_file(None, age_s=59), State.WARN),
        (version_file(None), State.FAIL),
    ],
)
def test_a_version_json_may_be_behind_while_a_release_is_under_way(file, wanted):
    assert version_files.judge(file, NOW).state is wanted


SHA = "ab" * 32


@pytest.mark.parametrize(
    "path",
    [
        "metadata/timestamp.json",
        "metadata/12.root.json",
        f"targets/{SHA}.pins.json",
        f"targets/stable/{SHA}.sensor-r2.json",
        f"targets/stable/sensor-r2/{SHA}.1.4.3.json",
        f"payloads/{SHA}.slc",
        f"images/{SHA}.bin",
        "stable/sensor-r2/version.json",
    ],
)
def test_each_path_of_the_format_is_known(path):
    assert contents.is_written(path)


@pytest.mark.parametrize(
    "path",
    ["metadata/0.root.json", "metadata/timestamp.pem", "payloads/app.slc", "images/../x", "keys/a"]
    + ["slotcast.toml", f"targets/{SHA}.json", "metadata/targets.json", "metadata/1.root.json.bak"],
)
def test_other_paths_are_not_slotcast_s(path):
    assert not contents.is_written(path)
    assert contents.judge_names([path], "here")[0].state is State.WARN


def test_private_keys_are_known_by_name_and_by_content():
    key = Ed25519PrivateKey.generate()
    locked = BestAvailableEncryption(b"words")
    for encryption in (NoEncryption(), locked):
        for encoding in (Encoding.PEM, Encoding.DER):
            data = key.private_bytes(encoding, PrivateFormat.PKCS8, encryption)
            assert contents.is_secret("sensor/readme.txt", data)
    for name in ("slotcast.toml", ".slotcast/seen.json", "old-passphrase.txt"):
        assert contents.is_secret(f"sensor/{name}", b"")
    assert contents.is_secret("sensor/a.p12", b"\x30\x82")
    assert contents.is_secret("sensor/notes", b"aws_secret_access_key = x")


def test_public_keys_and_certificates_are_not_secret():
    public = Ed25519PrivateKey.generate().public_key()
    info = PublicFormat.SubjectPublicKeyInfo
    assert not contents.is_secret("sensor/root.pem", public.public_bytes(Encoding.PEM, info))
    assert not contents.is_secret("sensor/root.der", public.public_bytes(Encoding.DER, info))
    assert not contents.is_secret("sensor/ca.pem", Authority.create("a").certificate_pem)
    assert not contents.is_secret("sensor/index.html", b"<html>")


PEM = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
DER = Ed25519PrivateKey.generate().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
JWK = b'{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYA"}'


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(base64.b64encode(PEM), id="PEM in base64"),
        pytest.param(base64.encodebytes(DER), id="DER in base64"),
        pytest.param(b"-----BEGIN CERTIFICATE-----" + base64.b64encode(PEM), id="beside others"),
        pytest.param(JWK, id="JWK"),
        pytest.param(b"AWS_SECRET_ACCESS_KEY=x", id="capitals"),
        pytest.param(b"{'private': '" + b"ab" * 32 + b"'}", id="as Python writes it"),
        pytest.param(PEM.decode().encode("utf-16"), id="UTF-16"),
        pytest.param(PEM.decode().encode("utf-16-le"), id="UTF-16 without its mark"),
        pytest.param(gzip.compress(PEM), id="gzip"),
        pytest.param(base64.urlsafe_b64encode(gzip.compress(PEM)), id="gzip in base64"),
        pytest.param(gzip.compress(DER), id="DER in gzip"),
        pytest.param(gzip.compress(PEM)[:-9], id="gzip, cut off"),
    ],
)
def test_private_keys_are_known_however_they_are_packed(data):
    assert contents.is_secret("sensor/notes.txt", data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(JWK.replace(b'"d"', b'"e"'), id="public JWK"),
        pytest.param(b"ab" * 32, id="digest"),
        pytest.param(gzip.compress(b"hello"), id="gzip"),
        pytest.param(b"\x1f\x8bno gzip", id="no gzip"),
        pytest.param(base64.b64encode(Authority.create("a").certificate_der), id="certificate"),
    ],
)
def test_what_is_packed_is_no_key_by_that(data):
    assert not contents.is_secret("sensor/notes.txt", data)


def test_a_web_page_for_every_name_gives_no_key_away():
    page = reply(200, b"<!doctype html>")
    assert contents.judge_served([page, reply(403)])[0].state is State.OK
    assert contents.judge_served([reply(200, b"[keys]")])[0].state is State.FAIL


@pytest.mark.parametrize("body", [PEM, b"[keys]\n", b"<html><pre>" + PEM])
def test_a_key_is_served_whatever_the_edge_calls_it(body):
    answer = reply(200, body, content_type="text/html")
    assert contents.judge_served([answer])[0].state is State.FAIL
    page = reply(200, b"<!-- none --><html>", content_type="text/html")
    assert contents.judge_served([page])[0].state is State.OK
