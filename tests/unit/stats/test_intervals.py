from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.stats.intervals import Z, effective_n, quantile, quantile_ranks, share, weighted_mean, wilson

FLOATS = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50).map(np.array)


@pytest.mark.parametrize(("hits", "n", "low", "high"), [(7, 200, 0.0170555420, 0.0704706115), (0, 50, 0, 0.0713475991)])
def test_wilson_gives_the_reference_values(hits: int, n: int, low: float, high: float) -> None:
    assert wilson(hits / n, n) == pytest.approx((low, high), abs=1e-10)


@given(st.integers(1, 500), st.floats(0, 1))
def test_wilson_is_symmetric_and_holds_the_share(n: int, p: float) -> None:
    low, high = wilson(p, n)
    assert 0 <= low <= p + 1e-12
    assert p - 1e-12 <= high <= 1
    mirrored = wilson(1 - p, n)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=1e-9)


def test_a_share_of_none_is_not_certain() -> None:
    estimate = share(np.zeros(50, dtype=bool))
    assert estimate.value == 0
    assert estimate.std_error == pytest.approx(0.0713475991 / (2 * Z), abs=1e-9)


def test_a_weighted_share_counts_rows_by_weight_and_widens_by_their_spread() -> None:
    hits = np.array([True] * 10 + [False] * 10)
    weights = np.array([1.0] * 10 + [3.0] * 10)
    estimate = share(hits, weights)
    assert estimate.value == pytest.approx(0.25)
    assert effective_n(weights) == pytest.approx(40**2 / 100)
    assert (estimate.low, estimate.high) == pytest.approx(wilson(0.25, 16))


def test_token_weighted_latency_gives_the_reference_value() -> None:
    estimate = weighted_mean(np.array([0.5, 2, 12]), np.array([10.0, 100, 1000]))
    assert estimate.value == pytest.approx(10.9954954955, abs=1e-10)


def test_an_unweighted_mean_has_students_interval() -> None:
    from scipy import stats

    values = np.random.default_rng(0).lognormal(size=40)
    estimate = weighted_mean(values)
    assert estimate.std_error == pytest.approx(stats.sem(values))
    expected = stats.t.interval(0.95, 39, loc=values.mean(), scale=stats.sem(values))
    assert (estimate.low, estimate.high) == pytest.approx(expected)
    assert weighted_mean(np.array([3.0]))[1:] == (None, None, None, None)


def test_a_weighted_mean_s_standard_error_is_that_of_repeated_days() -> None:
    rng = np.random.default_rng(1)

    def day() -> tuple[np.ndarray, np.ndarray]:
        tokens = rng.lognormal(4, 0.5, 400)
        return tokens * 20 + rng.exponential(500, 400), tokens

    days = [weighted_mean(*day()) for _ in range(400)]
    seen = np.std([estimate.value for estimate in days])
    claimed = np.mean([estimate.std_error for estimate in days])
    assert claimed == pytest.approx(seen, rel=0.2)


@given(FLOATS, st.floats(0.1, 10), st.floats(-100, 100))
def test_scaling_and_shifting_values_scales_and_shifts_the_estimate(
    values: np.ndarray, scale: float, shift: float
) -> None:
    before, after = weighted_mean(values), weighted_mean(values * scale + shift)
    assert after.value == pytest.approx(before.value * scale + shift, rel=1e-6, abs=1e-6)
    assert after.std_error == pytest.approx((before.std_error or 0) * scale, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(("n", "q"), [(5, 0.5), (100, 0.5), (110, 0.95), (400, 0.99), (1000, 0.95)])
def test_ranks_hold_the_quantile_with_95_percent_and_no_narrower_ones_do(n: int, q: float) -> None:
    low, high, enough = quantile_ranks(n, q)

    def at_most(k: int) -> float:
        hit = Fraction(q).limit_denominator(100)
        whole = sum(comb(n, i) * hit.numerator**i * (hit.denominator - hit.numerator) ** (n - i) for i in range(k + 1))
        return float(Fraction(whole, hit.denominator**n))

    if not enough:
        assert (low == 1 and at_most(0) > 0.025) or (high == n and 1 - at_most(n - 1) > 0.025)
        return
    assert at_most(low - 1) <= 0.025 < at_most(low)
    assert 1 - at_most(high - 1) <= 0.025 < 1 - at_most(high - 2)


def test_a_tail_that_few_values_reach_says_so() -> None:
    assert quantile(np.arange(100.0), 0.99)[1] is False
    assert quantile(np.arange(500.0), 0.99)[1] is True
    estimate, enough = quantile(np.array([4.0]), 0.95)
    assert (estimate.value, estimate.low, enough) == (4.0, None, False)


@given(FLOATS, st.sampled_from([0.5, 0.95, 0.99]))
def test_a_quantile_s_interval_holds_it(values: np.ndarray, q: float) -> None:
    estimate, _ = quantile(np.sort(values), q)
    assert estimate.value == np.quantile(values, q)
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low <= estimate.value <= estimate.high
