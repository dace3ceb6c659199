"""Condition keys of the templates' policies: does the emulator know each? Tried by itself."""

from collections.abc import Callable, Mapping
from functools import partial

from tests.infra.access_rows import another_distribution, answer, claim_no_tls
from tests.infra.account import EVERYTHING, add_user, assume, assume_by_token, document, user_arn
from tests.infra.deployment import BUCKET, REFRESH_SUBJECT, RELEASE_SUBJECT, Deployment
from tests.infra.rights_rows import ALLOWED, tried

# Whether it is modelled.
Probe = Callable[[Deployment], bool]
_KEY = "a-feature/one"
ED25519 = {"MessageType": "RAW", "SigningAlgorithm": "ED25519_SHA_512"}


def _denied_if(
    name: str, operator: str, key: str, value: str, calls: Callable[[object], list[bool]]
) -> Probe:
    """A user may do all but write on a condition; `calls` tells which of two calls went through."""

    def probe(deployment: Deployment) -> bool:
        where = {"Condition": {operator: {key: value}}, "Effect": "Deny", "Resource": "*"}
        who = add_user(deployment.aws, name, EVERYTHING, {**where, "Action": "s3:PutObject"})
        return calls(deployment.aws.client("s3", who)) == [True, False]

    return probe


def _passes(call: Callable[[], object]) -> bool:
    return tried(call) == ALLOWED


def _writes(right: Mapping[str, str], wrong: Mapping[str, str]) -> Callable[[object], list[bool]]:
    """Two writes of an object: with these words, and with those."""

    def calls(s3: object) -> list[bool]:
        put = partial(s3.put_object, Bucket=BUCKET, Key=_KEY, Body=b"1")
        return [_passes(partial(put, **words)) for words in (right, wrong)]

    return calls


def _parts_and_a_whole(s3: object) -> list[bool]:
    upload = partial(s3.create_multipart_upload, Bucket=BUCKET, Key=_KEY)
    return [_passes(upload), _passes(partial(s3.put_object, Bucket=BUCKET, Key=_KEY, Body=b"1"))]


def _a_read_and_a_write(s3: object) -> list[bool]:
    get = partial(s3.head_object, Bucket=BUCKET, Key=_KEY)
    return [_passes(get), _passes(partial(s3.put_object, Bucket=BUCKET, Key=_KEY, Body=b"1"))]


def _with_and_without_tls(s3: object) -> list[bool]:
    put = partial(s3.put_object, Bucket=BUCKET, Key=_KEY, Body=b"1")
    first = _passes(put)
    s3.meta.events.register("before-sign.s3", claim_no_tls)
    return [first, _passes(put)]


def _by_prefix(deployment: Deployment) -> bool:
    where = {"Condition": {"StringLike": {"s3:prefix": "a/*"}}, "Effect": "Allow", "Resource": "*"}
    who = add_user(deployment.aws, "lister", {**where, "Action": "s3:ListBucket"})
    s3 = deployment.aws.client("s3", who)
    found = [_passes(partial(s3.list_objects_v2, Bucket=BUCKET, Prefix=p)) for p in ("a/", "b/")]
    return found == [True, False]


def _by_user(deployment: Deployment) -> bool:
    """The bucket's own policy lets the deployer alone change its settings."""
    versioning = {"Bucket": BUCKET, "VersioningConfiguration": {"Status": "Enabled"}}
    who = (deployment.deployer, deployment.administrator)
    clients = [deployment.aws.client("s3", one) for one in who]
    found = [_passes(partial(one.put_bucket_versioning, **versioning)) for one in clients]
    return found == [True, False]


def _by_role(deployment: Deployment) -> bool:
    """A session of a role is taken for the role."""
    iam = deployment.aws.client("iam", deployment.deployer)
    trust = document(
        {"Effect": "Allow", "Principal": {"AWS": user_arn("engineer")}, "Action": "sts:AssumeRole"}
    )
    arn = iam.create_role(RoleName="a-role", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    where = {"Condition": {"ArnEquals": {"aws:PrincipalArn": arn}}, "Effect": "Allow"}
    rights = document({**where, "Action": "s3:*", "Resource": "*"})
    iam.put_role_policy(RoleName="a-role", PolicyName="own", PolicyDocument=rights)
    s3 = deployment.aws.client("s3", assume(deployment.aws, deployment.engineer, arn))
    return _passes(partial(s3.list_objects_v2, Bucket=BUCKET))


def _by_algorithm(deployment: Deployment) -> bool:
    where = {"Condition": {"StringEquals": {"kms:SigningAlgorithm": "ED25519_SHA_512"}}}
    allow = {"Effect": "Allow", "Action": "kms:Sign", "Resource": "*"}
    kms = deployment.aws.client("kms", add_user(deployment.aws, "signer", {**allow, **where}))
    return _passes(partial(kms.sign, KeyId=deployment.keys["targets"], Message=b"1", **ED25519))


def _by_claim(**claims: str) -> Probe:
    """Whether a token with another claim is refused."""

    def probe(deployment: Deployment) -> bool:
        right = {"subject": RELEASE_SUBJECT}
        take = partial(assume_by_token, deployment.aws, deployment.ci["ReleaseRoleArn"])
        return [_passes(partial(take, **words)) for words in (right, {**right, **claims})] == [
            True,
            False,
        ]

    return probe


def _by_source(deployment: Deployment) -> bool:
    deployment.aws.client("s3", deployment.deployer).put_object(Bucket=BUCKET, Key=_KEY, Body=b"1")
    hosts = (deployment.host, another_distribution(deployment))
    return [answer(deployment.aws, host, "GET", _KEY).status for host in hosts] == [200, 403]


CONDITIONS: Mapping[str, Probe] = {
    "condition s3:if-none-match": _denied_if(
        "creator", "Null", "s3:if-none-match", "true", _writes({"IfNoneMatch": "*"}, {})
    ),
    "condition s3:if-match": _denied_if(
        "replacer", "Null", "s3:if-match", "true", _writes({"IfMatch": '"0"'}, {})
    ),
    "condition s3:ObjectCreationOperation": _denied_if(
        "uploader", "Bool", "s3:ObjectCreationOperation", "true", _parts_and_a_whole
    ),
    "condition s3:TlsVersion": _denied_if(
        "elder", "NumericGreaterThan", "s3:TlsVersion", "1.0", _a_read_and_a_write
    ),
    "condition aws:SecureTransport": _denied_if(
        "bare", "Bool", "aws:SecureTransport", "false", _with_and_without_tls
    ),
    "condition s3:prefix": _by_prefix,
    "condition aws:PrincipalArn": _by_user,
    "condition aws:PrincipalArn, of a session": _by_role,
    "condition AWS:SourceArn": _by_source,
    "condition kms:SigningAlgorithm": _by_algorithm,
    "condition token.actions.githubusercontent.com:sub": _by_claim(subject=REFRESH_SUBJECT),
    "condition token.actions.githubusercontent.com:aud": _by_claim(audience="elsewhere"),
}
