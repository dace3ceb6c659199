"""Who may take which role, and who may look into the bucket which way: tried for real."""

import http.client
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

from publisher.doctor.aws.role_rights.row import Right
from publisher.infra.names import ROLE_OUTPUTS
from tests.infra.account import assume, assume_by_token
from tests.infra.deployment import (
    BUCKET,
    PRODUCT,
    REFRESH_SUBJECT,
    RELEASE_SUBJECT,
    Deployment,
)
from tests.infra.ministack_server import Ministack
from tests.infra.rights_rows import ALLOWED, DENIED, Row, tried

OBJECT = f"{PRODUCT}/targets/stable/{'0' * 64}.sensor.json"
MISSING = f"{PRODUCT}/metadata/2.root.json"
_BY_TOKEN = "sts:AssumeRoleWithWebIdentity"
# Subjects and audiences that are not those of the stack, and what each is.
_FOREIGN = {
    "a fork's job": {"subject": RELEASE_SUBJECT.replace("acme@1234", "fork@9999")},
    "a job outside the environment": {"subject": RELEASE_SUBJECT.partition(":env")[0] + ":ref:x"},
    "a job with a longer subject": {"subject": RELEASE_SUBJECT + "-2"},
    "a job's token for another service": {"subject": RELEASE_SUBJECT, "audience": "elsewhere"},
    "another issuer": {"subject": RELEASE_SUBJECT, "issuer": "tokens.example.com"},
}


def takes(deployment: Deployment) -> Iterator[Row]:
    """Everybody tries to take each role."""
    people = {
        "engineer": deployment.engineer,
        "administrator": deployment.administrator,
        "stranger": deployment.stranger,
        "nobody": None,
        **{role: deployment.role(role) for role in ROLE_OUTPUTS},
    }
    for who, credentials in people.items():
        for role in ROLE_OUTPUTS:
            take = partial(assume, deployment.aws, credentials, deployment.ci[ROLE_OUTPUTS[role]])
            yield _row(who, "sts:AssumeRole", role, who == "engineer", take)
    jobs = {"release": RELEASE_SUBJECT, "refresh": REFRESH_SUBJECT}
    for job, subject in jobs.items():
        for role in ROLE_OUTPUTS:
            yield _take_by_token(deployment, f"{job} job", role, job == role, subject=subject)
    for who, claims in _FOREIGN.items():
        for role in ROLE_OUTPUTS:
            yield _take_by_token(deployment, who, role, False, **claims)


def views(deployment: Deployment) -> Iterator[Row]:
    """Everybody tries to read, and to change, what is published: at the edge and behind it."""
    aws, host = deployment.aws, deployment.host
    aws.client("s3", deployment.deployer).put_object(Bucket=BUCKET, Key=OBJECT, Body=b"{}")
    other = another_distribution(deployment)
    for who, wanted, asked in (
        ("anybody, at the edge", True, partial(view, aws, host)),
        ("anybody, at another distribution", False, partial(view, aws, other)),
        ("anybody, at the edge without TLS", False, partial(view, aws, host, tls=False)),
    ):
        yield _seen(who, "GET", OBJECT, wanted, asked)
    for method in ("PUT", "DELETE", "POST"):
        yield _seen("anybody, at the edge", method, OBJECT, False, partial(view, aws, host))
    yield _seen("anybody, at the edge", "GET", "", False, partial(view, aws, host))
    yield _seen("anybody, at the edge", "GET", MISSING, False, partial(view, aws, host))
    nobody = aws.client("s3", None)
    get = partial(nobody.get_object, Bucket=BUCKET, Key=OBJECT)
    yield _row("nobody, at the bucket", "s3:GetObject", OBJECT, False, get)
    bare = aws.client("s3", deployment.deployer)
    bare.meta.events.register("before-sign.s3", claim_no_tls)
    get = partial(bare.get_object, Bucket=BUCKET, Key=OBJECT)
    yield _row("deployer, without TLS", "s3:GetObject", OBJECT, False, get)


def view(aws: Ministack, host: str, method: str, path: str, tls: bool = True) -> int:
    """Ask the data plane of CloudFront as a board does; the status of its answer."""
    return answer(aws, host, method, path, tls).status


def answer(
    aws: Ministack, host: str, method: str, path: str, tls: bool = True
) -> http.client.HTTPResponse:
    """The same; the whole answer, with its head."""
    context = ssl.create_default_context(cafile=str(aws.ca))
    connection = http.client.HTTPSConnection("127.0.0.1", aws.port, context=context, timeout=30)
    headers = {"Host": host} if tls else {"Host": host, "X-Forwarded-Proto": "http"}
    with closing(connection):
        connection.request(method, f"/{path}", headers=headers)
        response = connection.getresponse()
        response.read()
        return response


def claim_no_tls(request: object, **rest: object) -> None:
    """The emulator takes a proxy's word for it that a request came without TLS."""
    request.headers["X-Forwarded-Proto"] = "http"


def another_distribution(deployment: Deployment) -> str:
    """Somebody points another distribution of the account at the bucket; its name."""
    client = deployment.aws.client("cloudfront", deployment.deployer)
    config = {**deployment.scene.distribution["DistributionConfig"], "CallerReference": "another"}
    return client.create_distribution(DistributionConfig=config)["Distribution"]["DomainName"]


def _take_by_token(deployment: Deployment, who: str, role: str, wanted: bool, **claims: str) -> Row:
    take = partial(assume_by_token, deployment.aws, deployment.ci[ROLE_OUTPUTS[role]], **claims)
    return _row(who, _BY_TOKEN, role, wanted, take)


def _row(who: str, action: str, on: str, wanted: bool, call: Callable[[], object]) -> Row:
    return Row(Right(who, action, on, wanted, ""), tried(call))


def _seen(who: str, method: str, path: str, wanted: bool, ask: Callable[[str, str], int]) -> Row:
    status = ask(method, path)
    assert status in (200, 403), status
    return Row(Right(who, method, path or "/", wanted, ""), ALLOWED if status == 200 else DENIED)
