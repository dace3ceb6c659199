"""What an edge serves, against what was published: alterations, delays, and plain failures."""

import socket
import ssl
from dataclasses import replace

import pytest
from products import MemoryStore, quiet

from publisher.edge_check import EdgeError, Patience, difference, verify_edge
from publisher.errors import StoreError
from publisher.layout import cache_control, content_type
from publisher.stores.base import Object

PAYLOAD, POINTER = "sensor/payloads/aa.slc", "sensor/metadata/timestamp.json"


def obj(key, data):
    return Object(key, data, content_type(key), cache_control(key))


class Rig:
    """An origin with a payload and a timestamp, and an edge that tests make worse."""

    def __init__(self):
        self.items = [obj(POINTER, b'{"version":2}'), obj(PAYLOAD, b"payload" * 99)]
        self.origin = MemoryStore()
        self.origin.objects = {item.key: item for item in self.items}
        self.notes, self.waits, self.reads = [], [], []
        self.answers = {}

    def read(self, key):
        """Give the answers prepared for a key, the last one for ever; else the origin's."""
        self.reads.append(key)
        answers = self.answers.get(key, [self.origin.objects[key].data])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def verify(self, wait_s=10.0):
        patience = Patience(wait_s, self.waits.append, self.notes.append)
        verify_edge(self.items, self.origin, self.read, patience, quiet)


def test_an_edge_that_serves_what_was_published_is_asked_once_and_for_the_pointer_last():
    rig = Rig()
    rig.verify(wait_s=0)
    assert rig.reads == [PAYLOAD, POINTER]
    assert (rig.waits, rig.notes) == ([], [])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"payload" * 98 + b"PAYLOAD", "differs from byte 686 on"),
        (b"payload" * 98, "ends after 686 of 693 bytes"),
        (b"payload" * 100, "is longer (700 bytes, published were 693)"),
        (b"\x1f\x8b\x08 compressed", "is compressed (gzip)"),
        (b"\n<!DOCTYPE html><h1>Welcome", "is a web page (HTML), with status 200"),
        (b"", "ends after 0 of 693 bytes"),
    ],
)
def test_what_never_changes_must_be_right_at_once(data, words):
    rig = Rig()
    rig.answers[PAYLOAD] = [data]
    with pytest.raises(EdgeError) as caught:
        rig.verify()
    assert str(caught.value).startswith("the edge does not serve it: sensor/pay")
    assert words in str(caught.value)
    assert rig.waits == []


def test_a_missing_object_that_the_edge_remembers_may_pass():
    rig = Rig()
    rig.answers[PAYLOAD] = [None, None, b"payload" * 99]
    rig.verify()
    assert rig.waits == [1.0, 2.0]
    assert "waiting up to 10 s for the edge: sensor/payloads/aa.slc is not there" in rig.notes[0]
    assert len(rig.notes) == 1


def test_an_old_pointer_is_waited_for_within_limits():
    rig = Rig()
    rig.answers[POINTER] = [b'{"version":1}', b'{"version":1}', b'{"version":2}']
    rig.verify()
    rig = Rig()
    rig.answers[POINTER] = [b'{"version":1}']
    with pytest.raises(EdgeError, match=r"does not serve it yet: .*timestamp\.json differs"):
        rig.verify(wait_s=12)
    assert sum(rig.waits) == 12


def test_one_allowance_of_time_is_for_all_objects():
    rig = Rig()
    rig.answers[PAYLOAD] = [None, b"payload" * 99]
    rig.answers[POINTER] = [b'{"version":1}']
    with pytest.raises(EdgeError):
        rig.verify(wait_s=5)
    assert sum(rig.waits) == 5


def test_what_another_run_has_replaced_since_is_right_too():
    rig = Rig()
    newer = replace(rig.origin.objects[POINTER], data=b'{"version":3}')
    rig.origin.objects[POINTER] = newer
    rig.verify(wait_s=0)


def test_failures_are_tried_a_few_times_only():
    rig = Rig()
    rig.answers[PAYLOAD] = [StoreError("URL answered 503"), b"payload" * 99]
    rig.verify()
    rig = Rig()
    rig.answers[PAYLOAD] = [StoreError("URL answered 302")]
    with pytest.raises(EdgeError, match="the edge does not serve it: URL answered 302"):
        rig.verify(wait_s=600)
    assert len(rig.reads) == 3


def test_a_payload_that_is_gzip_itself_is_not_called_compressed():
    assert difference(b"\x1f\x8b12", b"\x1f\x8b13") == (
        "differs from byte 3 on (4 bytes, published were 4)"
    )


@pytest.mark.parametrize(
    ("cause", "hint"),
    [
        (ssl.SSLCertVerificationError("self-signed certificate"), "--edge-ca FILE"),
        (socket.gaierror(-2, "Name or service not known"), "--edge-url"),
    ],
)
def test_a_certificate_or_a_name_that_is_wrong_is_not_waited_for(cause, hint):
    rig = Rig()
    error = StoreError(f"URL cannot be read: {cause}")
    error.__cause__ = cause
    rig.answers[PAYLOAD] = [error]
    with pytest.raises(EdgeError) as caught:
        rig.verify(wait_s=600)
    assert (rig.waits, rig.reads) == ([], [PAYLOAD])
    assert hint in caught.value.hint
