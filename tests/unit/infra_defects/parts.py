"""Mistakes, and worse, with what a template is made of."""

from .edits import Defect, adding, allowing, at_top, declaring, parameter, put, sid, within

_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_ADMIN = {"Version": "2012-10-17", "Statement": [_ALL]}
_MAPPED = {"Fn::FindInMap": ["Actions", "all", "any"]}

PARTS = (
    Defect(
        "known-sections",
        "ci",
        "a macro that puts more into the template",
        at_top("Transform", {"Name": "AWS::Include", "Parameters": {"Location": "s3://x/y.yaml"}}),
    ),
    Defect(
        "known-sections",
        "ota",
        "a parameter that Systems Manager has",
        parameter("DeployRoleArn", "Type", "AWS::SSM::Parameter::Value<String>"),
    ),
    Defect(
        "known-types",
        "ci",
        "a policy of its own for the refresh role",
        adding("AWS::IAM::Policy", Roles=[{"Ref": "RefreshRole"}], PolicyDocument=_ADMIN),
    ),
    Defect(
        "known-types",
        "ci",
        "a role's policy, as a resource",
        adding("AWS::IAM::RolePolicy", RoleName={"Ref": "RefreshRole"}, PolicyDocument=_ADMIN),
    ),
    Defect(
        "known-types",
        "ci",
        "a managed policy for the refresh role",
        adding("AWS::IAM::ManagedPolicy", Roles=[{"Ref": "RefreshRole"}], PolicyDocument=_ADMIN),
    ),
    Defect("known-types", "ci", "a user", adding("AWS::IAM::User", UserName="ci")),
    Defect("known-types", "ci", "an access key", adding("AWS::IAM::AccessKey", UserName="ci")),
    Defect(
        "known-types",
        "ota",
        "an access point to the bucket",
        adding("AWS::S3::AccessPoint", Bucket={"Ref": "Bucket"}),
    ),
    Defect(
        "known-types",
        "ota",
        "a stack within the stack",
        adding("AWS::CloudFormation::Stack", TemplateURL="https://b.s3.amazonaws.com/x.yaml"),
    ),
    Defect(
        "known-types",
        "ota",
        "a custom resource",
        adding("Custom::X", ServiceToken="arn:aws:lambda:us-east-1:111122223333:function:x"),
    ),
    Defect(
        "known-properties",
        "ota",
        "all that is released copied to another account",
        put(
            "Bucket",
            "ReplicationConfiguration",
            {"Role": "arn:aws:iam::111122223333:role/x", "Rules": []},
        ),
    ),
    Defect(
        "known-functions",
        "ci",
        "an action out of a mapping",
        allowing("RefreshRole", _MAPPED, _MAPPED),
    ),
    Defect(
        "known-functions",
        "ci",
        "a principal that Systems Manager has",
        sid("GcRole", "People", "Principal", {"AWS": "{{resolve:ssm:/who}}"}),
    ),
    Defect(
        "policy-form",
        "ota",
        "Effect by Sub",
        sid("BucketPolicy", "DenyOldTls", "Effect", {"Fn::Sub": "Allow"}),
    ),
    Defect(
        "policy-form", "ci", "an action out of a mapping", allowing("RefreshRole", _MAPPED, "*")
    ),
    Defect(
        "policy-form",
        "ci",
        "a prefix by a parameter that takes everything",
        declaring(
            "Prefix",
            allowing(
                "RefreshRole", "s3:GetObject", {"Fn::Sub": "arn:aws:s3:::${BucketName}/${Prefix}/*"}
            ),
        ),
    ),
    Defect(
        "policy-form",
        "ota",
        "denied to all but somebody, by NotPrincipal",
        sid("BucketPolicy", "DenyWithoutTls", "NotPrincipal", {"AWS": "arn:aws:iam::1:root"}),
    ),
    Defect(
        "defaults",
        "ota",
        "no conditions on writes by default",
        parameter("ConditionalWrites", "Default", "NotEnforced"),
    ),
    Defect(
        "defaults",
        "ota",
        "a default that takes every role",
        parameter("DeployRoleArn", "Default", "arn:aws:iam::111122223333:role/*"),
    ),
    Defect(
        "role-wildcards",
        "ci",
        "everything allowed where conditions on writes are not enforced",
        within(
            "RefreshRole",
            "PolicyName",
            "refresh",
            "PolicyDocument",
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Fn::If": ["EnforcesConditionalWrites", {"Ref": "AWS::NoValue"}, _ALL]}
                ],
            },
        ),
    ),
)
