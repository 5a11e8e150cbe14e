"""Quantiles of mixtures against a bracketing solver, one mixture after the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm

from obs_lib.stats.mixtures import mixture_quantiles


@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=8),
    st.floats(0.01, 0.999),
    st.floats(1e-3, 5.0),
    st.integers(0, 2**32 - 1),
)
def test_every_mixture_has_its_own_quantile(sizes: list[int], q: float, spread: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    part = np.repeat(np.arange(len(sizes)), sizes)
    middle = rng.normal(5, 2, len(part))
    share = rng.random(len(part)) + 0.01
    share /= np.bincount(part, share)[part]
    found = mixture_quantiles(q, share, middle, spread, part)
    for number, quantile in enumerate(found):
        mine, of = middle[part == number], share[part == number]
        low, high = mine.min() - 9 * spread, mine.max() + 9 * spread
        wanted = brentq(lambda at, m=mine, s=of: float(s @ norm.cdf((at - m) / spread)) - q, low, high, xtol=1e-12)
        assert low <= quantile <= high
        # Between components far apart any point will do: what counts is how much lies below.
        below = float(of @ norm.cdf((quantile - mine) / spread))
        assert quantile == pytest.approx(wanted, abs=1e-6) or below == pytest.approx(q, abs=1e-9)
