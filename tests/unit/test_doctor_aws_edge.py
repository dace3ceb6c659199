"""What the doctor finds wrong with a distribution: how it serves, and how it caches."""

from dataclasses import replace

import pytest
from aws_account import Account, set_tls
from aws_answers import HOST

from publisher.doctor.aws.distribution import check_distribution

CLOUDFRONT = "d111111abcdef8.cloudfront.net"
KEPT = "boards get that so long, though it may be over"
WEB_ACL = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/firmware/1234"


def bad(account):
    return account.bad(check_distribution)


def set_origin(**words):
    return lambda account: account.distribution["Origins"]["Items"][0].update(words)


def set_default(**words):
    return lambda account: account.distribution["DefaultCacheBehavior"].update(words)


def give_web_acl(account, there):
    """Let the stack be given a web ACL, and the distribution have this one."""
    account.deployment = replace(account.deployment, web_acl=WEB_ACL)
    account.distribution["WebACLId"] = there


def set_page(code, **words):
    def change(account):
        pages = account.distribution["CustomErrorResponses"]["Items"]
        next(page for page in pages if page["ErrorCode"] == code).update(words)

    return change


@pytest.mark.parametrize(
    ("change", "says", "mend"),
    [
        pytest.param(
            lambda account: account.distribution.update(Enabled=False),
            "FAIL distribution-live: the distribution is disabled: it serves nobody",
            "enable it: `slotcast infra apply`",
            id="disabled",
        ),
        pytest.param(
            lambda account: account.answers["get_distribution"]["Distribution"].update(
                Status="InProgress"
            ),
            "WARN distribution-live: the distribution is InProgress: not all edges have its "
            "settings yet",
            "wait some minutes",
            id="under way",
        ),
        pytest.param(
            set_tls(MinimumProtocolVersion="TLSv1.3_2025"),
            "FAIL distribution-tls: the TLS policy is TLSv1.3_2025: boards speak TLS 1.2 and "
            "cannot connect",
            "TLSv1.2_2025",
            id="TLS 1.3 alone",
        ),
        pytest.param(
            set_tls(MinimumProtocolVersion="TLSv1.2_2019"),
            "FAIL distribution-tls: the TLS policy is TLSv1.2_2019: it takes versions and ciphers "
            "that are broken",
            "TLSv1.2_2025",
            id="old TLS",
        ),
        pytest.param(
            set_tls(SSLSupportMethod="vip"),
            "WARN distribution-tls: the certificate is served by vip, which costs extra",
            "set sni-only: `slotcast infra apply`",
            id="addresses of its own",
        ),
        pytest.param(
            set_origin(DomainName="another.s3.us-east-1.amazonaws.com"),
            "FAIL distribution-origin: the origin another.s3.us-east-1.amazonaws.com is not bucket "
            "acme-firmware",
            "name the bucket: `slotcast infra apply`",
            id="another bucket",
        ),
        *(
            pytest.param(
                set_origin(DomainName=f"acme-firmware.s3.{rest}"),
                f"FAIL distribution-origin: the origin acme-firmware.s3.{rest} is not bucket "
                "acme-firmware",
                "name the bucket: `slotcast infra apply`",
                id=rest,
            )
            for rest in ("attacker.example", "us-east-1.amazonaws.com.attacker.example")
        ),
        pytest.param(
            set_origin(OriginPath="/sensor"),
            "FAIL distribution-origin: the origin has the path /sensor, which products have not",
            "take it out: `slotcast infra apply`",
            id="origin path",
        ),
        pytest.param(
            set_origin(OriginAccessControlId=""),
            "FAIL distribution-origin: the origin has no origin access control: boards get 403 for "
            "everything",
            "set one: `slotcast infra apply`",
            id="no origin access control",
        ),
        pytest.param(
            set_origin(S3OriginConfig={"OriginAccessIdentity": "origin-access-identity/E1"}),
            "FAIL distribution-origin: the origin has an origin access identity, which is obsolete",
            "set an origin access control: `slotcast infra apply`",
            id="origin access identity",
        ),
        pytest.param(
            lambda account: account.answers["get_origin_access_control"]["OriginAccessControl"][
                "OriginAccessControlConfig"
            ].update(SigningBehavior="no-override"),
            "FAIL distribution-origin: CloudFront signs its requests to the bucket: no-override, "
            "not always",
            "set always: `slotcast infra apply`",
            id="not always signed",
        ),
        pytest.param(
            set_default(ViewerProtocolPolicy="redirect-to-https"),
            "FAIL distribution-behaviours: the default behaviour: plain HTTP is answered "
            "(redirect-to-https)",
            "set https-only: `slotcast infra apply`",
            id="plain HTTP",
        ),
        pytest.param(
            set_default(AllowedMethods={"Quantity": 3, "Items": ["GET", "HEAD", "PUT"]}),
            "FAIL distribution-behaviours: the default behaviour: the edge lets PUT through",
            "allow GET and HEAD alone: `slotcast infra apply`",
            id="writing methods",
        ),
        pytest.param(
            lambda account: account.behaviour("*/payloads/*.slc").update(Compress=True),
            "FAIL distribution-behaviours: */payloads/*.slc: answers are compressed, which boards "
            "do not undo",
            "set Compress to false: `slotcast infra apply`",
            id="compressed",
        ),
        pytest.param(
            set_default(
                FunctionAssociations={
                    "Quantity": 1,
                    "Items": [{"FunctionARN": "arn:aws:f", "EventType": "viewer-request"}],
                }
            ),
            "WARN distribution-behaviours: the default behaviour: a function at the edge may "
            "change what boards get",
            "if you do not know it",
            id="function at the edge",
        ),
        pytest.param(
            set_default(FieldLevelEncryptionId="E1"),
            "WARN distribution-behaviours: the default behaviour: field-level encryption changes "
            "what is sent to the bucket",
            "if you do not know it",
            id="field-level encryption",
        ),
        pytest.param(
            set_default(OriginRequestPolicyId="E1"),
            "WARN distribution-behaviours: the default behaviour: an origin request policy sends "
            "the bucket more than the path",
            "if you do not know it",
            id="origin request policy",
        ),
        pytest.param(
            set_default(RealtimeLogConfigArn="arn:aws:kinesis:us-east-1:1:stream/a"),
            "WARN distribution-behaviours: the default behaviour: a real-time log takes down every "
            "request, with what boards report",
            "if you do not know it",
            id="real-time log",
        ),
        pytest.param(
            lambda account: account.behaviour("*/version.json").update(
                CachePolicyId="ImmutableCaching"
            ),
            "FAIL distribution-caching: stable/sensor/version.json may be kept for 31536000 s: a "
            "release, or a stop, reaches nobody before",
            "set a MaxTTL of 60 s: `slotcast infra apply`",
            id="pointer kept for ever",
        ),
        pytest.param(
            lambda account: account.behaviour("*/payloads/*.slc").update(
                CachePolicyId="PointerCaching"
            ),
            "WARN distribution-caching: payloads/ is kept for 60 s only: each edge asks again and "
            "again",
            "set a MaxTTL of a year: `slotcast infra apply`",
            id="payloads kept for a minute",
        ),
        pytest.param(
            lambda account: account.behaviour("*/metadata/timestamp.json").pop("CachePolicyId"),
            "FAIL distribution-caching: metadata/timestamp.json has no cache policy, but "
            "legacy cache settings (ForwardedValues)",
            "name a cache policy: `slotcast infra apply`",
            id="legacy cache settings",
        ),
        pytest.param(
            set_page(403, ResponseCode="200", ResponsePagePath="/index.html"),
            "FAIL distribution-errors: 403 is answered with 200 /index.html: boards take that "
            "for a file",
            "let it stay: `slotcast infra apply`",
            id="a page with 200",
        ),
        pytest.param(
            set_page(403, ResponseCode="404", ResponsePagePath="/missing.json"),
            "WARN distribution-errors: 403 is answered with 404 /missing.json: a bucket that is "
            "closed to the edge looks like a missing file",
            "let it stay",
            id="closed looks like missing",
        ),
        pytest.param(
            lambda account: account.distribution.update(
                Restrictions={"GeoRestriction": {"RestrictionType": "whitelist", "Quantity": 0}}
            ),
            "WARN distribution-live: the distribution answers some countries alone (whitelist): "
            "boards elsewhere get 403",
            "take it out",
            id="some countries alone",
        ),
        pytest.param(
            lambda account: account.distribution.update(ContinuousDeploymentPolicyId="staged-1"),
            "WARN distribution-live: a staging distribution may answer boards too: continuous "
            "deployment policy staged-1",
            "take the policy out: `slotcast infra apply`",
            id="a staging distribution",
        ),
        pytest.param(
            lambda account: account.distribution.update(WebACLId=WEB_ACL),
            f"WARN distribution-live: the web ACL {WEB_ACL} decides which boards are answered, and "
            "is not the stack's",
            "WebAclArn in infra.toml",
            id="a web ACL",
        ),
        pytest.param(
            lambda account: give_web_acl(account, ""),
            f"WARN distribution-live: the distribution has no web ACL, and the stack was given "
            f"{WEB_ACL}",
            "set it again",
            id="no web ACL",
        ),
        pytest.param(
            set_default(TrustedSigners={"Enabled": True, "Quantity": 0}),
            "FAIL distribution-behaviours: the default behaviour: it asks for signed URLs, which "
            "boards have not",
            "take it out",
            id="signed URLs",
        ),
        *(
            pytest.param(
                set_page(code, ErrorCachingMinTTL=300),
                f"WARN distribution-errors: edges keep {code} for 300 s: {KEPT}",
                "set 5 s: `slotcast infra apply`",
                id=f"{code} kept",
            )
            for code in (400, 403, 404, 405, 414, 500, 501, 502, 503, 504)
        ),
    ],
)
def test_a_broken_distribution_is_told_with_what_mends_it(change, says, mend):
    account = Account()
    change(account)
    found = bad(account)
    assert list(found) == [says]
    assert mend in found[says]


def test_a_distribution_without_error_pages_keeps_them_too_long():
    account = Account()
    del account.distribution["CustomErrorResponses"]
    assert list(bad(account)) == [  # CloudFront's default, of those that it keeps unasked
        "WARN distribution-errors: edges keep 403, 404, 414, 500, 501, 502, 503, 504 for 10 s: "
        f"{KEPT}"
    ]


@pytest.mark.parametrize("code", [403, 404, 414, 500, 501, 502, 503, 504])
def test_an_error_that_is_left_out_is_kept_too_long(code):
    account = Account()
    pages = account.distribution["CustomErrorResponses"]
    pages["Items"] = [page for page in pages["Items"] if page["ErrorCode"] != code]
    says = f"WARN distribution-errors: edges keep {code} for 10 s: {KEPT}"
    assert list(bad(account)) == [says]


def test_errors_are_told_together_by_how_long_they_are_kept():
    account = Account()
    for code, kept_s in ((500, 86_400), (404, 6), (503, 86_400), (504, 5)):
        set_page(code, ErrorCachingMinTTL=kept_s)(account)
    assert list(bad(account)) == [
        f"WARN distribution-errors: edges keep 404 for 6 s: {KEPT}",
        f"WARN distribution-errors: edges keep 500, 503 for 86400 s: {KEPT}",
    ]


def test_how_long_416_is_kept_is_nothing_to_tell_as_no_edge_keeps_it():
    account = Account()
    set_page(416, ErrorCachingMinTTL=86_400)(account)
    assert bad(account) == {}


def test_a_name_that_the_distribution_does_not_answer_to():
    account = Account()
    account.distribution["Aliases"]["Items"] = ["old.example.com"]
    assert list(bad(account)) == [
        f"FAIL distribution-names: boards ask for {HOST}, the distribution answers to "
        f"old.example.com, {CLOUDFRONT} alone"
    ]


def test_cloudfronts_own_name_and_certificate_are_warned_of():
    account = Account()
    account.wanted = replace(account.wanted, base_url=f"https://{CLOUDFRONT}/")
    account.distribution["ViewerCertificate"] = {"CloudFrontDefaultCertificate": True}
    assert [words.split(":")[0] for words in bad(account)] == [
        "WARN distribution-names",
        "WARN distribution-tls",
    ]


def key_of(answer):
    """What GetCachePolicy tells of the cache key."""
    return answer["CachePolicy"]["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"]


@pytest.mark.parametrize(
    ("section", "words", "says"),
    [
        ("QueryStringsConfig", {"QueryStringBehavior": "all"}, "the query string, which has a "),
        ("HeadersConfig", {"HeaderBehavior": "whitelist"}, "headers"),
        ("CookiesConfig", {"CookieBehavior": "all"}, "cookies"),
    ],
)
def test_a_key_of_more_than_the_path_is_told_once_for_each_policy(section, words, says):
    account = Account()
    account.alter("get_cache_policy", lambda answer: key_of(answer).update({section: words}))
    found = [words.partition(f": the key has {says}") for words in bad(account)]
    assert [(policy, bool(key)) for policy, key, _ in found] == [
        (f"FAIL distribution-caching: cache policy slotcast-ota-{kind}", True)
        for kind in ("pointer", "immutable")
    ]


def test_copies_that_are_compressed_are_warned_of():
    account = Account()
    account.alter(
        "get_cache_policy", lambda answer: key_of(answer).update(EnableAcceptEncodingBrotli=True)
    )
    assert list(bad(account)) == [
        "WARN distribution-caching: cache policy slotcast-ota-pointer keeps compressed copies",
        "WARN distribution-caching: cache policy slotcast-ota-immutable keeps compressed copies",
    ]


def test_what_no_pattern_names_has_the_default_behaviour():
    account = Account()
    account.behaviour("*/images/*.bin")["PathPattern"] = "*/IMAGES/*"
    assert list(bad(account)) == [
        "WARN distribution-caching: images/ is kept for 60 s only: each edge asks again and again"
    ]
    account.distribution["DefaultCacheBehavior"].pop("CachePolicyId")
    (says,) = bad(account)
    assert says.endswith(
        ": images/ has no cache policy, but legacy cache settings (ForwardedValues)"
    )


def test_a_pattern_with_a_slash_in_front_is_the_same():
    account = Account()
    account.behaviour("*/version.json")["PathPattern"] = "/*/version.json"
    assert bad(account) == {}


def test_the_stacks_own_web_acl_is_nothing_to_tell():
    account = Account()
    give_web_acl(account, WEB_ACL)
    assert bad(account) == {}
