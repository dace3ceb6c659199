"""Slotcast's commands, run in this process as somebody; names of edges lead to the emulator."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from unittest import mock

from publisher import cli
from publisher.stores.s3 import S3Store
from tests.infra.ministack_server import Credentials, Ministack

_EDGE = ".cloudfront.net"
_resolve, _sleep = socket.getaddrinfo, time.sleep
_WAIT_S = 0.1


@dataclass(frozen=True)
class Done:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


def run(aws: Ministack, who: Credentials | None, *words: str) -> Done:
    """Run one command with somebody's credentials, or none."""
    out, err = StringIO(), StringIO()
    with as_seen_by(aws, who), redirect_stdout(out), redirect_stderr(err):
        code = cli.main(words)
    return Done(code, out.getvalue(), err.getvalue())


@contextmanager
def as_seen_by(aws: Ministack, who: Credentials | None) -> Iterator[None]:
    """Let boto3 find the emulator and somebody's credentials, and names of edges lead there too."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
    found = {**kept, **aws.environment(who or Credentials("", ""))}
    with (
        mock.patch.dict(os.environ, found, clear=True),
        mock.patch("socket.getaddrinfo", _resolving(aws.port)),
        mock.patch("publisher.cli.sleep", lambda seconds: _sleep(min(seconds, _WAIT_S))),
    ):
        yield


@contextmanager
def days_ago(days: float) -> Iterator[None]:
    """Let commands take it for so many days ago, but not what signs requests to AWS."""

    class Past(datetime):
        @classmethod
        def now(cls, zone: object = None) -> datetime:
            return datetime.now(UTC) - timedelta(days=days)

    with mock.patch("publisher.cli.datetime", Past):
        yield


@contextmanager
def store_ahead(hours: float) -> Iterator[None]:
    """Let the bucket tell a time so many hours from now."""
    ahead = property(lambda store: datetime.now(UTC) + timedelta(hours=hours))
    with mock.patch.object(S3Store, "time", ahead):
        yield


@contextmanager
def days_ahead(days: float) -> Iterator[None]:
    """Let commands, and the bucket, take it for so many days from now."""
    with days_ago(-days), store_ahead(hours=24 * days):
        yield


def _resolving(port: int) -> Callable[..., list]:
    def resolve(host: str, asked: object, *rest: object, **more: object) -> list:
        if isinstance(host, str) and host.endswith(_EDGE):
            return _resolve("127.0.0.1", port, *rest, **more)
        return _resolve(host, asked, *rest, **more)

    return resolve
