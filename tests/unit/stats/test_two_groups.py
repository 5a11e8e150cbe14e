from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from obs_lib.stats.intervals import share, weighted_mean
from obs_lib.stats.two_groups import MEAN, Answers, Kind, difference, level

SHARE = Kind(share=True)


def answers(values: object, cells: object = None, clusters: object = None) -> Answers:
    value = np.asarray(values, np.float64)
    n = len(value)
    of = np.zeros(n, np.intp) if cells is None else np.asarray(cells, np.intp)
    return Answers(value, np.ones(n), None if clusters is None else np.asarray(clusters, np.int64), of)


@given(st.integers(0, 2**31), st.integers(2, 60), st.booleans())
def test_one_cell_is_the_estimate_of_a_day(seed: int, n: int, clustered: bool) -> None:
    """So the table agrees with `obs metrics`."""
    rng = np.random.default_rng(seed)
    clusters = rng.integers(0, 1 + n // 3, n) if clustered else None
    hits, times = (rng.random(n) < 0.2).astype(float), rng.lognormal(6, 0.5, n)
    assert level(answers(hits, None, clusters), SHARE).estimate == pytest.approx(share(hits > 0, None, clusters))
    mean = level(answers(times, None, clusters), MEAN).estimate
    assert mean[:4] == pytest.approx(weighted_mean(times, None, clusters)[:4])
    median = level(answers(times, None, clusters), Kind(quantile=0.5)).estimate
    assert median.value == pytest.approx(np.median(times))
    assert median.low <= median.value <= median.high


def test_the_difference_of_two_shares_is_newcombes() -> None:
    """Newcombe (1998), table II, method 10: 56 of 70 against 48 of 80, and 0 of 10 against 10 of 10."""
    for x, n, y, m, low, high in ((48, 80, 56, 70, 0.0524, 0.3339), (0, 10, 10, 10, 0.6075, 1.0)):
        a, b = (answers([1] * hits + [0] * (all_n - hits)) for hits, all_n in ((x, n), (y, m)))
        found = difference(level(a, SHARE), level(b, SHARE), SHARE)
        assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)


def test_the_difference_of_two_means_is_welchs() -> None:
    a, b = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9], [27.1, 22.0, 30.8, 29.3, 32.0, 25.3]
    found = difference(level(answers(a), MEAN), level(answers(b), MEAN), MEAN)
    welch = ttest_ind(b, a, equal_var=False)
    assert found.value == pytest.approx(np.mean(b) - np.mean(a))
    assert (found.p_value, found.freedom) == pytest.approx((welch.pvalue, welch.df))


def test_a_mix_takes_what_differs_between_cells_out_of_the_scatter() -> None:
    rng = np.random.default_rng(1)
    cells = np.arange(400) % 2
    group = answers(rng.normal(100.0 * cells, 1.0), cells)
    half = np.array([0.5, 0.5])
    assert level(group, MEAN, half).estimate.std_error == pytest.approx(1 / 20, rel=0.1)
    assert level(group, MEAN).estimate.std_error == pytest.approx(50 / 20, rel=0.1)
    assert level(group, MEAN, np.array([1.0, 0.0])).estimate.value == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize("kind", [SHARE, MEAN, Kind(quantile=0.5)])
def test_groups_that_are_all_alike_do_not_differ(kind: Kind) -> None:
    found = difference(level(answers([1.0] * 30), kind), level(answers([1.0] * 20), kind), kind)
    assert (found.value, found.p_value) == (0.0, 1.0)
    lonely = difference(level(answers([1.0]), MEAN), level(answers([2.0, 3.0]), MEAN), MEAN)
    assert lonely == (1.5, None, None, None, None, None)


@pytest.mark.parametrize("kind", [SHARE, MEAN, Kind(quantile=0.5)])
def test_the_order_of_groups_gives_the_sign_alone(kind: Kind) -> None:
    rng = np.random.default_rng(3)
    a, b = (level(answers((rng.random(n) < 0.3).astype(float)), kind) for n in (50, 80))
    there, back = difference(a, b, kind), difference(b, a, kind)
    assert (there.low, there.p_value) == pytest.approx((-(back.high or 0), back.p_value))
