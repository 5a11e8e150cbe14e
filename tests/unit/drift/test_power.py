from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from obs_lib.catalogue import all_metrics
from obs_lib.drift.baseline import DaySummary
from obs_lib.drift.change import comparison
from obs_lib.drift.power import LabelPower, Power
from obs_lib.stats.contrast import contrast
from obs_lib.stats.moderation import Dispersion

Make = Callable[..., DaySummary]
CUT = 1e-3


@pytest.fixture
def power(summary: Make) -> Power:
    rng = np.random.default_rng(1)
    days = [summary(k, {"refusal_rate": (float(rng.binomial(400, 0.05)) / 400, None, 400)}) for k in range(29)]
    return Power(comparison(all_metrics()["refusal_rate"], "all", days, 3), Dispersion(1.0, 60.0), CUT)


def test_more_answers_and_more_nights_show_smaller_changes(power: Power) -> None:
    assert power.answers == 400
    assert power.smallest(1, 400) > power.smallest(1, 1600) > 0
    assert power.smallest(1, 400) > power.smallest(4, 400)


@pytest.mark.parametrize("nights", [1, 7])
def test_the_answers_needed_show_just_that_change(power: Power, nights: int) -> None:
    needed = power.needed(0.04, nights)
    assert needed is not None
    assert power.smallest(nights, needed) == pytest.approx(0.04, rel=0.02)
    assert power.needed(1e-6, nights) is None  # the days before are not that well known


def test_a_change_of_that_size_is_found_in_four_nights_of_five(power: Power) -> None:
    rng = np.random.default_rng(2)
    change = power.smallest(1, 400)
    series = power.comparison.series
    found = 0
    for hits in rng.binomial(400, 0.05 + change, 800):
        now = replace(series.at(slice(-1, None)), value=np.array([hits / 400]))
        found += contrast(series.at(slice(None, -1)), now, power.usual).p_value <= CUT
    assert found / 800 == pytest.approx(0.8, abs=0.12)


def test_labels_needed_are_those_of_two_shares() -> None:
    """Labels alone, 5% to 10%: 435 a side, by the textbook (two-sided at 5%, 80%)."""
    n, mean = 50, 0.075
    labels = LabelPower(n, float(np.sqrt(mean * (1 - mean) / n)))
    assert labels.needed(0.05) == pytest.approx(435, abs=2)
    assert labels.smallest(labels.needed(0.02)) == pytest.approx(0.02, rel=1e-3)
    assert labels.reach(4 * n) == pytest.approx(0.98 * np.sqrt(mean * (1 - mean) / n), rel=1e-3)
