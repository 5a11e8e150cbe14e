"""The metrics that have an objective, over days."""

from __future__ import annotations

from obs_lib import catalogue
from obs_lib.records import ALL, Metric
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Chart, Panel, Series
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import segment_title
from obs_lib.reporting.standing import is_breach, noteworthy, objective_text
from obs_lib.reporting.tone import Tone

_LINES = 4  # lines in one chart: more can not be told apart without colour


def objectives_chart(inputs: ReportInputs, options: ReportOptions) -> Chart:
    """One panel for each metric with an objective, a line a segment; none before the second day with data."""
    segments = noteworthy(inputs, _LINES)
    panels = []
    for metric in (*inputs.quality, *catalogue.system()):
        if metric.name not in inputs.objectives:
            continue
        lines = [_series(inputs, metric, segment, options) for segment in segments]
        known = [s for s in lines if any(value is not None for value in s.values)]
        if known and sum(value is not None for value in known[0].values) > 1:
            panels.append(_panel(inputs, metric, tuple(lines), options))
    return Chart("Objectives over time", tuple(panels), tuple(segment_title(s) for s in segments))


def _series(inputs: ReportInputs, metric: Metric, segment: str, options: ReportOptions) -> Series:
    values = inputs.trend(metric.name, segment, options.trend_days)
    if segment != ALL:
        return Series(segment_title(segment), values)
    low = inputs.trend(metric.name, segment, options.trend_days, "low")
    return Series(segment_title(segment), values, low, inputs.trend(metric.name, segment, options.trend_days, "high"))


def _panel(inputs: ReportInputs, metric: Metric, series: tuple[Series, ...], options: ReportOptions) -> Panel:
    limit = inputs.objectives[metric.name]
    value = inputs.value(metric.name, ALL)
    breach = is_breach(value, limit, metric.direction)
    latest = numbers.write(value, metric.unit) if value is not None else "no data"
    words = f"{metric.title}, {trend_words(series[0].values, metric.unit)}; objective {objective_text(metric, limit)}."
    return Panel(
        metric.title,
        inputs.days(options.trend_days),
        series,
        numbers.writer(metric.unit),
        words,
        latest + (", breach" if breach else ""),
        Tone.WARNING if breach else Tone.PLAIN if value is not None else Tone.ABSENT,
        limit,
        1.0 if metric.unit in ("share", "probability") else None,
    )


def trend_words(values: tuple[float | None, ...], unit: str) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "no data"
    gaps = len(values) - len(known)
    low, high = numbers.write(min(known), unit), numbers.write(max(known), unit)
    text = f"{numbers.plural(len(values), 'day')} between {low} and {high}"
    return text + (f", {numbers.plural(gaps, 'day')} without data" if gaps else "")
