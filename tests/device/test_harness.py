"""The harness itself: a failing check fails on both interpreters."""

import check


def _bad():
    raise ValueError("because")


def test_raises_sees_the_error_and_its_message():
    assert str(check.raises(ValueError, _bad, says="because")) == "because"


def test_raises_complains_when_nothing_is_raised():
    check.raises(AssertionError, lambda: check.raises(ValueError, lambda: None))
