"""Mistakes with roles: other jobs take them, they do more than their job, or can do less."""

from .edits import Defect, Edit, allowing, put, sid, within

_PRODUCT = "arn:aws:s3:::${BucketName}/${Product}"
_PROVIDER = {"Federated": {"Ref": "OidcProviderArn"}}
_GITHUB = "token.actions.githubusercontent.com"


def _job(subjects: object) -> dict:
    return {"StringEquals": {f"{_GITHUB}:aud": "sts.amazonaws.com", f"{_GITHUB}:sub": subjects}}


def _people_are_jobs(role: str, subjects: object) -> Edit:
    """Let jobs take a role as people do."""

    def edit(template: dict) -> None:
        sid(role, "People", "Principal", _PROVIDER)(template)
        sid(role, "People", "Condition", _job(subjects))(template)
        sid(role, "People", "Action", "sts:AssumeRoleWithWebIdentity")(template)

    return edit


JOBS = (
    Defect(
        "trust-subjects",
        "ci",
        "jobs that refresh may release",
        sid("ReleaseRole", "GitHubReleases", "Condition", _job({"Ref": "RefreshSubjects"})),
    ),
    Defect(
        "trust-subjects",
        "ci",
        "jobs that release or refresh may release",
        sid(
            "ReleaseRole",
            "GitHubReleases",
            "Condition",
            _job([{"Ref": "ReleaseSubjects"}, {"Ref": "RefreshSubjects"}]),
        ),
    ),
    Defect(
        "trust-subjects",
        "ci",
        "a branch of a robot releases",
        sid(
            "ReleaseRole",
            "GitHubReleases",
            "Condition",
            _job("repo:acme/sensor:ref:refs/heads/dependabot/x"),
        ),
    ),
    Defect(
        "trust-subjects",
        "ci",
        "jobs clean up",
        _people_are_jobs("GcRole", {"Ref": "RefreshSubjects"}),
    ),
    Defect(
        "trust-principals",
        "ci",
        "whoever the boundary names releases",
        sid("ReleaseRole", "People", "Principal", {"AWS": {"Ref": "PermissionsBoundaryArn"}}),
    ),
    Defect(
        "role-boundary",
        "ci",
        "a role that no boundary bounds",
        put("GcRole", "PermissionsBoundary", None),
    ),
    Defect(
        "role-algorithms",
        "ci",
        "refresh signs by any algorithm",
        sid("RefreshRole", "Sign", "Condition", None),
    ),
    Defect(
        "role-algorithms",
        "ci",
        "release signs by what no board verifies",
        within(
            "ReleaseRole",
            "kms:SigningAlgorithm",
            ["ED25519_SHA_512", "ECDSA_SHA_256"],
            "kms:SigningAlgorithm",
            ["ED25519_PH_SHA_512"],
        ),
    ),
    Defect(
        "role-keys",
        "ci",
        "refresh is denied to sign",
        allowing("RefreshRole", "kms:*", "*", Effect="Deny"),
    ),
    Defect(
        "role-reads",
        "ci",
        "refresh reads nothing that is there",
        sid("RefreshRole", "Read", "Resource", {"Fn::Sub": f"{_PRODUCT}/../*"}),
    ),
    Defect(
        "role-lists",
        "ci",
        "gc lists other products",
        sid("GcRole", "List", "Condition", None),
    ),
    Defect(
        "role-lists",
        "ci",
        "refresh lists products whose names begin alike",
        sid(
            "RefreshRole",
            "List",
            "Condition",
            {"StringLikeIfExists": {"s3:prefix": {"Fn::Sub": "${Product}*"}}},
        ),
    ),
)
