from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from publisher.clock import clock_warnings, verify_clock
from publisher.errors import VerificationError
from publisher.repository import RoleState
from publisher.stores.base import Store
from publisher.stores.s3 import S3Store

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


def states(*signed_at):
    return [RoleState("targets", 1, NOW, text) for text in signed_at]


def test_a_clock_more_than_a_day_ahead_of_the_store_signs_nothing():
    with pytest.raises(VerificationError, match="2026-11-22 07:00, but the store says") as caught:
        verify_clock(NOW, NOW - timedelta(days=1, seconds=1))
    assert "set the clock" in caught.value.hint


@pytest.mark.parametrize("store_time", [None, NOW - timedelta(days=1), NOW + timedelta(days=9)])
def test_a_clock_that_the_store_does_not_contradict_may_sign(store_time):
    verify_clock(NOW, store_time)


def test_a_signature_long_after_the_last_one_is_warned_of():
    (warning,) = clock_warnings(NOW, states("", "2026-10-23T06:59:59Z", "2026-01-01T00:00:00Z"))
    assert "the last signature is of 2026-10-23T06:59:59Z" in warning
    assert clock_warnings(NOW, states("2026-10-23T07:00:00Z")) == []
    assert clock_warnings(NOW, states("2027-10-23T07:00:00Z")) == []
    assert clock_warnings(NOW, states("")) == []


def store_that_answers(**headers):
    answer = {
        "Body": SimpleNamespace(read=lambda: b"x"),
        "ETag": "1",
        "ResponseMetadata": {"HTTPHeaders": headers},
    }
    return S3Store(SimpleNamespace(get_object=lambda **_: answer), "fleet")


def test_a_bucket_tells_the_time_with_each_object():
    store = store_that_answers(date="Sun, 22 Nov 2026 07:00:00 GMT")
    assert store.time is None
    store.read("sensor/x")
    assert store.time == NOW


@pytest.mark.parametrize(
    "headers", [{}, {"date": ""}, {"date": "now"}, {"date": "Sun, 22 Nov 2026 07:00:00 -0000"}]
)
def test_a_bucket_that_tells_no_time_is_no_error(headers):
    store = store_that_answers(**headers)
    store.read("sensor/x")
    assert store.time is None


def test_other_stores_know_no_time():
    assert Store.time.fget(None) is None
