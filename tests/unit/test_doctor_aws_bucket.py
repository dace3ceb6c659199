"""What the doctor finds wrong with a bucket, and how it says to mend it."""

from dataclasses import replace

import pytest
from aws_account import Account
from aws_answers import BUCKET, BUCKET_ARN, IAM, ROLES
from made_stacks import ACCOUNT

from publisher.doctor.aws.bucket import exposure, keeping
from publisher.doctor.aws.bucket.policy import check_policy
from publisher.infra.bucket_actions import SETTINGS
from publisher.infra.sample_paths import IMAGE, MANIFEST, PAYLOAD, TIMESTAMP, VERSION_JSON

GET_LIFECYCLE = "get_bucket_lifecycle_configuration"
GET_LOCK = "get_object_lock_configuration"
PAST = {"Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 90}}
WEEKS = {"NoncurrentDays": 29}
OF_SOME = {"Filter": {"And": {"Prefix": "", "ObjectSizeGreaterThan": 9}}}
OLD = {"ID": "old", "Status": "Enabled", "Expiration": {"Days": 9}}
UPLOADS = {"Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}


def moving(storage):
    """A lifecycle rule that moves what is published."""
    transitions = [{"Days": 30, "StorageClass": storage}]
    return {"ID": storage, "Status": "Enabled", "Transitions": transitions}


@pytest.mark.parametrize(
    "name", ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]
)
def test_each_block_of_public_access_must_be_on(name):
    account = Account()
    account.answers["get_public_access_block"]["PublicAccessBlockConfiguration"][name] = False
    says = f"FAIL bucket-private: public access is not blocked: {name} off"
    assert account.bad(exposure.check_public_access)[says].startswith("turn it on: ")


@pytest.mark.parametrize(
    ("check", "method", "answer", "says", "mend"),
    [
        pytest.param(
            exposure.check_public_access,
            "get_public_access_block",
            "NoSuchPublicAccessBlockConfiguration",
            "FAIL bucket-private: public access is not blocked: BlockPublicAcls, "
            "BlockPublicPolicy, IgnorePublicAcls, RestrictPublicBuckets off",
            "turn it on: `slotcast infra apply`",
            id="no block of public access",
        ),
        pytest.param(
            exposure.check_policy_status,
            "get_bucket_policy_status",
            {"PolicyStatus": {"IsPublic": True}},
            "FAIL bucket-private: S3 says that the bucket's policy makes it public",
            "set the template's: `slotcast infra apply`",
            id="S3 says public",
        ),
        pytest.param(
            exposure.check_ownership,
            "get_bucket_ownership_controls",
            {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}},
            "FAIL bucket-ownership: access control lists are in force: ownership is ObjectWriter",
            "BucketOwnerEnforced",
            id="access control lists",
        ),
        pytest.param(
            exposure.check_ownership,
            "get_bucket_ownership_controls",
            "OwnershipControlsNotFoundError",
            "FAIL bucket-ownership: access control lists are in force: ownership is unset",
            "BucketOwnerEnforced",
            id="no ownership",
        ),
        pytest.param(
            exposure.check_website,
            "get_bucket_website",
            {"IndexDocument": {"Suffix": "index.html"}},
            "FAIL bucket-website: the bucket is a website, which is served without TLS",
            f"aws s3api delete-bucket-website --bucket {BUCKET}",
            id="website",
        ),
        pytest.param(
            exposure.check_cors,
            "get_bucket_cors",
            {"CORSRules": [{"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["*"]}]},
            "WARN bucket-cors: web pages may send the bucket PUT",
            f"aws s3api delete-bucket-cors --bucket {BUCKET}",
            id="CORS",
        ),
        pytest.param(
            keeping.check_region,
            "get_bucket_location",
            {"LocationConstraint": "eu-central-1"},
            "FAIL bucket-region: the bucket is in eu-central-1, the stack is said to be in "
            "us-east-1",
            'set region = "eu-central-1" in infra.toml and in [store]',
            id="region",
        ),
        pytest.param(
            keeping.check_region,
            "get_bucket_location",
            {"LocationConstraint": "EU"},
            "FAIL bucket-region: the bucket is in eu-west-1, the stack is said to be in us-east-1",
            "eu-west-1",
            id="the region of old",
        ),
        pytest.param(
            keeping.check_versions,
            "get_bucket_versioning",
            {"Status": "Suspended"},
            "FAIL bucket-versions: versioning is Suspended: a pointer that is overwritten cannot "
            "be restored",
            "enable it: `slotcast infra apply`",
            id="versioning",
        ),
        pytest.param(
            keeping.check_encryption,
            "get_bucket_encryption",
            {
                "ServerSideEncryptionConfiguration": {
                    "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
                }
            },
            "WARN bucket-encryption: objects are encrypted with aws:kms: CloudFront must be "
            "allowed to decrypt",
            "kms:Decrypt",
            id="encryption by KMS",
        ),
        pytest.param(
            keeping.check_encryption,
            "get_bucket_encryption",
            "ServerSideEncryptionConfigurationNotFoundError",
            "WARN bucket-encryption: the bucket names no encryption",
            "set AES256: `slotcast infra apply`",
            id="no encryption",
        ),
        pytest.param(
            keeping.check_lifecycle,
            GET_LIFECYCLE,
            {"Rules": [PAST, UPLOADS, OLD]},
            "FAIL bucket-lifecycle: lifecycle rule old removes what is published, by its age",
            "slotcast gc",
            id="what is published goes by its age",
        ),
        pytest.param(
            keeping.check_lifecycle,
            GET_LIFECYCLE,
            {"Rules": [PAST, {**UPLOADS, "Status": "Disabled"}]},
            "WARN bucket-lifecycle: parts of unfinished uploads are paid for, for ever",
            "set the template's lifecycle rules: `slotcast infra apply`",
            id="unfinished uploads",
        ),
        pytest.param(
            keeping.check_lifecycle,
            GET_LIFECYCLE,
            {"Rules": [PAST, UPLOADS, moving("STANDARD_IA"), moving("DEEP_ARCHIVE")]},
            "FAIL bucket-lifecycle: lifecycle rule DEEP_ARCHIVE moves what is published to "
            "DEEP_ARCHIVE: nobody can read it there",
            "take the transition out",
            id="what is published goes into an archive",
        ),
        pytest.param(
            keeping.check_lifecycle,
            GET_LIFECYCLE,
            {"Rules": [PAST, UPLOADS, moving("STANDARD_IA")]},
            "WARN bucket-lifecycle: lifecycle rule STANDARD_IA moves what is published to "
            "STANDARD_IA: each read is paid for",
            "take the transition out",
            id="what is published goes into a dearer class",
        ),
        pytest.param(
            keeping.check_lifecycle,
            GET_LIFECYCLE,
            {"Rules": [UPLOADS]},
            "WARN bucket-lifecycle: past pointers are paid for, for ever",
            "set the template's lifecycle rules: `slotcast infra apply`",
            id="past pointers for ever",
        ),
        pytest.param(
            keeping.check_lifecycle,
            GET_LIFECYCLE,
            {"Rules": [UPLOADS, {**PAST, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}]},
            "WARN bucket-lifecycle: a pointer that was overwritten can be restored for 1 days only",
            "set the template's lifecycle rules: `slotcast infra apply`",
            id="past pointers for a day",
        ),
        pytest.param(
            keeping.check_lifecycle,
            GET_LIFECYCLE,
            {"Rules": [UPLOADS, PAST, {**PAST, **OF_SOME, "NoncurrentVersionExpiration": WEEKS}]},
            "WARN bucket-lifecycle: a pointer that was overwritten can be restored for 29 days "
            "only",
            "set the template's lifecycle rules: `slotcast infra apply`",
            id="some past pointers for less than a month",
        ),
        pytest.param(
            keeping.check_lifecycle,
            GET_LIFECYCLE,
            {"Rules": [UPLOADS, {**PAST, **OF_SOME}]},
            "WARN bucket-lifecycle: past pointers are paid for, for ever",
            "set the template's lifecycle rules: `slotcast infra apply`",
            id="past pointers of some objects alone go",
        ),
        pytest.param(
            keeping.check_lifecycle,
            GET_LIFECYCLE,
            {"Rules": [{**UPLOADS, "Prefix": "nothing/"}, PAST]},
            "WARN bucket-lifecycle: parts of unfinished uploads are paid for, for ever",
            "set the template's lifecycle rules: `slotcast infra apply`",
            id="unfinished uploads of some objects alone go",
        ),
        pytest.param(
            keeping.check_lock,
            GET_LOCK,
            "ObjectLockConfigurationNotFoundError",
            "WARN bucket-lock: Object Lock is not available: no release can be kept from being "
            "deleted",
            "put-object-lock-configuration",
            id="no lock",
        ),
        pytest.param(
            keeping.check_lock,
            GET_LOCK,
            {
                "ObjectLockConfiguration": {
                    "ObjectLockEnabled": "Enabled",
                    "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 9}},
                }
            },
            "WARN bucket-lock: every object is locked by default, and with it each past pointer",
            "lock single objects",
            id="lock by default",
        ),
    ],
)
def test_a_broken_setting_is_told_with_what_mends_it(check, method, answer, says, mend):
    account = Account()
    account.answers[method] = answer
    found = account.bad(check)
    assert list(found) == [says]
    assert mend in found[says]


def statement(found, sid):
    return next(one for one in found if one["Sid"] == sid)


def without(sid):
    return lambda found: found.remove(statement(found, sid))


def with_another(**words):
    return lambda found: found.append({"Sid": "Added", "Effect": "Allow", **words})


def all_but(sid, principal):
    """Let a denial leave out a principal (NotPrincipal)."""

    def change(found):
        statement(found, sid).pop("Principal")
        statement(found, sid)["NotPrincipal"] = {"AWS": principal}

    return change


def instead(sid, part, **words):
    """Put other parts in the place of one."""

    def change(found):
        statement(found, sid).pop(part)
        statement(found, sid).update(words)

    return change


def set_source(condition):
    return lambda found: statement(found, "EdgeReads").update(Condition=condition)


UNREAD = "FAIL bucket-policy: distribution E2EXAMPLE may not read: boards get 403 for everything"
OVERWRITTEN = (
    "FAIL bucket-policy: what never changes can be overwritten: "
    "sensor/metadata/9000001.root.json, for one"
)
VERSIONS = "WARN bucket-policy: whoever IAM allows it can delete past versions, for good"
NO_TLS = "FAIL bucket-policy: requests to the bucket without TLS are not denied: {}, for one"
DEPLOYER = f"{IAM}:role/deploy"
STRANGER = "arn:aws:iam::999999999999:root"
READERS = {"Action": "s3:GetObject", "Resource": f"{BUCKET_ARN}/*"}
WRITERS = {"Action": "s3:Put*", "Resource": f"{BUCKET_ARN}/*"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(
            without("DenyWithoutTls"),
            NO_TLS.format("s3:GetObject"),
            id="no TLS",
        ),
        pytest.param(
            lambda found: statement(found, "DenyWithoutTls").update(Resource=f"{BUCKET_ARN}/*"),
            NO_TLS.format("s3:ListBucket"),
            id="TLS for the objects alone",
        ),
        pytest.param(
            lambda found: statement(found, "DenyWithoutTls")["Condition"].update(
                ArnNotEquals={"aws:PrincipalArn": "*"}
            ),
            NO_TLS.format("s3:GetObject"),
            id="TLS with exceptions",
        ),
        pytest.param(
            with_another(Principal="*", **READERS),
            "FAIL bucket-policy: statement Added allows everybody (Principal *)",
            id="everybody reads",
        ),
        pytest.param(
            with_another(Principal={"AWS": "*"}, **READERS),
            "FAIL bucket-policy: statement Added allows everybody (Principal *)",
            id="everybody of AWS reads",
        ),
        pytest.param(
            without("EdgeReads"),
            UNREAD,
            id="CloudFront does not read",
        ),
        pytest.param(
            lambda found: statement(found, "EdgeReads").update(Action=["s3:GetObject", "s3:*"]),
            "FAIL bucket-policy: CloudFront may do more than read: s3:getobject, s3:*; who "
            "asks for / gets the names of all products",
            id="CloudFront writes",
        ),
        pytest.param(
            without("DenyOverwriting"),
            OVERWRITTEN,
            id="not create-only",
        ),
        pytest.param(
            lambda found: statement(found, "DenyOverwriting").update(NotResource=f"{BUCKET_ARN}/x"),
            "FAIL bucket-policy: metadata/timestamp.json can be created, but never replaced: "
            "nothing can be released",
            id="pointers create-only too",
        ),
        pytest.param(
            lambda found: statement(found, "DenyOverwriting")["Condition"].update(
                StringNotEquals={"aws:PrincipalAccount": ACCOUNT}
            ),
            OVERWRITTEN,
            id="create-only for others alone",
        ),
        pytest.param(
            without("DenyBlindReplacing"),
            "WARN bucket-policy: metadata/timestamp.json can be replaced blindly: of two releases "
            "at once, one is lost",
            id="pointers without a condition",
        ),
        pytest.param(
            without("DenyReplicating"),
            "WARN bucket-policy: replication from another bucket may overwrite or delete here "
            "(s3:ReplicateObject)",
            id="replication",
        ),
        pytest.param(
            without("DenyOldTls"),
            "WARN bucket-policy: requests to the bucket over TLS 1.1 are not denied: s3:GetObject, "
            "for one",
            id="TLS 1.1",
        ),
        pytest.param(
            lambda found: statement(found, "DenyDeletingVersions").update(
                Action="s3:DeleteObjectVersion"
            ),
            "WARN bucket-policy: whoever IAM allows it can lift the lock of a release "
            "(s3:BypassGovernanceRetention)",
            id="locks can be lifted",
        ),
        pytest.param(
            without("DenyDeletingVersions"),
            VERSIONS,
            id="versions can be deleted",
        ),
        pytest.param(
            lambda found: statement(found, "DenyWithoutTls")["Condition"].update(
                ArnNotEquals={"aws:PrincipalArn": DEPLOYER}
            ),
            NO_TLS.format("s3:GetObject"),
            id="TLS with one exception",
        ),
        pytest.param(
            lambda found: statement(found, "EdgeReads")["Condition"].update(
                IpAddress={"aws:SourceIp": "192.0.2.1"}
            ),
            UNREAD,
            id="CloudFront reads on another condition",
        ),
        pytest.param(
            lambda found: statement(found, "DenyWithoutTls").update(
                Resource=[BUCKET_ARN, f"{BUCKET_ARN}/*/metadata/timestamp.json"]
            ),
            NO_TLS.format("s3:GetObject"),
            id="TLS for one file",
        ),
        pytest.param(
            all_but("DenyWithoutTls", DEPLOYER),
            NO_TLS.format("s3:GetObject"),
            id="TLS for all but one",
        ),
        *(
            pytest.param(
                instead("DenyWithoutTls", "Action", NotAction=left_out),
                NO_TLS.format(action),
                id=f"TLS but for {left_out}",
            )
            for left_out, action in (
                ("s3:DeleteObject", "s3:DeleteObject"),
                (["s3:PutObjectTagging"], "s3:PutObjectTagging"),
                ("s3:*", "s3:GetObject"),
            )
        ),
        pytest.param(
            instead(
                "DenyWithoutTls", "Action", Action=["s3:GetObject", "s3:PutObject", "s3:List*"]
            ),
            NO_TLS.format("s3:DeleteObject"),
            id="TLS for some actions",
        ),
        pytest.param(
            lambda found: statement(found, "DenyOverwriting")["Condition"].update(
                Bool={"s3:ObjectCreationOperation": "false"}
            ),
            OVERWRITTEN,
            id="create-only for what is not written whole",
        ),
        pytest.param(
            lambda found: statement(found, "DenyOverwriting")["Condition"]["Null"].update(
                {"s3:if-match": "true"}
            ),
            OVERWRITTEN,
            id="replaced with If-Match",
        ),
        pytest.param(
            lambda found: statement(found, "DenyOverwriting")["Condition"].update(
                Null={"s3:If-None-Match": "false", "s3:if-none-match": "true"}
            ),
            OVERWRITTEN,
            id="create-only on a condition that never holds",
        ),
        pytest.param(
            all_but("DenyOverwriting", ROLES["release"]),
            OVERWRITTEN,
            id="create-only for all but one",
        ),
        pytest.param(
            lambda found: statement(found, "DenyOverwriting")["Condition"].pop("Bool"),
            "FAIL bucket-policy: sensor/metadata/9000001.root.json cannot be created: nothing "
            "can be released",
            id="parts of an upload are denied",
        ),
        pytest.param(all_but("DenyDeletingVersions", DEPLOYER), VERSIONS, id="all but one"),
        pytest.param(
            lambda found: statement(found, "EdgeReads").update(
                Action=["s3:GetObject", "s3:ListBucket"], Resource=[BUCKET_ARN, f"{BUCKET_ARN}/*"]
            ),
            "FAIL bucket-policy: CloudFront may do more than read: s3:getobject, s3:listbucket; "
            "who asks for / gets the names of all products",
            id="CloudFront lists",
        ),
        pytest.param(
            lambda found: statement(found, "EdgeReads").update(Resource=f"{BUCKET_ARN}/gear/*"),
            UNREAD,
            id="CloudFront reads another product",
        ),
        pytest.param(
            lambda found: statement(found, "EdgeReads").update(
                Resource=f"{BUCKET_ARN}/sensor/metadata/*"
            ),
            "FAIL bucket-policy: distribution E2EXAMPLE may not read: boards get 403 for "
            "stable/sensor/version.json, for one",
            id="CloudFront reads a part",
        ),
        pytest.param(
            with_another(
                Effect="Deny", Principal={"Service": "cloudfront.amazonaws.com"}, **READERS
            ),
            UNREAD,
            id="CloudFront is denied",
        ),
        pytest.param(
            with_another(Principal={"AWS": f"{IAM}:user/ben"}, **WRITERS),
            f"WARN bucket-policy: statement Added lets AWS:{IAM}:user/ben do s3:put*, beside the "
            "roles",
            id="somebody else writes",
        ),
    ],
)
def test_a_broken_policy_is_told(change, says):
    account = Account()
    account.change_policy(change)
    found = account.bad(check_policy)
    assert list(found) == [says]
    assert "slotcast infra apply" in found[says]


@pytest.mark.parametrize("resource", ["*", f"{BUCKET_ARN}*", [BUCKET_ARN, "arn:aws:s3:::*/*"]])
def test_a_denial_may_name_bucket_and_objects_by_wildcards(resource):
    account = Account()
    account.change_policy(
        lambda found: statement(found, "DenyWithoutTls").update(Resource=resource)
    )
    assert account.bad(check_policy) == {}


def test_pointers_may_be_left_out_by_wildcards_alone():
    account = Account()
    pointers = ["*/metadata/timestamp.json", "*/version.json"]
    account.change_policy(
        lambda found: statement(found, "DenyOverwriting").update(NotResource=pointers)
    )
    assert account.bad(check_policy) == {}


def test_a_denial_for_another_bucket_denies_nothing():
    account = Account()
    account.change_policy(
        lambda found: statement(found, "DenyWithoutTls").update(
            Resource=["arn:aws:s3:::gear", "arn:aws:s3:::gear/*"]
        )
    )
    assert list(account.bad(check_policy)) == [NO_TLS.format("s3:GetObject")]


@pytest.mark.parametrize(
    "condition",
    [
        {"ArnNotEquals": {"aws:PrincipalArn": "*"}},
        {"ArnNotEquals": {"aws:PrincipalArn": f"{IAM}:role/*"}},
        {"ArnEquals": {"aws:PrincipalArn": f"{IAM}:role/nobody"}},
        {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}},
    ],
)
def test_whom_a_denial_leaves_out_can_delete_versions(condition):
    account = Account()
    account.change_policy(
        lambda found: statement(found, "DenyDeletingVersions").update(Condition=condition)
    )
    assert list(account.bad(check_policy)) == [VERSIONS]


BEN = f"{IAM}:user/ben"


@pytest.mark.parametrize("whom", [[DEPLOYER, BEN], [BEN, DEPLOYER]])
def test_somebody_beside_who_deploys_is_not_to_delete_versions(whom):
    account = Account()
    condition = {"ArnNotEquals": {"aws:PrincipalArn": whom}}
    account.change_policy(
        lambda found: statement(found, "DenyDeletingVersions").update(Condition=condition)
    )
    assert list(account.bad(check_policy)) == [
        f"FAIL bucket-policy: {BEN}, not named by DeployRoleArn, can delete past versions, for good"
    ]


def spares(other, sids=("DenyDeletingNames", "DenyDeletingVersions", "DenyChangingSettings")):
    """Let denials spare another in the place of whoever deploys."""

    def change(found):
        for sid in sids:
            statement(found, sid)["Condition"]["ArnNotEquals"] = {"aws:PrincipalArn": other}

    return change


def test_somebody_in_the_place_of_who_deploys_is_told_and_who_deploys_is_locked_out():
    account, other = Account(), "arn:aws:iam::999999999999:role/evil"
    account.change_policy(spares(other))
    names, versions, settings, locked_out = account.bad(check_policy)
    for told, what in (
        (names, f"delete sensor/{TIMESTAMP}, for one"),
        (versions, "delete past versions"),
        (settings, "change the bucket's settings: s3:DeleteBucket, "),
    ):
        assert told.startswith(
            f"FAIL bucket-policy: {other}, not named by DeployRoleArn, can {what}"
        )
    assert locked_out == (
        f"WARN bucket-policy: whoever deploys, {DEPLOYER}, is denied s3:DeleteObject, "
        "s3:DeleteObjectVersion, s3:BypassGovernanceRetention, s3:DeleteBucket, "
        "s3:DeleteBucketPolicy and 21 more: the account's root user alone may"
    )


@pytest.mark.parametrize("sid", ["DenyDeletingNames", "DenyDeletingVersions"])
def test_one_denial_that_spares_another_is_enough(sid):
    account = Account()
    account.change_policy(spares(ROLES["release"], [sid]))
    found = list(account.bad(check_policy))
    assert [one.split()[0] for one in found] == ["FAIL", "WARN"]
    assert ROLES["release"] in found[0]


def test_a_bucket_of_other_means_may_spare_any_one_principal():
    account = Account()
    account.change_policy(spares(BEN))
    account.deployment = replace(account.deployment, distribution_id="", deployer="")
    assert account.bad(check_policy) == {}
    account.change_policy(spares([BEN, DEPLOYER], ["DenyDeletingVersions"]))
    assert list(account.bad(check_policy)) == [
        f"WARN bucket-policy: not only whoever deploys ({BEN}, {DEPLOYER}) can delete past "
        "versions, for good"
    ]


@pytest.mark.parametrize("deployer", [f"{IAM}:user/${{aws:username}}", f"{IAM}:role/x${{*}}"])
def test_a_variable_of_iam_stands_for_many(deployer):
    account = Account()
    account.change_policy(spares(deployer))
    account.deployment = replace(account.deployment, deployer=deployer)
    names, versions, settings = account.bad(check_policy)
    assert (names, versions) == (NAMES_FREE.format(TIMESTAMP), VERSIONS)
    assert settings.startswith("WARN bucket-policy: whoever IAM allows it can change the bucket's")


NAMES_FREE = (
    "WARN bucket-policy: whoever IAM allows it can delete sensor/{}, for one, and create it anew "
    "as something else"
)
FILES_KEPT = "WARN bucket-policy: sensor/{} cannot be deleted, which `slotcast gc` does"


def set_names(**words):
    """Change the denial that keeps names."""
    return lambda found: statement(found, "DenyDeletingNames").update(words)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (without("DenyDeletingNames"), [NAMES_FREE.format(TIMESTAMP)]),
        (
            set_names(Resource=[f"{BUCKET_ARN}/*/metadata/*", f"{BUCKET_ARN}/*/targets/*"]),
            [NAMES_FREE.format(VERSION_JSON)],
        ),
        (
            set_names(Resource=[f"{BUCKET_ARN}/*/metadata/*", f"{BUCKET_ARN}/*/version.json"]),
            [NAMES_FREE.format(MANIFEST)],
        ),
        (
            set_names(Condition={"ArnNotEquals": {"aws:PrincipalArn": f"{IAM}:role/*"}}),
            [NAMES_FREE.format(TIMESTAMP)],
        ),
        (
            set_names(
                Condition={"ArnNotEquals": {"aws:PrincipalArn": [DEPLOYER, ROLES["release"]]}}
            ),
            [
                f"FAIL bucket-policy: {ROLES['release']}, not named by DeployRoleArn, can delete "
                f"sensor/{TIMESTAMP}, for one, and create it anew as something else"
            ],
        ),
        (
            set_names(Resource=f"{BUCKET_ARN}/*"),
            [FILES_KEPT.format(PAYLOAD), FILES_KEPT.format(IMAGE)],
        ),
        (
            set_names(Resource=[f"{BUCKET_ARN}/*/images/*"]),
            [NAMES_FREE.format(TIMESTAMP), FILES_KEPT.format(IMAGE)],
        ),
    ],
)
def test_names_that_can_be_deleted_are_told_and_files_that_gc_cannot_remove(change, says):
    account = Account()
    account.change_policy(change)
    found = account.bad(check_policy)
    assert list(found) == says
    assert all("slotcast infra apply" in mend for mend in found.values())


@pytest.mark.parametrize("roles", [ROLES, {}])
def test_a_bucket_may_let_the_gc_role_alone_remove_files(roles):
    account = Account()
    account.deployment = replace(account.deployment, roles=roles)
    files = {"Action": "s3:DeleteObject", "Resource": f"{BUCKET_ARN}/*/payloads/*"}
    condition = {"ArnNotEquals": {"aws:PrincipalArn": ROLES["gc"]}}
    account.change_policy(with_another(Effect="Deny", Principal="*", Condition=condition, **files))
    assert account.bad(check_policy) == {}


def test_files_that_all_but_the_gc_role_can_remove_stay():
    account = Account()
    condition = {"ArnEquals": {"aws:PrincipalArn": ROLES["gc"]}}
    files = {"Action": "s3:DeleteObject", "Resource": f"{BUCKET_ARN}/*/payloads/*"}
    account.change_policy(with_another(Effect="Deny", Principal="*", Condition=condition, **files))
    assert list(account.bad(check_policy)) == [FILES_KEPT.format(PAYLOAD)]


@pytest.mark.parametrize(
    "action",
    [
        "s3:PutLifecycleConfiguration",
        "s3:DeleteObjectVersion",
        "s3:DeleteBucketPolicy",
        "s3:PutBucketVersioning",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutReplicationConfiguration",
        "s3:PutBucketAcl",
        "s3:DeleteBucket",
        "s3:PutObject",
        "s3:*",
    ],
)
def test_another_account_must_not_change_anything(action):
    assert letting({"AWS": STRANGER}, ["s3:GetObject", action]) == [
        f"FAIL bucket-policy: statement Added lets AWS:{STRANGER}, of another account, do "
        f"s3:getobject, {action.lower()}"
    ]


@pytest.mark.parametrize(
    ("principal", "actions"),
    [
        ({"AWS": STRANGER}, ["s3:GetObject", "s3:ListBucket"]),
        ({"AWS": f"{IAM}:role/copies"}, ["s3:PutObject"]),
        ({"Service": "logging.s3.amazonaws.com"}, ["s3:PutObject"]),
    ],
)
def test_who_reads_or_is_of_the_account_is_to_be_looked_at(principal, actions):
    ((kind, who),) = principal.items()
    assert letting(principal, actions) == [
        f"WARN bucket-policy: statement Added lets {kind}:{who} do {', '.join(actions).lower()}, "
        "beside the roles"
    ]


def test_of_another_account_and_our_own_each_is_told_by_itself():
    found = letting({"AWS": [STRANGER, f"{IAM}:role/copies"]}, ["s3:PutObject"])
    assert [one.split()[0] for one in found] == ["FAIL", "WARN"]


def test_somebody_deleted_whom_the_policy_names_is_nobody():
    assert letting({"AWS": "AROA1234567890EXAMPLE"}, ["s3:PutObject"]) == [
        "WARN bucket-policy: statement Added lets nobody, as AROA1234567890EXAMPLE was deleted, do "
        "s3:putobject"
    ]


def letting(principal, actions):
    """What is found where the policy lets somebody do something."""
    account, resource = Account(), [BUCKET_ARN, f"{BUCKET_ARN}/*"]
    account.change_policy(with_another(Principal=principal, Action=actions, Resource=resource))
    return list(account.bad(check_policy))


@pytest.mark.parametrize("folder", ["payloads", "images"])
def test_a_denial_that_spares_some_files_by_their_digests_is_told(folder):
    account, spared = Account(), f"{BUCKET_ARN}/*/{folder}/f*"
    account.change_policy(
        lambda found: statement(found, "DenyOverwriting")["NotResource"].append(spared)
    )
    (says,) = account.bad(check_policy)
    assert says.startswith(
        f"FAIL bucket-policy: what never changes can be overwritten: sensor/{folder}/f"
    )


def test_tls_for_files_of_some_digests_is_not_enough():
    account, kinds = Account(), ("metadata/*", "targets/*", "version.json", "0000*", "index.html")
    resources = [
        BUCKET_ARN,
        f"{BUCKET_ARN}/index.html",
        *(f"{BUCKET_ARN}/*/{one}" for one in kinds),
    ]
    account.change_policy(
        lambda found: statement(found, "DenyWithoutTls").update(Resource=resources)
    )
    assert list(account.bad(check_policy)) == [NO_TLS.format("s3:GetObject")]


def test_files_of_some_digests_that_gc_cannot_remove_are_told():
    account, files = Account(), f"{BUCKET_ARN}/*/payloads/f*"
    account.change_policy(
        with_another(Effect="Deny", Principal="*", Action="s3:DeleteObject", Resource=files)
    )
    found = [one for one in account.bad(check_policy) if one.endswith("which `slotcast gc` does")]
    assert [one.split()[2][:17] for one in found] == ["sensor/payloads/f"]


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"StringEquals": {"AWS:SourceAccount": ACCOUNT}},
        {"StringLike": {"AWS:SourceArn": f"arn:aws:cloudfront::{ACCOUNT}:distribution/*"}},
        {"StringLike": {"AWS:SourceArn": f"arn:aws:cloudfront::{ACCOUNT}:distribution/${{x:y}}"}},
    ],
)
def test_cloudfront_must_be_told_by_the_distribution(condition):
    account = Account()
    account.change_policy(set_source(condition))
    says = "statement EdgeReads lets any distribution of CloudFront, of anybody, read"
    assert list(account.bad(check_policy)) == [f"FAIL bucket-policy: {says}"]


def test_a_distribution_of_another_partition_is_known():
    account = Account()
    own = f"arn:aws-cn:cloudfront::{ACCOUNT}:distribution/E2EXAMPLE"
    account.change_policy(set_source({"StringEquals": {"AWS:SourceArn": own}}))
    assert account.bad(check_policy) == {}


def test_another_distribution_is_told():
    account = Account()
    other = f"arn:aws:cloudfront::{ACCOUNT}:distribution/E2EXAMPLEOTHER"
    account.change_policy(set_source({"ArnEquals": {"aws:sourcearn": other}}))
    assert list(account.bad(check_policy)) == [
        f"WARN bucket-policy: statement EdgeReads lets another distribution read: {other}",
        UNREAD,
    ]


def denying(condition, **words):
    """What is found where somebody denies everything on a condition."""
    account, resource = Account(), [BUCKET_ARN, f"{BUCKET_ARN}/*"]
    denial = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": resource}
    account.change_policy(with_another(**{**denial, **words}, Condition=condition))
    return account.bad(check_policy)


OTHER_NETWORK = {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
OTHER_PEOPLE = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}


@pytest.mark.parametrize(
    ("condition", "named"),
    [
        (OTHER_NETWORK, "NotIpAddress aws:sourceip"),
        ({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}, "StringNotEquals aws:sourcevpce"),
        (OTHER_PEOPLE, "StringNotEqualsIfExists aws:principalorgid"),
        ({"IpAddressIfExists": {"aws:SourceIp": "192.0.2.1"}}, "IpAddressIfExists aws:sourceip"),
        ({"Null": {"aws:PrincipalArn": "true"}}, "Null aws:principalarn"),
        (
            {"ForAllValues:StringEquals": {"aws:PrincipalOrgPaths": "o-1/r-1/"}},
            "ForAllValues:StringEquals aws:principalorgpaths",
        ),
        (
            {**OTHER_NETWORK, "Bool": {"aws:PrincipalIsAWSService": "true"}},
            "NotIpAddress aws:sourceip, Bool aws:principalisawsservice",
        ),
        (
            {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
            "DateGreaterThan aws:currenttime",
        ),
        (
            {"StringNotEqualsIgnoreCase": {"aws:SourceAccount": ACCOUNT}},
            "StringNotEqualsIgnoreCase aws:sourceaccount",
        ),
    ],
)
def test_a_denial_that_cloudfront_may_fall_under_is_not_known(condition, named):
    ((says, mend),) = denying(condition).items()
    assert says == (
        f"UNKNOWN bucket-policy: statement Added may deny CloudFront sensor/{TIMESTAMP}, for one: "
        f"nobody knows if this holds: {named}"
    )
    assert "where it answers 403, take the statement out, or spare services of AWS" in mend


@pytest.mark.parametrize(
    "condition",
    [
        {**OTHER_NETWORK, **OTHER_PEOPLE, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
        {**OTHER_NETWORK, "StringEquals": {"aws:PrincipalArn": f"{IAM}:user/ben"}},
        {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
        {"Null": {"aws:SourceVpce": "false"}, "StringNotEquals": {"aws:SourceVpce": "vpce-1"}},
        {"ForAnyValue:StringNotEquals": {"aws:PrincipalOrgPaths": "o-1/r-1/"}},
        {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}},
        {"StringNotEquals": {"aws:ResourceAccount": ACCOUNT}},
        {"StringNotEquals": {"aws:PrincipalServiceName": ["cloudfront.amazonaws.com", "x"]}},
    ],
)
def test_a_denial_that_spares_cloudfront_is_nothing_to_tell(condition):
    assert denying(condition) == {}


@pytest.mark.parametrize(
    "words",
    [
        {"Principal": {"AWS": f"{IAM}:root"}},
        {"Action": "s3:PutObjectTagging"},
        {"Resource": f"{BUCKET_ARN}/gear/*"},
    ],
)
def test_a_denial_of_something_else_is_nothing_of_cloudfronts(words):
    assert denying(OTHER_NETWORK, **words) == {}


def test_a_denial_of_all_but_our_distribution_is_read():
    own = f"arn:aws:cloudfront::{ACCOUNT}:distribution/E2EXAMPLE"
    edge = {"Principal": {"Service": "cloudfront.amazonaws.com"}}
    unless = {"StringNotEquals": {"AWS:SourceArn": own}}
    assert denying(unless, **edge) == {}
    unless["StringNotEquals"]["AWS:SourceArn"] = f"{own}OTHER"
    assert list(denying(unless, **edge)) == [UNREAD]


def test_a_bucket_without_a_policy():
    account = Account()
    account.answers["get_bucket_policy"] = "NoSuchBucketPolicy"
    assert [says.partition(": ")[2][:40] for says in account.bad(check_policy)] == [
        "requests to the bucket without TLS are n",
        "distribution E2EXAMPLE may not read: boa",
        "what never changes can be overwritten: s",
        "metadata/timestamp.json can be replaced ",
        "whoever IAM allows it can delete sensor/",
        "whoever IAM allows it can delete past ve",
        "replication from another bucket may over",
        "whoever IAM allows it can change the buc",
    ]


def test_who_may_change_settings_is_asked_where_somebody_deploys():
    account = Account()
    account.change_policy(without("DenyChangingSettings"))
    (says,) = account.bad(check_policy)
    assert says.startswith("WARN bucket-policy: whoever IAM allows it can change the bucket's sett")
    account.deployment = replace(account.deployment, deployer="")
    not_theirs = list(account.bad(check_policy))  # other statements name somebody
    assert [one.split()[0] for one in not_theirs] == ["FAIL", "FAIL", "WARN"]
    account.change_policy(without("DenyDeletingNames"))
    account.change_policy(without("DenyDeletingVersions"))
    assert not any("settings" in one for one in account.bad(check_policy))


@pytest.mark.parametrize("action", SETTINGS)
def test_each_setting_that_protects_the_bucket_is_asked_for(action):
    account = Account()
    others = [one for one in SETTINGS if one != action]
    account.change_policy(
        lambda found: statement(found, "DenyChangingSettings").update(Action=others)
    )
    assert list(account.bad(check_policy)) == [
        f"WARN bucket-policy: whoever IAM allows it can change the bucket's settings: {action}"
    ]


@pytest.mark.parametrize("condition", [{}, {"ArnNotLike": {"aws:PrincipalArn": f"{IAM}:role/*"}}])
def test_settings_that_more_than_one_can_change_are_told(condition):
    account = Account()
    account.change_policy(
        lambda found: statement(found, "DenyChangingSettings").update(
            Condition=condition or {"Bool": {"aws:MultiFactorAuthPresent": "false"}}
        )
    )
    (says,) = account.bad(check_policy)
    assert says.startswith("WARN bucket-policy: whoever IAM allows it can change the bucket's sett")
