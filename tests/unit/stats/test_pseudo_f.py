"""The null of a day's mean in many dimensions. How often p is small if nothing changed: tests/benchmarks/bench_distances.py."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import f

from obs_lib.stats.pseudo_f import null_of, ratio_tail, squared_distance
from tests.distance_nights import Night, null_p_values, simulated


@pytest.mark.parametrize("ratio", [0.2, 0.9, 1.0, 1.1, 2.0, 5.0])
@pytest.mark.parametrize(("dimensions", "freedom"), [(4, 2), (30, 6), (128, 6)])
def test_the_tail_of_equal_eigenvalues_is_that_of_f(ratio: float, dimensions: int, freedom: int) -> None:
    exact = f(dimensions, dimensions * freedom).sf(ratio)
    assert ratio_tail(ratio, np.full(dimensions, 0.3), freedom) == pytest.approx(exact, rel=0.03, abs=1e-12)


def test_the_tail_of_unequal_eigenvalues_is_that_of_draws() -> None:
    rng, spectrum = np.random.default_rng(0), 1.0 / np.arange(1, 20)
    above = rng.chisquare(1, (200_000, 19)) @ spectrum
    below = rng.chisquare(6, (200_000, 19)) @ spectrum / 6
    for q in (0.5, 0.95, 0.999):
        ratio = float(np.quantile(above / below, q))
        assert ratio_tail(ratio, spectrum, 6) == pytest.approx(1 - q, rel=0.15)


@given(st.floats(0.01, 50), st.floats(1.01, 3))
def test_the_tail_falls(ratio: float, times: float) -> None:
    spectrum = np.array([3.0, 1.0, 0.5, 0.1])
    tails = [ratio_tail(r, spectrum, 4) for r in (ratio, ratio * times)]
    assert 1 >= tails[0] >= tails[1] >= 0


def test_the_quantile_is_where_p_is_what_is_left() -> None:
    null = null_of(*simulated(np.random.default_rng(1), Night()))
    for q in (0.5, 0.95, 0.999):
        assert null.p_value(null.quantile(q)) == pytest.approx(1 - q, rel=1e-3)


def test_p_is_about_even_if_nothing_changed_whatever_hangs_together() -> None:
    """500 nights each; the figures of 10,000 are in docs/statistics.md."""
    for night in (Night(), Night(baseline=3), Night(answers=100, per_user=20, icc=0.3), Night(today=30)):
        p = null_p_values(night, 500, seed=3)
        assert 0.02 <= np.mean(p <= 0.05) <= 0.085, night
        assert np.mean(p <= 0.001) <= 0.01, night
        assert 0.4 <= np.mean(p <= 0.5) <= 0.6, night


def test_days_that_scatter_by_themselves_widen_the_null() -> None:
    steady, restless = (null_p_values(Night(of_days=sd), 200, seed=4) for sd in (0.0, 0.3))
    assert np.mean(restless <= 0.05) <= 0.1
    sums, counts = simulated(np.random.default_rng(5), Night(of_days=0.3))
    assert null_of(sums, counts).mean > 2 * null_of(*simulated(np.random.default_rng(5), Night())).mean
    assert np.mean(steady <= 0.05) <= 0.1


def test_a_shift_is_found_and_more_surely_with_more_answers() -> None:
    def found(answers: int) -> float:
        p = [_shifted(seed, Night(answers=answers), 0.6) for seed in range(20)]
        return float(np.mean(np.array(p) <= 1e-4))

    assert found(400) == 1.0
    assert found(400) >= found(50)


def _shifted(seed: int, night: Night, size: float) -> float:
    sums, counts = simulated(np.random.default_rng(seed), night)
    sums[-1] += counts[-1][:, None] * size / np.sqrt(sums.shape[2])
    return null_of(sums, counts).p_value(squared_distance(sums, counts))


def test_the_order_of_days_and_blocks_does_not_matter() -> None:
    sums, counts = simulated(np.random.default_rng(6), Night())
    rng = np.random.default_rng(7)
    days, blocks = [*rng.permutation(len(sums) - 1), len(sums) - 1], rng.permutation(sums.shape[1])
    moved = sums[days][:, blocks], counts[days][:, blocks]
    squared = squared_distance(sums, counts)
    assert squared_distance(*moved) == pytest.approx(squared)
    assert null_of(*moved).p_value(squared) == pytest.approx(null_of(sums, counts).p_value(squared))


def test_days_that_never_differ_leave_one_odd_day_of_them() -> None:
    sums, counts = np.ones((5, 4, 3)), np.ones((5, 4))
    null = null_of(sums, counts)
    assert (null.mean, null.quantile(0.95)) == (0.0, 0.0)
    assert null.p_value(0.0) == 1.0
    assert null.p_value(0.1) == 0.2


def test_days_that_repeat_their_answers_are_told_from_one_that_does_not() -> None:
    rng = np.random.default_rng(8)
    day = rng.normal(size=(32, 16))
    counts = np.full((8, 32), 2.0)
    sums = np.array([*[day] * 7, day + rng.normal(size=(32, 16))])
    assert null_of(sums, counts).p_value(squared_distance(sums, counts)) < 1e-6
    one = day.copy()
    one[0] += 0.5
    sums = np.array([*[day] * 7, one])
    assert null_of(sums, counts).p_value(squared_distance(sums, counts)) > 1e-3


def test_days_that_repeat_each_other_to_the_last_answer_have_a_null() -> None:
    """The same people ask the same every day, such as canaries: blocks differ, days do not, but for how numbers are rounded."""
    day = np.random.default_rng(1).integers(-9, 10, (32, 16)).astype(float)
    counts = np.full((9, 32), 16.0)  # so that means are exact
    for rounding in (0.0, 1e-9):
        sums = np.repeat(day[None], 9, axis=0) * (1 + rounding * np.arange(9))[:, None, None]
        null = null_of(sums, counts)
        assert null.p_value(squared_distance(sums, counts)) > 0.5
        sums[-1] += 20.0
        assert null_of(sums, counts).p_value(squared_distance(sums, counts)) < 1e-6
