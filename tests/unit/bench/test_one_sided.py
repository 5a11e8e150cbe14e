"""The gate's tests against scipy's, and what any one-sided test must hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from obs_lib.bench.one_sided import days_worse, mean_beyond, pairs_worse, share_beyond
from obs_lib.stats.contrast import Scale, Series

SCORES = st.lists(st.floats(0, 1, width=16), min_size=3, max_size=40)


@given(st.integers(1, 200), st.data(), st.floats(0.01, 0.99))
def test_a_share_is_tested_as_scipy_does(n: int, data: st.DataObject, limit: float) -> None:
    hits = data.draw(st.integers(0, n))
    for bad, way in ((1, "greater"), (-1, "less")):
        expected = stats.binomtest(hits, n, limit, alternative=way).pvalue
        assert share_beyond(hits / n, n, limit, bad) == pytest.approx(expected, rel=1e-6, abs=1e-12)  # type: ignore[arg-type]


@given(SCORES, st.floats(0, 1))
def test_a_mean_is_tested_as_scipy_does(scores: list[float], limit: float) -> None:
    values = np.array(scores)
    if np.ptp(values) < 1e-3:
        return
    expected = stats.ttest_1samp(values, limit, alternative="greater").pvalue
    assert mean_beyond(values, np.ones(len(values)), limit, 1) == pytest.approx(expected, rel=1e-6, abs=1e-12)
    assert mean_beyond(values, np.full(len(values), 7.0), limit, 1) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_pairs_of_shares_are_the_sign_test(pairs: list[tuple[bool, bool]]) -> None:
    new, old = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    worse, better = int((new > old).sum()), int((new < old).sum())
    expected = stats.binomtest(worse, worse + better, 0.5, alternative="greater").pvalue if worse + better else 1.0
    assert pairs_worse(new, old, 1, shares=True) == pytest.approx(expected, rel=1e-9)
    assert pairs_worse(new, old, 1, shares=True) == pairs_worse(old, new, -1, shares=True)


def test_pairs_of_means_are_students_test_of_differences() -> None:
    new, old = np.array([0.2, 0.9, 0.4, 0.7]), np.array([0.1, 0.3, 0.5, 0.2])
    expected = stats.ttest_rel(new, old, alternative="greater").pvalue
    assert pairs_worse(new, old, 1, shares=False) == pytest.approx(expected, rel=1e-9)
    assert pairs_worse(old, old, 1, shares=False) == 1.0
    assert pairs_worse(old + 0.25, old, 1, shares=False) == pytest.approx(1 / 5)


def test_a_suite_like_its_days_is_no_worse_and_one_beyond_them_is() -> None:
    def days(last: float) -> Series:
        return Series(np.array([0.10, 0.12, 0.11, last]), np.full(4, 100.0), np.zeros(4), Scale.SHARE)

    assert days_worse(days(0.11), 1) == pytest.approx(0.5, abs=0.2)
    assert days_worse(days(0.50), 1) < 1e-4
    assert days_worse(days(0.50), -1) > 0.999


def test_false_alarms_of_every_test_are_as_rare_as_its_level_says() -> None:
    rng = np.random.default_rng(7)
    n, limit, rounds, alarms = 80, 0.1, 2000, [0, 0, 0]
    for _ in range(rounds):
        share = rng.random(n) < limit
        alarms[0] += share_beyond(share.mean(), n, limit, 1) <= 0.05
        alarms[1] += mean_beyond(rng.random(n), np.ones(n), 0.5, 1) <= 0.05
        new, old = rng.random((2, n)) < 0.3
        alarms[2] += pairs_worse(new.astype(float), old.astype(float), 1, shares=True) <= 0.05
    assert max(alarms) / rounds < 0.065
    assert min(alarms) / rounds > 0.01
