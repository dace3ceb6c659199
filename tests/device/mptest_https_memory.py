"""What a server announces may be more than the board has memory for."""

from check import raises
from fake_network import FakeNetwork

from slotcast.errors import DownloadError
from slotcast.https import Session

SIZE = 1 << 20


def test_body_for_which_there_is_no_memory_is_a_download_error():
    network = FakeNetwork([b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE])
    session = Session("https://host/", [b"anchor"], network=network)
    raises(DownloadError, session.fetch, "x", SIZE, says="no memory for 1048576 bytes")
    assert network.open == 0
