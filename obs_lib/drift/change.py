"""Whether a metric of a day stands away from its values on the baseline days."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from obs_lib.catalogue.distances import CHANGE
from obs_lib.drift.baseline import DaySummary
from obs_lib.records import Day, Distance, Metric

CONSTANT = 1e-9  # a spread under this part of the value is rounding
LEAST_SHARE = 1e-3  # keeps the degrees of freedom finite where all baseline values are equal
BEYOND = 10  # interactions beyond a percentile
MOST_FREEDOM = 4.0  # times b - 1: a few days that happen to agree do not prove that days do not scatter


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


def contrast(
    now: NDArray[np.float64], then: NDArray[np.float64], doubt: float = 0.0
) -> tuple[float, float, float | None]:
    """Return today minus the mean of the baseline days, its two-sided p-value, and its 97.5% quantile under chance alone.

    now, then : (value, sampling variance, n), of shape (3,) and (days, 3). doubt : any further variance of today's value.

    Let S2 be the variance of the b baseline values and M their mean sampling variance (std_error squared). Days
    scatter by sampling and by themselves, so a day's variance is the greater of both, and that of the difference

        V = max(S2 - M, 0) + M * n_baseline / n_today + max(S2, M) / b

    (today's sampling variance is the baseline's at today's size: what it would be if nothing had changed). Only S2
    is estimated from few days; Satterthwaite's degrees of freedom are then (b - 1) (max(S2, M) / S2)^2: Student's t
    with b - 1 where the days' own scatter rules, more where sampling does, at most 4 (b - 1) since S2 itself is known
    poorly. Where neither says anything (constant values, no std_error)
    p is 1 / (b + 1): the chance that the odd one of b + 1 alike days comes last.
    """
    b, baseline = len(then), float(then[:, 0].mean())
    difference = float(now[0]) - baseline
    between, sampling = float(then[:, 0].var(ddof=1)), float(then[:, 1].mean())
    day = max(between, sampling)
    variance = max(between - sampling, 0.0) + sampling * float(then[:, 2].mean() / now[2]) + day / b + doubt
    least = CONSTANT * max(abs(baseline), abs(float(now[0])))
    if variance <= least**2:
        p_value, high = (1.0 if abs(difference) <= least else 1 / (b + 1)), None
    else:
        freedom = (b - 1) * min((day / max(between, LEAST_SHARE * day)) ** 2, MOST_FREEDOM)
        p_value = min(1.0, max(2 * float(stdtr(freedom, -abs(difference) / np.sqrt(variance))), 1e-300))
        high = float(stdtrit(freedom, 0.975) * np.sqrt(variance))
    return difference, p_value, high


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
