"""`slotcast pins` as a person and a program meet it, over a real edge on loopback."""

import json
import re
import shlex
from pathlib import Path

import esp_images
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import publisher.commands.product
import publisher.provision
from publisher.certificates import Authority
from publisher.errors import StoreError
from publisher.pins.sets import PinSets
from publisher.serve import Edge
from publisher.stores.directory import DirectoryStore

ROOT, OTHER = Authority.create("test root"), Authority.create("another root")
LEAF, BACKUP, THIRD = (ROOT.issue(["localhost"]) for _ in range(3))
STRANGER = OTHER.issue(["localhost"])
WHOM = ["--channel", "stable", "--board", "b1"]
OLD = "1.0.0"
MANUAL = (Path(__file__).parents[2] / "docs" / "operator.md").read_text()


def public_pem(certificate):
    return certificate.key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )


class Site:
    """A product behind a TLS edge whose certificate can be changed while its URL stays."""

    def __init__(self, certificate):
        self._store = DirectoryStore(Path("published").resolve())
        self._edge = Edge(self._store, certificate).__enter__()
        self.port = self._edge.port
        self.url = f"https://localhost:{self.port}/"

    def close(self):
        self._edge.__exit__(None, None, None)

    def renew(self, certificate):
        self.close()
        self._edge = Edge(self._store, certificate, port=self.port).__enter__()


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, certificate in {"leaf": LEAF, "backup": BACKUP, "third": THIRD}.items():
        Path(f"{name}.pem").write_bytes(certificate.cert_pem)
        Path(f"{name}-public.pem").write_bytes(public_pem(certificate))
    Path("ca.pem").write_bytes(ROOT.certificate_pem + OTHER.certificate_pem)
    Path("one-ca.pem").write_bytes(ROOT.certificate_pem)
    Path("published").mkdir()
    site = Site(LEAF)
    yield site
    site.close()


@pytest.fixture
def founded(run, site):
    """A product whose [edge] has two CA roots and no pins."""
    found(run, site, "ca.pem")
    return site


def found(run, site, ca):
    board = ["--board", "b1", "--chip", "esp32", "--slot-size", "0x1E0000"]
    where = ["--base-url", site.url, "--ca", ca]
    assert run("init", "sensor", *board, *where, "--insecure-no-passphrase")[0] == 0


def pin_set(run, *options):
    """`pins set` of the leaf that is served at first, and a backup."""
    return run(
        *("pins", "set", "--certificate", "leaf.pem", "--public-key", "backup-public.pem"), *options
    )


def published():
    """The pins.json that targets name now, as a board finds it."""
    targets = max(Path("published/sensor/metadata").glob("*.targets.json"), key=version)
    named = json.loads(targets.read_bytes())["signed"]["targets"]["pins.json"]
    return PinSets.from_bytes(pins_file(named["hashes"]["sha256"]).read_bytes())


def version(path):
    return int(path.name.split(".")[0])


def pins_file(sha256):
    return Path(f"published/sensor/targets/{sha256}.pins.json")


def tree():
    return {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def test_before_any_set_is_published_boards_have_the_edge_of_the_settings(run, founded):
    code, out, err = run("pins", "show")
    assert (code, err) == (0, "")
    first, _, edge, *anchors = out.splitlines()
    assert first == "no pin sets are published: boards have [edge] of slotcast.toml, as set 0"
    assert edge.split() == ["0", "the", "factory", "none", "2", f"{founded.url}sensor/"]
    assert "test root" in anchors[1]
    shown = json.loads(run("pins", "show", "--json")[1])
    assert not shown["published"]
    assert shown["sets"][0]["serial"] == 0
    assert {one["subject"] for one in shown["trust_anchors"].values()} == {
        "test root",
        "another root",
    }


def test_the_first_set_goes_before_that_of_the_factory(run, founded):
    code, out, err = pin_set(run)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "published pin set 1",
        "boards take it at their next poll; still supported: 0",
        "4 files written",
    ]
    sets = published()
    assert [one.serial for one in sets.sets] == [1, 0]
    assert sets.newest.pins == (LEAF.spki_sha256, BACKUP.spki_sha256)
    assert sets.newest.base_urls == sets.sets[1].base_urls == (f"{founded.url}sensor/",)
    assert sets.anchors(sets.newest) == [ROOT.certificate_der, OTHER.certificate_der]
    assert run("verify", "--brief")[0] == 0


def test_show_tells_which_set_has_which_pin_and_root(run, founded):
    pin_set(run, "--ca", "one-ca.pem")
    _, out, _ = run("pins", "show")
    assert re.search(rf"^1 +{LEAF.spki_sha256}$", out, re.MULTILINE)
    assert re.search(r"^1, 0 +test root +20\d\d-\d\d-\d\d +[0-9a-f]{64}$", out, re.MULTILINE)
    assert re.search(r"^0 +another root ", out, re.MULTILINE)


def test_check_tells_what_is_served_and_what_each_set_makes_of_it(run, founded):
    pin_set(run)
    code, out, err = run("pins", "check")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == f"{founded.url}sensor/"
    assert out.splitlines()[2:] == [
        f"  pin {LEAF.spki_sha256}",
        "  set 1: accepted",
        "  set 0: accepted",
        "  gives this product's timestamp.json",
        "every set is accepted",
    ]


def test_check_fails_when_one_set_would_refuse_and_says_which_and_why(run, founded):
    pin_set(run)
    founded.renew(THIRD)
    code, out, _ = run("pins", "check")
    assert code == 1
    assert "  set 1: pin: the leaf's key is not one of the set\n  set 0: accepted\n" in out
    assert out.splitlines()[-1] == "NOT ACCEPTED: boards are cut off, or will be"
    checked = json.loads(run("pins", "check", "--json")[1])
    assert not checked["ok"]
    (host,) = checked["hosts"]
    assert host["leaf"]["spki_sha256"] == THIRD.spki_sha256
    assert [verdict["refusal"] for verdict in host["verdicts"]] == [
        "pin: the leaf's key is not one of the set",
        None,
    ]


def test_check_of_a_host_that_is_not_there_says_nothing_of_the_sets(run, founded):
    code, out, _ = run("pins", "check", "--base-url", "https://localhost:9/")
    assert code == 1
    assert "not reached: " in out
    assert out.splitlines()[-1] == "NOT KNOWN: what is to be asked does not answer as it should"


def test_a_host_can_be_checked_before_boards_are_sent_there(run, founded):
    with Edge(DirectoryStore(Path("published")), LEAF) as coming:
        url = f"https://localhost:{coming.port}/"
        assert run("pins", "check", "--base-url", url)[0] == 0
    with Edge(DirectoryStore(Path("keys")), LEAF) as coming:
        url = f"https://localhost:{coming.port}/"
        code, out, _ = run("pins", "check", "--base-url", url)
    assert code == 1
    assert "metadata/timestamp.json cannot be read: the host answers 403" in out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--certificate", "leaf.pem"], "one pin alone has no backup"),
        (["--pin", LEAF.spki_sha256.upper(), "--certificate", "leaf.pem"], "one pin alone"),
        (["--ca", "one-ca.pem"], "1 CA root has no backup"),
        (["--public-key", "backup-public.pem", "--pin", THIRD.spki_sha256], "would not accept"),
        ([], "the set is of nothing"),
        (["--certificate", "leaf-public.pem"], "leaf-public.pem holds no certificate"),
        (["--public-key", "keys/targets.pem"], "keys/targets.pem holds no public key"),
        (["--public-key", "missing.pem"], "missing.pem cannot be read"),
        (["--ca", "missing.pem"], "missing.pem cannot be read"),
        (["--ca", "amazon"], "would not accept .*: chain: "),
        (["--ca", "ca.pem", "--base-url", "http://x/"], "must begin with https://"),
        (["--ca", "ca.pem", "--base-url", "https://localhost:1/"], "not reached"),
    ],
)
def test_a_set_that_strands_boards_is_refused_and_nothing_is_written(run, founded, options, says):
    run("status")  # remembers what it has seen
    before = tree()
    code, out, err = run("pins", "set", *options)
    assert (code, out) == (1, "")
    assert re.search(f"^slotcast: error: .*{says}", err)
    assert "\nhint: " in err or "must begin" in says or "cannot be read" in says
    assert tree() == before


def test_a_pin_that_is_no_sha256_is_wrong_usage(run, founded):
    with pytest.raises(SystemExit) as raised:
        run("pins", "set", "--pin", "ab")
    assert raised.value.code == 2


def test_a_set_is_refused_while_boards_with_an_older_one_are_cut_off(run, founded):
    pin_set(run)
    founded.renew(THIRD)
    next_set = ["--certificate", "third.pem", "--public-key", "backup-public.pem"]
    code, _, err = run("pins", "set", *next_set)
    assert code == 1
    assert "boards with set 1 do not accept" in err
    assert "hint: serve what set 1 accepts, or give its boards up with --retire 1\n" in err
    code, out, _ = run("pins", "set", *next_set, "--retire", 1)
    assert (code, out.splitlines()[0]) == (0, "published pin set 2")
    assert "polled last, before this set have only set 1" in out
    assert [one.serial for one in published().sets] == [2, 0]


def test_a_factory_s_set_that_no_board_needs_can_be_left_out_of_the_first(run, site):
    found(run, site, "one-ca.pem")
    site.renew(STRANGER)
    code, _, err = run("pins", "set", "--ca", "ca.pem")
    assert (code, "boards with set 0 do not accept" in err) == (1, True)
    assert "give its boards up with --retire 0" in err
    assert run("pins", "set", "--ca", "ca.pem", "--retire", 0)[0] == 0
    assert [one.serial for one in published().sets] == [1]


def test_a_fifth_set_is_refused_until_one_is_retired(run, founded):
    for certificate in (BACKUP, THIRD, BACKUP):
        pins = ["--certificate", "leaf.pem", "--pin", certificate.spki_sha256]
        assert run("pins", "set", *pins)[0] == 0
    code, _, err = run("pins", "set", "--ca", "ca.pem")
    assert (code, "boards keep 4 pin sets" in err, "add --retire 0" in err) == (1, True, True)
    assert run("pins", "set", "--ca", "ca.pem", "--retire", 0)[0] == 0
    assert [one.serial for one in published().sets] == [4, 3, 2, 1]


def test_pins_that_are_all_served_are_refused(run, founded):
    with Edge(DirectoryStore(Path("published")), BACKUP) as second:
        url = f"https://localhost:{second.port}/"
        code, _, err = pin_set(run, "--base-url", founded.url, "--base-url", url)
    assert code == 1
    assert "every pin is served already: none is a backup" in err


def test_the_same_set_again_changes_nothing(run, founded):
    pin_set(run)
    before = tree()
    code, out, _ = pin_set(run)
    assert (code, out.splitlines()[0]) == (0, "pin set 1 says this already")
    assert tree() == before


def test_a_dry_run_shows_the_writes_and_makes_none(run, founded):
    before = tree()
    code, out, _ = pin_set(run, "--dry-run", "--json")
    assert code == 0
    told = json.loads(out)
    assert [one["kind"] for one in told["writes"]] == ["pins", "targets", "snapshot", "timestamp"]
    assert told["pins"]["sets"][0]["serial"] == 1
    assert told["hosts"][0]["ok"]
    assert tree() == before


def test_an_edge_without_backup_is_left_out_with_a_warning(run, site):
    found(run, site, "one-ca.pem")
    code, out, err = pin_set(run, "--ca", "ca.pem")
    assert code == 0
    assert [one.serial for one in published().sets] == [1]
    assert "still supported: none" in out
    assert "warning: [edge] of slotcast.toml is not published as set 0: " in err
    assert "set 0 has no backup" in err


def test_a_set_is_refused_on_top_of_a_store_that_was_rolled_back(run, founded):
    timestamp = Path("published/sensor/metadata/timestamp.json")
    old = timestamp.read_bytes()
    pin_set(run)
    timestamp.write_bytes(old)
    code, _, err = run("pins", "retire", 0)
    assert code == 1
    assert "version 1, but was 2 before" in err
    Path(".slotcast/seen.json").unlink()
    code, _, err = pin_set(run)
    assert code == 1
    assert "newer files that its timestamp does not name" in err
    assert "pins: set 1 in place of nothing" in err
    code, _, err = pin_set(run, "--resume")
    assert code == 0
    assert "warning: --resume leaves out newer files" in err


def test_a_run_that_was_cut_short_is_completed_by_the_same_command(run, founded, monkeypatch):
    def fail(store, item, etag):
        raise StoreError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(DirectoryStore, "replace", fail)
        assert pin_set(run)[0] == 1
    assert "no pin sets are published" in run("pins", "show")[1]
    code, out, err = pin_set(run)
    assert (code, err, out.splitlines()[0]) == (0, "", "published pin set 1")
    assert run("verify", "--brief")[0] == 0


def test_a_set_that_is_refused_asks_for_no_passphrase(run, founded, monkeypatch):
    monkeypatch.setattr(publisher.commands.product, "load_signers", no_keys)
    assert "one pin alone has no backup" in run("pins", "set", "--certificate", "leaf.pem")[2]
    assert run("pins", "check")[0] == 0


def no_keys(*_, **__):
    raise AssertionError("a key is asked for")


def test_a_release_keeps_the_pin_sets_and_status_goes_on(run, founded):
    pin_set(run)
    Path("app.bin").write_bytes(esp_images.app_image(code=b"code" * 99))
    assert run("release", "app.bin", "--version", OLD, *WHOM)[0] == 0
    assert published().newest.serial == 1
    code, out, err = run("status")
    assert (code, err) == (0, "")
    assert "pins" not in out
    assert run("verify", "--brief")[0] == 0


def test_a_board_is_given_the_newest_set_and_the_file_that_it_came_in(run, founded):
    pin_set(run, "--ca", "one-ca.pem")
    code, out, err = run("provision", *WHOM, "--out", "factory")
    assert code == 0
    assert "(offered: nothing)" in err  # a pin set is no release
    board = Path("factory/slotcast")
    told = json.loads((board / "ota.json").read_bytes())
    assert told["pins"] == [LEAF.spki_sha256, BACKUP.spki_sha256]
    assert told["base_urls"] == [f"{founded.url}sensor/"]
    assert told["trust_anchors"] == ["ca-1.der"]
    assert (board / "ca-1.der").read_bytes() == ROOT.certificate_der
    assert PinSets.from_bytes((board / "pins.json").read_bytes()) == published()
    assert "slotcast/pins.json" in out


def test_without_published_sets_a_board_is_given_no_pins_json(run, founded):
    assert run("provision", *WHOM, "--out", "factory")[0] == 0
    assert not Path("factory/slotcast/pins.json").exists()


def test_the_newest_set_and_one_that_is_not_there_are_not_retired(run, founded):
    assert "set 0 is the newest" in run("pins", "retire", 0)[2]
    pin_set(run)
    assert "set 1 is the newest" in run("pins", "retire", 1)[2]
    code, _, err = run("pins", "retire", 5)
    assert (code, "there is no pin set 5\nhint: supported sets: 1, 0" in err) == (1, True)


def test_a_key_is_replaced_without_any_board_being_cut_off(run, founded):
    """The whole life of a pin: set, change to the backup, set the next, retire the old one."""
    assert pin_set(run)[0] == 0
    founded.renew(BACKUP)
    assert run("pins", "check")[0] == 0
    next_set = ["--certificate", "backup.pem", "--public-key", "third-public.pem"]
    code, out, err = run("pins", "set", *next_set)
    assert (code, err, out.splitlines()[0]) == (0, "", "published pin set 2")
    assert run("pins", "check")[0] == 0
    code, out, _ = run("pins", "retire", 1)
    assert code == 0
    assert out.splitlines()[0] == "retired pin set 1"
    since = published().newest.since
    assert f"polled last, before set 2 ({since}) have only set 1, " in out
    assert [one.serial for one in published().sets] == [2, 0]
    founded.renew(THIRD)
    assert run("pins", "check")[0] == 0
    founded.renew(LEAF)  # retired: nothing but the factory's set accepts the first key now
    code, out, _ = run("pins", "check")
    assert (code, "set 2: pin: " in out, "set 0: accepted" in out) == (1, True, True)
    assert run("verify", "--brief")[0] == 0


def sessions(urls):
    """The manual's `pins set` of a second name: each command with what it prints, at other URLs."""
    page = MANUAL.partition("### The domain lost")[2].partition("\n### ")[0]
    for told, url in urls.items():
        page = page.replace(told, url)
    found = re.findall(r"^\$ slotcast (pins set .*)\n((?:.+\n)+?)```", page, re.MULTILINE)
    return [(shlex.split(command), printed.splitlines()) for command, printed in found]


def test_the_manual_s_second_name_takes_over_when_the_first_is_lost(run, site, monkeypatch):
    roots = [ROOT.certificate_der, OTHER.certificate_der]
    monkeypatch.setattr(publisher.provision, "amazon_roots", lambda: roots)
    found(run, site, "amazon")
    with Edge(DirectoryStore(Path("published")), STRANGER) as second:
        names = ("https://updates.acme.dev/", "https://updates.acme-backup.net/")
        urls = dict(zip(names, (site.url, f"https://localhost:{second.port}/"), strict=True))
        (both, told), (alone, warned) = sessions(urls)
        code, out, err = run(*both)
        assert (code, err, out.splitlines()[:2]) == (0, "", told)
        site.close()
        code, _, err = run(*(word for word in alone if word not in ("--retire", "0")))
        assert (code, "give its boards up with --retire 0" in err) == (1, True)
        code, out, err = run(*alone)
        assert [*err.splitlines(), *out.splitlines()[:2], "..."] == warned
        assert code == 0
    assert [one.base_urls for one in published().sets] == [
        tuple(f"{url}sensor/" for url in list(urls.values())[first:]) for first in (1, 0)
    ]


def test_to_let_ca_roots_alone_decide_again_is_a_set_like_any_other(run, founded):
    pin_set(run)
    assert run("pins", "set", "--ca", "ca.pem")[0] == 0
    assert published().newest.pins == ()
    assert run("pins", "check")[0] == 0


def test_a_certificate_of_another_ca_is_accepted_where_the_set_has_its_root_as_backup(run, founded):
    founded.renew(STRANGER)
    assert run("pins", "check")[0] == 0


def test_a_set_is_not_retired_while_the_newest_refuses_what_is_served(run, founded):
    pin_set(run)
    founded.renew(BACKUP)
    next_set = ["--certificate", "backup.pem", "--public-key", "third-public.pem"]
    assert run("pins", "set", *next_set)[0] == 0
    founded.renew(LEAF)  # back to the certificate before: set 1 alone accepts it
    before = published()
    code, _, err = run("pins", "retire", 1)
    assert (code, "boards with set 2 do not accept" in err) == (1, True)
    assert "hint: serve what set 2 accepts, or publish a set" in err
    assert published() == before
    assert run("pins", "check")[0] == 1
    founded.renew(BACKUP)
    retired = json.loads(run("pins", "retire", 1, "--json")[1])
    assert retired["hosts"][0]["ok"]
