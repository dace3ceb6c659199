"""Mistakes with keys that a parameter gives: what it takes, who signs with it, what leads to it."""

import json

from .edits import Defect, Edit, parameter, put, sid

_ARN = "arn:aws:kms:[a-z0-9-]+:[0-9]{12}:"


def _in_use(role: str, given: object = None) -> dict:
    """The key of a role as the template has it, or with another in place of the given one."""
    made = {"Fn::GetAtt": [f"{role}SigningKey", "Arn"]}
    return {"Fn::If": [f"Makes{role}Key", made, given or {"Ref": f"{role}Key"}]}


def _instead(old: object, new: object) -> Edit:
    """Replace something wherever it stands in resources and outputs."""

    def edit(template: dict) -> None:
        for section in ("Resources", "Outputs"):
            text = json.dumps(template[section])
            template[section] = json.loads(text.replace(json.dumps(old), json.dumps(new)))

    return edit


def _swapped(one: str, other: str) -> Edit:
    """Let two parameters give each the other's key."""
    steps = ((one, "between"), (other, one), ("between", other))

    def edit(template: dict) -> None:
        for old, new in steps:
            _instead({"Ref": old}, {"Ref": new})(template)
            _instead({"Fn::Sub": f"awskms:${{{old}}}"}, {"Fn::Sub": f"awskms:${{{new}}}"})(template)

    return edit


def _output(name: str, key: str, value: object) -> Edit:
    def edit(template: dict) -> None:
        template["Outputs"][name][key] = value

    return edit


GIVEN = (
    Defect(
        "policy-form",
        "ci",
        "a key that a pattern with wildcards gives",
        parameter("SnapshotKey", "AllowedPattern", f"(Create|{_ARN}key/[0-9a-f*-]+)"),
    ),
    Defect(
        "policy-form",
        "ci",
        "a key of any account",
        parameter("TimestampKey", "AllowedPattern", "(Create|arn:aws:kms:[^:]+:[^:]+:key/[^*?]+)"),
    ),
    Defect(
        "policy-form",
        "ci",
        "a key by its alias, which can be pointed elsewhere",
        parameter("SnapshotKey", "AllowedPattern", f"(Create|{_ARN}(key|alias)/[0-9a-z-]+)"),
    ),
    Defect(
        "policy-form",
        "ci",
        "a key that any text gives",
        parameter("TargetsKey", "AllowedPattern", None),
    ),
    Defect(
        "role-signs",
        "ci",
        "refresh signs with the key that is given for targets",
        sid("RefreshRole", "Sign", "Resource", [_in_use("Timestamp", {"Ref": "TargetsKey"})]),
    ),
    Defect(
        "role-signs",
        "ci",
        "release signs with what is given where nothing is",
        sid("ReleaseRole", "Sign", "Resource", [{"Ref": "TimestampKey"}]),
    ),
    Defect(
        "role-signs",
        "ci",
        "a given key of targets without a name",
        put("TargetsAlias", "/Condition", "MakesTargetsKey"),
    ),
    Defect(
        "role-keys",
        "ci",
        "refresh may not sign with a timestamp key that is given",
        sid(
            "RefreshRole",
            "Sign",
            "Resource",
            [_in_use("Snapshot"), _in_use("Timestamp", {"Ref": "AWS::NoValue"})],
        ),
    ),
    Defect(
        "role-keys",
        "ci",
        "release may not read the key of targets",
        sid("ReleaseRole", "ReadPublicKeys", "Resource", [_in_use("Snapshot")]),
    ),
    Defect(
        "key-names",
        "ci",
        "the key given for snapshot signs timestamp",
        _instead({"Ref": "TimestampKey"}, {"Ref": "SnapshotKey"}),
    ),
    Defect(
        "key-names",
        "ci",
        "the keys given for targets and timestamp are each other's",
        _swapped("TargetsKey", "TimestampKey"),
    ),
    Defect(
        "key-names",
        "ci",
        "root would let the timestamp key sign targets, by the output",
        _output("TargetsKeyArn", "Value", {"Fn::Sub": "awskms:${TimestampSigningKey.Arn}"}),
    ),
    Defect(
        "key-names",
        "ci",
        "an output for the key that the stack makes alone",
        _output("TimestampKeyArn", "Condition", "MakesTimestampKey"),
    ),
    Defect(
        "key-names",
        "ci",
        "an alias of a key that is nobody's",
        put("SnapshotAlias", "TargetKeyId", "1234abcd-12ab-34cd-56ef-1234567890ab"),
    ),
)
