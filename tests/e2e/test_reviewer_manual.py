"""The script in the reviewer's manual passes what is sound, and says what is wrong with others."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import esp_images
import pytest
from jq_on_path import our_jq, path_with_jq
from product import Product
from published_product import (
    NOW,
    SIGNED_AT,
    PublishedProduct,
    compact,
    key_of,
    refused_points,
    sha256,
)
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import Delegations, Metadata, MetaFile, Signed, TargetFile

from publisher.payload import cut_full
from publisher.root.proposal import Proposal
from publisher.verify import verify

MANUAL = Path(__file__).parents[2] / "docs" / "reviewer.md"
TODAY = NOW.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Ran:
    """What a run of the script came to."""

    code: int
    out: str
    err: str


def script() -> str:
    """The manual's script, taken out of the page as the page says."""
    text = MANUAL.read_text()
    (extract,) = re.findall(r"^\$ (sed .*) docs/reviewer.md > review.sh$", text, re.MULTILINE)
    command = ["bash", "-c", f"{extract} {MANUAL}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH on which all the manual's tools are."""
    for tool in ("bash", "openssl", "sha256sum", "md5sum", "cmp", "sed"):
        assert shutil.which(tool), tool
    return path_with_jq(tmp_path_factory.mktemp("jq"))


@pytest.fixture
def review(tmp_path: Path, tools: str) -> Callable[..., Ran]:
    """Runs the script on a folder, or on a product in memory."""

    def run(
        product: Path | PublishedProduct, fingerprint: str = "", now: str = TODAY, path: str = tools
    ) -> Ran:
        if isinstance(product, PublishedProduct):
            fingerprint = product.fingerprint
            product = written(product, tmp_path / "published")
        variables = {"PATH": path, "PRODUCT": "sensor", "FINGERPRINT": fingerprint, "NOW": now}
        done = subprocess.run(
            ["bash", "-c", script()], cwd=product, env=variables, capture_output=True, text=True
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def refused(review: Callable[..., Ran]) -> Callable[..., None]:
    """Asserts that the script fails, and with which line."""

    def check(product: PublishedProduct, says: str, **options: str) -> None:
        ran = review(product, **options)
        assert ran.code == 1, ran
        assert "VERIFIED" not in ran.out
        failed = [line for line in ran.err.splitlines() if line.startswith("FAILED: ")]
        assert says in failed[-1], ran.err

    return check


def written(product: PublishedProduct, folder: Path) -> Path:
    """The product's own folder, below `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    for key, data in product.files.items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(data)
    return folder / "sensor"


@pytest.fixture
def published() -> PublishedProduct:
    """Two releases."""
    product = PublishedProduct()
    product.publish_next("1.5.0")
    return product


def path_of(product: PublishedProduct, kind: str) -> str:
    """The key of the payload or image that is offered now."""
    (path,) = (entry["path"] for entry in product.manifest["payloads"])
    image = f"images/{product.manifest['sha256']}.bin"
    return {"payload": f"sensor/{path}", "image": f"sensor/{image}"}[kind]


def manifests(product: PublishedProduct) -> list[str]:
    """The keys of the old and of the present manifest."""
    return [key for key in product.files if "/targets/stable/" in key]


def change(product: PublishedProduct, key: str, before: bytes, after: bytes) -> None:
    """Change an object without signing anything."""
    assert before in product.files[key]
    product.files[key] = product.files[key].replace(before, after, 1)


def sign_root(
    product: PublishedProduct, signers: list[CryptoSigner] | None = None, version: int = 2
) -> None:
    """Publish another root, signed by the present root keys or by these."""
    product.root.version = version
    product.sign_root(signers)


# Sound


def test_real_releases_are_verified(product: Product, review: Callable[..., Ran]) -> None:
    for version in ("3.1.1", "3.2.5"):
        product.release(version)
    root = product.settings.root_sha256
    ran = review(product.folder / "published" / "sensor", root, now="")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == f"VERIFIED: sensor, from root {root}"
    assert "3.targets.json: signed by 1 of the targets keys that metadata/1.root.json" in ran.out
    assert "stable/sensor-r2/version.json: says what targets/stable/" in ran.out


def add_stone(product: PublishedProduct, version: str) -> None:
    """Offer what is offered as the release that older boards take first, too."""
    data, name = compact(product.manifest), f"stable/sensor-r2/{version}.json"
    product.put(f"targets/stable/sensor-r2/{sha256(data)}.{version}.json", data)
    product.targets.targets[name] = TargetFile.from_data(name, data, ["sha256"])
    product.publish_targets()


def test_a_release_that_older_boards_take_first_is_verified(
    published: PublishedProduct, review: Callable[..., Ran]
) -> None:
    add_stone(published, "1.5.0")
    ran = review(published)
    assert (ran.code, ran.err) == (0, "")
    assert ".1.5.0.json" in ran.out


def test_a_release_that_older_boards_take_in_place_of_another_is_refused(
    published: PublishedProduct, review: Callable[..., Ran]
) -> None:
    add_stone(published, "1.4.3")
    ran = review(published)
    assert ran.code == 1
    assert "is not for sensor, stable, sensor-r2, 1.4.3" in ran.err


def test_a_machine_without_jq_can_verify_too(
    published: PublishedProduct, review: Callable[..., Ran], tmp_path: Path, tools: str
) -> None:
    path = f"{our_jq(tmp_path)}{os.pathsep}{tools}"
    ran = review(published, path=path)
    assert (ran.code, ran.err) == (0, "")
    assert "VERIFIED" in ran.out
    twice = b'{"signatures":[],'
    change(published, "sensor/metadata/timestamp.json", b"{", twice)
    assert "is not in canonical form" in review(published, path=path).err


def test_a_rotated_root_is_signed_by_the_old_and_the_new_keys(
    published: PublishedProduct, review: Callable[..., Ran]
) -> None:
    sign_root(published)
    out = review(published).out.splitlines()
    assert [line.split(" names ")[0] for line in out[1:3]] == [
        "metadata/2.root.json: signed by 2 of the root keys that metadata/1.root.json",
        "metadata/2.root.json: signed by 2 of the root keys that metadata/2.root.json",
    ]
    assert out[-1].startswith("VERIFIED")


# Changed by somebody without keys


def test_another_root_is_refused(published: PublishedProduct, refused: Callable[..., None]) -> None:
    published.fingerprint = "00" * 32
    refused(published, "metadata/1.root.json does not have the fingerprint")


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("timestamp.json", ": signed by 0 of the timestamp keys that metadata/1.root.json names"),
        ("2.snapshot.json", " does not have the SHA-256 in metadata/timestamp.json"),
        ("2.targets.json", " does not have the SHA-256 in metadata/2.snapshot.json"),
    ],
)
def test_a_changed_byte_that_was_signed_is_refused(
    published: PublishedProduct, refused: Callable[..., None], file: str, says: str
) -> None:
    change(published, f"sensor/metadata/{file}", b'"expires":"202', b'"expires":"203')
    refused(published, f"metadata/{file}{says}")


@pytest.mark.parametrize("kind", ["payload", "image"])
def test_a_changed_byte_of_firmware_is_refused(
    published: PublishedProduct, refused: Callable[..., None], kind: str
) -> None:
    key = path_of(published, kind)
    data = published.files[key]
    published.files[key] = data[:-40] + bytes([data[-40] ^ 1]) + data[-39:]
    refused(published, f"{key.removeprefix('sensor/')} does not have the SHA-256 in targets/")


def test_a_manifest_of_another_version_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    old, new = manifests(published)
    published.files[new] = published.files[old]
    refused(published, f"{new.removeprefix('sensor/')} does not have the SHA-256 in")


def test_a_version_json_that_says_otherwise_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    change(published, "sensor/stable/sensor-r2/version.json", b"1.5.0", b"1.5.1")
    refused(published, "stable/sensor-r2/version.json does not say what targets/stable/")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"{}", "is not timestamp"),
        (b'{"signed":{"_type":"timestamp"}} ', "is not in canonical form"),
        (b"{}{}", "is not JSON"),
    ],
)
def test_a_timestamp_that_is_no_metadata_is_refused(
    published: PublishedProduct, refused: Callable[..., None], data: bytes, says: str
) -> None:
    published.files["sensor/metadata/timestamp.json"] = data
    refused(published, f"metadata/timestamp.json {says}")


def test_a_missing_root_is_noticed(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    sign_root(published, version=3)
    refused(published, "a root before the last is missing")


# Signed, and wrong all the same


def test_a_root_below_its_threshold_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    sign_root(published, published.signers["root"][:1])
    refused(published, "2.root.json: signed by 1 of the root keys that metadata/1.root.json names")


def test_a_changed_root_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    sign_root(published)
    change(published, "sensor/metadata/2.root.json", b'"threshold":2', b'"threshold":1')
    refused(published, "2.root.json: signed by 0 of the root keys that metadata/1.root.json names")


def test_a_root_that_its_own_keys_did_not_sign_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    published.root.add_key(CryptoSigner.generate_ed25519().public_key, "root")
    published.root.roles["root"].threshold = 3
    sign_root(published)
    refused(published, "signed by 2 of the root keys that metadata/2.root.json names, and 3 are")


def test_a_key_id_that_is_not_its_key_s_hash_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    key = CryptoSigner.generate_ed25519().public_key
    published.root.add_key(type(key).from_dict("ab" * 32, key.to_dict()), "timestamp")
    sign_root(published)
    refused(published, f"2.root.json: key id {'ab' * 32} is not the SHA-256 of its key")


def test_a_key_under_two_ids_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    key = published.signers["timestamp"][0].public_key
    fields = {**key.to_dict(), "x-note": "the same key"}
    published.root.add_key(type(key).from_dict(sha256(compact(fields)), fields), "timestamp")
    sign_root(published)
    refused(published, "2.root.json: one key stands under two ids")


def test_a_key_that_signs_twice_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    timestamp = json.loads(published.files["sensor/metadata/timestamp.json"])
    timestamp["signatures"] *= 2
    published.put("metadata/timestamp.json", compact(timestamp))
    refused(published, "signs twice")


def test_a_threshold_of_0_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    published.root.roles["timestamp"].threshold = 0
    sign_root(published)
    refused(published, "2.root.json: a threshold is not a number above 0")


def test_a_role_that_another_root_s_key_signed_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    published.signers["targets"] = [CryptoSigner.generate_ed25519()]
    published.publish_targets()
    refused(published, "2.targets.json: signed by 0 of the targets keys")


def test_a_snapshot_of_another_version_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    data = published.files["sensor/metadata/1.snapshot.json"]
    published.put("metadata/2.snapshot.json", data)
    published.timestamp.snapshot_meta = MetaFile.from_data(2, data, ["sha256"])
    published.publish_timestamp()
    refused(published, "metadata/2.snapshot.json is not version 2 of snapshot")


def test_delegations_are_refused(published: PublishedProduct, refused: Callable[..., None]) -> None:
    published.targets.delegations = Delegations({}, {})
    published.publish_targets()
    refused(published, "metadata/2.targets.json names no targets, or delegates to others")


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("md5", "00" * 16, "its MD5 is another"),
        ("image_digest", "00" * 32, "its image digest is another"),
        ("board", "other", "is not for sensor, stable, sensor-r2"),
        ("url", "http://updates.example.com/sensor/", "the url is another"),
        ("sha256", "../../etc", "is not a SHA-256"),
        ("size", "1,1", "is not a number"),
    ],
)
def test_a_manifest_that_promises_something_else_is_refused(
    published: PublishedProduct, refused: Callable[..., None], field: str, value: str, says: str
) -> None:
    published.manifest[field] = value
    published.publish_manifest()
    refused(published, says)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("head_sha256", "00" * 32, "its head is another"),
        ("path", "payloads/x.slc", "the payload's path is another"),
        ("kind", "delta", "is no release manifest"),
    ],
)
def test_a_payload_other_than_the_manifest_says_is_refused(
    published: PublishedProduct, refused: Callable[..., None], field: str, value: str, says: str
) -> None:
    published.manifest["payloads"][0][field] = value
    published.publish_manifest()
    refused(published, says)


def test_a_payload_of_another_image_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    image = published.image
    published.payload = cut_full(esp_images.app_image("esp32", version="6.6.6"), 4096)
    published.manifest["payloads"] = published.make_manifest()["payloads"]
    published.image = image
    published.publish_release()
    refused(published, "is a payload of another image")


def test_a_target_that_leads_out_of_the_folder_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    (target,) = published.targets.targets.values()
    published.targets.targets = {"stable/../../x.json": target}
    published.publish_targets()
    refused(published, "target stable/../../x.json")


# What would pass for something else when it is read line by line


def forged(product: PublishedProduct, strangers: list[CryptoSigner]) -> Callable[..., bytes]:
    """Signs by no key of the product: the `sig` of one of its ids holds lines with other keys."""
    keyids = {name: role.keyids[0] for name, role in product.root.roles.items()}

    def sign(signed: Signed, signers: object = None) -> bytes:
        body = Metadata(signed).signed_bytes
        lines = ["00" * 64]
        for signer in strangers:
            key = signer.public_key
            found = f"{key.keyval['public']} 1 {signer.sign(body).signature}"
            lines += [f"{key.keyid} ed25519 {found}", f"{key.keyid} {found.replace(' 1 ', ' ')}"]
        signature = {"keyid": keyids[signed.type], "sig": "\n".join(lines)}
        return compact({"signatures": [signature], "signed": json.loads(body)})

    return sign


def test_lines_in_a_signature_are_no_keys(
    published: PublishedProduct, refused: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    strangers = [CryptoSigner.generate_ed25519() for _ in range(2)]
    monkeypatch.setattr(published, "sign", forged(published, strangers))
    published.publish_next("6.6.6")
    refused(published, "metadata/timestamp.json: a string in it needs escapes")


def test_a_line_end_in_a_key_id_that_nobody_signed_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    timestamp = json.loads(published.files["sensor/metadata/timestamp.json"])
    timestamp["signatures"].append({"keyid": "ab\ncd", "sig": "00"})
    published.put("metadata/timestamp.json", compact(timestamp))
    refused(published, "metadata/timestamp.json: a string in it needs escapes")


@pytest.mark.parametrize("role", ["root", "targets", "timestamp"])
def test_a_line_end_in_what_was_signed_is_refused(
    published: PublishedProduct, refused: Callable[..., None], role: str
) -> None:
    published.publish_changed(role, lambda fields: fields.update(expires="2027-11-22T06:38:00Z\n"))
    refused(published, ".json: a string in it needs escapes")


def test_a_line_end_in_the_name_of_a_target_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    (target,) = published.targets.targets.values()
    published.targets.targets["stable/a.json 1 00\nstable/b.json"] = target
    published.publish_targets()
    refused(published, "metadata/2.targets.json: a string in it needs escapes")


@pytest.mark.parametrize("after", ["\n", " 1"])
@pytest.mark.parametrize("field", ["product", "sha256", "md5", "url"])
def test_a_line_or_word_more_in_a_manifest_is_refused(
    published: PublishedProduct, refused: Callable[..., None], field: str, after: str
) -> None:
    published.manifest[field] += after
    published.publish_manifest()
    refused(published, "is no release manifest: ")


@pytest.mark.parametrize(
    "respell",
    [str.upper, lambda text: f"{text[:32]} {text[32:]}"],
    ids=["upper case", "a space"],
)
def test_a_key_that_is_spelled_otherwise_is_refused(
    published: PublishedProduct, refused: Callable[..., None], respell: Callable[[str], str]
) -> None:
    key = published.signers["timestamp"][0].public_key
    fields = {**key.to_dict(), "keyval": {"public": respell(key.keyval["public"])}}
    published.root.add_key(type(key).from_dict(sha256(compact(fields)), fields), "timestamp")
    sign_root(published)
    refused(
        published,
        "2.root.json: a key is neither Ed25519, as 64 lower-case hex digits, nor P-256, in PEM",
    )


@pytest.mark.parametrize("public", refused_points()[::3])
def test_a_key_that_anybody_can_sign_for_or_that_is_not_canonical_is_refused(
    published: PublishedProduct, refused: Callable[..., None], public: str
) -> None:
    published.root.add_key(key_of(public), "timestamp")
    sign_root(published)
    refused(published, "2.root.json: a key is a point of small order, or not in canonical form")


def test_just_those_points_are_refused_that_boards_refuse(review: Callable[..., Ran]) -> None:
    (form,) = re.findall(r'is_text\(("0\[01\].*?)\)\s*\| not', script(), re.DOTALL)
    pattern = "".join(re.findall(r'"([^"]*)"', form))
    assert all(re.fullmatch(pattern, public) for public in refused_points())
    others = [1 << 8, 2, 2**255 - 19 - 2, 2**254 - 1]
    assert not any(re.fullmatch(pattern, y.to_bytes(32, "little").hex()) for y in others)


@pytest.mark.parametrize(
    "entry",
    [None, {"keyid": 1, "sig": "00"}, {"keyid": "x", "sig": 5}, {"keyid": "x"}],
)
def test_a_signature_that_boards_cannot_read_is_refused(
    published: PublishedProduct, refused: Callable[..., None], entry: object
) -> None:
    timestamp = json.loads(published.files["sensor/metadata/timestamp.json"])
    timestamp["signatures"].append(entry)
    published.put("metadata/timestamp.json", compact(timestamp))
    refused(published, "metadata/timestamp.json is not timestamp: a signature is not one")


def test_a_number_below_0_that_is_0_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    data = published.files["sensor/metadata/timestamp.json"]
    published.put("metadata/timestamp.json", data.replace(b'Z"}}', b'Z","y":-0}}'))
    refused(published, "metadata/timestamp.json is not ")


# What boards refuse


def set_length(fields: dict[str, Any]) -> None:
    """Write the length of the one file that is named as a string."""
    (info,) = fields["meta"].values()
    info["length"] = str(info["length"])


def add_role(fields: dict[str, Any]) -> None:
    """Name a fifth role."""
    fields["roles"]["mirrors"] = fields["roles"]["targets"]


def double_keyid(fields: dict[str, Any]) -> None:
    """List one key id twice in one role."""
    fields["roles"]["targets"]["keyids"] *= 2


@pytest.mark.parametrize(
    ("role", "change", "says"),
    [
        ("timestamp", {"expires": "2027-13-41T00:00:00Z"}, "no date: 2027-13-41T00:00:00Z"),
        ("timestamp", {"expires": "2027-02-29T00:00:00Z"}, "no date: 2027-02-29T00:00:00Z"),
        ("timestamp", {"expires": "0000-01-01T00:00:00Z"}, "no date: 0000-01-01T00:00:00Z"),
        ("timestamp", {SIGNED_AT: "2026-11-22T06:38:01Z"}, "signed at 2026-11-22T06:38:01Z, after"),
        ("targets", {SIGNED_AT: "2027-06-01T00:00:00Z"}, "2027-06-01T00:00:00Z, after now"),
        ("snapshot", {SIGNED_AT: "9999999999TTTTZZZZ--"}, "no date: 9999999999TTTTZZZZ--"),
        ("timestamp", {"expires": "2027-1-1T0:0:0Z"}, "it expires at no date"),
        ("timestamp", {"spec_version": "1.0.x"}, "its spec_version is not 1.x"),
        ("timestamp", {"spec_version": "1.0.31.1"}, "its spec_version is not 1.x"),
        ("timestamp", {"version": 0}, "its version is another"),
        ("timestamp", {"version": "1"}, "its version is another"),
        ("timestamp", {"x": 2**53}, "a number is no integer, or too large"),
        ("timestamp", {"x-slotcast-signed-at": None}, "it says not when it was signed"),
        ("timestamp", set_length, "a length is not a number"),
        ("snapshot", set_length, "a length is not a number"),
        ("targets", {"x": [[[[[[[[[]]]]]]]]]}, "it nests too deeply"),
        ("root", {"consistent_snapshot": 1}, "consistent_snapshot is not a boolean"),
        ("root", add_role, "its roles are not the four"),
        ("root", double_keyid, "a role does not list key ids, each once"),
        ("timestamp", {"x": "y" * 4096}, "has more than the 4096 bytes that boards take"),
        ("snapshot", {"x": "y" * 32768}, "has more than the 32768 bytes that boards take"),
        ("targets", {"x": "y" * 32768}, "has more than the 32768 bytes that boards take"),
        ("root", {"x": "y" * 16384}, "has more than the 16384 bytes that boards take"),
    ],
)
def test_what_was_signed_but_boards_refuse_is_refused(
    published: PublishedProduct,
    refused: Callable[..., None],
    role: str,
    change: dict[str, Any] | Callable[[dict[str, Any]], None],
    says: str,
) -> None:
    published.publish_changed(role, change if callable(change) else lambda f: f.update(change))
    refused(published, says)


@pytest.mark.parametrize("more", [[0] * 100, "y" * 6144], ids=["values", "bytes"])
def test_more_than_boards_take_of_what_nobody_signed_is_refused(
    published: PublishedProduct, refused: Callable[..., None], more: object
) -> None:
    root = json.loads(published.files["sensor/metadata/1.root.json"])
    published.fingerprint = sha256(
        published.put("metadata/1.root.json", compact({**root, "x": more}))
    )
    refused(published, "too much is not signed")


def test_a_manifest_with_more_bytes_than_boards_take_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    published.manifest["x"] = "y" * 8192
    published.publish_manifest()
    refused(published, "has more than the 8192 bytes that boards take")


def test_that_nothing_is_released_is_said(
    published: PublishedProduct, review: Callable[..., Ran]
) -> None:
    published.targets.targets = {}
    published.publish_targets()
    last = review(published).out.splitlines()[-1]
    assert last == f"VERIFIED, but nothing is released: sensor, from root {published.fingerprint}"


# Time


def test_a_date_to_judge_by_that_is_none_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    refused(published, "NOW: no date: 2026", now="2026")


@pytest.mark.parametrize(
    ("now", "says"),
    [
        ("2026-11-30T00:00:00Z", "metadata/timestamp.json expired at 2026-11-29T06:38:00Z"),
        ("2027-12-01T00:00:00Z", "metadata/1.root.json expired at 2027-11-22T06:38:00Z"),
    ],
)
def test_what_has_expired_is_said_after_all_else_was_verified(
    published: PublishedProduct, refused: Callable[..., None], now: str, says: str
) -> None:
    refused(published, says, now=now)


# Pins travel beside the manifests.


def test_pins_are_held_against_their_hash(
    published: PublishedProduct, review: Callable[..., Ran], refused: Callable[..., None]
) -> None:
    published.publish_pins(compact({"product": "sensor"}))
    assert review(published).code == 0
    (key,) = (key for key in published.files if key.endswith("pins.json"))
    published.files[key] = json.dumps({"product": "sensor"}).encode()
    refused(published, "pins.json does not have the length in metadata/3.targets.json")


# Roots with P-256 keys, whose PEM has line ends


def p256_key(public: str) -> SSlibKey:
    fields = {"keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": {"public": public}}
    return SSlibKey.from_dict(sha256(compact(fields).replace(rb"\n", b"\n")), fields)


def hand_to_p256(product: PublishedProduct) -> None:
    """A second root with a P-256 key more for root and for timestamp, that have to sign."""
    for role in ("root", "timestamp"):
        product.signers[role].append(CryptoSigner.generate_ecdsa())
        product.root.add_key(product.signers[role][-1].public_key, role)
        product.root.roles[role].threshold += 1
    sign_root(product)
    product.publish_targets()


def test_a_root_with_p256_keys_passes(
    published: PublishedProduct, review: Callable[..., Ran]
) -> None:
    hand_to_p256(published)
    ran = review(published)
    assert (ran.code, ran.err) == (0, "")
    assert "metadata/timestamp.json: signed by 2 of the timestamp keys" in ran.out


def test_what_is_signed_of_a_proposal_is_what_the_page_on_keys_says(
    published: PublishedProduct, tmp_path: Path, tools: str
) -> None:
    """Also where a P-256 key brings line ends."""
    key = CryptoSigner.generate_ecdsa().public_key
    first = published.files["sensor/metadata/1.root.json"]
    published.root.add_key(key, "timestamp")
    published.root.version += 1
    proposal = Proposal((first,), Metadata(published.root))
    (tmp_path / "root-2.json").write_bytes(proposal.to_bytes())
    page = (MANUAL.parent / "keys.md").read_text()
    section = page.partition("## What a proposal is")[2]
    told = re.findall(r"`(jq [^`]*) root-2\.json( [^`]*)?`", section)
    digests = []
    for command, rest in told:
        line = f"{command} root-2.json{rest.removesuffix('| sha256sum')} | sha256sum"
        done = subprocess.run(
            ["bash", "-c", line], cwd=tmp_path, env={"PATH": tools}, capture_output=True, text=True
        )
        digests.append(done.stdout.split()[0])
    assert digests == [published.fingerprint, proposal.sha256]


def test_a_p256_signature_by_another_key_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    hand_to_p256(published)
    published.signers["timestamp"][-1] = CryptoSigner.generate_ecdsa()
    published.publish_targets()
    refused(published, "metadata/timestamp.json: signed by 1 of the timestamp keys")


@pytest.mark.parametrize(
    "respell",
    [
        lambda pem: pem[:-1],
        lambda pem: pem.replace("\n", ""),
        lambda pem: f"{pem}\n",
        lambda pem: re.sub("[AQgw]==", lambda match: chr(ord(match[0][0]) + 1) + "==", pem),
    ],
    ids=["no last line end", "one line", "a line more", "unused bits"],
)
def test_a_p256_key_that_is_spelled_otherwise_is_refused(
    published: PublishedProduct, refused: Callable[..., None], respell: Callable[[str], str]
) -> None:
    public = CryptoSigner.generate_ecdsa().public_key.keyval["public"]
    published.root.add_key(p256_key(respell(public)), "timestamp")
    sign_root(published)
    refused(published, "metadata/2.root.json: ")


def test_a_p256_key_off_the_curve_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    public = CryptoSigner.generate_ecdsa().public_key.keyval["public"]
    published.root.add_key(
        p256_key(public.replace(public.splitlines()[2][:40], "A" * 40)), "timestamp"
    )
    sign_root(published)
    refused(published, "is not a point of the curve")


def test_a_line_end_beside_a_p256_key_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    public = CryptoSigner.generate_ecdsa().public_key.keyval["public"]
    published.publish_changed("root", lambda fields: fields.update(x=public))
    refused(published, ".json: a string in it needs escapes")


def test_a_p256_key_where_no_key_belongs_is_refused(
    published: PublishedProduct, refused: Callable[..., None]
) -> None:
    """`slotcast verify` refuses it as well: of such line ends no two readers need agree."""
    public = CryptoSigner.generate_ecdsa().public_key.keyval["public"]
    key = p256_key(public).to_dict()
    published.publish_changed("root", lambda fields: fields.update(x={"keyval": key["keyval"]}))
    refused(published, ".json: a string in it needs escapes")
    read = published.files.get
    [error, *_] = verify(read, "sensor", published.fingerprint, NOW).findings
    assert "is not printable ASCII" in error.message
