"""Which objectives of a day are breached beyond doubt."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean, stdev
from typing import Any

import pandas as pd

from obs_lib import catalogue
from obs_lib.alerts.evaluators import Moved
from obs_lib.alerts.options import AlertOptions
from obs_lib.alerts.severity import strength
from obs_lib.alerts.signals import number
from obs_lib.catalogue.distances import TOKEN_ADJUSTED
from obs_lib.records import Day, DriftVerdict, Metric, Severity, Signal

_SURE_AT_ONCE = 3.2905 / 1.9600  # half widths of a 95% interval that a 99.9% interval has: sure on its first night
_LARGE = 0.9  # strength from which a breach on the first day of all needs no second night
_NIGHTS = 3  # in a row, each sure at once
_Z = 3.2905  # one-sided 99.95%
_LATENCY = "latency"

Rows = Mapping[tuple[str, str], Mapping[str, Any]]
"""Rows of `metrics` that have a value, by metric and segment."""


def objective(metric: Metric, options: AlertOptions) -> float | None:
    """Return the limit in force for a metric, in its unit; None for none."""
    return options.objectives.get(metric.name, metric.objective) if metric.direction else None


def beyond(metric: Metric, value: float | None, limit: float) -> bool:
    """Return whether a value is on the wrong side of a limit; exactly on it is not."""
    if value is None:
        return False
    return value > limit if metric.direction == "lower_is_better" else value < limit


def breaches(
    metrics: pd.DataFrame,
    window: Mapping[Day, pd.DataFrame],
    options: AlertOptions,
    drift: pd.DataFrame | None = None,
    moved: Moved | None = None,
) -> list[Signal]:
    """Return one signal for each metric and segment that is beyond its limit for sure, as far as today's interval knows.

    metrics, drift : the day's rows of the tables. window : the `metrics` rows of each baseline day.
    Sure is a breach whose 99.9% interval lies beyond the limit, or whose 95% interval does and did on the last day before as
    well. It is standing where fewer than `min_history` comparable days are known, or one of them was in sure breach: an unsure
    breach does not make the history dirty. It is settled, and an incident without a change beside it, where the days before
    bear it out: one user who fails all day is beyond a day's interval and is no breach. What longer prompts and answers
    explain is P3. Days that the metric's evaluator scored otherwise are no history.
    """
    moved, adjusted = moved or Moved(), _token_adjusted(drift)
    before = {day: _by_key(frame) for day, frame in sorted(window.items())}
    rows = metrics[(metrics["status"] == "OK") & (metrics["n"] >= options.min_interactions)]
    today = dict(tuple(rows.groupby("metric", sort=False)))
    signals = []
    for metric in (*catalogue.metrics(), *catalogue.occasional(metrics["metric"])):
        limit = objective(metric, options)
        if limit is None or metric.name not in today:
            continue
        days = [known for day, known in before.items() if moved.comparable(metric.evaluator, day)]
        for (name, segment), row in _by_key(today[metric.name]).items():
            history = [known[(name, segment)] for known in days if (name, segment) in known]
            if _sure(metric, row, limit, history):
                signal = _signal(metric, row, limit, (history, options))
                if metric.evaluator in moved.evaluators:
                    signal = _of_another_evaluator(signal)
                signals.append(_explained(signal, metric, limit, adjusted.get((name, segment))))
    return signals


def _sure(metric: Metric, row: Mapping[str, Any], limit: float, history: Sequence[Mapping[str, Any]]) -> bool:
    """Whether nobody need doubt that the metric stands beyond its limit."""
    if not beyond(metric, number(row["value"]), limit):
        return False
    if beyond(metric, _near(metric, row, _SURE_AT_ONCE), limit):
        return True
    return (
        beyond(metric, _near(metric, row), limit)
        and bool(history)
        and beyond(metric, _near(metric, history[-1]), limit)
    )


def _near(metric: Metric, row: Mapping[str, Any], times: float = 1.0) -> float | None:
    """The end of the interval that is nearer to the good side, so many half widths from the value; the value without one."""
    value, end = number(row["value"]), number(row["low"] if metric.direction == "lower_is_better" else row["high"])
    if value is None or end is None:
        return value
    return value + times * (end - value)


def _signal(
    metric: Metric, row: Mapping[str, Any], limit: float, past: tuple[Sequence[Mapping[str, Any]], AlertOptions]
) -> Signal:
    history, options = past
    value = number(row["value"]) or 0.0
    clean = [not beyond(metric, _near(metric, day), limit) for day in history]
    # The last day before may be the first of the two nights that make a breach sure.
    standing = len(clean) < options.min_history or not all(clean[:-1])
    return Signal(
        metric.name,
        value,
        metric.unit,
        segment=str(row["segment"]),
        family=metric.family,
        severity=_severity(metric, standing, options),
        strength=strength(value - limit, metric.least_change(limit)),
        low=number(row["low"]),
        high=number(row["high"]),
        objective=limit,
        n=int(row["n"]),
        standing=standing,
        settled=_settled(metric, row, limit, past),
        note="it may have stood for long" if standing else "",
    )


def _settled(
    metric: Metric, row: Mapping[str, Any], limit: float, past: tuple[Sequence[Mapping[str, Any]], AlertOptions]
) -> bool:
    """Whether the days before bear a sure breach out.

    With enough of them the mean of all days must be beyond the limit by as much as days differ by themselves, or three nights
    in a row sure at once. With fewer, the last day before must be in breach as well; on the first day of all a large
    breach is enough. What is compared with no baseline, and what the settings make urgent, is settled at once.
    """
    history, options = past
    urgent = options.objective_severities.get(metric.name, Severity.P3) <= Severity.P1
    if metric.extensive or urgent:
        return True
    if not history:
        value = number(row["value"])
        return value is not None and strength(value - limit, metric.least_change(limit)) >= _LARGE
    if len(history) < options.min_history:
        return beyond(metric, _near(metric, history[-1]), limit)
    if all(beyond(metric, _near(metric, day, _SURE_AT_ONCE), limit) for day in (row, *history[1 - _NIGHTS :])):
        return True
    values = [value for day in (*history, row) if (value := number(day["value"])) is not None]
    error = _Z * stdev(values) / math.sqrt(len(values))
    return beyond(metric, fmean(values) - (error if metric.direction == "lower_is_better" else -error), limit)


def _severity(metric: Metric, standing: bool, options: AlertOptions) -> Severity:
    """What the settings say; else P1 for a latency that was within its objective before, and `objective_severity`."""
    own = options.objective_severities.get(metric.name)
    if own is not None:
        return own
    return Severity.P1 if metric.family == _LATENCY and not standing else options.objective_severity


def _token_adjusted(drift: pd.DataFrame | None) -> dict[tuple[str, str], float]:
    """What metrics would be with prompts and answers as long as in the baseline, where that has not changed."""
    if drift is None or drift.empty:
        return {}
    rows = drift[drift["name"].str.startswith(TOKEN_ADJUSTED) & (drift["verdict"] == DriftVerdict.STABLE.value)]
    keys = zip(rows["name"].str.removeprefix(TOKEN_ADJUSTED), rows["segment"], strict=True)
    return dict(zip(keys, (rows["baseline_value"] + rows["effect"]).tolist(), strict=True))


def _explained(signal: Signal, metric: Metric, limit: float, adjusted: float | None) -> Signal:
    """The breach, for the record alone where it would be none at equal tokens."""
    if adjusted is None or beyond(metric, adjusted, limit):
        return signal
    note = "explained by longer prompts or answers"
    # It is told to nobody, so it need not wait for the days before to bear it out.
    return replace(signal, severity=Severity.P3, settled=True, note=note, token_adjusted=adjusted)


def _of_another_evaluator(signal: Signal) -> Signal:
    """The breach as one that nobody is told of: it may be the evaluator that changed."""
    note = "the evaluator itself moved, so earlier days do not compare"
    return replace(signal, severity=Severity.P3, standing=True, settled=True, note=note)


def _by_key(metrics: pd.DataFrame) -> Rows:
    rows = metrics[metrics["status"] == "OK"].to_dict("records")
    return {(str(row["metric"]), str(row["segment"])): {str(k): v for k, v in row.items()} for row in rows}
