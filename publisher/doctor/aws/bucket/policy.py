"""What the bucket's policy lets whom do, by requests that it is tried with (GetBucketPolicy)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from publisher.doctor.aws.bucket.denials import (
    CHECK,
    PUT_BACK,
    judge_blind,
    judge_create_only,
    judge_tls,
)
from publisher.doctor.aws.bucket.edge_requests import (
    EDGE,
    edge_may_be_denied,
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
from publisher.doctor.aws.policy import Statement, apart, nobody, parse_policy
from publisher.doctor.aws.scene import Scene, bucket_setting
from publisher.doctor.findings import Finding, fail, ok, unknown, warn
from publisher.infra.arns import account_of
from publisher.infra.sample_paths import IMMUTABLE, POINTERS, TIMESTAMP

_TAKE_OUT = by_stack("take the statement out, if it is not wanted")
_SPARE_EDGE = (
    "ask the edge for a file that it has not kept; where it answers 403, take the statement out, "
    'or spare services of AWS in it ("BoolIfExists": {"aws:PrincipalIsAWSService": "false"})'
)
_READS = "s3:getobject"
# How actions begin that change nothing.
_HARMLESS = ("s3:get", "s3:list", "s3:describe")


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
        *judge_others(statements, _account(here.roles, here.keys)),
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
    open_to_it = [f"{product}/{path}" for path in paths if path not in closed]
    found += [finding for one in statements for finding in _judge_denial(one, open_to_it, own)]
    return found or [ok(CHECK, "CloudFront reads for this distribution alone")]


def judge_others(statements: Sequence[Statement], account: str) -> list[Finding]:
    """Return whom but the edge the bucket's own policy lets do anything: the template's nobody.

    Args:
        account: the product's; "" where nothing tells it.
    """
    lets_in = [one for one in statements if one.is_allow and not one.is_for_strangers()]
    return [finding for one in lets_in for finding in _judge_named(one, account)]


def _judge_named(statement: Statement, account: str) -> Iterator[Finding]:
    """Yield whom a statement names: worse is who is of another account, and may change things."""
    others = [who for who in statement.principals if who != EDGE]
    changes = not all(one.startswith(_HARMLESS) for one in statement.actions)
    rest, strange, deleted = apart(others, account if changes else "")
    does = f"do {', '.join(statement.actions)}"
    lets = f"statement {statement.name} lets"
    if strange:
        says = f"{lets} {', '.join(strange)}, of another account, {does}"
        yield fail(CHECK, says, _TAKE_OUT)
    if rest:
        yield warn(CHECK, f"{lets} {', '.join(rest)} {does}, beside the roles", _TAKE_OUT)
    if deleted:
        yield warn(CHECK, f"{lets} {nobody(deleted)}, {does}", _TAKE_OUT)


def _account(roles: Mapping[str, str], keys: Mapping[str, str]) -> str:
    """Return the account, by the ARNs of what the product's stack has made; "" without any."""
    arns = (*roles.values(), *keys.values())
    return next(filter(None, map(account_of, arns)), "")


def _judge_own_edge(statements: Sequence[Statement], scene: Scene) -> list[Finding]:
    """Judge the edge's part where the stacks made an edge: one of other means is not known."""
    here = scene.deployment
    has_edge = bool(here.distribution_id)
    return judge_edge(statements, here.product, here.distribution_id) if has_edge else []


def _judge_denial(statement: Statement, keys: Sequence[str], own: str) -> Iterator[Finding]:
    """Yield that a statement may deny CloudFront one of some objects, if its conditions hold."""
    if denied := [key for key in keys if edge_may_be_denied(statement, key, own)]:
        conditions = statement.document["Condition"]
        named = (f"{operator} {name}" for operator, names in conditions.items() for name in names)
        says = f"statement {statement.name} may deny CloudFront {denied[0]}, for one"
        holds = f"nobody knows if this holds: {', '.join(named)}"
        yield unknown(CHECK, f"{says}: {holds}", _SPARE_EDGE)


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
