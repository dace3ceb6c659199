"""Readers: processes that verify all that is offered, again and again, with python-tuf's client.

Not a line of Slotcast's own judges here: python-tuf's ngclient follows the roles from the first
root, and plain hashes tell of payloads and images whether they are what the manifest says.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.api.metadata import Metadata
from tuf.ngclient import FetcherInterface, Updater

from tests.race.ledger import Ledger

NEW_BOARDS = 0.3  # how often a reader knows nothing but the first root
_LONGEST_PAUSE_S = 0.25


class BucketFetcher(FetcherInterface):
    """Reads a bucket's objects for python-tuf; a URL is `s3:` and the key.

    Args:
        get: returns an object's bytes by its key; raises DownloadHTTPError.
    """

    def __init__(self, get: Any) -> None:
        self._get = get

    def _fetch(self, url: str) -> Iterator[bytes]:
        return iter([self._get(url.removeprefix("s3:"))])


def bucket_get(client: Any, bucket: str) -> Any:
    """Return what reads a bucket by key, and raises what python-tuf's fetchers raise."""

    def get(key: str) -> bytes:
        try:
            data: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            raise DownloadHTTPError(f"{key}: {status}", status) from error
        except BotoCoreError as error:
            raise DownloadError(f"{key}: {error}") from error
        return data

    return get


class Reader:
    """A client of one product.

    Args:
        get: see BucketFetcher.
        product: the prefix of its keys.
        root: the bytes of its first root.
        folder: where its memory may be.
    """

    def __init__(self, get: Any, product: str, root: bytes, folder: Path) -> None:
        self._get = get
        self._base = f"{product}/"
        self._root = root
        self._folder = folder

    def read(self, is_new: bool) -> dict[str, Any]:
        """Verify all that is offered: the timestamp's version and SHA-256, and how many files.

        Args:
            is_new: know nothing but the first root; otherwise go on from the last time, so that
                python-tuf refuses versions that went back.

        Raises:
            RepositoryError: something is not what was signed.
            DownloadHTTPError: something is not there.
            DownloadError: the server was not there.
        """
        with TemporaryDirectory(dir=self._folder) as name:
            home = Path(name) if is_new else self._folder / "memory"
            home.mkdir(exist_ok=True)
            url = f"s3:{self._base}"
            updater = Updater(
                str(home),
                f"{url}metadata/",
                target_dir=name,
                target_base_url=f"{url}targets/",
                fetcher=BucketFetcher(self._get),
                bootstrap=self._root,
            )
            updater.refresh()
            files = 4 + self._read_offers(updater, home, Path(name))
            data = (home / "timestamp.json").read_bytes()
        version = Metadata.from_bytes(data).signed.version
        return {"version": version, "sha256": hashlib.sha256(data).hexdigest(), "files": files}

    def _read_offers(self, updater: Updater, home: Path, folder: Path) -> int:
        files = 0
        for name in Metadata.from_file(str(home / "targets.json")).signed.targets:
            info = updater.get_targetinfo(name)
            path = updater.download_target(info, str(folder / "manifest.json"))
            files += 1 + self._read_firmware(json.loads(Path(path).read_bytes()))
        return files

    def _read_firmware(self, manifest: dict[str, Any]) -> int:
        """Compare the image, and each payload and its head, with the manifest."""
        wanted = [(f"images/{manifest['sha256']}.bin", manifest["size"], manifest["sha256"])]
        for entry in manifest["payloads"]:
            data = self._get(self._base + entry["path"])
            _compare(entry["path"], data[: entry["head_length"]], entry["head_sha256"])
            wanted.append((entry["path"], entry["length"], entry["sha256"]))
        for path, length, sha256 in wanted:
            data = self._get(self._base + path)
            if len(data) != length:
                raise RepositoryError(f"{path} has {len(data)} bytes, not {length}")
            _compare(path, data, sha256)
        return len(wanted)


def read_on(reader: Reader, ledger: Ledger, seed: str, is_over: Any) -> None:
    """Read until the race is over; a line for each pass that verified, failed, or met nobody."""
    rng = random.Random(seed)
    while not is_over.value:
        read_once(reader, ledger, rng.random() < NEW_BOARDS)
        time.sleep(rng.uniform(0, _LONGEST_PAUSE_S))


def read_once(reader: Reader, ledger: Ledger, is_new: bool) -> None:
    """Read all once, and write down what came of it."""
    began_at = time.monotonic()
    try:
        ledger.write("verified", began_at=began_at, is_new=is_new, **reader.read(is_new))
    except DownloadError as error:
        there = isinstance(error, DownloadHTTPError) and error.status_code < 500
        kind = "failed" if there else "unreachable"
        ledger.write(
            kind, began_at=began_at, is_new=is_new, what=f"{type(error).__name__}: {error}"
        )
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        ledger.write("failed", began_at=began_at, is_new=is_new, what=what)


def _compare(path: str, data: bytes, sha256: str) -> None:
    if hashlib.sha256(data).hexdigest() != sha256:
        raise RepositoryError(f"{path} is not what its manifest says")
