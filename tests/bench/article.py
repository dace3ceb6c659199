"""The peer: the article's client, which gets version.json and, if that names another, the image.

As there, every file has a connection of its own. TLS is held to 1.2, as a board's.
"""

import json
import socket
import ssl
from http.client import HTTPConnection

from workshop import BOARD, CHANNEL

from publisher.simulate import Rig


class Client:
    """Speaks with a rig's edge through `port`, and trusts what the rig's board trusts."""

    def __init__(self, rig: Rig, product: str, port: int) -> None:
        self._host = rig.host
        self._port = port
        self._path = f"/{product}/{CHANNEL}/{BOARD}/version.json"
        self._context = ssl.create_default_context(cadata=rig.authority.certificate_pem.decode())
        self._context.maximum_version = ssl.TLSVersion.TLSv1_2

    def poll(self) -> str:
        """Ask for the version; returns where its image is."""
        return json.loads(self._get(self._path))["url"]

    def update(self) -> None:
        """Ask, take the image, and ask again after the reboot."""
        self._get("/" + self.poll().split("/", 3)[3])
        self.poll()

    def _get(self, path: str) -> bytes:
        connection = HTTPConnection(self._host)
        raw = socket.create_connection(("127.0.0.1", self._port))
        connection.sock = self._context.wrap_socket(raw, server_hostname=self._host)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            assert response.status == 200, path
            return response.read()
        finally:
            connection.close()
