"""The operator's manual puts back what Slotcast has written, and nothing that was taken away."""

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from jq_on_path import path_with_jq

from publisher import layout

MANUAL = Path(__file__).parents[2] / "docs" / "operator.md"
SHA256 = "5d" * 32
SINCE = "2026-11-23T06:30:00Z"
BEFORE, AFTER, LATER = (f"2026-11-23T0{time}+00:00" for time in ("6:29:59", "6:30:00", "7:00:00"))
# In the order in which they may come back.
WRITTEN = [
    *(
        layout.metadata_path(role, number)
        for number, role in ((1, "root"), (12, "snapshot"), (12, "targets"))
    ),
    layout.image_path(SHA256),
    layout.payload_path(SHA256),
    layout.manifest_path("stable", "b1", SHA256),
    layout.hashed_path(layout.stone_name("stable", "b1", "1.2.0"), SHA256),
    layout.pins_path(SHA256),
    layout.metadata_path("timestamp", 12),
    layout.version_json_path("stable", "b1"),
]
FOREIGN = [
    "conditional-writes.probe",
    "keys/targets.pem",
    "metadata/root.json",
    "metadata/targets.pem",
    "metadata/timestamp.json.orig",
    "metadata/1.timestamp.json",
    "targets/stable/b1.json",
    f"payloads/{SHA256}.slc.tmp",
    f"images/{SHA256[2:]}.bin",
    "stable/version.json",
    "notes.txt",
]
# Keeps objects in the folder `bucket`, by the conditions that S3 knows; at the key in `broken` the
# connection breaks.
AWS = """\
#!/bin/sh
verb=$2
shift 2
for word; do
    case $last in
        --key) key=$word ;;
        --body) body=$word ;;
        --version-id) version=$word ;;
        --if-none-match) none=$word ;;
        --if-match) match=$word ;;
        --content-type | --cache-control) headers="$headers, $word" ;;
    esac
    last=$word
done
tag() { echo "\\"$(openssl dgst -md5 -r "$1" | cut -c 1-32)\\""; }
fails() { echo "An error occurred ($1)" >&2 && exit 254; }
case $verb in
    list-object-versions) cat listed.json ;;
    list-objects-v2)
        cd "$BUCKET"
        find . -type f | sed 's|^./||' | while read -r one; do
            printf '%s\\t%s\\n' "$one" "${TAG:-$(tag "$one")}"
        done ;;
    get-object)
        if [ "$version" ]; then echo "$version" > "$last"
        else cp "$BUCKET/$key" "$last" || fails NoSuchKey; fi ;;
    put-object)
        grep -qxF "$key" "$BROKEN" && fails ConnectionClosed
        there=$BUCKET/$key
        [ "$none" ] && [ -e "$there" ] && fails PreconditionFailed
        [ "$match" ] && [ "$match" != "$(tag "$there")" ] && fails PreconditionFailed
        mkdir -p "${there%/*}"
        cp "$body" "$there"
        echo "$key <- $(cat "$body")$headers" >> "$PUT" ;;
esac
"""


@dataclass(frozen=True)
class Ran:
    """A run of a script: its exit code, what it said, and what was put, in order."""

    code: int
    err: str
    put: list[str]


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., Ran]:
    """Runs one of the manual's scripts, with a command that stands for AWS's."""
    tools, log, bucket = tmp_path / "tools", tmp_path / "put.log", tmp_path / "bucket"
    broken = tmp_path / "broken"
    tools.mkdir()
    bucket.mkdir()
    (tools / "aws").write_text(AWS)
    (tools / "aws").chmod(0o755)
    broken.touch()

    def run(name: str, *words: str, **more: str) -> Ran:
        log.write_text("")
        (block,) = re.findall(rf"```sh\n( *# {name} .*?)```", MANUAL.read_text(), re.DOTALL)
        command = ["sh", "-c", dedent(block), name, *words]
        variables = {
            "PATH": f"{tools}:{path_with_jq(tools)}",
            **{"PUT": str(log), "BUCKET": str(bucket), "BROKEN": str(broken)},
            **more,
        }
        done = subprocess.run(
            command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
        )
        return Ran(done.returncode, done.stderr, log.read_text().splitlines())

    return run


def deleted(name: str, at: str) -> tuple[dict[str, object], list[dict[str, object]]]:
    """The marker of a name that was deleted, and its versions: two in one second, newest first."""
    key = f"sensor/{name}"
    made = {"Key": key, "LastModified": "2026-11-02T00:00:00+00:00", "IsLatest": False}
    versions = [{**made, "VersionId": version} for version in ("last", "old")]
    return {"Key": key, "VersionId": "gone", "LastModified": at, "IsLatest": True}, versions


def list_versions(folder: Path, when: dict[str, str]) -> None:
    """Answer for a bucket with deleted names, and one that was written again since."""
    found = [deleted(name, at) for name, at in when.items()]
    back = {"Key": "sensor/metadata/3.root.json", "VersionId": "new", "LastModified": LATER}
    listed = {
        "Versions": [{**back, "IsLatest": True}, *(one for item in found for one in item[1])],
        "DeleteMarkers": [item[0] for item in found]
        + [{**back, "VersionId": "gone", "LastModified": AFTER, "IsLatest": False}],
    }
    (folder / "listed.json").write_text(json.dumps(listed))


def names(put: list[str]) -> list[str]:
    return [line.partition(" ")[0] for line in put]


def test_undelete_puts_back_the_last_of_each_name_that_slotcast_writes(script, tmp_path):
    list_versions(tmp_path, dict.fromkeys([*WRITTEN, *FOREIGN], LATER))
    done = script("undelete.sh", "acme", "sensor", SINCE)
    assert (done.code, done.err) == (0, "")
    assert sorted(names(done.put)) == sorted(f"sensor/{name}" for name in WRITTEN)
    pointers = [f"sensor/{name}" for name in WRITTEN[-2:]]
    assert names(done.put)[-2:] == pointers
    immutable, short = layout.IMMUTABLE, layout.SHORT
    assert done.put[0] == f"sensor/{WRITTEN[3]} <- last, application/octet-stream, {immutable}"
    assert done.put[-1] == f"{pointers[-1]} <- last, application/json, {short}"


def test_undelete_leaves_what_was_deleted_before_on_purpose(script, tmp_path):
    planted = "metadata/99.snapshot.json"
    list_versions(tmp_path, {planted: BEFORE, WRITTEN[0]: AFTER})
    done = script("undelete.sh", "acme", "sensor", SINCE)
    assert (done.code, names(done.put)) == (0, [f"sensor/{WRITTEN[0]}"])


@pytest.mark.parametrize("since", ["yesterday", "2026-11-23", "1 hour ago", ""])
def test_undelete_takes_nothing_but_a_time_for_since(script, tmp_path, since):
    list_versions(tmp_path, dict.fromkeys(WRITTEN, LATER))
    done = script("undelete.sh", "acme", "sensor", since)
    assert (done.code, done.put) == (2, [])
    assert "SINCE is a time in UTC" in done.err


def test_undelete_says_so_where_the_list_cannot_be_read(script, tmp_path):
    (tmp_path / "listed.json").write_text("AccessDenied")
    assert script("undelete.sh", "acme", "sensor", SINCE).code != 0


def copied(folder: Path, *names: str, text: str = "kept") -> None:
    """Write files of the copy, of what is in the bucket, or the like."""
    for name in names:
        file = folder / "sensor" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def test_restore_puts_what_slotcast_writes_pointers_last_and_names_the_rest(script, tmp_path):
    copied(tmp_path / "copy", *WRITTEN, *FOREIGN)
    done = script("restore.sh", "copy", "acme")
    assert done.code == 0
    assert sorted(names(done.put)) == sorted(f"sensor/{name}" for name in WRITTEN)
    pointers = [f"sensor/{name}" for name in WRITTEN[-2:]]
    assert names(done.put)[-2:] == pointers
    assert done.put[-1] == f"{pointers[-1]} <- kept, application/json, {layout.SHORT}"
    told = sorted(f"left out: sensor/{name}" for name in FOREIGN)
    assert sorted(done.err.splitlines()) == told


POINTER = "metadata/timestamp.json"
# As S3 gives for an object in parts, or encrypted by KMS: it tells nothing of the bytes.
OTHER_TAG = '"0123-2"'


@pytest.mark.parametrize("more", [{}, {"TAG": OTHER_TAG}])
def test_restore_can_be_run_again(script, tmp_path, more):
    copied(tmp_path / "copy", *WRITTEN)
    assert script("restore.sh", "copy", "acme").code == 0
    again = script("restore.sh", "copy", "acme", **more)
    assert (again.code, again.put) == (0, [])


def test_restore_goes_on_where_it_broke_off(script, tmp_path):
    copied(tmp_path / "copy", *WRITTEN)
    (tmp_path / "broken").write_text(f"sensor/{WRITTEN[4]}\n")
    first = script("restore.sh", "copy", "acme")
    assert first.code not in (0, 1)
    (tmp_path / "broken").write_text("")
    second = script("restore.sh", "copy", "acme")
    assert second.code == 0
    put = [*names(first.put), *names(second.put)]
    assert sorted(put) == sorted(f"sensor/{name}" for name in WRITTEN)
    assert POINTER not in names(first.put)


def test_restore_puts_what_was_deleted_since(script, tmp_path):
    copied(tmp_path / "copy", *WRITTEN)
    script("restore.sh", "copy", "acme")
    for name in WRITTEN[3:5]:
        (tmp_path / "bucket" / "sensor" / name).unlink()
    done = script("restore.sh", "copy", "acme")
    assert done.code == 0
    assert sorted(names(done.put)) == sorted(f"sensor/{name}" for name in WRITTEN[3:5])


@pytest.mark.parametrize("words", [(), ("follow",)])
def test_restore_stops_before_what_never_changes_and_is_another(script, tmp_path, words):
    copied(tmp_path / "copy", *WRITTEN)
    copied(tmp_path / "bucket", WRITTEN[1], text="somebody's")
    done = script("restore.sh", "copy", "acme", *words)
    assert done.code == 1
    assert f"stopped: sensor/{WRITTEN[1]} is in the bucket, and is another" in done.err
    assert (tmp_path / "bucket" / "sensor" / WRITTEN[1]).read_text() == "somebody's"
    assert f"sensor/{POINTER}" not in names(done.put)


def test_restore_leaves_a_pointer_that_was_written_since(script, tmp_path):
    copied(tmp_path / "copy", *WRITTEN)
    copied(tmp_path / "bucket", POINTER, text="newer")
    done = script("restore.sh", "copy", "acme")
    assert done.code == 1
    assert f"stopped: sensor/{POINTER} is in the bucket" in done.err
    assert (tmp_path / "bucket" / "sensor" / POINTER).read_text() == "newer"


def test_a_second_store_follows_release_by_release(script, tmp_path):
    copied(tmp_path / "copy", *WRITTEN)
    assert script("restore.sh", "copy", "acme", "follow").code == 0
    snapshot = layout.metadata_path("snapshot", 13)
    copied(tmp_path / "copy", POINTER, snapshot, text="next")
    done = script("restore.sh", "copy", "acme", "follow")
    assert done.code == 0
    assert names(done.put) == [f"sensor/{snapshot}", f"sensor/{POINTER}"]
    assert (tmp_path / "bucket" / "sensor" / POINTER).read_text() == "next"


def test_copies_are_not_told_from_what_they_copy_by_their_length_alone():
    """Sync leaves a file of the same length as it is, though the bucket's is newer."""
    synced = re.findall(r"^ *aws s3 sync .*s3://.*$", MANUAL.read_text(), re.MULTILINE)
    assert len(synced) == 2
    assert all("--exact-timestamps" in line for line in synced)
