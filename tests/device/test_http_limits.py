"""HTTP heads and requests where one more digit, letter or number would be too many."""

from check import raises
from test_https_head import BASE, head, ok

from slotcast.errors import DownloadError
from slotcast.http import request_bytes
from slotcast.url import BaseUrl


def test_a_header_line_without_a_colon_is_refused_even_when_it_is_a_name():
    raises(DownloadError, ok, "nocolon", says="broken header line")


def test_a_length_may_have_ten_digits():
    assert ok("Content-Length: 4294967295").body_length() == 4294967295
    raises(DownloadError, ok("Content-Length: 04294967295").body_length, says="not a number")


def test_paths_hold_any_visible_character():
    assert request_bytes(BASE, "!x~").startswith(b"GET /sensor/!x~ HTTP/1.1\r\n")
    for path in ("x y", "x\x7f", "x\n", "x\x00", "\xe9"):
        raises(ValueError, request_bytes, BASE, path, says="not a path")


def test_only_3xx_is_called_a_redirect():
    for status in (300, 399):
        raises(DownloadError, head("HTTP/1.1 %d X" % status).body_length, says="redirects")
    for status in (299, 400, 500, 999):
        found = head("HTTP/1.1 %d X" % status, "Content-Length: 0")
        raises(DownloadError, found.body_length, says="answered %d, not 200" % status)


def test_ports_are_16_bits():
    assert BaseUrl("https://host:65535/").port == 65535
    assert BaseUrl("https://host:1/").port == 1
    for port in ("0", "65536", "99999999999", "", "+1", "x"):
        raises(ValueError, BaseUrl, "https://host:%s/" % port, says="port")
