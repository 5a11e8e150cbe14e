from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t

from obs_lib.stats.contrast import contrast

EQUAL = np.array([(500.0, 0.0, 60.0)] * 4)


def test_equal_days_with_nothing_but_doubt_are_judged_by_the_doubt() -> None:
    """Seen in logs whose every request took 500 ms: nothing scatters, and the line through tokens is fitted all the same."""
    effect, p, high = contrast(np.array([530.0, 0.0, 60.0]), EQUAL, doubt=100.0)
    assert (effect, p) == (30.0, pytest.approx(2 * t.sf(3.0, 12)))
    assert high == pytest.approx(10 * t.ppf(0.975, 12))
    assert contrast(EQUAL[0], EQUAL, doubt=100.0)[1] == 1.0


@pytest.mark.parametrize("doubt", [0.0, 1e-12, 1.0, 1e6])
def test_it_is_a_probability_whatever_scatters(doubt: float) -> None:
    rng = np.random.default_rng(3)
    for between in (0.0, 1e-9, 5.0):
        for error in (0.0, 1e-9, 5.0):
            then = np.column_stack([500 + between * rng.normal(size=5), np.full(5, error**2), np.full(5, 60.0)])
            effect, p, high = contrast(np.array([501.0, error**2, 60.0]), then, doubt)
            assert 0 < p <= 1
            assert math.isfinite(effect)
            assert high is None or high > 0
