"""`--edge`, by whole commands: real TLS edges over the store, honest ones and others."""

import gzip
import json
import shutil
from contextlib import chdir
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import esp_images
import pytest
from edges import ReadOnly, flip, frozen, without

from publisher import cli
from publisher.answer import Answer
from publisher.certificates import Authority
from publisher.serve import Edge
from publisher.stores.directory import DirectoryStore

AUTHORITY = Authority.create("test root")
STORE = DirectoryStore(Path("published"))
WHOM = ("--channel", "stable", "--board", "b1")
INIT = ("--board", "b1", "--chip", "esp32", "--slot-size", "0x1E0000", "--insecure-no-passphrase")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A folder of a product at which 1.0.0 is released, and 1.1.0 is ready."""
    folder = tmp_path_factory.mktemp("template")
    with chdir(folder):
        init = ("init", "sensor", "--base-url", "https://updates.example.org/", *INIT)
        assert cli.main(init) == 0
        Path("ca.pem").write_bytes(AUTHORITY.certificate_pem)
        for version in ("1.0.0", "1.1.0"):
            Path(f"{version}.bin").write_bytes(esp_images.app_image(code=version.encode() * 999))
        assert cli.main(("release", "1.0.0.bin", "--version", "1.0.0", *WHOM)) == 0
    return folder


@pytest.fixture(autouse=True)
def product(template, tmp_path, monkeypatch):
    """A copy of it, where the command lines run."""
    shutil.copytree(template, tmp_path / "product")
    monkeypatch.chdir(tmp_path / "product")


@pytest.fixture
def serve():
    """Serves a store at an edge; the edge, and its BASE."""
    edges = []

    def start(store=STORE, kind=Edge):
        edge = kind(store, AUTHORITY.issue(["127.0.0.1"]))
        edges.append(edge)
        edge.__enter__()
        return edge, f"https://127.0.0.1:{edge.port}/sensor/"

    yield start
    for edge in edges:
        edge.__exit__(None, None, None)


def release(run, version, *options):
    return run("release", f"{version}.bin", "--version", version, *WHOM, *options)


def through(url, wait_s=0):
    return ("--edge-url", url, "--edge-ca", "ca.pem", "--edge-wait", str(wait_s))


def changing(change, part):
    """An edge that changes the bytes of objects whose key has `part` in it."""
    return ReadOnly(
        STORE,
        lambda key, stored: replace(stored, data=change(stored.data)) if part in key else stored,
    )


def offered():
    return json.loads(Path("published/sensor/stable/b1/version.json").read_text())["version"]


def test_all_that_was_published_is_read_through_the_edge(run, serve):
    edge, url = serve()
    code, out, err = release(run, "1.1.0", *through(url), "--json")
    assert code == 0
    assert err.splitlines()[-1] == f"{url} serves it, byte for byte"
    written = json.loads(out)["written"]
    assert sorted(access.path[1:] for access in edge.requests) == sorted(written)
    assert len(written) == 8


@pytest.mark.parametrize(
    ("part", "change", "words"),
    [
        ("payloads/", lambda data: data[:-1] + b"?", "differs from byte"),
        ("images/", lambda data: data[:-1], "ends after"),
        ("metadata/3.targets", gzip.compress, "is compressed (gzip)"),
        ("metadata/3.snapshot", lambda data: b"<html>Sign in</html>", "is a web page (HTML)"),
        ("timestamp", lambda data: b"{}", "differs from byte 1 on"),
        ("version.json", lambda data: data + b" ", "is longer"),
    ],
)
def test_an_edge_that_serves_something_else_is_an_error_though_it_is_published(
    run, serve, part, change, words
):
    _, url = serve(changing(change, part))
    code, out, err = release(run, "1.1.0", *through(url))
    assert code == 1
    assert out.startswith("released 1.1.0 (release 2) on stable/b1\n")
    assert out.endswith("\n8 files written\n")
    error, hint = err.splitlines()[-2:]
    published = "slotcast: error: the release is published, but the edge does not serve it"
    assert error.startswith((f"{published}: sensor/", f"{published} yet: sensor/"))
    assert words in error
    assert part in error
    assert hint.startswith("hint: look at the edge")
    assert offered() == "1.1.0"


def test_an_edge_that_lost_an_object_or_flips_a_bit_is_found_out(run, serve):
    _, url = serve(without(STORE, "payloads/"))
    assert "is not there (403 or 404)" in release(run, "1.1.0", *through(url))[2]
    _, url = serve(flip(STORE, "timestamp.json", 20))
    code, out, err = run("pause", "stable", "b1", *through(url), "--json")
    assert (code, json.loads(out)["new"]) == (1, True)
    assert "error: the change is published, but the edge does not serve it yet: sensor/" in err
    assert "differs from byte 20 on" in err


def test_an_edge_that_redirects_is_not_followed(run, serve):
    class Redirecting(Edge):
        def answer(self, request):
            return Answer(HTTPStatus.FOUND, {"Location": "https://127.0.0.1:9/"})

    _, url = serve(kind=Redirecting)
    code, _, err = release(run, "1.1.0", *through(url, 60))
    assert code == 1
    assert "answered 302" in err


def test_an_edge_that_is_nobody_s_is_not_believed(run, serve):
    _, url = serve()
    code, _, err = release(run, "1.1.0", "--edge-url", url)
    assert code == 1
    assert "the release is published, but the edge does not serve it: " in err
    assert "CERTIFICATE_VERIFY_FAILED" in err
    assert "hint: name the roots that its certificate comes from with --edge-ca FILE" in err
    assert "waiting" not in err


def test_a_stale_edge_is_waited_for_until_its_files_expire(run, serve, monkeypatch):
    stale = frozen(STORE)
    _, url = serve(ReadOnly(STORE, lambda key, stored: stale.read(key)))
    waited = []

    def sleep(wait_s):
        waited.append(wait_s)
        if len(waited) == 3:
            stale.read = STORE.read

    monkeypatch.setattr("publisher.cli.sleep", sleep)
    code, _, err = release(run, "1.1.0", *through(url, 60))
    assert code == 0
    assert "waiting up to 60 s for the edge: sensor/" in err
    waited.clear()
    _, url = serve(frozen(STORE))
    code, _, err = run("pause", "stable", "b1", *through(url, 60))
    assert code == 1
    assert sum(waited) == 60


@pytest.mark.parametrize(
    "command",
    [
        ("pause", "stable", "b1"),
        ("rollout", "stable", "b1", "10%"),
        ("promote", "1.0.0", "--from", "stable", "--to", "beta"),
        ("refresh", "--targets"),
    ],
)
def test_whatever_publishes_can_look_through_the_edge(run, serve, command):
    edge, url = serve()
    code, _, err = run(*command, *through(url))
    assert code == 0
    assert "byte for byte" in err or "refresh" in command, "which had nothing to do"
    paths = [access.path for access in edge.requests]
    assert "/sensor/metadata/timestamp.json" in paths or "refresh" in command


def test_what_changes_nothing_still_looks_at_the_timestamp(run, serve):
    _, url = serve(changing(lambda data: b"<html>", "timestamp"))
    assert run("resume", "stable", "b1")[0] == 0
    code, _, err = run("resume", "stable", "b1", *through(url))
    assert code == 1
    assert "timestamp.json is a web page" in err


def test_a_refresh_that_has_nothing_to_do_looks_at_the_timestamp_all_the_same(run, serve):
    edge, url = serve()
    code, out, err = run("refresh", *through(url))
    assert (code, out[:13]) == (0, "nothing to do"), err
    assert [access.path for access in edge.requests] == ["/sensor/metadata/timestamp.json"]
    _, url = serve(changing(lambda data: data[:-1], "timestamp"))
    code, out, err = run("refresh", *through(url))
    assert (code, out[:13]) == (1, "nothing to do")
    assert "error: the present metadata is published, but the edge does not serve it" in err


def test_the_edge_of_slotcast_toml_is_taken_where_no_other_is_named(run, serve):
    _, url = serve()
    settings = Path("slotcast.toml")
    base = url.removesuffix("sensor/")
    settings.write_text(settings.read_text().replace("https://updates.example.org/", base))
    code, _, err = run("rollout", "--edge-ca", "ca.pem", "--edge", "stable", "b1", "55%")
    assert code == 0
    assert f"{url} serves it, byte for byte" in err


@pytest.mark.parametrize("url", ["http://x/sensor/", "1.1.0.bin"])
def test_what_is_no_edge_is_refused_before_anything_is_published(run, url):
    code, _, err = release(run, "1.1.0", "--edge-url", url)
    assert code == 1
    assert "--edge-url is" in err
    assert offered() == "1.0.0"


def test_a_ctrl_c_while_the_edge_is_waited_for_says_that_it_is_published(run, serve, monkeypatch):
    def interrupted(wait_s):
        raise KeyboardInterrupt

    _, url = serve(frozen(STORE))
    monkeypatch.setattr("publisher.cli.sleep", interrupted)
    code, out, err = run("pause", "stable", "b1", *through(url, 60))
    assert code == 130
    assert out.startswith("1.0.0 on stable/b1 is paused")
    last = "interrupted: the change is published; the edge was not looked at to the end"
    assert err.splitlines()[-1] == last


@pytest.mark.parametrize("wait", ["-1", "soon", "1e9", "nan"])
def test_a_wait_is_a_number_of_seconds(run, wait):
    with pytest.raises(SystemExit) as ended:
        run("pause", "stable", "b1", f"--edge-wait={wait}")
    assert ended.value.code == 2
