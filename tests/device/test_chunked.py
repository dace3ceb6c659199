"""What a Session passes over of a missing file's page in chunks, and what ends its connection."""

import errno

from check import raises
from fake_network import FakeNetwork
from test_https_session import ANSWER, BODY, FOREVER, drip, session_on

from slotcast.errors import DownloadError, NotFoundError

HEAP_KIB = 512
HEAD = b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"
PAGE = b"<Error><Code>AccessDenied</Code></Error>"
# Until the next request: a peer that speaks before it is a hostile one.
PAUSE = 1


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def verify_kept(page, head=HEAD):
    """The page is passed over: the next answer comes over the same connection, and is right."""
    network = FakeNetwork([head + page, PAUSE, ANSWER, FOREVER])
    session = session_on(network)
    raises(NotFoundError, session.fetch, "x", 10, says="answered 40")
    assert session.received_bytes == len(head + page)
    assert session.fetch("x", 10) == BODY
    assert (session.connections, network.open) == (1, 1)


def verify_ended(page, head=HEAD, more=(FOREVER,)):
    """The connection is closed, at once; the next answer comes over another."""
    network = FakeNetwork([head + page] + list(more), [ANSWER, FOREVER])
    session = session_on(network)
    raises(NotFoundError, session.fetch, "x", 10, says="answered 40")
    assert (network.open, network.elapsed_ms) == (0, 0), page
    assert session.received_bytes <= len(head + page)
    assert session.fetch("x", 10) == BODY
    assert session.connections == 2


def test_a_page_in_chunks_keeps_the_connection():
    verify_kept(chunk(PAGE) + LAST)
    verify_kept(chunk(PAGE) + LAST, HEAD.replace(b"403", b"404"))
    verify_kept(chunk(PAGE) + LAST, HEAD.replace(b"Transfer-E", b"transfer-e"))


def test_an_empty_page_and_one_of_many_chunks_keep_it_too():
    verify_kept(LAST)
    verify_kept(chunk(b"a") * 15 + LAST)


def test_sizes_may_have_capital_digits_and_zeros_before_them():
    for size in (b"28", b"028", b"0028"):
        verify_kept(size + b"\r\n" + PAGE + b"\r\n" + LAST)
    for size in (b"1a", b"1A", b"001A"):
        verify_kept(size + b"\r\n" + bytes(26) + b"\r\n" + LAST)


def test_what_looks_like_an_end_inside_a_chunk_is_none():
    verify_kept(chunk(b"\r\n" + LAST + ANSWER) + LAST)


def test_a_page_may_come_in_any_pieces():
    page = chunk(PAGE) + chunk(b"b") + LAST
    for piece in (1, 2, 3, 5, 44):
        script = drip(page, 1, piece)
        session = session_on(FakeNetwork([HEAD] + script + [PAUSE, ANSWER, FOREVER]))
        raises(NotFoundError, session.fetch, "x", 10)
        assert session.fetch("x", 10) == BODY
        assert session.connections == 1


def test_a_page_has_at_most_4096_bytes():
    verify_kept(chunk(bytes(4096)) + LAST)
    verify_kept(chunk(bytes(4095)) + chunk(b"a") + LAST)
    verify_ended(chunk(bytes(4097)) + LAST)
    verify_ended(chunk(bytes(4096)) + chunk(b"a") + LAST)


def test_a_huge_size_is_not_waited_for():
    for size in (b"1001", b"ffff", b"10000", b"00028", b"ffffffff", b"f" * 99, b"80000000"):
        verify_ended(size + b"\r\n" + PAGE)


def test_chunks_without_end_are_cut_off():
    network = FakeNetwork([HEAD] + [chunk(b"a") * 9] * 99 + [FOREVER])
    session = session_on(network)
    raises(NotFoundError, session.fetch, "x", 10)
    assert network.open == 0
    assert session.received_bytes == len(HEAD) + 16 * len(chunk(b"a"))
    verify_ended(chunk(b"a") * 16)
    verify_ended(chunk(b"a") * 16 + LAST)


def test_a_size_is_hexadecimal_digits_and_nothing_else():
    for size in (b"", b"-1", b"+1", b" 1", b"1 ", b"0x1", b"1_0", b"1g", b"\xb2", b"1\t", b"1\r"):
        verify_ended(size + b"\r\na\r\n" + LAST)


def test_the_last_chunk_is_a_plain_zero():
    for size in (b"00", b"0000", b"-0", b"+0", b"0 "):
        verify_ended(chunk(PAGE) + size + b"\r\n\r\n")


def test_extensions_and_trailers_end_the_connection():
    for page in (b"1;a=b\r\na\r\n" + LAST, b"1;\r\na\r\n" + LAST, b"0;a\r\n\r\n"):
        verify_ended(page)
    for trailers in (b"A: b\r\n", b"A: b\r\nContent-Length: 1\r\n", b"\n", b"\r"):
        verify_ended(chunk(PAGE) + b"0\r\n" + trailers + b"\r\n")


def test_lines_end_with_carriage_return_and_newline():
    for page in (b"1\na\r\n" + LAST, b"1\r\na\n" + LAST, b"1\r\na" + LAST, b"1\r\nab\r\n" + LAST):
        verify_ended(page)
    for page in (b"1\r\n\r\n" + LAST, b"0\n\r\n", b"0\r\n\n", b"0\r\r\n", b"\r\n", b"\n"):
        verify_ended(page)
    verify_ended(b"1a\na\r\n" + LAST)


def test_bytes_behind_the_last_chunk_are_never_the_next_answer():
    forged = ANSWER.replace(BODY, b"forgedbody")
    for more in (forged, b"x", b"\r\n", LAST):
        verify_ended(chunk(PAGE) + LAST + more)
        verify_ended(chunk(PAGE) + LAST, more=[more, FOREVER])


def test_a_page_whose_end_is_told_twice_ends_the_connection():
    for length in (b"45", b"0", b""):
        head = HEAD[:-2] + b"Content-Length: " + length + b"\r\n\r\n"
        verify_ended(chunk(PAGE) + LAST, head)


def test_another_coding_ends_the_connection():
    for coding in (b"gzip", b"gzip, chunked", b"chunked, gzip", b"identity", b"xchunked", b""):
        verify_ended(chunk(PAGE) + LAST, HEAD.replace(b"chunked", coding))
    for coding in (b"Chunked", b"chunked;a=b", b'"chunked"', b"chunked,", b"\x0bchunked"):
        verify_ended(chunk(PAGE) + LAST, HEAD.replace(b"chunked", coding))


def test_a_coding_that_is_there_twice_is_no_head():
    head = HEAD[:-2] + b"Transfer-Encoding: chunked\r\n\r\n"
    network = FakeNetwork([head + LAST, FOREVER])
    raises(DownloadError, session_on(network).fetch, "x", 10, says="is there twice")
    assert network.open == 0


def test_a_server_that_closes_is_not_waited_for():
    verify_ended(chunk(PAGE) + LAST, HEAD[:-2] + b"Connection: close\r\n\r\n")
    verify_ended(b"", HEAD[:-2] + b"Connection: close\r\n\r\n")


def test_a_connection_that_breaks_after_any_byte_is_ended():
    page = chunk(b"abc") + LAST
    for size in range(len(page) + 1):
        verify_ended(page[:size], more=())
        verify_ended(page[:size], more=[OSError(errno.ECONNRESET)])


def test_silence_inside_a_page_ends_after_the_timeout():
    page = chunk(b"abc") + LAST
    for size in range(len(page)):
        network = FakeNetwork([HEAD + page[:size], FOREVER])
        raises(NotFoundError, session_on(network).fetch, "x", 10)
        assert (network.elapsed_ms, network.open) == (10000, 0)


def test_a_page_at_a_byte_a_second_is_cut_off():
    network = FakeNetwork([HEAD] + drip(chunk(PAGE) + LAST, 1000))
    raises(NotFoundError, session_on(network).fetch, "x", 10)
    assert network.elapsed_ms < 10100 and network.open == 0


def test_chunks_at_a_byte_a_second_earn_no_patience_by_their_lines():
    network = FakeNetwork([HEAD] + drip(chunk(b"a") * 15 + LAST, 300, 1))
    raises(NotFoundError, session_on(network).fetch, "x", 10)
    assert network.elapsed_ms < 10100 and network.open == 0


def test_a_poll_that_is_cancelled_inside_a_page_closes_its_connection():
    network = FakeNetwork([HEAD + chunk(PAGE), FOREVER])
    steps = session_on(network).get_steps("x")
    for _ in range(9):
        next(steps)
    assert network.open == 1
    steps.close()
    assert network.open == 0


def test_files_in_chunks_stay_refused():
    answer = ANSWER.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n")
    network = FakeNetwork([answer, FOREVER])
    raises(DownloadError, session_on(network).fetch, "x", 10, says="refused transfer-encoding")
    assert network.open == 0
    head = HEAD.replace(b"403 Forbidden", b"200 OK")
    for page in (chunk(BODY) + LAST, LAST):
        network = FakeNetwork([head + page, FOREVER])
        raises(DownloadError, session_on(network).fetch, "x", 10, says="refused transfer-encoding")
        assert network.open == 0
    head = head.replace(b"200 OK\r\n", b"206 X\r\nContent-Range: bytes 0-9/10\r\n")
    network = FakeNetwork([head + chunk(BODY) + LAST, FOREVER])
    raises(DownloadError, session_on(network).get, "x", 0, 9, says="refused transfer-encoding")
    assert network.open == 0


def test_other_errors_in_chunks_end_the_connection_as_ever():
    network = FakeNetwork([HEAD.replace(b"403", b"503") + chunk(PAGE) + LAST, FOREVER])
    raises(DownloadError, session_on(network).fetch, "x", 10, says="answered 503")
    assert network.open == 0
