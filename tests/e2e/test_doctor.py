"""`slotcast doctor` on whole deployments: a sound one, and others broken in one way each."""

import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from shutil import rmtree

import deployments as broken
import pytest
from deployments import BOARD, ROOT, Deployment
from edges import without
from tls_server import HostileServer, says

from publisher import cli
from publisher.certificates import Authority
from publisher.doctor.check_names import AWS, NAMES
from publisher.doctor.examine import CHECKS

WATCHED = {"pin-sets", "chain", "offers", "edge-origin"}
OF_THE_STORE = {"edge-origin", "version-json", "published-names", "private-keys"}


class Report:
    """What one run of the doctor came to."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        self.findings = json.loads(text)["findings"]
        self.ok = json.loads(text)["ok"]

    def names(self, *states: str) -> set[str]:
        """The checks that came to one of these states."""
        return {one["check"] for one in self.findings if one["state"] in states}

    def says(self, check: str) -> str:
        """What the findings of a check say, and how to mend them."""
        return "\n".join(f"{one['says']} {one['mend']}" for one in self._of(check))

    def _of(self, check: str) -> list[dict[str, str]]:
        return [one for one in self.findings if one["check"] == check and one["state"] != "OK"]


@pytest.fixture
def deploy(tmp_path: Path) -> Iterator[Callable[..., Deployment]]:
    """Makes a deployment that serves until the end of the test."""
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(Deployment(tmp_path, **how))


@pytest.fixture
def without_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets slotcast.toml name a bucket that nobody here has credentials for."""

    def lose() -> None:
        settings = tmp_path / "slotcast.toml"
        bucket = '[store]\nkind = "s3"\nbucket = "b"\nregion = "us-east-1"\n\n['
        settings.write_text(
            re.sub(r"(?ms)^\[store\]$.*?^\[", bucket, settings.read_text(), count=1)
        )
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            monkeypatch.setenv(name, str(tmp_path / "none"))
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    return lose


@pytest.fixture
def look(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Report]:
    """Runs the doctor with more options."""

    def look(*options: str) -> Report:
        capsys.readouterr()
        settings = str(tmp_path / "slotcast.toml")
        code = cli.main(["doctor", "--json", "--settings", settings, *options])
        return Report(code, capsys.readouterr().out)

    return look


def test_a_sound_deployment_is_in_order_to_the_last_check(deploy, look):
    deploy()
    report = look("--strict")
    assert report.names("FAIL", "WARN", "UNKNOWN") == set()
    assert report.names("OK") == set(CHECKS)
    assert (report.code, report.ok) == (0, True)


def test_a_check_can_be_asked_for_alone(deploy, look):
    deploy()
    assert set(NAMES) == {*CHECKS, AWS}
    for name in ("reach", "ranges", "private-keys"):
        assert {one["check"] for one in look("--only", name).findings} == {name}
    assert look("--only", AWS).names("UNKNOWN") == {AWS}  # without infra.toml


def test_a_certificate_near_its_end_is_named(tmp_path, look):
    with broken.expiring_certificate(tmp_path):
        report = look()
    assert report.names("FAIL", "WARN", "UNKNOWN") == {"certificate-life"}
    assert "3 days left (2% of its life)" in report.says("certificate-life")
    assert report.code == 1


def test_one_pin_set_in_the_field_that_refuses_the_certificate_is_named(deploy, look):
    broken.refused_by_a_pin_set(deploy())
    report = look()
    assert report.names("FAIL", "UNKNOWN") == {"pin-sets"}
    assert "is refused by boards with set 0 (chain: " in report.says("pin-sets")
    assert report.names("WARN") == {"reach"}  # [edge] ca is what set 0 has


def test_an_edge_of_tls_1_3_alone_is_named(deploy, look):
    broken.tls_1_3_alone(deploy())
    report = look()
    assert report.names("FAIL") == {"tls-versions"}
    untold = {"certificate-life", "host-name", "pin-sets", "tls-ciphers"}
    assert report.names("WARN", "UNKNOWN") == untold
    assert "TLSv1.2_2025" in report.says("tls-versions")


def test_a_timestamp_that_is_kept_for_a_day_is_named(deploy, look):
    broken.pointer_kept_for_a_day(deploy())
    report = look()
    assert report.names("FAIL", "WARN", "UNKNOWN") == {"pointer-cache"}
    assert "metadata/timestamp.json may be kept for 24 hours" in report.says("pointer-cache")


def test_a_web_page_for_what_is_missing_is_named_and_so_is_what_it_breaks(deploy, look):
    broken.page_for_what_is_missing(deploy())
    report = look()
    assert report.names("FAIL") == {"missing-names", "chain"}
    assert report.names("WARN", "UNKNOWN") == {"missing-cache"}
    assert "metadata/2.root.json is a web page" in report.says("chain")
    assert "see missing-names" in report.says("chain")


def test_compressed_answers_are_named_and_so_is_what_they_break(deploy, look):
    broken.compressed(deploy())
    report = look()
    assert report.names("FAIL") == {"compression", "chain"}
    assert report.names("WARN", "UNKNOWN") == {"ranges", "offers", "edge-origin"}
    assert "see compression" in report.says("chain")


def test_an_edge_without_ranges_is_named(deploy, look):
    broken.without_ranges(deploy())
    report = look()
    assert report.names("FAIL", "WARN", "UNKNOWN") == {"ranges"}
    assert "answered with 200, not 206" in report.says("ranges")


def test_a_private_key_in_the_bucket_is_named_by_what_is_in_it(deploy, look):
    broken.keys_in_the_bucket(deploy())
    report = look()
    assert report.names("FAIL") == {"private-keys"}
    assert "sensor/keys/targets.txt in " in report.says("private-keys")
    bare = r"sensor/payloads/5eed\w+\.slc in \S+ is the private key of timestamp, \w{8} in root 1 "
    assert re.search(bare, report.says("private-keys"))
    assert report.names("WARN", "UNKNOWN") == {"published-names"}


def test_a_refresh_job_that_is_dead_is_named_before_the_timestamp_expires(deploy, look):
    deploy(days_ago=6)
    report = look()
    assert report.names("FAIL", "WARN", "UNKNOWN") == {"refresh-job"}
    assert "has 24 h of 7.0 days left: it was due 2.5 days ago" in report.says("refresh-job")


@pytest.mark.parametrize(
    ("lost", "named"), [("/targets/stable/", {"chain"}), ("/payloads/", {"offers"})]
)
def test_what_the_edge_has_lost_is_named(deploy, look, lost, named):
    deployment = deploy()
    deployment.edge.serve(without(deployment.store, lost))
    assert look().names("FAIL") == named


def test_an_edge_behind_its_origin_is_named_with_both_versions(deploy, look):
    broken.stale_edge(deploy())
    report = look()
    assert report.names("FAIL", "WARN", "UNKNOWN") == {"edge-origin"}
    assert "the edge serves version 2, the store has 3" in report.says("edge-origin")


def test_a_version_json_that_says_otherwise_is_named_and_put_right_by_the_same_release(
    deploy, look
):
    deployment = deploy()
    broken.forged_version_json(deployment)
    report = look()
    assert report.names("FAIL", "WARN", "UNKNOWN") == {"version-json"}
    says = (
        "stable/b1/version.json does not say what the manifest of 1.1.0 says run the same release"
    )
    assert report.says("version-json").startswith(says)
    deployment.release()
    assert look("--strict").code == 0


def test_a_fingerprint_that_is_not_the_products_is_to_be_compared(deploy, look):
    settings = deploy().folder / "slotcast.toml"
    right = re.search(r'root_sha256 = "(\w+)"', settings.read_text())[1]
    settings.write_text(settings.read_text().replace(right, right[::-1]))
    report = look("--only", "chain")
    assert f"1.root.json is not the root of fingerprint {right[::-1]}" in report.says("chain")
    assert " compare root_sha256 in slotcast.toml with the " in report.says("chain")


def test_a_version_json_that_is_gone_is_named(deploy, look):
    deployment = deploy()
    broken.forged_version_json(deployment)
    (deployment.folder / "published/sensor/stable/b1/version.json").unlink()
    report = look()
    assert report.names("FAIL", "WARN", "UNKNOWN") == {"version-json"}
    assert report.names("FAIL") == {"version-json"}
    assert "is missing, and 1.1.0 is on offer" in report.says("version-json")


def test_a_release_that_is_under_way_has_not_written_version_json_yet(deploy, look):
    deployment = deploy()
    broken.forged_version_json(deployment)
    (deployment.folder / "published/sensor/metadata/timestamp.json").touch()
    report = look()
    assert report.names("FAIL", "WARN", "UNKNOWN") == {"version-json"}
    assert report.names("WARN") == {"version-json"}
    assert report.says("version-json").endswith(" look again in a minute")


def test_an_edge_that_is_stale_is_not_blamed_on_the_refresh_job(deploy, look):
    deployment = deploy(days_ago=6)
    broken.stale_edge(deployment)  # which signs anew, now
    assert "refresh-job" in look().names("OK")


def test_a_store_that_was_rolled_back_is_named_by_what_was_seen_before(deploy, look):
    deployment = deploy()
    timestamp = deployment.folder / "published/sensor/metadata/timestamp.json"
    before = timestamp.read_bytes()
    deployment.slotcast("pause", "stable", *BOARD[1:])
    timestamp.write_bytes(before)
    report = look()
    assert report.names("FAIL", "WARN", "UNKNOWN") == {"rolled-back"}
    assert "the store was rolled back: targets is version 2, but was 3" in report.says(
        "rolled-back"
    )
    assert "put the newest timestamp.json back" in report.says("rolled-back")


def test_a_machine_without_memory_has_nothing_to_hold_the_store_against(deploy, look):
    deployment = deploy()
    (deployment.folder / ".slotcast/seen.json").unlink()
    report = look("--only", "rolled-back", "--strict")
    assert [one["says"] for one in report.findings] == [
        "there is no memory here to hold it against (.slotcast/seen.json)"
    ]
    assert report.code == 0
    assert not (deployment.folder / ".slotcast/seen.json").exists()


def test_without_the_store_an_edge_that_is_behind_what_was_seen_is_to_be_looked_at(
    deploy, look, without_store
):
    broken.stale_edge(deploy())
    without_store()
    report = look()
    assert report.names("FAIL") == set()
    assert report.names("WARN") == {"rolled-back"}
    assert "the edge was rolled back: " not in report.says("rolled-back")
    assert "the edge is behind: " in report.says("rolled-back")


def test_a_store_that_was_emptied_leads_to_what_puts_it_back(deploy, look):
    deployment = deploy()
    rmtree(deployment.folder / "published/sensor")
    report = look()
    assert "chain" in report.names("FAIL")
    assert 'docs/operator.md, "When something is gone"' in report.says("chain")
    assert {"query", "user-agent"} <= report.names("UNKNOWN")


def test_an_edge_that_may_not_read_the_bucket_is_told_so(deploy, look):
    deployment = deploy()
    deployment.edge.serve(without(deployment.store, "/"))
    report = look()
    for name in ("chain", "edge-origin"):
        assert "the edge may not read the bucket (its policy, the origin" in report.says(name)


def test_without_the_store_the_edge_is_looked_at_and_the_rest_not_known(
    deploy, look, without_store
):
    deploy()
    without_store()
    report = look()
    assert report.names("FAIL", "WARN") == set()
    assert report.names("UNKNOWN") == OF_THE_STORE
    assert (report.code, report.ok) == (0, True)


def test_what_could_not_be_looked_at_fails_the_strict(deploy, look, without_store):
    deploy()
    without_store()
    report = look("--only", "private-keys", "--strict")
    assert report.names("FAIL", "WARN", "UNKNOWN") == report.names("UNKNOWN") == {"private-keys"}
    assert (report.code, report.ok) == (1, False)


@pytest.mark.parametrize(
    ("breaks", "named"),
    [
        (broken.compressed, {"compression", "chain"}),
        (broken.page_for_what_is_missing, {"missing-names", "chain"}),
    ],
)
def test_what_is_broken_is_named_without_the_store_too(deploy, look, without_store, breaks, named):
    breaks(deploy())
    without_store()
    assert look().names("FAIL") == named


def test_an_edge_that_talks_nonsense_brings_nothing_down(deploy, look):
    deploy()
    with HostileServer(ROOT.issue(["localhost"]), says(b"\x00\xff nonsense\r\n\r\n")) as server:
        report = look("--edge-url", server.url)
    assert report.names("FAIL") == {"reach", "keep-alive", "chain"}
    assert "ranges" in report.names("UNKNOWN")
    assert report.code == 1


def test_where_nobody_answers_one_thing_is_wrong_and_the_store_is_still_looked_at(deploy, look):
    deploy()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    report = look("--edge-url", f"https://localhost:{port}/sensor/")
    assert report.names("FAIL", "WARN", "UNKNOWN") == {"reach"}
    looked = {*OF_THE_STORE, "role-expiry", "refresh-job", "rolled-back"} - {"edge-origin"}
    assert report.names("OK") == looked
    assert f"\n{len(CHECKS) - len(looked) - 1} checks not done" in report.says("reach")
    alone = look("--edge-url", f"https://localhost:{port}/sensor/", "--only", "ranges")
    assert "nobody answers at the edge: " in alone.says("ranges")
    assert (alone.code, alone.names("FAIL")) == (1, {"ranges"})


def test_another_edge_is_asked_by_every_set_and_by_the_roots_that_are_named(deploy, look, tmp_path):
    deployment = deploy()
    url = deployment.host + "sensor/"
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(Authority.create("stranger").certificate_pem)
    found = look("--edge-url", url, "--edge-ca", str(stranger), "--only", "reach")
    assert found.names("WARN") == {"reach"}
    found = look("--edge-url", url, "--edge-ca", str(deployment.ca))
    assert found.names("FAIL", "WARN", "UNKNOWN") == set()


@pytest.fixture
def watch(look: Callable[..., Report]) -> Callable[[str], Report]:
    """Runs the doctor as the operator's manual does to watch a second name."""
    page = (Path(__file__).parents[2] / "docs" / "operator.md").read_text()
    line = re.search(r"slotcast doctor (--strict [^\n]+) \\\n +--edge-url ", page)
    return lambda url: look(*line[1].split(), "--edge-url", url)


def test_a_second_name_is_well_where_all_is_there_that_the_store_has(deploy, watch):
    deployment = deploy()
    found = watch(f"{deployment.host}sensor/")
    assert (found.code, found.names("OK")) == (0, WATCHED)
    for payload in (deployment.folder / "published/sensor/payloads").iterdir():
        payload.unlink()
    assert watch(f"{deployment.host}sensor/").names("FAIL") == {"offers"}


def test_a_second_name_where_nobody_answers_is_told(deploy, watch):
    deploy()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    found = watch(f"https://localhost:{port}/sensor/")
    assert (found.code, found.names("FAIL")) == (1, WATCHED)


def test_a_warning_fails_the_strict_alone(deploy, look):
    deployment = deploy()
    (deployment.folder / "published/sensor/readme.txt").write_text("hello")
    assert look("--only", "published-names").code == 0
    assert look("--only", "published-names", "--strict").code == 1


def test_a_person_reads_a_table_then_what_to_mend_the_worst_first(deploy, tmp_path, capsys):
    deployment = deploy()
    broken.keys_in_the_bucket(deployment)
    deployment.slotcast("pause", "stable", *BOARD[1:])
    capsys.readouterr()
    assert cli.main(["doctor", "--settings", str(tmp_path / "slotcast.toml")]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"sensor at {deployment.host}sensor/"
    assert lines[1].split() == ["group", "check", "state", "found"]
    told = lines[lines.index("to mend:") + 1 : -1]
    assert [line.split(":")[0] for line in told] == [
        "  FAIL private-keys",
        "  WARN published-names",
    ]
    assert lines[-1].startswith("findings: 2 wrong, 1 to be looked at, ")


def test_a_file_of_no_certificates_and_a_url_of_no_edge_are_refused(deploy, tmp_path, capsys):
    deploy()
    settings = ["doctor", "--settings", str(tmp_path / "slotcast.toml")]
    assert cli.main([*settings, "--edge-ca", str(tmp_path / "slotcast.toml")]) == 1
    assert "slotcast.toml holds no certificates" in capsys.readouterr().err
    assert cli.main([*settings, "--edge-url", "http://localhost/sensor/"]) == 1
    assert "must begin with https://" in capsys.readouterr().err
