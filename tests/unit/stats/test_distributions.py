from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp, norm, wasserstein_distance

from obs_lib.stats.distributions import Sample, cramers_v, in_deciles, kolmogorov_smirnov, wasserstein

numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40)


def sample(values: list[float], weight: float = 1.0) -> Sample:
    return Sample(np.array(values), np.full(len(values), weight))


@given(numbers, numbers)
def test_unweighted_they_are_those_of_scipy(a: list[float], b: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its p-value, which is not asked for
        theirs = ks_2samp(a, b).statistic
    assert kolmogorov_smirnov(sample(a), sample(b)) == pytest.approx(theirs)
    assert wasserstein(sample(a, 3.0), sample(b)) == pytest.approx(wasserstein_distance(a, b))


@given(numbers, numbers)
def test_a_weight_of_two_is_a_row_twice(a: list[float], b: list[float]) -> None:
    heavy = Sample(np.array(a), np.array([2.0] + [1.0] * (len(a) - 1)))
    for distance in (kolmogorov_smirnov, wasserstein):
        assert distance(heavy, sample(b)) == pytest.approx(distance(sample([a[0], *a]), sample(b)))
    for one, other in zip(in_deciles(sample(b), heavy), in_deciles(sample(b), sample([a[0], *a])), strict=True):
        assert one.tolist() == other.tolist()


@given(numbers)
def test_a_sample_is_nowhere_from_itself(a: list[float]) -> None:
    assert kolmogorov_smirnov(sample(a), sample(a)) == 0
    assert wasserstein(sample(a), sample(a)) == pytest.approx(0)
    now, before = in_deciles(sample(a), sample(a))
    assert now.tolist() == before.tolist()
    assert cramers_v(now, before) == pytest.approx(0, abs=1e-9)


def test_a_verdict_s_bins_are_its_values() -> None:
    """Of 97% ones every decile is 1, which would put the others in the same bin."""
    now, before = in_deciles(sample([0.0] * 30 + [1.0] * 70), sample([0.0] * 3 + [1.0] * 97))
    assert (now.tolist(), before.tolist()) == ([30, 70], [3, 97])


def test_reference_values() -> None:
    """A shift by one standard deviation, of quantiles that need no draw: KS is 2 Phi(1/2) - 1."""
    grid = norm.ppf((np.arange(4000) + 0.5) / 4000)
    shifted, usual = sample(list(grid + 1)), sample(list(grid))
    assert kolmogorov_smirnov(shifted, usual) == pytest.approx(2 * norm.cdf(0.5) - 1, abs=1e-3)
    assert wasserstein(shifted, usual) == pytest.approx(1)
    assert in_deciles(usual, usual)[1].tolist() == [400.0] * 10
    by_hand = np.sqrt(
        (100 / 90 + 100 / 70 + 100 / 30 + 100 / 10) / 200
    )  # of equal totals sum (a - b)^2 / (a + b), over n
    assert cramers_v(np.array([50.0, 30, 20, 0]), np.array([40.0, 40, 10, 10])) == pytest.approx(by_hand)
