"""The metrics of one range of days against those of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from obs_lib import catalogue
from obs_lib.catalogue.distances import CHANGE
from obs_lib.drift.baseline import DaySummary
from obs_lib.drift.change import (
    compared,
    least_answers,
    measured,
    series_of,
    too_few,
    usable,
    usual_scatter,
    without_week,
)
from obs_lib.drift.evaluator_change import Incomparable
from obs_lib.drift.options import DriftOptions
from obs_lib.records import Day, Distance, Metric
from obs_lib.stats.contrast import Series, contrast
from obs_lib.stats.intervals import Z
from obs_lib.stats.moderation import Dispersion


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
    usual = usual_scatter([one.before for one in pairs])
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
    series = series_of(metric, rows)
    moved = without_week(series, [day.day for day in (*past, *now)], b)
    series, note = (series, "") if moved is None else (moved, "without its weekly rhythm")
    n = (sum(row.n for row in rows[:b]), sum(row.n for row in rows[b:]))
    days = tuple(day.day for day in past)
    return _Pair(metric, segment, series.at(slice(None, b)), series.at(slice(b, None)), n, days, note)


def _distance(one: _Pair, usual: Dispersion) -> Distance:
    found = contrast(one.before, one.now, usual)
    return Distance(
        name=CHANGE + one.metric.name,
        segment=one.segment,
        statistic=found.effect,
        null_mean=0.0,
        null_high=Z * found.std_error or None,
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
