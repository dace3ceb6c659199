"""What the bucket's policy lets whom do, by requests that it is tried with (GetBucketPolicy)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from publisher.doctor.aws.bucket.denials import (
    CHECK,
    PUT_BACK,
    judge_blind,
    judge_create_only,
    judge_tls,
)
from publisher.doctor.aws.bucket.edge_requests import (
    EDGE,
    edge_might_read,
    edge_reads,
    other_distributions,
    own_arn,
    sources,
)
from publisher.doctor.aws.bucket.excepted import Deployer
from publisher.doctor.aws.bucket.openings import (
    judge_deletes,
    judge_deployer,
    judge_replication,
    judge_settings,
    judge_versions,
)
from publisher.doctor.aws.bucket.requests import of_bucket
from publisher.doctor.aws.mends import by_stack
from publisher.doctor.aws.policy import Statement, parse_policy
from publisher.doctor.aws.scene import Scene, bucket_setting
from publisher.doctor.findings import Finding, fail, ok, warn
from publisher.infra.sample_paths import IMMUTABLE, POINTERS, TIMESTAMP

_TAKE_OUT = by_stack("take the statement out, if it is not wanted")
_READS = "s3:getobject"


def check_policy(scene: Scene) -> list[Finding]:
    """Check the statements of the bucket's policy (GetBucketPolicy)."""
    here = scene.deployment
    arn, product = f"arn:{scene.clients.s3.meta.partition}:s3:::{here.bucket}", here.product
    statements = of_bucket(read_policy(scene), arn)
    # Of the stack `ota`, as the distribution is.
    deployer = Deployer(here.deployer, is_known=bool(here.distribution_id))
    return [
        *judge_tls(statements, product),
        *judge_public(statements),
        *_judge_own_edge(statements, scene),
        *judge_create_only(statements, product),
        *judge_blind(statements, product),
        *judge_deletes(statements, product, here.roles.get("gc", ""), deployer),
        *judge_versions(statements, product, deployer),
        *judge_replication(statements, product),
        *judge_settings(statements, deployer),
        *judge_deployer(statements, product, deployer),
        *judge_others(statements),
    ]


def read_policy(scene: Scene) -> tuple[Statement, ...]:
    """Return the statements of the bucket's policy; () where there is none.

    Raises:
        UnansweredError: it may not be read.
        ValueError: it is no policy.
    """
    answer = bucket_setting(
        scene, "s3:GetBucketPolicy", "NoSuchBucketPolicy", scene.clients.s3.get_bucket_policy
    )
    return parse_policy(answer["Policy"]) if answer else ()


def judge_public(statements: Sequence[Statement]) -> list[Finding]:
    """Return which statements let in everybody."""
    return [
        fail(CHECK, f"statement {statement.name} allows everybody (Principal *)", _TAKE_OUT)
        for statement in statements
        if statement.is_allow and statement.is_for_strangers()
    ]


def judge_edge(
    statements: Sequence[Statement], product: str, distribution_id: str
) -> list[Finding]:
    """Return whether CloudFront reads for this distribution, and for no other of any account."""
    own = own_arn(statements, distribution_id)
    lets_in = [one for one in statements if one.is_allow and EDGE in one.principals]
    found = [finding for one in lets_in for finding in _judge_reader(one, product, own)]
    paths = (*POINTERS, *IMMUTABLE)
    closed = [path for path in paths if not edge_reads(statements, f"{product}/{path}", own)]
    if closed:
        what = "everything" if len(closed) == len(paths) else f"{closed[0]}, for one"
        says = f"distribution {distribution_id} may not read: boards get 403 for {what}"
        found.append(fail(CHECK, says, PUT_BACK))
    return found or [ok(CHECK, "CloudFront reads for this distribution alone")]


def judge_others(statements: Sequence[Statement]) -> list[Finding]:
    """Return whom but the edge the bucket's own policy lets do anything: the template's nobody."""
    found = []
    for one in statements:
        others = [who for who in one.principals if who != EDGE]
        if one.is_allow and others and not one.is_for_strangers():
            what = f"statement {one.name} lets {', '.join(others)} do {', '.join(one.actions)}"
            found.append(warn(CHECK, f"{what}, beside the roles", _TAKE_OUT))
    return found


def _judge_own_edge(statements: Sequence[Statement], scene: Scene) -> list[Finding]:
    """Judge the edge's part where the stacks made an edge: one of other means is not known."""
    here = scene.deployment
    has_edge = bool(here.distribution_id)
    return judge_edge(statements, here.product, here.distribution_id) if has_edge else []


def _judge_reader(statement: Statement, product: str, own: str) -> Iterator[Finding]:
    """Yield what a statement lets CloudFront do beside reading for this distribution."""
    key = f"{product}/{TIMESTAMP}"
    if any(edge_might_read(statement, key, other) for other in other_distributions(own, statement)):
        says = f"statement {statement.name} lets any distribution of CloudFront, of anybody, read"
        yield fail(CHECK, says, by_stack("name the distribution (AWS:SourceArn)"))
    elif others := [source for source in sources(statement) if source != own]:
        says = f"statement {statement.name} lets another distribution read: {', '.join(others)}"
        yield warn(CHECK, says, _TAKE_OUT)
    if set(statement.actions) - {_READS}:
        says = f"CloudFront may do more than read: {', '.join(statement.actions)}"
        lists = "; who asks for / gets the names of all products"
        yield fail(CHECK, says + lists * statement.covers("s3:ListBucket"), PUT_BACK)
