"""The metrics of one range of days against those of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from obs_lib import catalogue
from obs_lib.catalogue.distances import CHANGE
from obs_lib.drift.baseline import DaySummary
from obs_lib.drift.change import compared, least_answers, measured, series_of, too_few, usable
from obs_lib.drift.evaluator_change import Incomparable
from obs_lib.drift.options import DriftOptions
from obs_lib.records import Day, Distance, Metric
from obs_lib.stats.contrast import Scale, Series, contrast, dispersion
from obs_lib.stats.moderation import Dispersion, prior
from obs_lib.stats.rhythm import weekly

_TAIL = 1.959963984540054


@dataclass(frozen=True, slots=True)
class _Pair:
    """A metric in a segment on both ranges. n : interactions of each range. days : of the baseline."""

    metric: Metric
    segment: str
    before: Series
    now: Series
    n: tuple[int, int]
    days: tuple[Day, ...]
    note: str
    dispersion: Dispersion


def range_distances(
    baseline: Sequence[DaySummary],
    current: Sequence[DaySummary],
    options: DriftOptions,
    away: Incomparable | None = None,
) -> list[Distance]:
    """Return the change of every compared metric in every segment of the current days; baseline and current oldest first.

    The mean of the current days against the mean of the baseline's, at least `min_days` of these, each day of enough answers.
    How much days scatter comes from the baseline alone, of all metrics together and of each (`stats.moderation`). away : days
    whose evaluator scored otherwise, by score; they are left out.
    """
    pairs: list[_Pair] = []
    distances: list[Distance] = []
    for segment in sorted({name for day in current for name in day.segments}):
        for metric in _metrics([*baseline, *current], segment):
            left_out = (away or {}).get(metric.evaluator or "", ())
            days = [[day for day in part if day.day not in left_out] for part in (baseline, current)]
            found = _pair(metric, segment, days[0], days[1], options)
            (pairs if isinstance(found, _Pair) else distances).append(found)  # type: ignore[arg-type]
    usual = {scale: _prior([one.dispersion for one in pairs if one.before.scale is scale]) for scale in Scale}
    return [*distances, *(_distance(one, usual[one.before.scale]) for one in pairs)]


def _metrics(days: Sequence[DaySummary], segment: str) -> Iterator[Metric]:
    """Those that some day has in the segment."""
    names = sorted({name for day in days for name in day.metric_names})
    for metric in filter(compared, (*catalogue.metrics(), *catalogue.occasional(names))):
        if any(day.metric(metric.name, segment) for day in days):
            yield metric


def _pair(
    metric: Metric, segment: str, baseline: Sequence[DaySummary], current: Sequence[DaySummary], options: DriftOptions
) -> _Pair | Distance:
    least = least_answers(metric, options.min_answers)
    past, now = (usable(metric, segment, days, least) for days in (baseline, current))
    if len(past) < options.min_days or not now:
        note = f"{len(past)} and {len(now)} days of {least} answers (needs {options.min_days} and 1)"
        return too_few(CHANGE + metric.name, segment, metric.unit, note, [day.day for day in past])
    rows = measured(metric, segment, [*past, *now])
    b = len(past)
    series, note = _without_week(series_of(metric, rows), [day.day for day in (*past, *now)], b)
    before = series.at(slice(None, b))
    n = (sum(row.n for row in rows[:b]), sum(row.n for row in rows[b:]))
    days = tuple(day.day for day in past)
    return _Pair(metric, segment, before, series.at(slice(b, None)), n, days, note, dispersion(before))


def _without_week(series: Series, days: Sequence[Day], b: int) -> tuple[Series, str]:
    """The series without what each weekday adds, where its first b days show that; and a note."""
    logs = series.scale is Scale.RATIO
    values = np.log(series.value) if logs else series.value
    weekdays = [day.weekday() for day in days]
    found = weekly(values[:b], weekdays[:b])
    if found is None:
        return series, ""
    moved = values - found[weekdays]
    value = np.exp(moved) if logs else moved
    if series.scale is Scale.SHARE:
        value = np.clip(value, 0.0, 1.0)
    return replace(series, value=value), "without its weekly rhythm"


def _prior(dispersions: Sequence[Dispersion]) -> Dispersion:
    told = [one for one in dispersions if one.freedom > 0 and one.value > 0]
    return prior([one.value for one in told], [one.freedom for one in told])


def _distance(one: _Pair, usual: Dispersion) -> Distance:
    found = contrast(one.before, one.now, usual)
    return Distance(
        name=CHANGE + one.metric.name,
        segment=one.segment,
        statistic=found.effect,
        null_mean=0.0,
        null_high=_TAIL * found.std_error or None,
        p_value=found.p_value,
        effect=found.effect,
        unit=one.metric.unit,
        n_baseline=one.n[0],
        n_current=one.n[1],
        baseline_days=one.days,
        baseline_value=found.baseline,
        nights=len(one.now),
        std_error=found.std_error or None,
        freedom=found.freedom,
        note=one.note,
    )
