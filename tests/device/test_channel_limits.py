"""Errors of sockets in words; connections that fail before TLS begins, or are cut off below it.

And that nobody waits for a socket but where the steps yield.
"""

import errno

from check import raises
from fake_network import FakeNetwork
from test_https_limits import ANSWER, BODY, FOREVER
from test_https_session import session_on
from test_wire import wire_over

from slotcast.channel import Channel, LostError, Patience
from slotcast.connect import why_refused, words
from slotcast.errors import DownloadError
from slotcast.steps import finish


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
    steps = channel.readinto_steps(bytearray(16384), patience)
    error = raises(DownloadError, finish, steps, says="with nothing")
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


def test_a_host_that_takes_its_time_to_connect_is_waited_for():
    network = FakeNetwork([ANSWER])
    network.connect_ms = 9999
    assert session_on(network).fetch("x", 10) == BODY
    assert network.elapsed_ms == 9999


def test_a_host_that_refuses_late_is_named_and_the_socket_closed():
    network = FakeNetwork([])
    network.connect_ms, network.refusal = 500, OSError(errno.ECONNREFUSED)
    error = raises(DownloadError, session_on(network).fetch, "x", 10, says="cannot connect to host")
    assert "ECONNREFUSED" in str(error)
    assert network.open == 0


def test_a_host_that_never_answers_costs_ten_seconds():
    network = FakeNetwork([])
    network.connect_ms = 60000
    raises(DownloadError, session_on(network).fetch, "x", 10, says="cannot connect to host: ETIMED")
    assert (network.elapsed_ms, network.open) == (10000, 0)


def test_steps_never_wait_by_themselves():
    network = FakeNetwork([ANSWER[:9], 700, ANSWER[9:-3], 800, ANSWER[-3:], FOREVER])
    network.connect_ms = 600
    steps, waited = session_on(network).fetch_steps("x", 10), 0
    for waiter in steps:
        assert network.elapsed_ms == waited
        waiter.wait(100)
        waited += 100
        assert network.elapsed_ms == waited
    assert waited == 2100


def test_steps_that_nobody_runs_to_their_end_leave_no_socket_open():
    for connect_ms, arrived in ((500, b""), (0, b""), (0, ANSWER[:9]), (0, ANSWER[:-3])):
        network = FakeNetwork([arrived, FOREVER])
        network.connect_ms = connect_ms
        steps = session_on(network).fetch_steps("x", 10)
        next(steps)
        assert network.open == 1
        steps.close()
        assert network.open == 0


def test_a_stall_is_breathed_through_each_second():
    network, breaths = FakeNetwork([ANSWER[:-3], 4500, ANSWER[-3:]]), []
    session = session_on(network)
    session.breathe = lambda: breaths.append(network.elapsed_ms)
    response = session.get("x")
    response.readinto(bytearray(10))
    assert breaths == [1000, 2000, 3000, 4000, 4500]
