from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.stats.intervals import binomial, weighted_mean
from obs_lib.summaries.sampled import Strata, sampled_mean, sampled_share

WEIGHTS = st.lists(st.sampled_from([1.0, 2.0, 7.5]), min_size=1, max_size=40).map(np.array)


def test_equal_weights_give_the_plain_binomial_interval() -> None:
    hits = np.array([True] * 7 + [False] * 193)
    for weight in (1.0, 12.5):
        weights = np.full(200, weight)
        found = sampled_share(hits, weights, Strata.by_weight(weights))
        assert found.value == pytest.approx(0.035)
        assert (found.low, found.high) == pytest.approx(binomial(0.035, 200))


@given(WEIGHTS, st.integers(0, 2**40))
def test_a_share_lies_in_its_interval_and_mirrors(weights: np.ndarray, bits: int) -> None:
    hits = np.array([bool(bits >> n & 1) for n in range(len(weights))])
    strata = Strata.by_weight(weights)
    one, other = sampled_share(hits, weights, strata), sampled_share(~hits, weights, strata)
    assert one.low is not None
    assert one.high is not None
    assert 0 <= one.low <= one.value <= one.high <= 1
    assert (1 - (other.high or 0), 1 - (other.low or 0)) == pytest.approx((one.low, one.high), abs=1e-6)


@given(WEIGHTS)
def test_no_stratum_is_left_with_a_single_interaction(weights: np.ndarray) -> None:
    strata = Strata.by_weight(weights)
    assert strata.drawn.sum() == len(weights)
    assert len(weights) == 1 or not (strata.drawn == 1).any()
    assert (np.bincount(strata.of, minlength=len(strata.drawn)) == strata.drawn).all()


def test_a_mean_of_everything_has_the_ordinary_standard_error() -> None:
    values = np.random.default_rng(0).beta(1, 8, 60)
    weights = np.ones(60)
    found, plain = sampled_mean(values, weights, Strata.by_weight(weights)), weighted_mean(values)
    assert (found.value, found.std_error) == pytest.approx((plain.value, plain.std_error))
    assert found.low is not None
    assert 0 < found.low < found.value


def test_a_stratum_that_explains_the_spread_makes_the_interval_narrower() -> None:
    weights = np.repeat([10.0, 1.0], 100)
    hits = np.repeat([False, True], 100)
    known = sampled_share(hits, weights, Strata.by_weight(weights))
    mixed = np.random.default_rng(0).permutation(hits)
    unknown = sampled_share(mixed, weights, Strata.by_weight(weights))
    assert known.value == pytest.approx(1 / 11)
    assert known.std_error is not None
    assert known.std_error < 0.5 * (unknown.std_error or 0)
