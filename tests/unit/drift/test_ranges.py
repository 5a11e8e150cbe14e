"""Ranges of days whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from obs_lib.catalogue import all_metrics
from obs_lib.drift.baseline import DaySummary
from obs_lib.drift.change import measured, series_of
from obs_lib.drift.decision import drift_rows
from obs_lib.drift.options import DriftOptions
from obs_lib.drift.ranges import range_distances
from obs_lib.records import Distance
from obs_lib.stats.contrast import contrast, dispersion
from obs_lib.stats.moderation import BY_SAMPLING

Make = Callable[..., DaySummary]
OPTIONS = DriftOptions()
RATES = {"refusal_rate": 0.05, "hallucination_rate": 0.1, "error_rate": 0.02, "format_compliance": 0.9}


def days(make: Make, rng: np.random.Generator, which: Sequence[int], **moved: float) -> list[DaySummary]:
    """Days of 400 answers, scattering by sampling."""
    rates = {name: rate + moved.get(name, 0) for name, rate in RATES.items()}
    return [
        make(day, {name: (float(rng.binomial(400, rate)) / 400, None, 400) for name, rate in rates.items()})
        for day in which
    ]


def of(found: Sequence[Distance], name: str) -> Distance:
    return next(one for one in found if one.name == f"change:{name}")


def test_it_is_the_contrast_of_the_nights_with_what_all_metrics_say_of_days(summary: Make) -> None:
    rng = np.random.default_rng(1)
    before, now = days(summary, rng, range(7)), days(summary, rng, range(7, 10), refusal_rate=0.05)
    found = of(range_distances(before, now, OPTIONS), "refusal_rate")
    assert (found.n_baseline, found.n_current, found.nights) == (2800, 1200, 3)
    means = [np.mean([day.metric("refusal_rate", "all")[0] for day in part]) for part in (before, now)]  # type: ignore[index]
    assert found.effect == pytest.approx(means[1] - means[0])
    assert found.baseline_value == pytest.approx(means[0])
    rows = drift_rows(range_distances(before, now, OPTIONS), OPTIONS).set_index("name")["verdict"]
    assert rows["change:refusal_rate"] == "DRIFTED"
    assert (rows.drop("change:refusal_rate") == "STABLE").all()


def test_the_changed_days_are_no_part_of_how_days_scatter(summary: Make) -> None:
    """A single metric has the prior of sampling; the scatter is that of the baseline alone."""
    values = [0.10, 0.11, 0.09, 0.10, 0.30, 0.32]
    made = [summary(day, {"refusal_rate": (value, None, 400)}) for day, value in enumerate(values)]
    found = of(range_distances(made[:4], made[4:], OPTIONS), "refusal_rate")
    metric = all_metrics()["refusal_rate"]
    series = series_of(metric, measured(metric, "all", made))
    by_hand = contrast(series.at(slice(0, 4)), series.at(slice(4, 6)), BY_SAMPLING)
    assert (found.p_value, found.std_error) == pytest.approx((by_hand.p_value, by_hand.std_error))
    assert dispersion(series.at(slice(0, 4))).value < 1 < dispersion(series).value


@pytest.mark.parametrize(("baseline", "current"), [(7, 1), (7, 7), (28, 3)])
def test_quiet_ranges_have_small_p_as_often_as_they_say(summary: Make, baseline: int, current: int) -> None:
    rng = np.random.default_rng(baseline + current)
    p_values = [
        found.p_value
        for _ in range(150)
        for found in range_distances(
            days(summary, rng, range(baseline)), days(summary, rng, range(40, 40 + current)), OPTIONS
        )
    ]
    assert len(p_values) == 600
    assert 0.02 <= np.mean([p <= 0.05 for p in p_values if p is not None]) <= 0.08


def test_a_weekly_rhythm_is_taken_out_of_both_ranges(summary: Make) -> None:
    def weekend(day: int) -> float:
        return 0.2 if day % 7 in (1, 2) else 0.1  # the first day is a Friday

    made = [summary(day, {"refusal_rate": (weekend(day) + 0.001 * (day % 3), None, 400)}) for day in range(30)]
    found = of(range_distances(made[:28], made[29:30], OPTIONS), "refusal_rate")  # a Saturday alone
    assert found.note == "without its weekly rhythm"
    assert found.p_value is not None
    assert found.p_value > 0.2
    broken = summary(30, {"refusal_rate": (0.1, None, 400)})  # a Sunday like a weekday
    assert (of(range_distances(made[:28], [broken], OPTIONS), "refusal_rate").effect or 0) < -0.05


def test_too_few_days_or_answers_and_days_scored_otherwise_say_so(summary: Make) -> None:
    rng = np.random.default_rng(3)
    before, now = days(summary, rng, range(4)), days(summary, rng, range(7, 9))
    few = of(range_distances(before[:2], now, OPTIONS), "refusal_rate")
    assert (few.p_value, few.note) == (None, "2 and 2 days of 20 answers (needs 3 and 1)")
    away = {"refusal": frozenset({before[0].day, before[1].day})}
    found = range_distances(before, now, OPTIONS, away)
    assert of(found, "refusal_rate").p_value is None
    assert of(found, "error_rate").p_value is not None
