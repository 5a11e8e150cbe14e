from __future__ import annotations

import numpy as np
import pytest

from obs_lib.stats.moderation import BY_SAMPLING, MOST_FREEDOM, UNKNOWN, Dispersion, moderated, prior


@pytest.mark.parametrize("d0", [4.0, 12.0])
def test_the_prior_is_found_again_in_dispersions_drawn_from_it(d0: float) -> None:
    """phi_i = phi0 d0 / chi2(d0), seen through d degrees of freedom (Smyth 2004)."""
    rng = np.random.default_rng(1)
    true = 1.5 * d0 / rng.chisquare(d0, 4000)
    seen = true * rng.chisquare(6, 4000) / 6
    found = prior(seen, np.full(4000, 6.0))
    assert found.value == pytest.approx(1.5, rel=0.06)
    assert found.freedom == pytest.approx(d0, rel=0.2)


def test_series_that_scatter_alike_make_a_sure_prior() -> None:
    rng = np.random.default_rng(2)
    found = prior(rng.chisquare(6, 2000) / 6, np.full(2000, 6.0))
    assert found.value == pytest.approx(1.0, rel=0.05)
    assert found.freedom > 0.5 * MOST_FREEDOM


def test_too_few_series_are_no_prior() -> None:
    assert prior([1.0, 2.0], [6, 6]) == BY_SAMPLING
    assert prior([0.0, 0.0, 0.0], [6, 6, 6]) == BY_SAMPLING


def test_what_is_seen_and_what_is_usual_weigh_by_their_freedom() -> None:
    assert moderated(Dispersion(4.0, 6.0), Dispersion(1.0, 18.0)) == Dispersion(1.75, 24.0)
    assert moderated(Dispersion(4.0, 6.0), UNKNOWN) == Dispersion(4.0, 6.0)
    assert moderated(UNKNOWN, Dispersion(2.0, 5.0)) == Dispersion(2.0, 5.0)
