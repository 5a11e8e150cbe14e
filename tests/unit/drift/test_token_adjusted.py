"""Few and wild requests make odd lines: comparing through them is finite, silent, and certain of what it must be certain of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.catalogue import all_metrics, metrics
from obs_lib.drift import token_adjusted
from obs_lib.stats.latency_model import Line, cells, fit

KINDS = sorted(metric.name for metric in metrics() if metric.explained_by)
tokens = st.lists(st.integers(0, 3000), min_size=30, max_size=60)


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_of_one_part_that_is_hardly_known_says_the_same_at_any_size(kind: str) -> None:
    """Seen on a real day with few requests: latency owed to output tokens alone, give or take more than all of it."""
    line = Line(np.array([0.0, 700.0]), np.diag([0.0, 9e5]), 3.0)
    rng = np.random.default_rng(0)
    one, other = (cells([rng.integers(1, 40, 50).astype(float)], rng.lognormal(8, 1, 50)) for _ in range(2))
    assert token_adjusted._doubt(token_adjusted._typical(all_metrics()[kind]), line, (one, other)) == pytest.approx(
        0.0, abs=1e-9
    )


@given(tokens, tokens, st.integers(0, 2**32 - 1), st.floats(0.01, 4.0))
def test_whatever_the_requests_the_doubt_is_a_finite_number(
    then: list[int], now: list[int], seed: int, noise: float
) -> None:
    rng = np.random.default_rng(seed)
    both = [cells([np.array(some, dtype=float)], rng.lognormal(5, noise, len(some))) for some in (then, now)]
    line = fit(both[0])
    if line is None:
        return
    for kind in KINDS:
        typical = token_adjusted._typical(all_metrics()[kind])
        assert (typical(line, both) > 0).all()
        assert 0 <= token_adjusted._doubt(typical, line, (both[0], both[1])) < np.inf
