"""The conformance suite's CLI, by the device's own client: `client_under_test`.

The protocol is that of the suite's CLIENT-CLI.md. Runs under MicroPython only.
"""

import gc
import os
import socket
import sys
import time

from slotcast.client import Client
from slotcast.errors import DownloadError, NotFoundError, OtaError
from slotcast.files import MetadataFiles
from slotcast.steps import plain

_MAX_TARGET_BYTES = 32 * 1024
# Twice as often as in a board's poll (slotcast.updater), so that a small heap stays in one piece.
_GC_THRESHOLD_BYTES = 4096


class Edge:
    """A client's fetch from two base URLs, over plain HTTP/1.0 as the suite speaks it.

    For the suite alone: a board's own reader (slotcast.https) refuses both.
    """

    def __init__(self, metadata_url, targets_url):
        self._urls = {"metadata": metadata_url, "targets": targets_url}

    def fetch(self, path, max_bytes):
        folder, _, name = path.partition("/")
        authority, _, base = self._urls[folder][len("http://") :].partition("/")
        host, _, port = authority.partition(":")
        stream = socket.socket()
        try:
            stream.connect(socket.getaddrinfo(host, int(port))[0][-1])
            stream.write(("GET /%s%s HTTP/1.0\r\n\r\n" % (base, name)).encode())
            return answer(stream, max_bytes)
        finally:
            stream.close()


def answer(stream, max_bytes):
    status = stream.readline().split(b" ")[1:2]
    if status != [b"200"]:
        kind = NotFoundError if status == [b"404"] else DownloadError
        raise kind("answered %s" % status)
    line, length = b"", 0
    while line != b"\r\n":
        line = stream.readline()
        if line.lower().startswith(b"content-length:"):
            length = int(line[len("content-length:") :])
    if length > max_bytes:
        raise DownloadError("%d bytes, more than %d" % (length, max_bytes))
    gc.collect()
    return stream.read(length)


def now():
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % tuple(time.gmtime()[:6])


def refreshed_client(options):
    edge = Edge(options["--metadata-url"][0], options.get("--target-base-url", [""])[0])
    client = Client(MetadataFiles(options["--metadata-dir"][0]), plain(edge.fetch), now)
    client.refresh()
    return client


def init(options, root):
    with open(root, "rb") as file:
        MetadataFiles(options["--metadata-dir"][0]).write("root", file.read())


def refresh(options):
    refreshed_client(options)


def download(options):
    client = refreshed_client(options)
    for path in options["--target-name"]:
        gc.collect()
        download_target(client, path, options["--target-dir"][0])


def download_target(client, path, directory):
    name = "%s/%s" % (directory, path.replace("%", "%25").replace("/", "%2F"))
    if client.is_target(path, content(name)):
        return
    data = client.fetch_target(path, _MAX_TARGET_BYTES)
    with open(name + ".new", "wb") as file:
        file.write(data)
    os.rename(name + ".new", name)


def content(name):
    try:
        with open(name, "rb") as file:
            return file.read()
    except OSError:
        return b""


def parsed(arguments):
    """Options (lists of values by name), and what follows them."""
    options = {}
    while arguments and arguments[0].startswith("--"):
        options.setdefault(arguments[0], []).append(arguments[1])
        arguments = arguments[2:]
    return options, arguments


def main():
    gc.threshold(_GC_THRESHOLD_BYTES)
    options, (command, *rest) = parsed(sys.argv[1:])
    try:
        {"init": init, "refresh": refresh, "download": download}[command](options, *rest)
    except (OtaError, OSError) as error:
        print("%s: %s" % (type(error).__name__, error))
        sys.exit(1)


main()
