from __future__ import annotations

import numpy as np
import pytest

from obs_lib.stats.rhythm import weekly

WEEKDAYS = [day % 7 for day in range(28)]


def test_weekdays_that_differ_are_found_and_drawn_a_little_together() -> None:
    rng = np.random.default_rng(1)
    truth = np.array([0.0, 0, 0, 0, 0, 0.3, 0.2])
    found = weekly(0.5 + truth[WEEKDAYS] + 0.03 * rng.normal(size=28), WEEKDAYS)
    assert found is not None
    assert found == pytest.approx(truth - truth.mean(), abs=0.05)


def test_days_without_a_week_show_one_in_one_case_of_a_hundred() -> None:
    rng = np.random.default_rng(2)
    shown = sum(weekly(rng.normal(size=28), WEEKDAYS) is not None for _ in range(2000))
    assert shown / 2000 == pytest.approx(0.01, abs=0.007)


def test_a_weekday_seen_once_is_not_known() -> None:
    values = np.array([0.0, 0, 0, 0, 0, 9, 9] * 2)
    assert weekly(values, WEEKDAYS[:14]) is not None
    assert weekly(values[:13], WEEKDAYS[:13]) is None
