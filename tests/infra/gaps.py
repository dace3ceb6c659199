"""What the emulator does not model of what the templates ask: listed, and tried in each run.

The test fails when the emulator learns one of them, or fails at something else, so that nothing is
ever taken for proven that is not.
"""

from collections.abc import Mapping

from tests.infra import declared
from tests.infra.deployment import Deployment
from tests.infra.feature_conditions import CONDITIONS
from tests.infra.feature_services import SERVICES

# What the emulator does not do, and what therefore is proven here by nothing.
GAPS: Mapping[str, str] = {
    "type AWS::Logs::DeliverySource": "the stack `logs` is not created",
    "type AWS::Logs::DeliveryDestination": "the stack `logs` is not created",
    "type AWS::Logs::Delivery": "the stack `logs` is not created",
    "setting: lifecycle": "CloudFormation passes it over; the API takes it",
    "setting: object lock": "CloudFormation passes it over",
    "condition s3:if-none-match": "overwriting is not denied: tests/unit evaluates the policy",
    "condition s3:if-match": "replacing blindly is not denied: as above",
    "condition s3:ObjectCreationOperation": "as above",
    "condition s3:TlsVersion": "TLS 1.1 is not denied at the bucket",
    "condition kms:SigningAlgorithm": "how a key signs is not limited: as above",
    "condition aws:PrincipalArn, of a session": "it is the session's, not the role's: "
    "DeployRoleArn names a user here",
    "OIDC: signature of a token": "subject, audience, issuer are compared; anybody can claim them",
    "KMS: at most 4,096 bytes": "`slotcast` refuses more by itself (tests/unit)",
    "CloudFormation: Fn::Join in a condition": "an empty list counts as given: without "
    'TrustedPrincipalArns there is a gc role all the same, and each role trusts ""',
    "CloudFormation: an alias that is there": "it is pointed to the new key, where AWS refuses",
    "IAM: PassRole": "no row of the table tries it",
    "IAM: simulation with context": "`slotcast doctor` is told of a condition only by AWS",
    "edge: caching": "each answer comes from the bucket; how long an edge keeps what, edges of "
    "our own show",
    "change sets: taking in a bucket": "a change set tells of it, and cannot be executed",
    "change sets: conditions": "a plan lists resources whose condition does not hold",
}


def missing(deployment: Deployment) -> set[str]:
    """What the emulator does not do, tried."""
    types = declared.types() - declared.created_types(deployment)
    probes = {**CONDITIONS, **SERVICES}
    found = {name for name, probe in probes.items() if not probe(deployment)}
    return found | {f"type {name}" for name in types}
