"""The table of hostile servers: what each does, what the board says, and what it may cost.

A case is a poll of a board that knows release 1.4.3 and is offered 1.5.0. However it fails, what
the board has accepted before that place may stand in metadata/, nothing else; see hostile_play.py.

To add a case of metadata that is signed but bad, give `publish`, and `honest` for the misdeed:

    *at("root", ("threshold 0", do.honest, "words of the error"), publish=with_threshold_0)

where with_threshold_0(offer) changes a copy of the offer.Offer and publishes that:
`offer.root.roles["root"].threshold = 0; offer.root.version += 1; offer.sign_root()`, or anything
with offer.targets, snapshot, timestamp or manifest and the publish_... that belongs to it, or
`offer.put(path, bytes)`. `place` is then where the poll is to fail: what comes before is accepted.
"""

from __future__ import annotations

import bad_metadata as bad
import misdeeds as do
from hostile_case import (
    CALL,
    HEAD,
    KIB,
    ONE_RECORD,
    PAYLOAD,
    ROOT_HEAP_KIB,
    Case,
    at,
)

LATE_HANDSHAKE = "timed out waiting for the handshake"
LATE_HEAD, LATE_BODY = "timed out waiting for the head", "timed out waiting for the body"
NO_HTTP, NO_LENGTH = "not an HTTP/1.1 response", "Content-Length is not a number"
ENDED = "body ended early"

CONNECTING = (
    *at(
        "address",
        ("name that does not resolve", do.no_address, "cannot resolve localhost"),
        ("connection refused", do.closed_port, "cannot connect to localhost: ECONNREFUSED"),
    ),
    *at(
        "address",
        ("connect that is never answered", do.port_that_never_answers, "cannot connect"),
        waits=1,
    ),
    *at(
        "handshake",
        ("silence before the handshake", do.stall_at_once, LATE_HANDSHAKE),
        ("silence inside the handshake", do.stall_in_server_hello, LATE_HANDSHAKE),
        ("handshake at a byte a second", do.drip_handshake, LATE_HANDSHAKE),
        waits=1,
    ),
    *at(
        "handshake",
        ("warning alerts for ever", do.send_alerts_forever, "records with nothing in them"),
        ("handshake message of 16 MiB", do.send_huge_handshake_message, "BAD_INPUT_DATA"),
        bytes=CALL,
    ),
    *at(
        "handshake",
        ("plain HTTP on the port of HTTPS", do.send_plain_http, "INVALID_RECORD"),
        ("closed before the handshake", do.hang_up_at_once, "CONN_EOF"),
        ("closed after the handshake", do.hang_up_after_handshake, "LostError: "),
    ),
)
STATUS = (
    *at(
        "root",
        ("410 for the next root", do.answer_with(410), "answered 410"),
        ("500 for the next root", do.answer_with(500), "answered 500"),
        ("503 for the next root", do.answer_with(503), "answered 503"),
        ("200 with HTML for the next root", do.answer_html, "RepositoryError"),
    ),
    *at(
        "timestamp",
        ("200 with HTML", do.answer_html, "RepositoryError"),
        ("404 for the timestamp", do.answer_with(404), "answered 404"),
        ("interim answer, then the final one", do.answer_twice(103), "answered 103"),
        ("HTTP/0.9", do.say(do.HTML + b"\r\n\r\n"), NO_HTTP),
        ("HTTP/1.0", do.say(b"HTTP/1.0 200 OK\r\n\r\n"), NO_HTTP),
        ("bare newlines", do.say(b"HTTP/1.1 200 OK\n\n" + b"\n" * 99), "too long"),
    ),
    *at(
        "timestamp",
        (
            "interim answers for ever",
            do.say_forever(b"", b"HTTP/1.1 103 X\r\n\r\n"),
            "answered 103",
        ),
        bytes=ONE_RECORD,
    ),
    *at(
        "snapshot",
        ("redirect", do.answer_with(302, Location="https://a/"), "redirects are not followed"),
        ("403 for a snapshot that is listed", do.answer_with(403), "answered 403"),
    ),
    *at("targets", ("206 for a plain GET", do.answer_with(206), "answered 206, not 200")),
    *at("manifest", ("200 with HTML for the manifest", do.answer_html, "RepositoryError")),
)
HEADS = (
    *at(
        "timestamp",
        ("endless header line", do.say_forever(b"HTTP/1.1 200 X\r\nA: ", b"a" * 99), "too long"),
        ("endless headers", do.say_forever(b"HTTP/1.1 200 X\r\n", b"A: b\r\n"), "too long"),
        bytes=HEAD,
    ),
    *at(
        "timestamp",
        ("NUL in a header", do.add_line(b"A: b\0c"), "control character"),
        ("folded header", do.add_line(b"A: b\r\n c: d"), "broken header line"),
        ("space before the colon", do.add_line(b"Content-Length : 1"), "broken header line"),
        ("negative Content-Length", do.answer_with(200, Content_Length="-1"), NO_LENGTH),
        ("Content-Length of 20 digits", do.answer_with(200, Content_Length="9" * 20), NO_LENGTH),
        ("chunked body", do.answer_chunked, "refused transfer-encoding"),
    ),
    *at("snapshot", ("gzip body", do.answer_gzip, "refused content-encoding")),
    *at("targets", ("Content-Length twice", do.repeat_length, "content-length is there twice")),
    *at("manifest", ("no Content-Length", do.answer_with(200, "Content-Length"), NO_LENGTH)),
)
LENGTHS = (
    *at(
        "root",
        ("root longer than its cap", do.grow_to(16 * KIB + 1), "16385 bytes, more than 16384"),
        ("root as long as its cap", do.grow_to(16 * KIB), "RepositoryError"),
        bytes=ONE_RECORD,
        heap_kib=ROOT_HEAP_KIB,
    ),
    *at(
        "timestamp",
        ("timestamp longer than its cap", do.grow_to(4 * KIB + 1), "4097 bytes, more than 4096"),
        ("body without end", do.send_forever_without_length, NO_LENGTH),
        bytes=ONE_RECORD,
    ),
    *at(
        "timestamp",
        (
            "a gigabyte announced",
            do.answer_with(200, Content_Length="1073741824"),
            "more than 4096",
        ),
        ("Content-Length too small", do.answer_with(200, Content_Length="100"), "RepositoryError"),
    ),
    *at("timestamp", ("Content-Length too large", do.announce(1), LATE_BODY), waits=1),
    *at(
        "snapshot",
        ("snapshot longer than announced", do.lengthen(1), "more than"),
        ("a bit flipped in the snapshot", do.flip_a_bit, "RepositoryError"),
    ),
    *at("targets", ("targets longer than announced", do.lengthen(1), "more than")),
    *at(
        "manifest",
        ("manifest longer than announced", do.lengthen(1), "more than"),
        ("a bit flipped in the manifest", do.flip_a_bit, "RepositoryError"),
    ),
    *at(
        "timestamp",
        ("a forged answer after a body", do.send_and_add(do.FORGED), "RepositoryError"),
        fails_at="snapshot",
    ),
)
TIME = (
    *at("root", ("silence before the head", do.stop_after(do.nothing), LATE_HEAD), waits=1),
    *at(
        "timestamp",
        ("silence inside the head", do.stop_after(do.half_the_head), LATE_HEAD),
        ("head at a byte a second", do.drip(do.nothing), LATE_HEAD),
        ("body at a byte a second", do.drip(do.the_head), LATE_BODY),
        waits=1,
    ),
    *at("snapshot", ("silence before the body", do.stop_after(do.the_head), LATE_BODY), waits=1),
    *at(
        "targets", ("silence inside the body", do.stop_after(do.all_but_a_byte), LATE_BODY), waits=1
    ),
    *at("manifest", ("TLS record at a byte a second", do.drip_one_record, LATE_BODY), waits=1),
    *at(
        "timestamp",
        ("closed before the head", do.close_after(do.nothing), "closed before the answer"),
        ("closed inside the head", do.close_after(do.half_the_head), "head of the response ended"),
    ),
    *at("targets", ("reset inside the body", do.reset_in_body, ENDED)),
    *at("manifest", ("closed inside the body", do.close_after(do.all_but_a_byte), ENDED)),
)
OTHER_RANGE = do.answer_with(206, Content_Range="bytes 1-200/9999")
SHORT_RANGE = do.answer_with(206, Content_Range="bytes 0-9/9999")
TWO_RANGES = do.answer_with(206, Content_Range="bytes 0-9,20-29/9999")
PAYLOADS = (
    *at(
        "payload head",
        ("200 for a Range, payload's head", do.answer_with(200), "answered 200, not 206"),
        ("404 for the payload", do.answer_with(404), "answered 404"),
        ("416 for the payload", do.answer_with(416), "answered 416"),
        ("no Content-Range", do.answer_with(206, "Content-Range"), "Content-Range is not a number"),
        ("Content-Range of other bytes", OTHER_RANGE, "another range than was asked for"),
        ("Content-Range of fewer bytes", SHORT_RANGE, "another range than was asked for"),
        ("several ranges", TWO_RANGES, "Content-Range is not a number"),
        ("Content-Length beyond the Range", do.lengthen(1), "does not agree"),
        ("a bit flipped in the payload's head", do.flip_a_bit, "head has the wrong hash"),
    ),
    *at(
        "payload block",
        ("a bit flipped in a block", do.flip_a_bit, "block 5 has the wrong hash"),
        bytes=PAYLOAD,
    ),
    *at(
        "payload block",
        ("200 for a Range, blocks", do.answer_with(200), "answered 200, not 206"),
        ("redirect of the blocks", do.answer_with(307, Location="https://a/"), "not followed"),
        ("closed inside the blocks", do.close_after(do.all_but_a_byte), ENDED),
        bytes=PAYLOAD,
    ),
    *at(
        "payload block",
        ("silence inside the blocks", do.stop_after(do.all_but_a_byte), LATE_BODY),
        ("blocks at a byte a second", do.drip(do.the_head), LATE_BODY),
        bytes=PAYLOAD,
        waits=1,
    ),
)


def published(name: str, place: str, publish: bad.Publish, error: str, **more: object) -> Case:
    """A case of metadata that an honest edge serves."""
    return Case(name, place, do.honest, error, publish=publish, **more)


MANY_VALUES = b'{"x":[' + b"0," * 999 + b"0],"
ROOTS = (
    published(
        "brackets for the next root",
        "root",
        bad.next_root(b"[" * 16384),
        "too deep",
        bytes=ONE_RECORD,
        heap_kib=ROOT_HEAP_KIB,
    ),
    published(
        "16 KiB of empty arrays for the next root",
        "root",
        bad.next_root(b"[" + b"[]," * 5460),
        "no memory for metadata",
        bytes=ONE_RECORD,
        heap_kib=ROOT_HEAP_KIB,
    ),
    published(
        "root with a threshold of 0",
        "root",
        bad.threshold("root", 0),
        "threshold is not an integer",
    ),
    published(
        "root with a threshold that nobody meets",
        "root",
        bad.threshold("root", bad.HIGHEST),
        "root is signed by 2 of",
    ),
    published(
        "keyid that is not the hash of its key",
        "root",
        bad.keyid_that_is_no_hash,
        "is not the hash of its key",
    ),
    published(
        "root of another product",
        "root",
        bad.replayed(bad.another_product, "root", "root"),
        "root is signed by 0 of 2",
    ),
    published(
        "10,000 roots, all expired",
        "root",
        bad.expired_roots,
        "root expired at",
        bytes=96 * KIB,
        work_s=40,
        fails_at="timestamp",
    ),
)
FORMS = (
    published(
        "version in quotes",
        "timestamp",
        bad.timestamp_with("version", "9"),
        "version is not an integer",
    ),
    published(
        "version beyond 2^53", "timestamp", bad.timestamp_with("version", 2**53), "beyond 2^53"
    ),
    published(
        "spec_version 2.0",
        "timestamp",
        bad.timestamp_with("spec_version", "2.0.0"),
        "spec_version is not 1.x",
    ),
    published(
        "key for the second time",
        "timestamp",
        bad.timestamp_text(b'"version":', b'"version":9,"version":'),
        "second time",
    ),
    published(
        "a thousand values that are not signed",
        "timestamp",
        bad.timestamp_text(b"{", MANY_VALUES),
        "too much is not signed",
    ),
)
REPLAYS = (
    published(
        "timestamp of another product",
        "timestamp",
        bad.replayed(bad.another_product, "timestamp", "timestamp"),
        "timestamp is signed by 0 of 1",
    ),
    published(
        "snapshot in the timestamp's place",
        "timestamp",
        bad.replayed(bad.itself, "snapshot", "timestamp"),
        "this is not timestamp metadata",
    ),
    published("timestamp that expired", "timestamp", bad.expired_timestamp, "timestamp expired at"),
    published(
        "timestamp of the release before the last",
        "timestamp",
        bad.timestamp_rolled_back,
        "timestamp went from",
    ),
    published(
        "snapshot's version taken back", "timestamp", bad.snapshot_rolled_back, "snapshot went from"
    ),
    published(
        "targets' version taken back", "snapshot", bad.targets_rolled_back, "targets.json went from"
    ),
    published(
        "snapshot of the release before",
        "snapshot",
        bad.snapshot_of_the_release_before,
        "snapshot 2 is not 3",
    ),
    published(
        "targets of the release before",
        "targets",
        bad.targets_of_the_release_before,
        "targets 2 is not 3",
    ),
    published(
        "flood of delegations",
        "manifest",
        bad.flood_of_delegations,
        "snapshot does not name role-0",
        bytes=ONE_RECORD,
    ),
)
METADATA = (*ROOTS, *FORMS, *REPLAYS)
CASES = (*CONNECTING, *STATUS, *HEADS, *LENGTHS, *TIME, *METADATA, *PAYLOADS)
