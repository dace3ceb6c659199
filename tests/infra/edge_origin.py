"""The private bucket behind the edge: each request is signed, as origin access control does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import urllib3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.infra.edge_cache import Fetch, Reply

_CONNECTIONS = 8
_DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
_KINDS = ("timestamp.json", "version.json", "root.json", "snapshot.json", "targets.json")


@dataclass(frozen=True)
class Where:
    """A bucket, and who reads it.

    Attributes:
        endpoint_url: of the S3 server.
        key_id, secret: credentials that may read objects, and need not list them.
    """

    endpoint_url: str
    bucket: str
    key_id: str
    secret: str
    region: str = "us-east-1"


class Bucket:
    """Reads objects for an edge; safe for several threads.

    Args:
        missing_status: what S3 says of a missing object: 403 to whom may not list. (SeaweedFS says
            404 to all.)
    """

    def __init__(self, where: Where, missing_status: int) -> None:
        self._where = where
        self._missing_status = missing_status
        self._auth = S3SigV4Auth(Credentials(where.key_id, where.secret), "s3", where.region)
        self._pool = urllib3.HTTPConnectionPool(
            urlsplit(where.endpoint_url).netloc, maxsize=_CONNECTIONS, retries=False, timeout=10
        )

    def fetch(self, fetch: Fetch) -> Reply:
        """Ask for an object; 504 where the server is not there."""
        target = "/" + quote(self._where.bucket + fetch.key.path, safe="/~")
        conditions = {"If-None-Match": fetch.etag, "Range": fetch.key.range}
        headers = {name: value for name, value in conditions.items() if value}
        request = AWSRequest("GET", self._where.endpoint_url + target, headers=headers)
        self._auth.add_auth(request)
        try:
            found = self._pool.request("GET", target, headers=dict(request.headers.items()))
        except urllib3.exceptions.HTTPError:
            return Reply(504)
        if found.status == 404:
            return Reply(self._missing_status, {"content-type": "application/xml"}, _DENIED)
        headers = {name.lower(): value for name, value in found.headers.items()}
        return Reply(found.status, headers, found.data)

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.close()


def kind_of(path: str) -> str:
    """Return what kind of file a path is, for counting."""
    name = path.rsplit("/", 1)[-1]
    if "/targets/" in path:
        return "manifest"
    for kind in _KINDS:
        if name.endswith(kind):
            return kind.removesuffix(".json")
    return "payload or image"


class Counted:
    """Counts what an edge asks, by kind and status.

    Args:
        fetch: asks the origin.
        counts: is added to.
    """

    def __init__(self, fetch: Callable[[Fetch], Reply], counts: Counter[tuple[str, int]]) -> None:
        self._fetch = fetch
        self._counts = counts

    def __call__(self, fetch: Fetch) -> Reply:
        """Ask, and count."""
        reply = self._fetch(fetch)
        self._counts[kind_of(fetch.key.path), reply.status] += 1
        return reply
