"""Root ceremonies as the people who hold one meet them: `slotcast root`."""

import io
import json
import os
import shutil
import stat
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import esp_images
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from drills.thief import Thief
from securesystemslib.signer import CryptoSigner

import publisher.cli
from publisher.cli import main
from publisher.console import Console
from publisher.errors import ConflictError, SettingsError, StoreError
from publisher.stores.directory import DirectoryStore

INIT = ["init", "sensor", "--board", "b1", "--chip", "esp32", "--slot-size", "0x1E0000"]
EDGE = ["--base-url", "https://updates.example.org/", "--insecure-no-passphrase"]
WHERE = ["--channel", "stable", "--board", "b1"]
METADATA = Path("published/sensor/metadata")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLOTCAST_PASSPHRASE", "correct horse")
    monkeypatch.setattr("publisher.signers.pkcs8._COST", 16)  # quick to guess, and to write
    return tmp_path


class Ceremony:
    """A product with one release, and people with keys; `do` runs a command that has to succeed."""

    def __init__(self, run):
        self.run = run

    def do(self, *argv):
        code, out, err = self.run(*argv)
        assert code == 0, err
        return out

    def show(self):
        return json.loads(self.do("root", "show", "--json"))

    def keyid(self, role, at=0):
        return [key["keyid"] for key in self.show()["keys"] if role in key["roles"]][at][:8]

    def new_key(self, name):
        self.do("root", "key", f"{name}.pem")
        return f"{name}.pub"

    def propose(self, *changes):
        self.do("root", "propose", "--out", "p.json", "--force", *changes)

    def sign(self, *keys, file="p.json"):
        for key in keys or ("keys/root-1.pem", "keys/root-2.pem"):
            out = self.do("root", "sign", file, "--key", f"file:{key}", "--yes")
        return out

    def name_keys(self, **uris):
        """Change [keys] as a person does with an editor."""
        path = Path("slotcast.toml")
        lines = path.read_text().splitlines()
        for role, uri in uris.items():
            at = next(n for n, line in enumerate(lines) if line.startswith(f"{role} = ["))
            lines[at] = f"{role} = {json.dumps(uri)}"
        path.write_text("\n".join(lines) + "\n")

    def rotate(self, role):
        """Propose and sign another key for a role, and name it in slotcast.toml."""
        public = self.new_key(f"{role}-2")
        self.propose("--replace", f"{role}={self.keyid(role)}:{public}")
        self.sign()
        self.name_keys(**{role: [f"file:{role}-2.pem"]})


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    """A folder with the product, for each test to copy."""
    folder = tmp_path_factory.mktemp("founded")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("app.bin").write_bytes(esp_images.app_image(code=b"code" * 99))
        assert main([*INIT, *EDGE]) == 0
        assert main(["release", "app.bin", "--version", "1.0.0", *WHERE]) == 0
    return folder


@pytest.fixture
def ceremony(run, here, founded):
    shutil.copytree(founded, here, dirs_exist_ok=True)
    return Ceremony(run)


def fingerprint():
    return tomllib.loads(Path("slotcast.toml").read_text())["root_sha256"]


def role_file(role):
    return json.loads((METADATA / role).read_text())["signed"]


def tree(folder="published"):
    return {p: p.read_bytes() for p in Path(folder).rglob("*") if p.is_file()}


def at(monkeypatch, moment):
    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return moment

    monkeypatch.setattr(publisher.cli, "datetime", Clock)


# show


def test_show_tells_who_signs_what(ceremony):
    shown = ceremony.show()
    assert shown["thresholds"] == {"root": 2, "targets": 1, "snapshot": 1, "timestamp": 1}
    assert sorted(" ".join(key["roles"]) for key in shown["keys"]) == [
        *("root", "root", "root", "snapshot", "targets", "timestamp")
    ]
    assert (shown["version"], shown["expires_in_days"]) == (1, 364)
    out = ceremony.do("root", "show")
    assert out.startswith("root 1 of sensor, until ")
    assert f"{ceremony.keyid('targets')}  Ed25519  targets" in out


# key


def test_a_new_key_is_its_owner_s_alone_and_its_public_half_is_not(ceremony):
    ceremony.new_key("anna")
    assert Path("anna.pem").read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert stat.S_IMODE(Path("anna.pem").stat().st_mode) == 0o600
    assert Path("anna.pub").read_bytes().startswith(b"-----BEGIN PUBLIC KEY-----")


@pytest.mark.parametrize("there", ["anna.pem", "anna.pub"])
def test_a_key_is_never_written_over(ceremony, there):
    Path(there).write_text("precious")
    code, out, err = ceremony.run("root", "key", "anna.pem")
    assert (code, out) == (1, "")
    assert f"{there} already exists" in err
    assert not (Path("anna.pem").exists() and Path("anna.pub").exists())


# propose


def test_a_proposal_says_what_changes_and_what_to_put_into_slotcast_toml(ceremony):
    public, old = ceremony.new_key("new"), ceremony.keyid("targets")
    before = tree()
    out = ceremony.do(
        *("root", "propose", "--out", "p.json", "--replace", f"targets={old}:{public}")
    )
    lines = out.splitlines()
    assert lines[0].startswith("root 1 -> 2, ")
    assert lines[1] == f"  targets: key {old} (Ed25519) is removed"
    assert "[keys] targets of slotcast.toml has to name " in out
    assert tree() == before


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ([], "nothing changes"),
        (["--threshold", "root=4"], "root has 3 keys for a threshold of 4"),
        (["--threshold", "targets=0"], "anybody could sign for it"),
        (["--remove", "targets=00000000"], "targets has no key 00000000"),
        (["--add", "targets=keys/targets.pem"], "keys/targets.pem is no public key in PEM"),
        (["--add", "targets=file:keys/targets.pem"], "already"),
    ],
)
def test_a_proposal_that_makes_no_sense_is_not_written(ceremony, changes, says):
    code, out, err = ceremony.run("root", "propose", "--out", "p.json", *changes)
    assert (code, out) == (1, "")
    assert says in err
    assert not Path("p.json").exists()


@pytest.mark.parametrize(
    "words", [["--add", "boss=x"], ["--threshold", "root=two"], ["--replace", "root=abc"]]
)
def test_words_that_are_no_change_are_wrong_usage(ceremony, words):
    with pytest.raises(SystemExit) as caught:
        ceremony.run("root", "propose", "--out", "p.json", *words)
    assert caught.value.code == 2


def test_a_signer_s_uri_may_stand_for_its_public_key(ceremony):
    ceremony.do("root", "key", "new.pem")
    ceremony.propose("--add", "timestamp=file:new.pem")
    signed = json.loads(Path("p.json").read_text())["root"]["signed"]
    assert len(signed["roles"]["timestamp"]["keyids"]) == 2


# sign


def test_people_sign_apart_with_nothing_but_the_file_the_key_and_the_fingerprint(
    ceremony, tmp_path, monkeypatch
):
    ceremony.propose("--renew")
    root_sha256 = fingerprint()
    for n in (1, 2):
        desk = tmp_path / f"desk-{n}"
        desk.mkdir()
        shutil.move(f"keys/root-{n}.pem", desk)
        shutil.copy("p.json", desk)
        with monkeypatch.context() as patch:
            patch.chdir(desk)
            # No slotcast.toml above it either, so that only --root can tell the product.
            patch.setattr("publisher.commands.root_sign.find_settings", lambda _: Path("none"))
            key = ("--key", f"file:root-{n}.pem")
            code, _, err = ceremony.run("root", "sign", "p.json", *key, "--yes")
            assert (code, "of which product is this?" in err) == (1, True)
            ceremony.do("root", "sign", "p.json", *key, "--root", root_sha256, "--yes")
    out = ceremony.do("root", "apply", "desk-1/p.json", "desk-2/p.json")
    assert out.startswith("root 2:\n")
    assert ceremony.show()["version"] == 2
    ceremony.do("verify")


def test_a_signer_is_told_what_changes_before_being_asked(ceremony, monkeypatch):
    public = ceremony.new_key("new")
    ceremony.propose("--add", f"root={public}", "--threshold", "root=1")
    asked = []

    def confirm(self, question):
        asked.append(question)
        return "no"

    monkeypatch.setattr(Console, "confirm", confirm)
    before = Path("p.json").read_bytes()
    code, out, err = ceremony.run("root", "sign", "p.json", "--key", "file:keys/root-1.pem")
    assert (code, out) == (1, "")
    assert "(Ed25519) is added" in err
    assert "root: 2 of 3 keys must sign -> 1 of 4" in err
    assert "root needs fewer signatures than before: 1 in place of 2" in err
    assert "signed by 0 keys of root 1, 2 needed; can still sign: " in err
    assert err.rstrip().endswith("slotcast: error: not signed")
    assert Path("p.json").read_bytes() == before
    digits = asked[0].removeprefix("Sign root 2, ").split("?")[0]
    for answer in ("", digits[:8], "y", digits.replace("4", "5")[:20] + "x"):
        monkeypatch.setattr(Console, "confirm", lambda self, question, answer=answer: answer)
        assert ceremony.run("root", "sign", "p.json", "--key", "file:keys/root-1.pem")[0] == 1
    assert Path("p.json").read_bytes() == before
    monkeypatch.setattr(Console, "confirm", lambda self, question: digits[:9].upper())
    ceremony.do("root", "sign", "p.json", "--key", "file:keys/root-1.pem")
    assert Path("p.json").read_bytes() != before


def test_nothing_is_signed_where_nobody_can_be_asked(ceremony):
    ceremony.propose("--renew")
    code, _, err = ceremony.run("root", "sign", "p.json", "--key", "file:keys/root-1.pem")
    assert code == 1
    assert "there is no terminal to ask at\nhint: --yes" in err


def test_whoever_signs_unasked_is_told_what_was_signed(ceremony):
    proposed = json.loads(ceremony.do("root", "propose", "--out", "p.json", "--renew", "--json"))
    digits = proposed["digits"]
    assert (len(digits), digits.replace(" ", "")) == (39, proposed["sha256"][:32])
    out = ceremony.sign("keys/root-1.pem")
    assert out.splitlines()[0] == f"root 2, {digits}:"
    key = ("--key", "file:keys/root-2.pem", "--yes")
    signed = json.loads(ceremony.do("root", "sign", "p.json", *key, "--json"))
    assert (signed["version"], signed["digits"]) == (2, digits)


def test_signing_twice_leaves_the_same_file(ceremony):
    ceremony.propose("--renew")
    ceremony.sign("keys/root-1.pem")
    before = Path("p.json").read_bytes()
    assert "had signed already" in ceremony.sign("keys/root-1.pem")
    assert Path("p.json").read_bytes() == before


def test_another_product_s_proposal_is_refused(ceremony):
    ceremony.propose("--renew")
    key = ("--key", "file:keys/root-1.pem", "--yes")
    code, _, err = ceremony.run("root", "sign", "p.json", *key, "--root", "ab" * 32)
    assert code == 1
    assert "is not the root of fingerprint" in err


def test_a_key_of_another_role_does_not_sign(ceremony):
    ceremony.propose("--renew")
    before = Path("p.json").read_bytes()
    key = ("--key", "file:keys/targets.pem", "--yes")
    code, _, err = ceremony.run("root", "sign", "p.json", *key)
    assert code == 1
    assert "is a root key of neither root 1 nor root 2" in err
    assert Path("p.json").read_bytes() == before


def test_a_file_that_is_none_is_told_so(ceremony):
    key = ("--key", "file:keys/root-1.pem", "--yes")
    code, _, err = ceremony.run("root", "sign", "slotcast.toml", *key)
    assert code == 1
    assert "slotcast.toml is no proposal" in err


def test_a_signed_copy_never_takes_the_place_of_another_file(ceremony):
    ceremony.propose("--renew")
    words = ("root", "sign", "p.json", "--key", "file:keys/root-1.pem", "--yes", "--out")
    code, _, err = ceremony.run(*words, "slotcast.toml")
    assert (code, "slotcast.toml already exists" in err) == (1, True)
    before = Path("p.json").read_bytes()
    ceremony.do(*words, "mine.json")
    assert Path("p.json").read_bytes() == before
    ceremony.sign("keys/root-2.pem", file="mine.json")
    ceremony.do("root", "apply", "mine.json")


def test_a_question_is_asked_at_a_terminal_alone():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    shown = io.StringIO()
    console = Console(Terminal("yes\n"), io.StringIO(), shown)
    assert (console.confirm("Sign? "), shown.getvalue()) == ("yes", "Sign? ")
    with pytest.raises(SettingsError, match="no terminal"):
        Console(io.StringIO("yes\n"), io.StringIO(), shown).confirm("Sign? ")


# apply


def test_too_few_signatures_publish_nothing(ceremony):
    ceremony.propose("--renew")
    ceremony.sign("keys/root-1.pem")
    before = tree()
    code, out, err = ceremony.run("root", "apply", "p.json")
    assert (code, out) == (1, "")
    assert "signed by 1 of 3 root keys that 1.root.json names (2 needed)" in err
    assert tree() == before


def test_a_renewal_writes_the_root_alone(ceremony):
    ceremony.propose("--renew")
    ceremony.sign()
    before = tree()
    ceremony.do("root", "apply", "p.json")
    assert set(tree()) - set(before) == {METADATA / "2.root.json"}
    assert {p: d for p, d in tree().items() if p in before} == before


def test_a_dry_run_writes_nothing_and_says_what_it_would(ceremony):
    ceremony.rotate("targets")
    before = tree()
    out = ceremony.do("root", "apply", "p.json", "--dry-run")
    assert "signed anew by its keys: targets, snapshot, timestamp" in out
    assert "offers stable/b1: 1.0.0 (release 1)" in out
    assert tree() == before
    kinds = json.loads(ceremony.do("root", "apply", "p.json", "--dry-run", "--json"))["writes"]
    assert [write["kind"] for write in kinds] == ["root", "targets", "snapshot", "timestamp"]


@pytest.mark.parametrize(
    ("role", "signed"),
    [
        ("targets", ["targets", "snapshot", "timestamp"]),
        ("snapshot", ["snapshot", "timestamp"]),
        ("timestamp", ["timestamp"]),
    ],
)
def test_another_online_key_signs_what_follows_from_it(ceremony, role, signed):
    ceremony.rotate(role)
    done = json.loads(ceremony.do("root", "apply", "p.json", "--json"))
    assert done["signed"] == signed
    ceremony.do("verify")
    ceremony.do("pause", "stable", "b1")


def test_what_was_applied_is_compared_with_an_edge_that_is_named(ceremony, monkeypatch):
    asked = []

    def url_reader(url, product, ca):
        def read(name):
            asked.append(name)
            return (METADATA.parents[1] / name).read_bytes()

        return read

    monkeypatch.setattr("publisher.commands.through_edge.url_reader", url_reader)
    ceremony.rotate("timestamp")
    ceremony.do("root", "apply", "p.json", "--edge")
    names = {f"sensor/metadata/{name}.json" for name in ("2.root", "timestamp")}
    assert set(asked) == names


def test_settings_that_still_name_the_former_key_stop_it_before_anything_is_written(ceremony):
    ceremony.rotate("targets")
    ceremony.name_keys(targets=["file:keys/targets.pem"])
    before = tree()
    code, _, err = ceremony.run("root", "apply", "p.json")
    assert code == 1
    assert "[keys] targets of slotcast.toml must name keys that root lists for targets" in err
    assert tree() == before


def test_a_second_key_that_must_sign_too_is_asked_for(ceremony):
    public = ceremony.new_key("second")
    ceremony.propose("--add", f"targets={public}", "--threshold", "targets=2")
    ceremony.sign()
    assert ceremony.run("root", "apply", "p.json")[0] == 1
    ceremony.name_keys(targets=["file:keys/targets.pem", "file:second.pem"])
    ceremony.do("root", "apply", "p.json")
    assert ceremony.show()["thresholds"]["targets"] == 2
    ceremony.do("pause", "stable", "b1")


def test_keys_on_p_256_may_sign_beside_those_of_ed25519(ceremony):
    for name in ("root-4", "targets-2"):
        key = generate_private_key(SECP256R1())
        path = Path(f"{name}.pem")
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        path.chmod(0o600)
    old = ceremony.keyid("targets")
    ceremony.propose(
        *("--add", "root=file:root-4.pem", "--replace", f"targets={old}:file:targets-2.pem")
    )
    out = ceremony.sign("keys/root-1.pem", "keys/root-2.pem", "root-4.pem")
    again = Path("p.json").read_bytes()
    ceremony.sign("root-4.pem")
    assert Path("p.json").read_bytes() == again
    assert "that is enough" in out
    ceremony.name_keys(targets=["file:targets-2.pem"])
    ceremony.do("root", "apply", "p.json")
    ceremony.do("verify")
    kinds = [key["kind"] for key in ceremony.show()["keys"]]
    assert sorted(kinds) == ["Ed25519"] * 5 + ["P-256"] * 2


def test_history_goes_on_where_keys_were_replaced(ceremony):
    ceremony.do("pause", "stable", "b1")
    ceremony.rotate("targets")
    ceremony.do("root", "apply", "p.json")
    ceremony.do("resume", "stable", "b1")
    events = json.loads(ceremony.do("history", "--json"))["events"]
    assert [event["what"] for event in events] == ["released", "paused", "resumed"]


def test_a_root_that_was_taken_out_of_the_store_is_missed(ceremony):
    ceremony.propose("--renew")
    ceremony.sign()
    ceremony.do("root", "apply", "p.json")
    os.remove(METADATA / "2.root.json")
    for words in (["propose", "--out", "q.json", "--renew"], ["apply", "p.json"]):
        code, _, err = ceremony.run("root", *words)
        assert (code, "root is version 1, but was 2 before" in err) == (1, True)


def test_all_root_keys_may_change_at_once_if_both_sets_sign(ceremony):
    new = [ceremony.new_key(name) for name in ("anna", "ben", "cleo")]
    old = [ceremony.keyid("root", n) for n in range(3)]
    pairs = zip(old, new, strict=True)
    ceremony.propose(*(w for o, n in pairs for w in ("--replace", f"root={o}:{n}")))
    ceremony.sign("keys/root-1.pem", "keys/root-3.pem", "anna.pem")
    assert ceremony.run("root", "apply", "p.json")[0] == 1
    ceremony.sign("cleo.pem")
    ceremony.do("root", "apply", "p.json")
    ceremony.propose("--renew")
    ceremony.sign("ben.pem", "anna.pem")
    ceremony.do("root", "apply", "p.json")
    assert ceremony.show()["version"] == 3
    ceremony.do("verify")


def test_applying_once_more_changes_nothing(ceremony):
    ceremony.rotate("timestamp")
    ceremony.do("root", "apply", "p.json")
    before = tree()
    out = ceremony.do("root", "apply", "p.json")
    assert out.startswith("root 2 is published already")
    assert tree() == before


def test_another_root_that_was_applied_meanwhile_is_told_of(ceremony):
    ceremony.propose("--threshold", "root=3")
    ceremony.sign()
    shutil.copy("p.json", "other.json")
    ceremony.propose("--renew")
    ceremony.sign()
    ceremony.do("root", "apply", "p.json")
    code, _, err = ceremony.run("root", "apply", "other.json")
    assert code == 1
    assert "another root 2 is published already\nhint: propose the change anew" in err


def test_another_root_that_comes_in_between_is_told_of(ceremony, monkeypatch, tmp_path):
    rival = Path("rival")
    shutil.copytree("published", rival / "published")
    shutil.copy("slotcast.toml", rival)
    ceremony.propose("--threshold", "root=1")
    ceremony.sign()
    ceremony.do("--settings", "rival/slotcast.toml", "root", "apply", "p.json")
    ceremony.rotate("timestamp")
    real = DirectoryStore.create

    def create(self, item):
        if item.key.endswith("root.json") and not (METADATA / "2.root.json").exists():
            shutil.copy(rival / METADATA / "2.root.json", METADATA)
        return real(self, item)

    monkeypatch.setattr(DirectoryStore, "create", create)
    before = (METADATA / "timestamp.json").read_bytes()
    code, _, err = ceremony.run("root", "apply", "p.json")
    assert (code, "another root 2 is published already" in err) == (1, True)
    assert (METADATA / "timestamp.json").read_bytes() == before


def test_a_proposal_of_before_the_newest_root_is_told_so(ceremony):
    ceremony.propose("--renew")
    ceremony.sign()
    shutil.copy("p.json", "old.json")
    ceremony.do("root", "apply", "p.json")
    ceremony.propose("--renew")
    ceremony.sign()
    ceremony.do("root", "apply", "p.json")
    code, _, err = ceremony.run("root", "apply", "old.json")
    assert code == 1
    assert "root 2 is published, and root 3 after it" in err


def test_an_expired_proposal_is_not_applied(ceremony, monkeypatch):
    ceremony.propose("--renew")
    ceremony.sign()
    at(monkeypatch, datetime.now(UTC) + timedelta(days=366))
    code, _, err = ceremony.run("root", "apply", "p.json")
    assert code == 1
    assert "the proposed root expired on" in err


def test_an_expired_root_is_followed_by_the_next(ceremony, monkeypatch):
    at(monkeypatch, datetime.now(UTC) + timedelta(days=366))
    ceremony.propose("--renew")
    ceremony.sign()
    ceremony.do("root", "apply", "p.json")
    ceremony.do("refresh", "--targets")


def test_an_old_timestamp_that_was_put_back_is_not_signed_anew(ceremony):
    old = (METADATA / "timestamp.json").read_bytes()
    ceremony.do("pause", "stable", "b1")
    ceremony.rotate("timestamp")
    (METADATA / "timestamp.json").write_bytes(old)
    code, _, err = ceremony.run("root", "apply", "p.json")
    assert code == 1
    assert "is version 2, but was 3 before" in err
    shutil.rmtree(".slotcast")
    code, _, err = ceremony.run("root", "apply", "p.json")
    assert code == 1
    assert "newer files that its timestamp does not name" in err


# A run that is cut short.


class CutError(Exception):
    """The machine died here."""


def cut_at(monkeypatch, count):
    """Let so many writes through; those after fail, and nothing is tried again."""
    left = [count]

    def counted(real):
        def write(self, *arguments):
            if not left[0]:
                raise CutError
            left[0] -= 1
            return real(self, *arguments)

        return write

    for name in ("create", "replace"):
        monkeypatch.setattr(DirectoryStore, name, counted(getattr(DirectoryStore, name)))


@pytest.mark.parametrize("count", range(5))
def test_a_rotation_that_is_cut_at_any_write_is_completed_by_the_same_command(
    ceremony, monkeypatch, count
):
    ceremony.rotate("targets")
    with monkeypatch.context() as patch:
        cut_at(patch, count)
        if count < 4:
            with pytest.raises(CutError):
                ceremony.run("root", "apply", "p.json")
        else:
            ceremony.do("root", "apply", "p.json")
    code, _, err = ceremony.run("status")
    assert code == (1 if 1 <= count < 4 else 0)
    assert ("`slotcast root apply` was cut short" in err) == (1 <= count < 4)
    ceremony.do("root", "apply", "p.json")
    ceremony.do("verify")
    ceremony.do("pause", "stable", "b1")
    assert "1.0.0" in ceremony.do("status")


@pytest.mark.parametrize("count", range(5))
def test_with_the_former_key_beside_it_nothing_is_ever_closed(ceremony, monkeypatch, count):
    ceremony.rotate("targets")
    words = ("root", "apply", "p.json", "--also-sign", "file:keys/targets.pem")
    with monkeypatch.context() as patch:
        cut_at(patch, count)
        if count < 4:
            with pytest.raises(CutError):
                ceremony.run(*words)
        else:
            ceremony.do(*words)
    ceremony.do("status")
    ceremony.do(*words)
    ceremony.do("verify")
    ceremony.do("pause", "stable", "b1")


def test_another_key_beside_the_new_one_is_not_enough(ceremony):
    ceremony.rotate("targets")
    words = ("root", "apply", "p.json", "--also-sign", "file:keys/snapshot.pem")
    before = tree()
    code, _, err = ceremony.run(*words)
    assert code == 1
    assert "keys of both roots have to be at hand where --also-sign is given" in err
    assert tree() == before


def test_a_timestamp_of_former_keys_after_the_rotation_is_not_completed(ceremony):
    """A thief of the former keys puts it there, and hopes that somebody signs its offers anew."""
    old = (METADATA / "timestamp.json").read_bytes()
    ceremony.rotate("timestamp")
    ceremony.do("root", "apply", "p.json")
    newest = (METADATA / "timestamp.json").read_bytes()
    (METADATA / "timestamp.json").write_bytes(old)
    code, _, err = ceremony.run("root", "apply", "p.json")
    assert code == 1
    assert "this machine has seen root 2 in force" in err
    (METADATA / "timestamp.json").write_bytes(newest)
    ceremony.do("root", "apply", "p.json")


def thief_of_timestamp():
    signer = CryptoSigner(load_pem_private_key(Path("keys/timestamp.pem").read_bytes(), None))
    return Thief(METADATA.parent, {"timestamp": [signer]})


def test_a_machine_that_saw_no_rotation_completes_nothing_where_more_was_published_since(ceremony):
    """A thief signs an old state with the key that was dropped, and waits for who completes it."""
    shutil.copytree(".slotcast", "other-machine")
    old = (METADATA / "timestamp.json").read_bytes()
    ceremony.rotate("timestamp")
    ceremony.do("root", "apply", "p.json")
    ceremony.do("pause", "stable", "b1")
    newest = (METADATA / "timestamp.json").read_bytes()
    (METADATA / "timestamp.json").write_bytes(old)
    thief_of_timestamp().renew(99)
    shutil.rmtree(".slotcast")
    shutil.copytree("other-machine", ".slotcast")
    before = tree()
    code, _, err = ceremony.run("status")
    assert (code, "compare the offers that it lists with what was released last" in err) == (
        1,
        True,
    )
    code, _, err = ceremony.run("root", "apply", "p.json")
    assert (code, "newer files that its timestamp does not name" in err) == (1, True)
    assert tree() == before
    out = ceremony.do("root", "apply", "p.json", "--resume", "--dry-run")
    assert "offers stable/b1: 1.0.0 (release 1)" in out
    (METADATA / "timestamp.json").write_bytes(newest)
    ceremony.do("root", "apply", "p.json")
    assert "paused" in ceremony.do("status")


def test_another_machine_completes_a_rotation_when_nothing_came_after_it(ceremony, monkeypatch):
    shutil.copytree(".slotcast", "other-machine")
    ceremony.rotate("targets")
    with monkeypatch.context() as patch:
        cut_at(patch, 2)
        with pytest.raises(CutError):
            ceremony.run("root", "apply", "p.json")
    shutil.rmtree(".slotcast")
    shutil.copytree("other-machine", ".slotcast")
    ceremony.do("root", "apply", "p.json")
    ceremony.do("verify")


def snapshot_numbers():
    """The numbers that snapshots carry, by version."""
    files = METADATA.glob("*.snapshot.json")
    found = {int(path.name.split(".")[0]): json.loads(path.read_bytes()) for path in files}
    return {version: found[version]["signed"]["x-slotcast-named-by"] for version in sorted(found)}


def test_what_a_ceremony_leaves_out_shares_its_number_with_nothing(ceremony):
    old = (METADATA / "timestamp.json").read_bytes()
    ceremony.do("pause", "stable", "b1")
    (METADATA / "timestamp.json").write_bytes(old)
    shutil.rmtree(".slotcast")
    ceremony.rotate("targets")
    ceremony.do("root", "apply", "p.json", "--resume")
    numbers = list(snapshot_numbers().values())
    assert len(set(numbers)) == len(numbers) == 4


def test_every_offer_is_listed_whatever_is_signed_anew(ceremony):
    ceremony.rotate("timestamp")
    assert "offers stable/b1: 1.0.0 (release 1)" in ceremony.do("root", "apply", "p.json")


def test_signatures_that_boards_do_not_count_publish_nothing(ceremony):
    ceremony.propose("--renew")
    ceremony.sign()
    fields = json.loads(Path("p.json").read_text())
    for one in fields["root"]["signatures"]:
        one["sig"] = f"{one['sig'][:2]} {one['sig'][2:]}"
    Path("p.json").write_text(json.dumps(fields))
    before = tree()
    code, _, err = ceremony.run("root", "apply", "p.json")
    assert (code, "signed by 0 of 3 root keys" in err) == (1, True)
    assert tree() == before


def test_a_timestamp_that_moves_meanwhile_is_followed_by_another_try(ceremony, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda wait_s: None)
    ceremony.rotate("timestamp")
    real, tries = DirectoryStore.replace, []

    def replace(self, item, etag):
        tries.append(item.key)
        if len(tries) == 1:
            raise ConflictError("timestamp.json has changed since it was read")
        return real(self, item, etag)

    monkeypatch.setattr(DirectoryStore, "replace", replace)
    code, out, err = ceremony.run("root", "apply", "p.json")
    assert (code, "(2 of 5)" in err) == (0, True)
    assert out.startswith("root 2 is published already")
    ceremony.do("verify")


def test_a_file_with_a_high_number_that_nobody_has_signed_stops_no_ceremony(ceremony):
    for role in ("targets", "snapshot"):
        (METADATA / f"{2**53 - 1}.{role}.json").write_bytes(b"junk")
    ceremony.rotate("timestamp")
    ceremony.do("root", "apply", "p.json", "--targets", "2")
    assert role_file("timestamp.json")["meta"]["snapshot.json"]["version"] == 3
    for role in ("targets", "snapshot"):
        (METADATA / f"{2**53 - 1}.{role}.json").unlink()
    ceremony.do("pause", "stable", "b1")


def test_what_was_lost_or_spoilt_is_offered_again_by_name(ceremony):
    os.remove(METADATA / "timestamp.json")
    ceremony.rotate("timestamp")
    assert ceremony.run("root", "apply", "p.json")[0] == 1
    ceremony.do("root", "apply", "p.json", "--targets", "2")
    assert "1.0.0" in ceremony.do("status")
    assert role_file("timestamp.json")["version"] == 3
    ceremony.do("pause", "stable", "b1")


def test_where_nothing_opens_the_choices_are_named(ceremony):
    (METADATA / "timestamp.json").write_bytes(b"{}")
    ceremony.rotate("timestamp")
    code, _, err = ceremony.run("root", "apply", "p.json")
    assert code == 1
    assert "hint: if it is lost or spoilt, choose the targets that are to be offered" in err
    signed_at = [role_file(f"{n}.targets.json")["x-slotcast-signed-at"] for n in (2, 1)]
    assert f"--targets N: 2 (of {signed_at[0]}), 1 (of {signed_at[1]})" in err


def test_a_timestamp_of_the_highest_version_begins_anew_under_the_new_key(ceremony):
    signer = CryptoSigner(load_pem_private_key(Path("keys/timestamp.pem").read_bytes(), None))
    Thief(METADATA.parent, {"timestamp": [signer]}).fast_forward()
    assert role_file("timestamp.json")["version"] == 2**53 - 1
    ceremony.rotate("timestamp")
    ceremony.do("root", "apply", "p.json")
    assert role_file("timestamp.json")["version"] == 3
    ceremony.do("pause", "stable", "b1")


def test_no_new_version_comes_after_the_highest_while_its_key_stays(ceremony):
    signer = CryptoSigner(load_pem_private_key(Path("keys/timestamp.pem").read_bytes(), None))
    Thief(METADATA.parent, {"timestamp": [signer]}).fast_forward()
    ceremony.rotate("snapshot")
    before = tree()
    code, _, err = ceremony.run("root", "apply", "p.json")
    assert code == 1
    assert "no higher timestamp can be signed\nhint: somebody signed the highest version" in err
    assert tree() == before


def test_a_store_that_fails_after_the_root_says_that_the_root_is_there(ceremony, monkeypatch):
    ceremony.rotate("timestamp")

    def refuse(self, item, etag):
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(DirectoryStore, "replace", refuse)
        code, _, err = ceremony.run("root", "apply", "p.json")
    assert code == 1
    assert "root 2 is published, the rest is not: " in err
    assert "hint: run the same command again" in err
    ceremony.do("root", "apply", "p.json")


def test_targets_that_are_not_there_cannot_be_offered(ceremony):
    ceremony.rotate("timestamp")
    code, _, err = ceremony.run("root", "apply", "p.json", "--targets", "7")
    assert code == 1
    assert "metadata/7.targets.json is missing" in err
    (METADATA / "7.targets.json").write_bytes((METADATA / "2.targets.json").read_bytes())
    code, _, err = ceremony.run("root", "apply", "p.json", "--targets", "7")
    assert code == 1
    assert "metadata/7.targets.json is signed by the keys of no root" in err


def test_nothing_is_signed_above_the_highest_version(ceremony):
    signer = CryptoSigner(load_pem_private_key(Path("keys/timestamp.pem").read_bytes(), None))
    Thief(METADATA.parent, {"timestamp": [signer]}).fast_forward()
    before = tree()
    code, _, err = ceremony.run("pause", "stable", "b1")
    assert code == 1
    assert "timestamp has version 9007199254740991, and there is none above it" in err
    assert "`slotcast root propose`" in err
    assert tree() == before
