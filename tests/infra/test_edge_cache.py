"""The edge's decisions against what CloudFront documents, and against infra/ota.yaml.

Sources are pages of the CloudFront Developer Guide, as edge_cache.py names them.
"""

import asyncio
from copy import deepcopy
from dataclasses import replace

import pytest

from publisher.infra.template import load, read
from publisher.layout import IMMUTABLE, SHORT
from tests.infra.edge_cache import (
    Answer,
    Ask,
    Cache,
    Fetch,
    Key,
    Reply,
    error_ttl_s,
    ttl_s,
)
from tests.infra.edge_rules import Behaviour, CachePolicy, Rules, read_rules
from tests.infra.edge_server import Edge, Line, read_ask, write_reply
from tests.infra.fleet_seeds import (
    AS_IT_IS,
    OTHERS,
    Variant,
    errors_for_five_minutes,
    half_hour_pointers,
    query_in_key,
)

POINTER = "/sensor/metadata/timestamp.json"
VERSIONED = "/sensor/metadata/7.snapshot.json"
PAYLOAD = "/sensor/payloads/" + "ab" * 32 + ".slc"
NEXT_ROOT = "/sensor/metadata/2.root.json"
OWN_DOMAIN = {"BucketName": "firmware", "DomainName": "updates.test"}


@pytest.fixture(scope="module")
def template():
    return load(read("ota"))


@pytest.fixture(scope="module")
def rules(template):
    return read_rules(template, OWN_DOMAIN)


class Viewer:
    """Asks one cache, in front of a bucket of `objects`; `asked` is what the bucket was asked."""

    def __init__(self, rules: Rules) -> None:
        self.objects: dict[str, Reply] = {}
        self.asked: list[Fetch] = []
        self.status = 0
        self._cache = Cache(rules)
        self._missing = Reply(rules.missing_status, {}, b"denied")

    def put(self, path: str, body: bytes, cache_control: str = SHORT) -> None:
        headers = {"etag": f'"{hash(body)}"', "cache-control": cache_control, "x-amz-id-2": "x"}
        self.objects[path] = Reply(200, headers, body)

    def get(self, path: str, at_s: float, **more: str) -> Answer:
        ask = Ask(path, **more)
        found = self._cache.look(ask, at_s)
        if isinstance(found, Answer):
            return found
        self.asked.append(found)
        return self._cache.take(ask, found, self._origin(found), at_s)

    def _origin(self, fetch: Fetch) -> Reply:
        if self.status:
            return Reply(self.status)
        there = self.objects.get(fetch.key.path, self._missing)
        if fetch.etag and fetch.etag == there.headers.get("etag"):
            return Reply(304, {"etag": fetch.etag})
        if fetch.key.range == "bytes=2-3":
            return replace(there, status=206, body=there.body[2:4])
        return there


@pytest.fixture
def viewer(rules):
    viewer = Viewer(rules)
    viewer.put(POINTER, b"one")
    viewer.put(VERSIONED, b"snapshot", IMMUTABLE)
    viewer.put(PAYLOAD, b"payload", IMMUTABLE)
    return viewer


# [expiration], "Specify the amount of time that CloudFront caches objects": row and column.
@pytest.mark.parametrize(
    ("min_s", "default_s", "max_s", "cache_control", "wanted_s"),
    [
        pytest.param(0, 60, 3600, "max-age=120", 120, id="max-age, MinTTL 0: the lesser of both"),
        pytest.param(0, 60, 3600, "max-age=7200", 3600, id="max-age, MinTTL 0: MaxTTL is less"),
        pytest.param(30, 60, 3600, "max-age=10", 30, id="max-age below MinTTL"),
        pytest.param(30, 60, 3600, "max-age=120", 120, id="max-age between both"),
        pytest.param(30, 60, 3600, "max-age=7200", 3600, id="max-age above MaxTTL"),
        pytest.param(0, 60, 3600, "", 60, id="none, MinTTL 0: DefaultTTL"),
        pytest.param(90, 60, 3600, "", 90, id="none: the greater of MinTTL and DefaultTTL"),
        pytest.param(0, 60, 3600, "max-age=10, s-maxage=120", 120, id="s-maxage goes before"),
        pytest.param(30, 60, 100, "s-maxage=120, max-age=10", 100, id="s-maxage above MaxTTL"),
        pytest.param(0, 60, 3600, "no-store", 0, id="no-store, MinTTL 0: not kept"),
        pytest.param(30, 60, 3600, "private, max-age=120", 30, id="private: MinTTL"),
        pytest.param(30, 60, 3600, 'no-cache="x", max-age=9', 30, id="no-cache: MinTTL"),
        pytest.param(0, 60, 3600, "Public, Max-Age=9", 9, id="case does not count"),
        pytest.param(0, 60, 3600, "max-age=soon", 60, id="no number: as if there were none"),
    ],
)
def test_how_long_an_object_is_kept(min_s, default_s, max_s, cache_control, wanted_s):
    policy = CachePolicy(min_s, default_s, max_s)
    assert ttl_s(policy, {"cache-control": cache_control}) == wanted_s


# [errors], "HTTP 4xx and 5xx status codes that CloudFront caches"; CustomErrorResponse of the API.
@pytest.mark.parametrize(
    ("status", "cache_control", "ruled", "wanted_s"),
    [
        pytest.param(404, "", {}, 10, id="404, no rule: 10 seconds"),
        pytest.param(404, "", {404: 5.0}, 5, id="404, with a rule"),
        pytest.param(404, "max-age=60", {404: 5.0}, 60, id="the greater of both"),
        pytest.param(404, "max-age=1", {404: 5.0}, 5, id="the rule is a minimum"),
        pytest.param(503, "", {503: 1.0}, 1, id="5xx, with a rule"),
        pytest.param(403, "", {}, 0, id="403, no rule and no max-age: not kept"),
        pytest.param(403, "max-age=60", {}, 60, id="403, with a max-age"),
        pytest.param(403, "", {403: 5.0}, 5, id="403, with a rule"),
        pytest.param(416, "max-age=60", {416: 5.0}, 0, id="416 never is"),
    ],
)
def test_how_long_an_error_is_kept(rules, status, cache_control, ruled, wanted_s):
    reply = Reply(status, {"cache-control": cache_control})
    assert error_ttl_s(replace(rules, error_s=ruled), reply) == wanted_s


# "Path pattern": * is zero or more characters, ? exactly one; case counts, a first slash does not.
@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*/metadata/timestamp.json", "/a/b/metadata/timestamp.json", True),
        ("*/metadata/timestamp.json", "/a/metadata/Timestamp.json", False),
        ("images/*.jpg", "/images/a/b.jpg", True),
        ("/images/*.jpg", "/images/b.jpg", True),
        ("images/*.jpg", "/images/b.jpg.txt", False),
        ("a??.png", "/abc.png", True),
        ("a??.png", "/ab.png", False),
        ("*", "/", True),
    ],
)
def test_which_paths_a_pattern_matches(pattern, path, matches):
    policy = CachePolicy(0, 0, 0)
    behaviour = Behaviour(pattern, frozenset(), "https-only", policy, {}, frozenset())
    assert behaviour.matches(path) == matches


@pytest.mark.parametrize(
    ("behaviour", "names", "kept"),
    [
        ("none", (), ""),
        ("all", (), "b=2&a=1"),
        ("whitelist", ("a",), "a=1"),
        ("allExcept", ("a",), "b=2"),
    ],
)
def test_what_of_a_query_string_is_in_the_key(behaviour, names, kept):
    policy = CachePolicy(0, 0, 0, behaviour, frozenset(names))
    assert policy.key_query("b=2&a=1") == kept


def test_the_template_keeps_pointers_a_minute_and_all_else_a_year(viewer):
    assert viewer.get(POINTER, 0).result == "Miss"
    assert viewer.get(POINTER, 59.9).result == "Hit"
    assert viewer.get(POINTER, 60).result == "RefreshHit"
    assert viewer.get(VERSIONED, 0).result == "Miss"
    assert viewer.get(VERSIONED, 31535999).result == "Hit"


def test_a_new_pointer_is_served_when_the_old_one_has_expired(viewer):
    viewer.get(POINTER, 0)
    viewer.put(POINTER, b"two")
    assert viewer.get(POINTER, 59.9).reply.body == b"one"
    answer = viewer.get(POINTER, 60)
    assert (answer.result, answer.reply.body) == ("Miss", b"two")


def test_an_expired_object_is_asked_for_by_its_tag_and_is_fresh_again(viewer):
    viewer.get(POINTER, 0)
    assert viewer.get(POINTER, 70).reply.body == b"one"
    assert viewer.asked[1].etag == viewer.objects[POINTER].headers["etag"]
    assert viewer.get(POINTER, 129).result == "Hit"


def test_a_hit_tells_its_age_and_what_the_bucket_says_of_itself_is_removed(viewer):
    viewer.get(POINTER, 10)
    headers = viewer.get(POINTER, 22.5).reply.headers
    assert headers["age"] == "12"
    assert headers["x-cache"] == "Hit from cloudfront"
    assert headers["x-content-type-options"] == "nosniff"
    assert "x-amz-id-2" not in headers


def test_what_is_missing_stays_missing_for_five_seconds(viewer):
    assert viewer.get(NEXT_ROOT, 0).reply.status == 403
    viewer.put(NEXT_ROOT, b"root", IMMUTABLE)
    kept = viewer.get(NEXT_ROOT, 4.9)
    assert (kept.reply.status, kept.reply.headers["x-cache"]) == (403, "Error from cloudfront")
    assert viewer.get(NEXT_ROOT, 5).reply.body == b"root"
    assert len(viewer.asked) == 2


def test_the_query_string_is_neither_in_the_key_nor_sent_on(viewer):
    viewer.get(POINTER, 0, query="d=1")
    assert viewer.get(POINTER, 1, query="d=2").result == "Hit"
    assert viewer.asked == [Fetch(Key(POINTER, "", ""))]


def test_ranges_come_out_of_what_is_kept(viewer):
    viewer.get(PAYLOAD, 0)
    part = viewer.get(PAYLOAD, 1, range="bytes=3-")
    assert (part.reply.status, part.reply.body, part.result) == (206, b"load", "Hit")
    assert part.reply.headers["content-range"] == "bytes 3-6/7"
    assert viewer.get(PAYLOAD, 1, range="bytes=7-").reply.status == 416


def test_a_range_of_what_is_not_kept_is_fetched_and_kept_alone(viewer):
    first = viewer.get(PAYLOAD, 0, range="bytes=2-3")
    assert (first.reply.status, first.reply.body) == (206, b"yl")
    assert viewer.get(PAYLOAD, 1, range="bytes=2-3").result == "Hit"
    assert viewer.get(PAYLOAD, 1).result == "Miss"


def test_a_viewer_that_has_it_is_told_so(viewer):
    tag = viewer.get(POINTER, 0).reply.headers["etag"]
    answer = viewer.get(POINTER, 1, if_none_match=tag)
    assert (answer.reply.status, answer.reply.body) == (304, b"")


def test_an_expired_object_stands_in_for_a_broken_bucket_which_is_asked_again_after_a_second(
    viewer,
):
    """[errors], "The requested object is in the edge cache"."""
    viewer.get(POINTER, 0)
    viewer.status = 503
    assert viewer.get(POINTER, 60).reply.body == b"one"
    assert viewer.get(POINTER, 60.9).reply.status == 200
    assert len(viewer.asked) == 2
    viewer.get(POINTER, 61)
    assert len(viewer.asked) == 3


def test_with_stale_if_error_it_does_so_for_no_longer_than_that(viewer):
    viewer.put(POINTER, b"one", f"{SHORT}, stale-if-error=30")
    viewer.get(POINTER, 0)
    viewer.status = 503
    assert viewer.get(POINTER, 89).reply.status == 200
    assert viewer.get(POINTER, 91).reply.status == 503


def test_an_expired_object_does_not_stand_in_for_a_missing_one(viewer):
    viewer.get(POINTER, 0)
    del viewer.objects[POINTER]
    assert viewer.get(POINTER, 60).reply.status == 403


@pytest.mark.parametrize(
    "more", [{"method": "PUT"}, {"method": "DELETE"}, {"method": "OPTIONS"}, {"scheme": "http"}]
)
def test_other_methods_and_plain_http_are_refused_without_asking(viewer, more):
    assert viewer.get(POINTER, 0, **more).reply.status == 403
    assert not viewer.asked


def test_a_shield_does_not_double_the_minute(rules):
    """RFC 9111, 4.2.3: the age of what comes counts."""
    reply = Reply(200, {"cache-control": SHORT, "age": "50"}, b"one")
    for counts_age, until_s in ((True, 10), (False, 60)):
        cache = Cache(replace(rules, counts_age=counts_age))
        cache.take(Ask(POINTER), Fetch(Key(POINTER, "", "")), reply, 0)
        assert isinstance(cache.look(Ask(POINTER), until_s - 0.1), Answer)
        assert isinstance(cache.look(Ask(POINTER), until_s), Fetch)


def test_requests_at_the_same_time_ask_the_bucket_once(rules):
    """ "Simultaneous requests for the same object (request collapsing)"."""
    asked: list[Fetch] = []
    lines: list[Line] = []

    async def origin(fetch: Fetch) -> Reply:
        asked.append(fetch)
        await asyncio.sleep(0)
        return Reply(200, {"cache-control": SHORT}, b"one")

    async def ask_thrice() -> list[Answer]:
        edge = Edge(Cache(rules), origin, lambda: 0.0, lines.append)
        return await asyncio.gather(*[edge.answer(Ask(POINTER, f"d={n}")) for n in range(3)])

    answers = asyncio.run(ask_thrice())
    assert [answer.reply.body for answer in answers] == [b"one"] * 3
    assert len(asked) == 1


def test_the_log_has_the_query_string(rules):
    lines: list[Line] = []
    edge = Edge(Cache(rules), None, lambda: 0.0, lines.append)
    ask = read_ask(b"GET /sensor/metadata/timestamp.json?d=1&v=1.0.0 HTTP/1.1\r\nHost: x", "https")
    edge.record(ask, Answer(Reply(200), "Hit"), 7)
    assert (lines[0].path, lines[0].query, lines[0].sent_bytes) == (POINTER, "d=1&v=1.0.0", 7)


@pytest.mark.parametrize("head", [b"", b"GET /", b"GET x HTTP/1.1", b"GET / HTTP/1.0"])
def test_what_is_no_request_is_not_read(head):
    assert read_ask(head, "https") is None


def test_an_answer_to_head_has_the_length_and_no_body():
    data = write_reply(Reply(200, {"etag": '"1"'}, b"one"), "HEAD")
    assert data == b'HTTP/1.1 200 OK\r\netag: "1"\r\ncontent-length: 3\r\n\r\n'


def test_rules_follow_the_template(template, rules):
    assert (rules.missing_status, rules.has_shield, rules.protocol) == (403, False, "TLSv1.2_2025")
    assert read_rules(template, {"BucketName": "x"}).protocol == "TLSv1"
    assert read_rules(template, {**OWN_DOMAIN, "OriginShieldRegion": "eu-west-1"}).has_shield
    assert AS_IT_IS.rules(template) == rules
    for variant in OTHERS:
        assert variant.rules(template) != rules


@pytest.mark.parametrize(
    ("change", "path", "status", "at_s"),
    [
        (half_hour_pointers, POINTER, 200, 1799),
        (errors_for_five_minutes, NEXT_ROOT, 403, 299),
    ],
)
def test_another_ttl_in_the_template_is_another_at_the_edge(template, change, path, status, at_s):
    viewer = Viewer(Variant("", change).rules(template))
    viewer.put(POINTER, b"one")
    viewer.get(path, 0)
    assert viewer.get(path, at_s).reply.status == status
    assert len(viewer.asked) == 1


def test_a_query_string_in_the_key_sends_each_board_to_the_bucket(template):
    viewer = Viewer(Variant("", query_in_key).rules(template))
    viewer.put(POINTER, b"one")
    for board in "123":
        viewer.get(POINTER, 0, query=f"d={board}")
    assert len(viewer.asked) == 3


def test_a_policy_that_lets_the_edge_list_makes_404_of_what_is_missing(template):
    changed = deepcopy(template)
    policy = changed["Resources"]["BucketPolicy"]["Properties"]["PolicyDocument"]
    [statement] = [one for one in policy["Statement"] if one.get("Sid") == "EdgeReads"]
    statement["Action"] = ["s3:GetObject", "s3:ListBucket"]
    assert read_rules(changed, OWN_DOMAIN).missing_status == 404


@pytest.mark.parametrize(
    ("where", "value", "says"),
    [
        ("FunctionAssociations", [{"EventType": "viewer-request"}], "FunctionAssociations"),
        ("OriginRequestPolicyId", "all-viewer", "OriginRequestPolicyId"),
        ("Compress", True, "compress"),
    ],
)
def test_a_setting_that_the_edge_does_not_know_is_refused(template, where, value, says):
    changed = deepcopy(template)
    config = changed["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    config["DefaultCacheBehavior"][where] = value
    with pytest.raises(ValueError, match=says):
        read_rules(changed, OWN_DOMAIN)
