from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.stats.divergences import jensen_shannon, kl_divergence, population_stability_index

P, Q = (50, 30, 20, 0), (40, 40, 10, 10)
counts_of_two = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=1, max_size=30).filter(
    lambda pairs: any(p for p, _ in pairs) and any(q for _, q in pairs)
)


@pytest.mark.parametrize(
    ("smoothing", "forward", "backward"), [(0.5, 0.1440011138, 0.2695105254), (1.0, 0.1312026570, 0.2094089647)]
)
def test_reference_values(smoothing: float, forward: float, backward: float) -> None:
    assert kl_divergence(P, Q, smoothing) == pytest.approx(forward, abs=1e-10)
    assert kl_divergence(Q, P, smoothing) == pytest.approx(backward, abs=1e-10)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=30).filter(any))
def test_zero_on_equal_counts_and_words_that_nobody_used_do_not_matter(counts: list[int]) -> None:
    assert kl_divergence(counts, counts) == pytest.approx(0, abs=1e-12)
    other = counts[::-1]
    assert kl_divergence([*counts, 0, 0], [*other, 0, 0]) == pytest.approx(kl_divergence(counts, other), abs=1e-12)


@pytest.mark.parametrize(("smoothing", "psi"), [(0.5, 0.4135116392), (1.0, 0.3406116217)])
def test_reference_values_of_the_others(smoothing: float, psi: float) -> None:
    assert population_stability_index(P, Q, smoothing) == pytest.approx(psi, abs=1e-10)
    assert jensen_shannon(P, Q) == pytest.approx(0.0714415504, abs=1e-10)
    assert np.sqrt(jensen_shannon(P, Q)) == pytest.approx(0.2672855222, abs=1e-10)


def test_reference_values_of_a_thousandth_moved_in_a_large_vocabulary() -> None:
    """50,000 words, all alike; 0.1% of their mass moved evenly onto 100 of them."""
    base = np.full(50_000, 1 / 50_000)
    shifted = np.where(np.arange(50_000) < 100, base + 0.001 / 100, base - 0.001 / 49_900)
    assert shifted.sum() == pytest.approx(1)
    assert kl_divergence(base, shifted, smoothing=0) == pytest.approx(1.89571e-4, abs=1e-9)
    assert kl_divergence(shifted, base, smoothing=0) == pytest.approx(2.16896e-4, abs=1e-9)


@given(counts_of_two)
def test_both_are_symmetric_and_within_their_bounds(pairs: list[tuple[int, int]]) -> None:
    p, q = zip(*pairs, strict=True)
    assert population_stability_index(p, q) == pytest.approx(population_stability_index(q, p))
    assert population_stability_index(p, q) >= 0
    assert jensen_shannon(p, q) == pytest.approx(jensen_shannon(q, p), abs=1e-9)
    assert -1e-9 <= jensen_shannon(p, q) <= 1 + 1e-9
