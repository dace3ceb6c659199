"""The names of buckets in infra.toml: what S3 takes, and which may be one."""

from __future__ import annotations

from collections.abc import Mapping

from publisher.errors import SettingsError

# What a stack makes: S3 would refuse these while it does (S3 User Guide, "General purpose bucket
# naming rules"). Those that end in .mrap have a dot, which the templates' patterns refuse.
_MADE = {"ota": "BucketName", "logs": "LogBucketName"}
_BEGINS = ("xn--", "sthree-", "amzn-s3-demo-")
_ENDS = ("-s3alias", "--ol-s3", "--x-s3", "--table-s3")


def verify_free(kind: str, values: Mapping[str, object]) -> None:
    """Refuse the name of a bucket that S3 keeps for itself.

    Args:
        kind: which stack is to make the bucket.
        values: of its section, by parameter.

    Raises:
        SettingsError: it begins or ends as no bucket may.
    """
    name = _MADE.get(kind, "")
    value = str(values.get(name, ""))
    found = [f"begin with {one}" for one in _BEGINS if value.startswith(one)]
    found += [f"end in {one}" for one in _ENDS if value.endswith(one)]
    if found:
        hint = "S3 keeps that for names of its own: choose another"
        raise SettingsError(f'{name}: "{value}" is refused by S3: no bucket may {found[0]}', hint)


def verify_apart(stacks: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse the bucket of releases for the logs, where all expires, and two for the releases.

    Args:
        stacks: parameters by name, by stack.

    Raises:
        SettingsError: it is one, or they are two.
    """
    logs = stacks.get("logs", {}).get("LogBucketName")
    releases = [stacks.get(kind, {}).get("BucketName") for kind in ("ota", "ci")]
    if logs and logs in releases:
        message = f"[logs] LogBucketName: {logs} is the bucket of the releases"
        raise SettingsError(message, "give the logs one of their own: they expire, releases do not")
    if all(releases) and releases[0] != releases[1]:
        message = f"[ci] BucketName is {releases[1]}, and that of [ota] {releases[0]}"
        raise SettingsError(message, "leave it out of [ci]: the roles are for the bucket of [ota]")
