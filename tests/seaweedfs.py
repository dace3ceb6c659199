"""A real S3 server for tests: SeaweedFS on free loopback ports, gone when its block ends."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

ACCESS_KEY = "slotcast-test"
SECRET_KEY = "slotcast-test-secret"
# May read and write objects but not list them, as a careless policy would have it.
READER_KEY = "slotcast-reader"
PORTS = [
    f"{part}.{port}"
    for part in ("master", "volume", "filer", "s3", "admin")
    for port in ("port", "port.grpc")
]
# Telemetry is on by default, and every address bound, unless it is told otherwise.
OPTIONS = [
    "-master.telemetry=false",
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-webdav=false",
    "-admin.ui=false",
    "-s3.iam=false",
    "-s3.autoCreateBucket=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
]


@dataclass(frozen=True)
class Server:
    """A running server: its URL and process, and the folder that outlives a restart."""

    endpoint_url: str
    process: subprocess.Popen
    directory: Path
    ports: dict[str, int]

    def environment(self) -> dict[str, str]:
        """The variables by which boto3, in this process or another, finds the credentials."""
        return {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, access_key: str = ACCESS_KEY, secret_key: str = SECRET_KEY):
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=30),
        )


@contextmanager
def seaweedfs(directory: Path | None = None, timeout_s: float = 30) -> Iterator[Server]:
    """Run a server; with `directory` its content stays there, otherwise it goes with the block."""
    grace_s = 10 if directory else 0
    with ExitStack() as stack:
        if directory is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = start(directory)
        stack.callback(stop, server, grace_s)
        wait_until_ready(server, timeout_s)
        yield server


def start(directory: Path, ports: Mapping[str, int] | None = None) -> Server:
    """Start a server; `ports` are those of one that was there before, if it is to come back."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent))
    assert weed, "SeaweedFS is not installed beside this Python"
    (directory / "data").mkdir(exist_ok=True)
    identities = directory / "s3.json"
    identities.write_text(json.dumps(_identities()))
    ports = dict(ports or zip(PORTS, _free_ports(len(PORTS)), strict=True))
    command = [weed, "-logtostderr", "mini", *OPTIONS]
    command += [f"-dir={directory / 'data'}", f"-s3.config={identities}"]
    command += [f"-{name}={port}" for name, port in ports.items()]
    log = (directory / "weed.log").open("ab")
    with log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=directory,
            env={**os.environ, "GOMEMLIMIT": "256MiB", "TMPDIR": str(directory)},
        )
    return Server(f"http://127.0.0.1:{ports['s3.port']}", process, directory, ports)


def _identities() -> dict[str, object]:
    def identity(name: str, actions: list[str]) -> dict[str, object]:
        credentials = [{"accessKey": name, "secretKey": SECRET_KEY}]
        return {"name": name, "credentials": credentials, "actions": actions}

    return {
        "identities": [
            identity(ACCESS_KEY, ["Admin", "Read", "List", "Tagging", "Write"]),
            identity(READER_KEY, ["Read"]),
        ]
    }


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for item in sockets:
            item.bind(("127.0.0.1", 0))
        return [item.getsockname()[1] for item in sockets]


def wait_until_ready(server: Server, timeout_s: float) -> None:
    """Wait for a first write, which needs every part of the server."""
    client = server.client()
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            client.create_bucket(Bucket="ready")
            client.put_object(Bucket="ready", Key="ready", Body=b"ready")
            return
        except (BotoCoreError, ClientError) as error:
            if "BucketAlready" in str(error):
                return
            if server.process.poll() is not None or time.monotonic() > deadline:
                log = (server.directory / "weed.log").read_text(errors="replace")
                raise RuntimeError(f"SeaweedFS did not start: {log[-2000:]}") from error
        time.sleep(0.1)


def stop(server: Server, grace_s: float = 10) -> None:
    """End a server, and remove the sockets that it leaves in /tmp.

    With a grace of 0 it may not write what it holds any more: its content goes with it.
    """
    server.process.terminate()
    try:
        server.process.wait(grace_s)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()
    for port in server.ports.values():  # it leaves some of its sockets behind
        for left_behind in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
            left_behind.unlink()
