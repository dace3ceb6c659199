"""Who may do what with the stacks: each row wanted, tried for real, and what came of it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from publisher.doctor.aws.role_rights.row import Right
from publisher.doctor.aws.role_rights.table import wanted
from publisher.infra.names import ROLE_OUTPUTS
from publisher.infra.sample_paths import MANIFEST, PAYLOAD, ROOT, TIMESTAMP, VERSION_JSON
from tests.infra.calls import CALLS, Call
from tests.infra.deployment import BUCKET, PRODUCT, Deployment
from tests.infra.ministack_server import Credentials

ALLOWED, DENIED, NOT_MODELLED = "allowed", "denied", "not modelled"
_UNSIGNED = "MissingAuthenticationToken"
_DENIALS = {"AccessDenied", "AccessDeniedException", _UNSIGNED, f"{_UNSIGNED}Exception"}
# They tell of a test that is wrong, and of nobody's rights.
_MISTAKES = {"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"}
_BUCKET = f"arn:aws:s3:::{BUCKET}"
_TIMESTAMP = f"{_BUCKET}/{PRODUCT}/{TIMESTAMP}"
_OTHERS = f"{_BUCKET}/{PRODUCT}-2/{TIMESTAMP}"
# Some of what only whoever deploys may do (infra/ota.yaml, DenyChangingSettings, DenyDeleting…).
_GUARDED = (
    ("s3:PutBucketPolicy", _BUCKET),
    ("s3:DeleteBucketPolicy", _BUCKET),
    ("s3:PutBucketPublicAccessBlock", _BUCKET),
    ("s3:PutBucketVersioning", _BUCKET),
    ("s3:PutLifecycleConfiguration", _BUCKET),
    ("s3:PutBucketObjectLockConfiguration", _BUCKET),
    ("s3:PutBucketRequestPayment", _BUCKET),
    ("s3:PutBucketNotification", _BUCKET),
    ("s3:DeleteBucket", _BUCKET),
    *(
        ("s3:DeleteObject", f"{_BUCKET}/{PRODUCT}/{path}")
        for path in (TIMESTAMP, VERSION_JSON, ROOT, MANIFEST)
    ),
    ("s3:DeleteObjectVersion", _TIMESTAMP),
    ("s3:BypassGovernanceRetention", _TIMESTAMP),
)
# What the project's own table has not: others' products, old versions, what nobody needs.
_MORE = (
    ("s3:GetObject", _OTHERS),
    ("s3:GetObjectVersion", _TIMESTAMP),
    ("s3:ListBucketVersions", _BUCKET),
    ("s3:GetBucketPolicy", _BUCKET),
    ("s3:PutObjectRetention", _TIMESTAMP),
    ("s3:PutObjectLegalHold", _TIMESTAMP),
    ("cloudfront:CreateInvalidation", "*"),
)
_PARTS = ("s3:ListMultipartUploadParts", "s3:AbortMultipartUpload")
_NOT_THEIRS = {"refresh": ("targets",), "gc": ("targets", "snapshot", "timestamp")}


@dataclass(frozen=True)
class Row:
    """One right, and what came of trying it: `allowed`, `denied` or `not modelled`."""

    right: Right
    got: str

    @property
    def is_wrong(self) -> bool:
        """Whether it was tried, and is not as wanted."""
        return self.got not in (NOT_MODELLED, ALLOWED if self.right.wanted else DENIED)


def wrong(rows: Iterable[Row]) -> list[tuple[str, str, str, str]]:
    """Those that are not as wanted: who, action, on what, what came of it."""
    found = [row for row in rows if row.is_wrong]
    return [(row.right.role, row.right.action, row.right.resource, row.got) for row in found]


def rights(deployment: Deployment) -> Iterator[Right]:
    """All rows: the project's table of the three roles, more of theirs, and everybody else's."""
    table = wanted(PRODUCT, BUCKET, deployment.keys)
    yield from table
    yield from _more(deployment)
    for action, on in _GUARDED:
        yield Right("administrator", action, on, False, "only whoever deploys may")
    tried = {(row.action, row.resource): row for row in table if not row.condition}
    for who in ("stranger", "nobody"):
        for row in tried.values():
            yield Right(who, row.action, row.resource, False, "has no right", row.context)


def _more(deployment: Deployment) -> Iterator[Right]:
    for role in ROLE_OUTPUTS:
        yield from (Right(role, action, on, False, "") for action, on in _MORE)
        elsewhere = {"s3:prefix": f"{PRODUCT}-2/"}
        yield Right(role, "s3:ListBucket", _BUCKET, False, "is not of the product", elsewhere)
    payload = f"{_BUCKET}/{PRODUCT}/{PAYLOAD}"
    yield Right("refresh", "s3:ListBucketMultipartUploads", _BUCKET, False, "writes nothing large")
    for action in _PARTS:
        yield Right("refresh", action, payload, False, "writes nothing large")
    for role, keys in _NOT_THEIRS.items():
        for name in keys:
            yield Right(role, "kms:GetPublicKey", deployment.keys[name], False, "has no use for it")


class Trial:
    """Tries rows as each of those whom they are about."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._clients: dict[tuple[str, str], object] = {}
        self._who: dict[str, Credentials | None] = {
            **{role: deployment.role(role) for role in ROLE_OUTPUTS},
            "administrator": deployment.administrator,
            "deployer": deployment.deployer,
            "engineer": deployment.engineer,
            "stranger": deployment.stranger,
            "nobody": None,
        }

    def row(self, right: Right) -> Row:
        """Try one row, unless the emulator could not tell."""
        if right.action not in CALLS or (right.condition and not right.wanted):
            return Row(right, NOT_MODELLED)
        return Row(right, self.attempt(right.role, right))

    def attempt(self, who: str, right: Right) -> str:
        """Let somebody try it: `allowed` or `denied`."""

        def client(service: str) -> object:
            if (who, service) not in self._clients:
                made = self._deployment.aws.client(service, self._who[who])
                self._clients[who, service] = made
            return self._clients[who, service]

        call = Call(client, right.resource, right.context, self._deployment.scene)
        return tried(lambda: CALLS[right.action](call))


def tried(call: Callable[[], object]) -> str:
    """Make a call: `allowed` or `denied`.

    What is let through is allowed, even if it then fails for another reason: an object that is not
    there, a condition that does not hold.
    """
    try:
        call()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _MISTAKES:
            raise
        return DENIED if code in _DENIALS else ALLOWED
    return ALLOWED
