"""Whether a metric of a day stands away from its values on the baseline days."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from obs_lib.catalogue.distances import CHANGE
from obs_lib.drift.baseline import DaySummary
from obs_lib.records import Day, Distance, Metric
from obs_lib.stats.contrast import contrast

BEYOND = 10  # interactions beyond a percentile


def compared(metric: Metric) -> bool:
    """Return whether a metric is compared with its baseline: one that has a worse side, and is no total nor part of another.

    Totals follow the traffic, not the model; so do the numbers of GPUs, which have objectives.
    """
    return metric.direction is not None and not metric.extensive and metric.part_of is None


def metric_change(metric: Metric, segment: str, today: DaySummary, window: Sequence[DaySummary]) -> Distance:
    """Measure today minus the mean of the baseline days, as `contrast` does. Every day must have the metric."""
    now, then = values(metric, segment, [today])[0], values(metric, segment, window)
    return difference(CHANGE + metric.name, segment, metric.unit, window, (now, then))


def difference(
    name: str,
    segment: str,
    unit: str,
    window: Sequence[DaySummary],
    numbers: tuple[NDArray[np.float64], NDArray[np.float64]],
    doubt: float = 0.0,
) -> Distance:
    """Return the distance of today from the mean of the window's days; numbers and doubt as `contrast` takes them."""
    now, then = numbers
    effect, p_value, high = contrast(now, then, doubt)
    return Distance(
        name=name,
        segment=segment,
        statistic=effect,
        null_mean=0.0,
        null_high=high,
        p_value=p_value,
        effect=effect,
        unit=unit,
        n_baseline=int(then[:, 2].sum()),
        n_current=int(now[2]),
        baseline_days=tuple(summary.day for summary in window),
        baseline_value=float(then[:, 0].mean()),
    )


def least_answers(metric: Metric, min_answers: int) -> int:
    """Return how many interactions a day's value must rest on: for a percentile at least ten beyond it.

    With fewer, one slow request is the percentile, and no interval from a few days tells it from a slower server.
    """
    return min_answers if metric.quantile is None else max(min_answers, round(BEYOND / (1 - metric.quantile)))


def usable(metric: Metric, segment: str, days: Sequence[DaySummary], min_answers: int) -> list[DaySummary]:
    """Return the days on which the metric has a value that rests on enough interactions."""
    measured = ((day, day.metric(metric.name, segment)) for day in days)
    return [day for day, value in measured if value is not None and value[2] >= min_answers]


def too_few(name: str, segment: str, unit: str, note: str, days: Sequence[Day] = ()) -> Distance:
    """Return a distance that could not be measured, with the reason."""
    return Distance(name, segment, None, None, None, None, None, unit, 0, 0, tuple(days), note=note)


def values(metric: Metric, segment: str, days: Sequence[DaySummary]) -> NDArray[np.float64]:
    """Return (value, sampling variance, n) of each day that has the metric, shape (days, 3)."""
    rows = filter(None, (day.metric(metric.name, segment) for day in days))
    return np.array([(value, _sampling_variance(metric, value, error, n), n) for value, error, n in rows])


def _sampling_variance(metric: Metric, value: float, std_error: float | None, n: int) -> float:
    """std_error squared; for a share at least Agresti and Coull's (1998), which is not zero at 0 of n."""
    variance = 0.0 if std_error is None else std_error**2
    if metric.unit != "share":
        return variance
    centre = (min(max(value, 0.0), 1.0) * n + 2) / (n + 4)
    return max(variance, centre * (1 - centre) / (n + 4))
