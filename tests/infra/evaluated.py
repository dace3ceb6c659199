"""What IAM would answer where the emulator cannot tell: worked out of the templates' policies.

They are those that AWS gets (ConditionalWrites Enforced), with the names of what is deployed; the
rules are those that IAM publishes (tests/unit/iam_evaluation.py). Nothing here is tried.
"""

from collections.abc import Callable, Iterator

from publisher.doctor.aws.policy import Statement, parse_policy
from publisher.doctor.aws.role_rights.row import Right
from publisher.infra.names import ROLE_OUTPUTS
from tests.infra.account import document
from tests.infra.deployment import BUCKET, PRODUCT, TAKING, Deployment
from tests.infra.rights_rows import ALLOWED, DENIED
from tests.unit.iam_evaluation import decide
from tests.unit.made_stacks import Made

# Of any request that comes over TLS.
_REQUEST = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.2"}


def evaluator(deployment: Deployment) -> Callable[[Right], str]:
    """What each right comes to: `allowed` or `denied`."""
    denials = [one for one in _of_the_bucket(deployment) if not one.is_allow]
    given = {role: list(_of_a_role(deployment, role)) for role in ROLE_OUTPUTS}
    given["stranger"] = parse_policy(document(TAKING))

    def evaluate(right: Right) -> str:
        arn = deployment.ci.get(ROLE_OUTPUTS.get(right.role, ""), "")
        context = {**_REQUEST, "aws:PrincipalArn": arn, **right.context}
        statements = [*given.get(right.role, ()), *denials]
        decided = decide(statements, right.action, right.resource, context)
        return ALLOWED if decided == "allowed" else DENIED

    return evaluate


def _of_the_bucket(deployment: Deployment) -> tuple[Statement, ...]:
    names = {
        "Bucket": BUCKET,
        "Bucket.Arn": deployment.ota["BucketArn"],
        "Distribution": deployment.ota["DistributionId"],
    }
    made = Made("ota", {"BucketName": BUCKET}, names)
    return parse_policy(made.properties("BucketPolicy")["PolicyDocument"])


def _of_a_role(deployment: Deployment, role: str) -> Iterator[Statement]:
    arns = {f"{name.title()}SigningKey.Arn": arn for name, arn in deployment.keys.items()}
    made = Made("ci", {"Product": PRODUCT, "BucketName": BUCKET}, arns)
    for policy in made.properties(f"{role.title()}Role")["Policies"]:
        yield from parse_policy(policy["PolicyDocument"])
