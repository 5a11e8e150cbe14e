"""Whether a metric of the last nights stands away from its values on the days before them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from obs_lib.catalogue.distances import CHANGE
from obs_lib.drift.baseline import DaySummary, Measured
from obs_lib.records import Day, Distance, Metric
from obs_lib.stats.contrast import Contrast, Scale, Series, contrast, dispersion
from obs_lib.stats.intervals import Z
from obs_lib.stats.moderation import Dispersion, prior
from obs_lib.stats.rhythm import weekly

BEYOND = 10  # interactions beyond a percentile
NIGHTS = (1, 2, 4, 7)
"""How many last nights are held against the days before: a jump shows on its first, a creep over a week."""
_TESTS = 2.5  # independent tests that those of NIGHTS amount to: measured, see docs/statistics.md
_LASTING = 0.5  # part of the nights' effect that the last one must show, or it is over


@dataclass(frozen=True)
class Comparison:
    """A metric in a segment, today (last) and on the days that show its level before."""

    name: str
    """As in the table `drift`."""
    segment: str
    unit: str
    days: tuple[Day, ...]
    n: tuple[int, ...]
    """Interactions of each day."""
    series: Series
    least: int
    """Days before that a comparison of several nights needs."""
    doubt: float = 0.0
    """Further variance of the last nights' mean, in the unit squared."""
    note: str = ""


def compared(metric: Metric) -> bool:
    """Return whether a metric is compared with its baseline: one that has a worse side, and is no total nor part of another.

    Totals follow the traffic, not the model; so do the numbers of GPUs, which have objectives.
    """
    return metric.direction is not None and not metric.extensive and metric.part_of is None


def comparison(metric: Metric, segment: str, days: Sequence[DaySummary], least: int) -> Comparison:
    """Return a metric on some days, today last, each of which has it; least : as in `Comparison`."""
    rows = measured(metric, segment, days)
    on, n = tuple(day.day for day in days), tuple(row.n for row in rows)
    series, note = in_week(series_of(metric, rows), on)
    return Comparison(CHANGE + metric.name, segment, metric.unit, on, n, series, least, note=note)


def measured(metric: Metric, segment: str, days: Iterable[DaySummary]) -> list[Measured]:
    """Return what a metric is on each day that has it."""
    return [row for day in days if (row := day.metric(metric.name, segment)) is not None]


def series_of(metric: Metric, rows: Sequence[Measured], scales: NDArray[np.float64] | None = None) -> Series:
    """Return a metric on some days. scales : what each day's value is multiplied by; None for 1."""
    factor = np.ones(len(rows)) if scales is None else scales
    value = factor * np.array([row.value for row in rows])
    n = np.array([float(row.n) for row in rows])
    error = factor * np.array([row.std_error or 0.0 for row in rows])
    if metric.unit == "share" and bool(((value >= 0) & (value <= 1)).all()):
        return Series(value, np.array([row.effective_n for row in rows]), np.zeros(len(rows)), Scale.SHARE)
    scale = Scale.RATIO if metric.relative and bool((value > 0).all()) else Scale.AMOUNT
    return Series(value, n, error**2 * n, scale)


def in_week(series: Series, days: Sequence[Day]) -> tuple[Series, str]:
    """Return a series as if every day were of the last one's weekday, where the days before show a weekly rhythm; and a note.

    The last day keeps its value, so that it is held against what its weekday leads to expect.
    """
    moved = without_week(series, days, len(days) - 1, days[-1].weekday())
    return (series, "") if moved is None else (moved, "held against its weekly rhythm")


def without_week(series: Series, days: Sequence[Day], before: int, weekday: int | None = None) -> Series | None:
    """Return a series without what each weekday adds, where its first days, `before` of them, show that; else None.

    weekday : the one, 0 to 6, of which every day is to be instead; None for none.
    """
    logs = series.scale is Scale.RATIO
    values = np.log(series.value) if logs else series.value
    weekdays = [day.weekday() for day in days]
    found = weekly(values[:before], weekdays[:before])
    if found is None:
        return None
    moved = values - found[weekdays] + (0.0 if weekday is None else found[weekday])
    value = np.exp(moved) if logs else moved
    if series.scale is Scale.SHARE:
        value = np.clip(value, 0.0, 1.0)
    return replace(series, value=value)


def changes(comparisons: Sequence[Comparison]) -> list[Distance]:
    """Return the distance of each comparison, in order; all of them together say how much days usually scatter."""
    usual = priors(comparisons)
    return [_distance(one, usual[one.series.scale]) for one in comparisons]


def priors(comparisons: Sequence[Comparison]) -> dict[Scale, Dispersion]:
    """Return how much days usually scatter before the last one, by scale."""
    return usual_scatter([one.series.at(slice(None, -1)) for one in comparisons])


def usual_scatter(series: Sequence[Series]) -> dict[Scale, Dispersion]:
    """Return how much the days of many series scatter, by scale; a rate of 0 on all days says nothing."""
    seen = [(one.scale, dispersion(one)) for one in series]
    told = {scale: [d for of, d in seen if of is scale and d.freedom > 0 and d.value > 0] for scale in Scale}
    return {scale: prior([d.value for d in of], [d.freedom for d in of]) for scale, of in told.items()}


def _distance(one: Comparison, usual: Dispersion) -> Distance:
    tried = list(_tried(one, usual))
    nights, best = min(tried, key=lambda pair: (pair[1].p_value, pair[0]))
    p_value = 1 - (1 - best.p_value) ** _TESTS if len(tried) > 1 else best.p_value
    p_value = max(p_value, best.p_value)  # of the smallest, 1 - p is 1
    before = len(one.days) - nights
    return Distance(
        name=one.name,
        segment=one.segment,
        statistic=best.effect,
        null_mean=0.0,
        null_high=Z * best.std_error or None,
        p_value=p_value,
        effect=best.effect,
        unit=one.unit,
        n_baseline=sum(one.n[:before]),
        n_current=one.n[-1],
        baseline_days=one.days[:before],
        baseline_value=best.baseline,
        nights=nights,
        std_error=best.std_error or None,
        freedom=best.freedom,
        note=one.note,
    )


def _tried(one: Comparison, usual: Dispersion) -> Iterator[tuple[int, Contrast]]:
    """The last night against the days before; and more nights together, where all before the last one show it too."""
    today = float(one.series.value[-1])
    for nights in NIGHTS:
        before = len(one.days) - nights
        if nights > 1 and before < max(one.least, nights):
            return
        past, now = one.series.at(slice(None, before)), one.series.at(slice(before, None))
        found = contrast(past, now, usual, one.doubt)
        lasting = (today - found.baseline) * np.sign(found.effect)
        if nights == 1 or lasting >= _LASTING * abs(found.effect):
            yield nights, found


def least_answers(metric: Metric, min_answers: int) -> int:
    """Return how many interactions a day's value must rest on: for a percentile at least ten beyond it.

    With fewer, one slow request is the percentile, and no interval from a few days tells it from a slower server.
    """
    return min_answers if metric.quantile is None else max(min_answers, round(BEYOND / (1 - metric.quantile)))


def usable(metric: Metric, segment: str, days: Iterable[DaySummary], min_answers: int) -> list[DaySummary]:
    """Return the days on which the metric has a value that rests on enough interactions."""
    values = ((day, day.metric(metric.name, segment)) for day in days)
    return [day for day, value in values if value is not None and value.n >= min_answers]


def too_few(name: str, segment: str, unit: str, note: str, days: Sequence[Day] = ()) -> Distance:
    """Return a distance that could not be measured, with the reason."""
    return Distance(name, segment, None, None, None, None, None, unit, 0, 0, tuple(days), note=note)
