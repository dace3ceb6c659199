"""What the bucket's policy lets whom do, by requests that it is tried with (GetBucketPolicy)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from publisher.doctor.aws.bucket_requests import (
    EDGE,
    edge_might_read,
    edge_reads,
    is_denied,
    named,
    of_bucket,
    other_distributions,
    own_arn,
    sources,
    strangers,
)
from publisher.doctor.aws.mends import by_stack
from publisher.doctor.aws.policy import Statement, parse_policy
from publisher.doctor.aws.scene import Scene, bucket_setting
from publisher.doctor.findings import Finding, fail, ok, warn
from publisher.infra.rules.policies import Request
from publisher.infra.sample_paths import POINTERS, RELEASED, ROOT, TIMESTAMP

CHECK = "bucket-policy"
_PUT_BACK = by_stack("put the template's policy back")
_TAKE_OUT = by_stack("take the statement out, if it is not wanted")
_READS = "s3:getobject"
_IMMUTABLE = (*RELEASED, ROOT)
# Condition keys of a request that writes: false stands for a part of an upload, which carries no
# condition; what completes it does.
_WRITING = {"aws:securetransport": "true", "s3:tlsversion": "1.2"}
_WHOLE = {**_WRITING, "s3:objectcreationoperation": "true"}
_PART = {**_WRITING, "s3:objectcreationoperation": "false"}
_CREATING = {**_WHOLE, "s3:if-none-match": "*"}
_REPLACING = {**_WHOLE, "s3:if-match": "0123"}


def check_policy(scene: Scene) -> list[Finding]:
    """Check the statements of the bucket's policy (GetBucketPolicy)."""
    here = scene.deployment
    arn, product = f"arn:{scene.clients.s3.meta.partition}:s3:::{here.bucket}", here.product
    statements = of_bucket(read_policy(scene), arn)
    return [
        *judge_tls(statements, product),
        *judge_public(statements),
        *_judge_own_edge(statements, scene),
        *judge_create_only(statements, product),
        *judge_versions(statements, product),
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


def judge_tls(statements: Sequence[Statement], product: str) -> list[Finding]:
    """Return whether all requests without TLS are denied to all, of the bucket and of objects."""
    plain = {"aws:securetransport": "false"}
    requests = (
        Request("s3:GetObject", f"{product}/{TIMESTAMP}", plain),
        Request("s3:PutObject", f"{product}/{TIMESTAMP}", plain),
        Request("s3:ListBucket", "", plain),
    )
    whom = _everybody(statements)
    if all(is_denied(statements, request, whom) for request in requests):
        return [ok(CHECK, "requests without TLS are denied")]
    return [fail(CHECK, "requests to the bucket without TLS are not denied", _PUT_BACK)]


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
    paths = (*POINTERS, *_IMMUTABLE)
    closed = [path for path in paths if not edge_reads(statements, f"{product}/{path}", own)]
    if closed:
        what = "everything" if len(closed) == len(paths) else f"{closed[0]}, for one"
        says = f"distribution {distribution_id} may not read: boards get 403 for {what}"
        found.append(fail(CHECK, says, _PUT_BACK))
    return found or [ok(CHECK, "CloudFront reads for this distribution alone")]


def judge_create_only(statements: Sequence[Statement], product: str) -> list[Finding]:
    """Return whether what never changes can be created by all, and overwritten by nobody."""
    whom = _everybody(statements)
    for path in _IMMUTABLE:
        asked = f"{product}/{path}"
        for context in (_WHOLE, _REPLACING):
            if not is_denied(statements, Request("s3:PutObject", asked, context), whom):
                says = f"what never changes can be overwritten: {asked}, for one"
                return [fail(CHECK, says, by_stack("set ConditionalWrites = Enforced"))]
        for context in (_CREATING, _PART):
            if is_denied(statements, Request("s3:PutObject", asked, context), whom):
                says = f"{asked} cannot be created: nothing can be released"
                return [fail(CHECK, says, _PUT_BACK)]
    for path in POINTERS:
        replacing = Request("s3:PutObject", f"{product}/{path}", _REPLACING)
        if is_denied(statements, replacing, whom):
            says = f"{path} can be created, but never replaced: nothing can be released"
            return [fail(CHECK, says, _PUT_BACK)]
    return [ok(CHECK, "what never changes is create-only (s3:if-none-match)")]


def judge_versions(statements: Sequence[Statement], product: str) -> list[Finding]:
    """Return whether past versions can be deleted by nobody but whoever deploys, who is named."""
    requests = [
        Request("s3:DeleteObjectVersion", f"{product}/{path}", _WRITING)
        for path in (*POINTERS, *_IMMUTABLE)
    ]
    if not all(is_denied(statements, request, strangers(statements)) for request in requests):
        return [warn(CHECK, "whoever IAM allows it can delete past versions, for good", _PUT_BACK)]
    free = [
        arn
        for arn in named(statements)
        if not all(is_denied(statements, request, [arn]) for request in requests)
    ]
    if len(free) > 1:
        says = f"not only whoever deploys can delete past versions, for good: {', '.join(free)}"
        return [warn(CHECK, says, _PUT_BACK)]
    return [ok(CHECK, "past versions cannot be deleted")]


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
        yield fail(CHECK, says + lists * statement.covers("s3:ListBucket"), _PUT_BACK)


def _everybody(statements: Sequence[Statement]) -> list[str]:
    """Return principals that stand for all: strangers, and whoever is told apart."""
    return [*strangers(statements), *named(statements)]
