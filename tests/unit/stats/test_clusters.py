from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.stats.clusters import INDEPENDENT, design_effect
from obs_lib.stats.intervals import quantile, share, weighted_mean
from tests.nights import drawn


@given(st.lists(st.floats(-5, 5), max_size=30))
def test_rows_of_their_own_are_independent(influence: list[float]) -> None:
    assert design_effect(np.array(influence), np.arange(len(influence))[::-1].copy()) == INDEPENDENT
    assert design_effect(np.array(influence), None) == INDEPENDENT


@given(st.integers(0, 2**31), st.integers(2, 40))
def test_the_names_of_clusters_and_the_order_of_rows_say_nothing(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    influence, clusters = rng.normal(size=n), rng.integers(0, 5, n)
    order = rng.permutation(n)
    other = design_effect(influence[order], (clusters * 7 + 3)[order])
    assert other.factor == pytest.approx(design_effect(influence, clusters).factor)


def test_many_clusters_find_the_design_effect_of_their_correlation() -> None:
    hits, clusters = drawn(np.random.default_rng(1), 100_000, 20, 0.2, 0.3)
    assert design_effect(hits - hits.mean(), clusters).factor == pytest.approx(1 + 19 * 0.3, rel=0.06)


def test_without_a_hit_the_usual_correlation_is_taken() -> None:
    assert design_effect(np.zeros(100), np.arange(100) // 20).factor == pytest.approx(1 + 19 * 0.15)


@pytest.mark.parametrize("icc", [0.05, 0.3])
@pytest.mark.parametrize("n", [400, 2000])
def test_intervals_of_a_share_hold_it_as_often_as_they_say(n: int, icc: float) -> None:
    rng = np.random.default_rng(n)
    held = 0
    for _ in range(400):
        hits, clusters = drawn(rng, n, 20, 0.05, icc)
        found = share(hits, clusters=clusters)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0.05 <= found.high
    assert held / 400 >= 0.90
    assert share(hits).effective_n == n


def test_means_and_medians_of_alike_rows_are_less_certain() -> None:
    rng = np.random.default_rng(4)
    clusters = np.arange(2000) // 20
    values = rng.normal(size=100)[clusters] + rng.normal(size=2000)
    alone, together = weighted_mean(values), weighted_mean(values, clusters=clusters)
    assert together.value == alone.value
    assert together.std_error == pytest.approx((alone.std_error or 0) * (1 + 19 * 0.5) ** 0.5, rel=0.2)
    below = (values <= np.median(values)) - 0.5
    (narrow, _), (wide, _) = (
        quantile(np.sort(values), 0.5, effect) for effect in (INDEPENDENT, design_effect(below, clusters))
    )
    assert (wide.std_error or 0) > 1.7 * (narrow.std_error or 0)
