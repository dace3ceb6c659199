"""Errors of sockets in words; connections that fail before TLS begins, or are cut off below it."""

import errno

from check import raises
from fake_network import FakeNetwork
from test_https_session import session_on
from test_wire import wire_over

from slotcast.channel import Channel, LostError, Patience, why_refused, words
from slotcast.errors import DownloadError


class Unresolved(FakeNetwork):
    """No name server answers."""

    def getaddrinfo(self, *_):
        raise OSError(-2)


class Unreachable(FakeNetwork):
    """Nobody listens at the address."""

    def __call__(self, *arguments):
        found = FakeNetwork.__call__(self, *arguments)
        found.connect = self._refuse
        return found

    def _refuse(self, address):
        raise OSError(errno.ECONNREFUSED)


class UselessTls:
    """Makes nothing of what it reads, and passes the errors on, as mbedTLS does."""

    def __init__(self, wire):
        self._wire = wire

    def readinto(self, view):
        count = self._wire.readinto(view)
        if count < 0:
            raise OSError(count)


def test_what_the_wire_cuts_off_says_why_and_does_not_pass_for_a_lost_connection():
    wire, _, network = wire_over(16384, 16384, 16384)
    channel, patience = Channel(wire, UselessTls(wire)), Patience(network, 1000, "body")
    error = raises(DownloadError, channel.readinto, bytearray(16384), patience, says="with nothing")
    assert not isinstance(error, LostError)


def test_numbers_of_either_sign_become_names():
    assert words(OSError(errno.ECONNRESET)) == words(OSError(-errno.ECONNRESET)) == "ECONNRESET"


def test_what_comes_with_words_keeps_them():
    assert "own words" in words(OSError(errno.ECONNRESET, "own words"))


def test_other_errors_say_what_they_can():
    for error in (OSError(), OSError("text"), OSError(999999)):
        assert words(error) == str(error)


def test_what_is_wrong_with_a_certificate_has_a_name():
    # As mbedtls_x509_crt_verify_info writes them.
    late = "The certificate validity has expired"
    other = "The certificate Common Name (CN) does not match with the expected CN"
    unknown = "The certificate is not correctly signed by the trusted CA"
    for flags, kinds in (
        (late, "date"),
        (other, "name"),
        (unknown, "chain"),
        ("", "chain"),
        (late + "\n" + other + "\n" + unknown + "\n", "chain and date and name"),
        (unknown + "\n" + unknown, "chain"),
    ):
        assert why_refused(flags).startswith(kinds + " ("), flags


def test_a_host_that_cannot_be_resolved_is_named():
    network = Unresolved()
    raises(DownloadError, session_on(network).fetch, "x", 10, says="cannot resolve host: ")
    assert network.open == 0


def test_a_host_that_refuses_is_named_and_the_socket_closed():
    network = Unreachable([])
    error = raises(DownloadError, session_on(network).fetch, "x", 10, says="cannot connect to host")
    assert "ECONNREFUSED" in str(error)
    assert network.open == 0
