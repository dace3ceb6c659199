"""AWS as ministack emulates it, for tests: on a free loopback port, over TLS, gone with its block.

It evaluates IAM policies, and serves a bucket through CloudFront's data plane by the Host header.
"""

import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from publisher.certificates import Authority

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".cache" / "ministack" / "bin" / "python"
ACCOUNT, REGION = "111122223333", "us-east-1"
# Where it would leave files behind.
_FOLDERS = ("TMPDIR", "HOME", "STATE_DIR")
# What else it would listen on, and the daemon whose containers it would sweep.
_SETTINGS = {
    "AUTH": "true",
    "BIND_HOST": "127.0.0.1",
    "IOT_MTLS_ENABLED": "0",
    "SFTP_ENABLED": "0",
    "DOCKER_HOST": "unix:///nonexistent/docker.sock",
    "LOG_LEVEL": "WARNING",
    "MINISTACK_ACCOUNT_ID": ACCOUNT,
    "MINISTACK_REGION": REGION,
}


@dataclass(frozen=True)
class Credentials:
    """Whose requests are signed how; `token` is that of a session, or ""."""

    key_id: str
    secret: str
    token: str = ""

    def environment(self) -> dict[str, str]:
        """The variables by which boto3 finds them."""
        found = {"AWS_ACCESS_KEY_ID": self.key_id, "AWS_SECRET_ACCESS_KEY": self.secret}
        return {**found, "AWS_SESSION_TOKEN": self.token} if self.token else found


@dataclass(frozen=True)
class Ministack:
    """A running emulator.

    Attributes:
        port: where it listens, on 127.0.0.1, for all services and for CloudFront's viewers.
        ca: file of the authority that its certificate is of: for 127.0.0.1, localhost and any
            NAME.cloudfront.net.
        root: credentials of the account's root, which no policy binds.
    """

    port: int
    process: subprocess.Popen
    authority: Authority
    ca: Path
    root: Credentials

    @property
    def endpoint_url(self) -> str:
        """Where each service is."""
        return f"https://127.0.0.1:{self.port}"

    def environment(self, who: Credentials) -> dict[str, str]:
        """The variables by which boto3, in this process or another, finds it and who asks."""
        return {
            **who.environment(),
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_CA_BUNDLE": str(self.ca),
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def client(self, service: str, who: Credentials | None, **config: object):
        """A boto3 client that asks once, as somebody; None: as nobody."""
        signed = {} if who else {"signature_version": UNSIGNED}
        who = who or Credentials("", "")
        return boto3.client(
            service,
            endpoint_url=self.endpoint_url,
            verify=str(self.ca),
            region_name=REGION,
            aws_access_key_id=who.key_id or None,
            aws_secret_access_key=who.secret or None,
            aws_session_token=who.token or None,
            config=Config(
                retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60, **signed
            ),
        )


@contextmanager
def ministack() -> Iterator[Ministack]:
    """Run an emulator; all that it keeps goes with the block."""
    assert PYTHON.exists(), "ministack is not installed: run `make .cache/ministack/.ready`"
    with tempfile.TemporaryDirectory(prefix="ministack-") as name:
        running = _start(Path(name))
        try:
            yield running
        finally:
            _stop(running.process)


def _start(folder: Path) -> Ministack:
    authority = Authority.create("ministack test")
    leaf = authority.issue(["127.0.0.1", "localhost", "*.cloudfront.net"])
    files = {"ca": authority.certificate_pem, "cert": leaf.cert_pem, "key": leaf.key_pem}
    for file, pem in files.items():
        (folder / f"{file}.pem").write_bytes(pem)
    root = Credentials("ROOT" + secrets.token_hex(8).upper(), secrets.token_hex(20))
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [PYTHON, Path(__file__).with_name("ministack_main.py"), "cert.pem", "key.pem"],
            cwd=folder,
            env={**_SETTINGS, **root.environment(), **dict.fromkeys(_FOLDERS, str(folder))},
            stdin=subprocess.PIPE,  # closed even if this process is killed, and that ends it
            stdout=subprocess.PIPE,
            stderr=output,
        )
    line = process.stdout.readline()
    if not line.strip().isdigit():
        _stop(process)
        raise RuntimeError(f"ministack did not start: {log.read_text()[-2000:]}")
    return Ministack(int(line), process, authority, folder / "ca.pem", root)


def _stop(process: subprocess.Popen) -> None:
    process.stdin.close()
    process.stdout.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
