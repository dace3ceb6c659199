"""The executable that the official conformance suite drives: its protocol, and that it refuses.

The suite itself is not in any package registry: `make conformance` fetches and runs it. What stands
here goes with every test run: the same executable, on repositories that python-tuf makes.
"""

import hashlib
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from tests.conformance.compile import compile_client

CLIENT = Path(__file__).parents[1] / "conformance" / "client"
EXPIRY = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
ROLES = {"root.json", "timestamp.json", "snapshot.json", "targets.json"}
GENERATE = {
    "ed25519": CryptoSigner.generate_ed25519,
    "ecdsa": CryptoSigner.generate_ecdsa,
    "rsa": CryptoSigner.generate_rsa,
}


class Edge:
    """Files served over HTTP/1.0 by the paths as they are asked for; `requests` lists those."""

    def __init__(self, folder):
        requests = self.requests = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                requests.append(self.path)
                file = folder / self.path[1:]
                data = file.read_bytes() if file.is_file() else b""
                self.send_response(200 if file.is_file() else 404)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self):
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *args):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Repository:
    """A repository of one key, in a folder; publish() writes all roles, their versions as set."""

    def __init__(self, folder, keytype="ecdsa"):
        self.folder = folder
        self.signer = GENERATE[keytype]()
        self.root = Root(expires=EXPIRY)
        for role in self.root.roles:
            self.root.add_key(self.signer.public_key, role)
        self.targets, self.snapshot = Targets(expires=EXPIRY), Snapshot(expires=EXPIRY)
        self.timestamp = Timestamp(expires=EXPIRY)
        self.delegated = {}

    def add_target(self, path, data, role=None, algorithm="sha256"):
        info = TargetFile.from_data(path, data, [algorithm])
        (role or self.targets).targets[path] = info
        directory, _, name = path.rpartition("/")
        file = self.folder / "targets" / directory / f"{info.hashes[algorithm]}.{name}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    def delegate(self, name, paths):
        role = self.delegated[name] = Targets(expires=EXPIRY)
        if self.targets.delegations is None:
            self.targets.delegations = Delegations({}, {})
        self.targets.delegations.roles[name] = DelegatedRole(name, [], 1, False, paths=paths)
        self.targets.add_key(self.signer.public_key, name)
        return role

    def publish(self):
        self.write("1.root", self.root)
        for name, role in {**self.delegated, "targets": self.targets}.items():
            self.snapshot.meta[f"{name}.json"] = MetaFile(role.version)
            self.write(f"{role.version}.{quote(name, '')}", role)
        self.write(f"{self.snapshot.version}.snapshot", self.snapshot)
        self.timestamp.snapshot_meta = MetaFile(self.snapshot.version)
        self.write("timestamp", self.timestamp)

    def publish_next(self):
        for role in (self.targets, self.snapshot, self.timestamp):
            role.version += 1
        self.publish()

    def write(self, name, signed):
        metadata = Metadata(signed)
        metadata.sign(self.signer)
        (self.folder / "metadata").mkdir(exist_ok=True)
        (self.folder / "metadata" / f"{name}.json").write_bytes(metadata.to_bytes())


class Board:
    """The executable with its two folders."""

    def __init__(self, folder, edge):
        self.metadata, self.artifacts = folder / "board", folder / "artifacts"
        self.edge = edge
        for path in (self.metadata, self.artifacts):
            path.mkdir()

    def run(self, *arguments):
        arguments = ["--metadata-dir", str(self.metadata), *arguments]
        done = subprocess.run([CLIENT, *arguments], capture_output=True, text=True, timeout=60)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr, done.stdout
        self.said = done.stdout
        return done.returncode

    def init(self, repository):
        return self.run("init", str(repository.folder / "metadata" / "1.root.json"))

    def refresh(self):
        return self.run("--metadata-url", self.edge.url + "metadata/", "refresh")

    def download(self, *paths):
        names = [word for path in paths for word in ("--target-name", path)]
        urls = ["--metadata-url", self.edge.url + "metadata/"]
        base = ["--target-base-url", self.edge.url + "targets/"]
        return self.run(*urls, *names, "--target-dir", str(self.artifacts), *base, "download")

    def accepted(self):
        return [path.read_bytes() for path in self.artifacts.rglob("*") if path.is_file()]


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    compile_client()


@pytest.fixture
def edge(tmp_path):
    (tmp_path / "served").mkdir()
    with Edge(tmp_path / "served") as edge:
        yield edge


@pytest.fixture
def board(tmp_path, edge):
    return Board(tmp_path, edge)


@pytest.fixture
def repository(tmp_path, edge):
    repository = Repository(tmp_path / "served")
    repository.publish()
    return repository


def test_init_keeps_the_root_and_asks_for_nothing(board, repository, edge):
    assert board.init(repository) == 0
    expected = (repository.folder / "metadata" / "1.root.json").read_bytes()
    assert {file.name: file.read_bytes() for file in board.metadata.iterdir()} == {
        "root.json": expected
    }
    assert edge.requests == []


@pytest.mark.parametrize("keytype", GENERATE)
def test_a_refresh_keeps_the_roles_as_they_were_received(board, tmp_path, edge, keytype):
    repository = Repository(tmp_path / "served", keytype)
    repository.publish()
    board.init(repository)
    assert board.refresh() == 0, board.said
    assert {file.name for file in board.metadata.iterdir()} == ROLES
    for name, published in (("timestamp", "timestamp"), ("targets", "1.targets")):
        kept = (board.metadata / f"{name}.json").read_bytes()
        assert kept == (repository.folder / "metadata" / f"{published}.json").read_bytes()


@pytest.mark.parametrize("keytype", GENERATE)
def test_a_signature_by_another_key_is_refused(board, tmp_path, edge, keytype):
    repository = Repository(tmp_path / "served", keytype)
    repository.publish()
    board.init(repository)
    repository.signer = GENERATE[keytype]()
    repository.publish_next()
    assert board.refresh() == 1
    assert "signed by 0 of 1" in board.said
    assert [file.name for file in board.metadata.iterdir()] == ["root.json"]


def test_an_edge_that_is_gone_ends_in_1(board, repository, edge):
    board.init(repository)
    edge.url = "http://127.0.0.1:9/"
    assert board.refresh() == 1


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_an_artifact_is_downloaded_once(board, repository, edge, algorithm):
    repository.add_target("path/to/a-file", b"firmware", algorithm=algorithm)
    repository.publish_next()
    board.init(repository)
    for _ in range(2):
        assert board.download("path/to/a-file") == 0, board.said
        assert board.accepted() == [b"firmware"]
    digest = hashlib.new(algorithm, b"firmware").hexdigest()
    assert edge.requests.count(f"/targets/path/to/{digest}.a-file") == 1


def test_an_artifact_that_is_not_what_was_signed_leaves_no_file(board, repository):
    repository.add_target("x", b"firmware")
    repository.publish_next()
    for file in (repository.folder / "targets").iterdir():
        file.write_bytes(b"filmware")
    board.init(repository)
    assert board.download("x") == 1
    assert board.accepted() == []


def test_targets_are_taken_in_order_until_one_fails(board, repository):
    for name in ("a", "c"):
        repository.add_target(name, name.encode())
    repository.publish_next()
    board.init(repository)
    assert board.download("a", "b", "c") == 1
    assert board.accepted() == [b"a"]


@pytest.mark.parametrize("name", ["release", "../release", "?", "#", "/a b"])
def test_a_delegated_role_is_kept_under_its_quoted_name(board, repository, edge, name):
    role = repository.delegate(name, ["team/*"])
    repository.add_target("team/x", b"by the team", role)
    repository.publish_next()
    board.init(repository)
    assert board.download("team/x") == 0, board.said
    assert board.accepted() == [b"by the team"]
    assert f"/metadata/1.{quote(name, '')}.json" in edge.requests
    assert len(list(board.metadata.iterdir())) == len(ROLES) + 1
