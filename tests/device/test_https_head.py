"""HTTP heads and certificates, as far as they are read before anything is trusted."""

from check import raises

from slotcast import __version__
from slotcast.errors import DownloadError, NotFoundError
from slotcast.http import ResponseHead, request_bytes
from slotcast.pins import PinCheck, spki_sha256
from slotcast.url import BaseUrl

BASE = BaseUrl("https://updates.example.com/sensor/")

# Ed25519, by OpenSSL: CN=slotcast.test, version 3; and the SHA-256 of its SubjectPublicKeyInfo.
CERTIFICATE = bytes.fromhex(
    "308201443081f7a003020102021468ffc9c53bc726f6caac8d88b261145c50dd578d300506032b65"
    "7030183116301406035504030c0d736c6f74636173742e74657374301e170d323631313232303732"
    "3234385a170d3236313232323037323234385a30183116301406035504030c0d736c6f7463617374"
    "2e74657374302a300506032b6570032100035008a0977958828817d0e3c9112cad822bba4654bfde"
    "0b0c6a63c8edca017da3533051301d0603551d0e04160414c8d57c1d4992f510f69c3b7953718743"
    "9d4c9d6d301f0603551d23041830168014c8d57c1d4992f510f69c3b79537187439d4c9d6d300f06"
    "03551d130101ff040530030101ff300506032b6570034100ee41235ada5c03aaf03c127e4ee5ef18"
    "63d8a365227a5b7a52e63576c6762971acf454dde0a3ca86111e1977d7e883c4fcdbbb6b148b8f12"
    "20fe9ddea30bdb08"
)
SPKI_SHA256 = "df95f3a285c02ff1d04be973bba8d709b8b2425c578c64563884a51aab66577d"


def head(*lines):
    return ResponseHead.from_bytes(("\r\n".join(lines) + "\r\n\r\n").encode())


def ok(*lines):
    return head("HTTP/1.1 200 OK", *lines)


def test_base_url_is_taken_apart():
    base = BaseUrl("https://updates.example.com:8443/a/b/")
    assert (base.host, base.port, base.path) == ("updates.example.com", 8443, "/a/b/")
    assert base.authority == "updates.example.com:8443"


def test_base_url_has_port_443_by_default():
    assert BASE.port == 443
    assert BASE.authority == "updates.example.com"


def test_plain_http_is_a_mistake():
    raises(ValueError, BaseUrl, "http://updates.example.com/", says="not an https:// URL")


def test_urls_that_name_no_directory_of_a_host_are_mistakes():
    for url in (
        "https:///",
        "https://host",
        "https://host/file",
        "https://host:/",
        "https://host:0/",
        "https://host:65536/",
        "https://host:8a/",
        "https://user@host/",
        "https://user:password@host/",
        "https://[::1]/",
        "https://ho st/",
        "https://host/a b/",
        "https://host/a\r\nb/",
        "https://host/?a=/",
        "https://host/#/",
        "HTTPS://host/",
        "",
    ):
        raises(ValueError, BaseUrl, url)


def test_request_has_only_what_it_needs():
    wanted = "GET /sensor/metadata/timestamp.json HTTP/1.1\r\nHost: updates.example.com\r\n"
    wanted += "User-Agent: slotcast/%s\r\n\r\n" % __version__
    assert request_bytes(BASE, "metadata/timestamp.json") == wanted.encode()


def test_request_for_a_range_names_first_and_last_byte():
    assert b"\r\nRange: bytes=80-99\r\n" in request_bytes(BASE, "x", 80, 99)
    assert b"\r\nRange: bytes=80-\r\n" in request_bytes(BASE, "x", 80)
    assert b"\r\nRange: bytes=0-0\r\n" in request_bytes(BASE, "x", 0, 0)


def test_request_takes_no_broken_path_or_range():
    for path in ("a b", "a\r\nHost: evil", "a\n", "\x7f", "caf\xe9"):
        raises(ValueError, request_bytes, BASE, path)
    for start, stop in ((5, 4), (-1, 4), (None, 4)):
        raises(ValueError, request_bytes, BASE, "x", start, stop)


def test_head_gives_status_and_headers_in_lower_case():
    found = ok("Content-Type: text/html", "X-One:1", "x-one:  2  ")
    assert found.status_code == 200
    assert found.headers == {"content-type": "text/html", "x-one": "1, 2"}


def test_status_line_may_lack_its_reason():
    assert head("HTTP/1.1 404").status_code == 404
    assert head("HTTP/1.1 404 ").status_code == 404


def test_what_is_no_status_line_is_refused():
    for line in (
        "",
        "HTTP/1.0 200 OK",
        "HTTP/2 200",
        "HTTP/1.1 20",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1  200 OK",
        "HTTP/1.1 +20 OK",
        "http/1.1 200 OK",
        " HTTP/1.1 200 OK",
        "<html>",
    ):
        raises(DownloadError, head, line)


def test_broken_header_lines_are_refused():
    for line in ("no colon", ": no name", "a : 1", " folded: 1", "a b: 1", "a\x00: 1", "\xe9: 1"):
        raises(DownloadError, ok, line, says="broken header line")


def test_control_characters_in_a_value_are_refused():
    for value in ("a\nb", "a\rb", "a\x00b"):
        raises(DownloadError, ok, "X: " + value, says="control character")


def test_head_that_is_no_text_is_refused():
    data = b"HTTP/1.1 200 OK\r\nX: \xff\xfe\r\n\r\n"
    raises(DownloadError, ResponseHead.from_bytes, data, says="not text")


def test_head_without_its_end_is_refused():
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"
    for size in range(len(data)):
        raises(DownloadError, ResponseHead.from_bytes, data[:size])


def test_connection_close_is_found_among_other_options():
    assert ok("Connection: Foo, Close").closes
    assert not ok("Connection: keep-alive").closes
    assert not ok("X: close").closes


def test_content_length_is_the_body_of_a_whole_file():
    assert ok("Content-Length: 1209").body_length() == 1209
    assert ok("Content-Length: 0").body_length() == 0


def test_content_length_must_be_there_and_be_digits():
    for lines in (
        (),
        ("Content-Length:",),
        ("Content-Length: -1",),
        ("Content-Length: +1",),
        ("Content-Length: 1.0",),
        ("Content-Length: 0x10",),
        ("Content-Length: 1_0",),
        ("Content-Length: 5, 5",),
        ("Content-Length: \xb2",),
        ("Content-Length: \x0b5",),
        ("Content-Length: 99999999999",),
    ):
        raises(DownloadError, ok(*lines).body_length, says="Content-Length is not a number")


def test_headers_that_frame_the_body_may_not_come_twice():
    for name in ("Content-Length", "Content-Range", "Content-Encoding", "Transfer-Encoding"):
        raises(DownloadError, ok, name + ": 5", name.lower() + ": 5", says="there twice")


def test_coded_bodies_are_refused():
    for line in ("Transfer-Encoding: chunked", "Content-Encoding: gzip"):
        raises(DownloadError, ok("Content-Length: 5", line).body_length, says="refused")


def test_missing_objects_are_told_from_failures():
    for status in (403, 404):
        raises(NotFoundError, head("HTTP/1.1 %d X" % status).body_length)
    for status in (100, 201, 204, 304, 400, 401, 410, 416, 429, 500, 503):
        found = head("HTTP/1.1 %d X" % status, "Content-Length: 0")
        error = raises(DownloadError, found.body_length, says="answered %d" % status)
        assert not isinstance(error, NotFoundError)


def test_redirects_are_not_followed():
    for status in (301, 302, 303, 307, 308):
        found = head("HTTP/1.1 %d X" % status, "Location: /x", "Content-Length: 0")
        raises(DownloadError, found.body_length, says="redirects are not followed")


def part(content_range, length, status=206):
    lines = ("Content-Range: " + content_range, "Content-Length: %d" % length)
    return head("HTTP/1.1 %d X" % status, *lines)


def test_range_is_answered_by_that_range():
    assert part("bytes 80-99/2000", 20).body_length(80, 99) == 20
    assert part("bytes 80-1999/2000", 1920).body_length(80) == 1920


def test_whole_file_for_a_range_and_part_for_a_whole_are_refused():
    raises(DownloadError, ok("Content-Length: 20").body_length, 80, 99, says="answered 200")
    raises(DownloadError, part("bytes 80-99/2000", 20).body_length, says="answered 206")


def test_another_range_is_refused():
    for content_range, length in (
        ("bytes 81-99/2000", 19),
        ("bytes 80-98/2000", 19),
        ("bytes 80-100/2000", 21),
        ("bytes 80-99/99", 20),
        ("bytes 80-99/*", 20),
        ("bytes */2000", 20),
        ("items 80-99/2000", 20),
        ("bytes=80-99/2000", 20),
        ("bytes 80-99", 20),
        ("", 20),
    ):
        raises(DownloadError, part(content_range, length).body_length, 80, 99)
    raises(DownloadError, part("bytes 80-1998/2000", 1919).body_length, 80)


def test_length_and_range_have_to_agree():
    found = part("bytes 80-99/2000", 19)
    raises(DownloadError, found.body_length, 80, 99, says="does not agree")


def test_key_of_a_certificate_is_found():
    assert spki_sha256(CERTIFICATE).hex() == SPKI_SHA256
    assert spki_sha256(memoryview(CERTIFICATE)).hex() == SPKI_SHA256


def test_certificate_cut_short_anywhere_is_refused():
    for size in range(len(CERTIFICATE)):
        raises(ValueError, spki_sha256, CERTIFICATE[:size])
    raises(ValueError, spki_sha256, CERTIFICATE + b"\x00", says="bytes after")


def test_lengths_that_are_not_der_are_refused():
    for data in ("3080", "308100", "30817f", "308200ff", "3083010000", "30ff", "31020000", "3003"):
        raises(ValueError, spki_sha256, bytes.fromhex(data) + bytes(256))


def test_pin_check_looks_at_the_leaf_only():
    check = PinCheck([bytes.fromhex(SPKI_SHA256)])
    assert check(b"an intermediate", 1) == 0
    assert not check.passed
    assert check(CERTIFICATE, 0) == 0
    assert check.passed


def test_pin_check_refuses_with_a_negative_number_and_remembers_the_key():
    for pins in ([bytes(31) + b"\x01"], []):
        check = PinCheck(pins)
        assert check(CERTIFICATE, 0) < 0
        assert not check.passed
        assert check.refused.hex() == SPKI_SHA256


def test_pin_check_refuses_what_is_no_certificate():
    assert PinCheck([bytes.fromhex(SPKI_SHA256)])(b"junk", 0) < 0


def test_pin_check_forgets_before_the_next_handshake():
    check = PinCheck([bytes.fromhex(SPKI_SHA256)])
    check(CERTIFICATE, 0)
    check.reset()
    assert not check.passed


def test_a_pin_is_32_bytes():
    for pin in (b"", bytes(31), bytes(33), SPKI_SHA256):
        raises(ValueError, PinCheck, [pin], says="32 bytes")
