"""A fleet that starts in one moment does not poll in one moment."""

from collections import Counter
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "bench"
CHANCE = 1.25  # chi-square by degree of freedom that chance exceeds less than once in 1,000 times


@pytest.fixture
def spread(monkeypatch):
    monkeypatch.syspath_prepend(BENCH)
    import spread

    return spread


@pytest.fixture(params=["random_macs", "sequential_macs"])
def macs(spread, request):
    return getattr(spread, request.param)()


def steady(spread, counts):
    return counts[spread.STEADY : spread.STEADY + spread.PERIOD_MINUTES]


def test_a_fleet_polls_evenly_over_the_whole_period(spread, macs):
    counts = spread.minutes(macs)
    later = steady(spread, counts)
    assert sum(later) == len(macs)
    assert spread.unevenness(later) < CHANCE
    assert max(counts[6:]) < 1.3 * len(macs) / spread.PERIOD_MINUTES


def test_a_fleets_first_polls_are_even_over_the_spread(spread, macs):
    seconds = Counter(next(spread.poll_times(one, 3600)) for one in macs)
    assert set(seconds) == set(range(30, 331))
    assert spread.unevenness(list(seconds.values())) < CHANCE


def test_nobody_polls_again_soon_after_the_first_poll(spread, macs):
    counts = spread.minutes(macs)
    assert sum(counts[:6]) == len(macs)
    assert sum(counts[6:180]) == 0


def test_a_fleet_without_manners_is_found_uneven(spread):
    assert spread.unevenness(steady(spread, spread.naive())) > 1000


def test_the_picture_in_docs_is_what_the_bench_draws(spread):
    assert spread.PICTURE.read_text() == spread.picture()
