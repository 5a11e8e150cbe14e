"""The interval of a day's rate holds the rate as often as it says, however the sample was drawn."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from obs_lib.stats.intervals import binomial
from tests.coverage import (
    FACTORS,
    LIFTS,
    RATES,
    SIZES,
    covered,
    covered_of_labels,
    covered_of_segment,
    labelled,
    population,
)

TIMES = 4000
LUCK = 3 * (0.95 * 0.05 / TIMES) ** 0.5  # three standard errors of a coverage that is 95%
# Ten draws of a fair coin: no interval with equal tails comes nearer (2 to 8 heads are 97.9%, 3 to 7 are 89.1%).
FEWEST = 20


def right(share: float, rate: float, n: int) -> bool:
    """93 to 97% where five cases are expected on both sides, at least 93% elsewhere."""
    most = 0.97 if min(rate, 1 - rate) * n >= 5 and n >= FEWEST else 1.0
    return 0.93 - LUCK <= share <= most + LUCK


def test_the_binomial_interval_holds_93_percent_at_every_rate() -> None:
    from scipy.stats import binom

    for n in (10, 40, 150):
        hits = np.arange(n + 1)
        low, high = np.array([binomial(k / n, n) for k in hits]).T
        for rate in np.linspace(0.005, 0.5, 25):
            held = binom.pmf(hits, n, rate)[(low <= rate) & (rate <= high)].sum()
            assert held >= 0.925, (n, rate, held)


@pytest.mark.parametrize(("rate", "n"), [(0.02, 100), (0.1, 60), (0.3, 200)])
@pytest.mark.parametrize("lift", LIFTS)
def test_over_sampled_days_and_segments_of_them_are_covered(rate: float, n: int, lift: float) -> None:
    source = population(rate, lift)
    assert source.rate == pytest.approx(rate)
    assert right(covered(source, n, 3.0, 1000), rate, n)
    assert covered_of_segment(source, n, 3.0, 1000) >= 0.93 - 2 * LUCK


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("lift", LIFTS)
def test_simulated_days_are_covered(factor: float, lift: float) -> None:
    wrong = {}
    for rate in RATES:
        for n in SIZES:
            source = population(rate, lift)
            for kind in (covered, covered_of_segment):
                if not right(share := kind(source, n, factor, TIMES), rate, n):
                    wrong[kind.__name__, rate, n] = share
    assert not wrong


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.real
@pytest.mark.skipif("OBS_REAL_DATA" not in os.environ, reason="OBS_REAL_DATA is not set")
def test_resampled_labelled_sets_are_covered() -> None:
    found = {
        (name, n): (covered_of_labels(flags, n, TIMES), float(flags.mean()))
        for name, flags in labelled(Path(os.environ["OBS_REAL_DATA"]))
        for n in SIZES
    }
    assert len(found) > 40
    assert {key: share for key, (share, rate) in found.items() if not right(share, rate, key[1])} == {}
