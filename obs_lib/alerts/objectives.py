"""Which metrics of a day stand beyond their objective."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from obs_lib import catalogue
from obs_lib.alerts.conditions import Condition, number
from obs_lib.alerts.evaluators import Moved
from obs_lib.alerts.options import AlertOptions
from obs_lib.catalogue.distances import TOKEN_ADJUSTED
from obs_lib.records import Day, DriftVerdict, Metric, Signal

SURE, UNSURE = 1.0, 0.5  # scores of a breach whose whole interval lies beyond the limit, and of another


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
) -> list[Condition]:
    """Return one condition for each metric and segment whose value is beyond its limit.

    metrics, drift : the day's rows of the tables. window : the `metrics` rows of each earlier day known.
    A breach is sudden only where at least `min_history` earlier days are known and none of them was in breach: with a
    short history nobody can tell, so nobody is told. A sudden breach is worth a message where the whole interval lies
    beyond the objective; one that only its point estimate breaks, or that longer prompts and answers explain, colours the
    figure and stands in the report. Days that the metric's evaluator scored otherwise are no history.
    """
    moved, adjusted = moved or Moved(), _token_adjusted(drift)
    today, before = _by_key(metrics), {day: _by_key(frame) for day, frame in window.items()}
    conditions = []
    for metric in (*catalogue.metrics(), *catalogue.occasional(metrics["metric"])):
        limit = objective(metric, options)
        if limit is None:
            continue
        for (name, segment), row in today.items():
            if name == metric.name and _breached(metric, row, limit, options):
                days = [rows for day, rows in before.items() if moved.comparable(metric.evaluator, day)]
                history = [rows[(name, segment)] for rows in days if (name, segment) in rows]
                condition = _condition(metric, row, limit, (history, options))
                if metric.evaluator in moved.evaluators:
                    condition = _unsure(condition)
                conditions.append(_explained(condition, metric, limit, adjusted.get((name, segment))))
    return conditions


def _token_adjusted(drift: pd.DataFrame | None) -> dict[tuple[str, str], float]:
    """What metrics would be with prompts and answers as long as in the baseline, where that has not changed."""
    if drift is None or drift.empty:
        return {}
    rows = drift[drift["name"].str.startswith(TOKEN_ADJUSTED) & (drift["verdict"] == DriftVerdict.STABLE.value)]
    keys = zip(rows["name"].str.removeprefix(TOKEN_ADJUSTED), rows["segment"], strict=True)
    return dict(zip(keys, (rows["baseline_value"] + rows["effect"]).tolist(), strict=True))


def _explained(condition: Condition, metric: Metric, limit: float, adjusted: float | None) -> Condition:
    """The breach, no longer urgent where it would be none at equal tokens."""
    if adjusted is None or beyond(metric, adjusted, limit):
        return condition
    note = "explained by longer prompts or answers"
    signal = replace(condition.evidence[0], note=note, token_adjusted=adjusted)
    return replace(condition, urgent=False, evidence=(signal,))


def _unsure(condition: Condition) -> Condition:
    """The breach as one that nobody is told of: it may be the evaluator that changed."""
    signal = replace(condition.evidence[0], note="the evaluator itself moved, so earlier days do not compare")
    return replace(condition, sudden=False, urgent=False, evidence=(signal,))


def _condition(
    metric: Metric, row: Mapping[str, Any], limit: float, past: tuple[Sequence[Mapping[str, Any]], AlertOptions]
) -> Condition:
    history, options = past
    near = number(row["low"] if metric.direction == "lower_is_better" else row["high"])
    surely = beyond(metric, near, limit)
    clean = [not _breached(metric, day, limit, options) for day in history]
    signal = Signal(
        metric.name,
        number(row["value"]),
        metric.unit,
        low=number(row["low"]),
        high=number(row["high"]),
        objective=limit,
        n=int(row["n"]),
        surely=surely,
        note="" if surely else "the interval reaches across the objective",
    )
    return Condition(
        kind="objective",
        segment=str(row["segment"]),
        cause=metric.name,
        severity=options.objective_severities.get(metric.name, options.objective_severity),
        title=f"{metric.title} beyond its objective",
        score=SURE if surely else UNSURE,
        evidence=(signal,),
        sudden=len(clean) >= options.min_history and all(clean),
        urgent=surely and options.notify_new_breaches,
    )


def _breached(metric: Metric, row: Mapping[str, Any], limit: float, options: AlertOptions) -> bool:
    return int(row["n"]) >= options.min_interactions and beyond(metric, number(row["value"]), limit)


def _by_key(metrics: pd.DataFrame) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Rows that have a value, by metric and segment."""
    rows = metrics[metrics["status"] == "OK"].to_dict("records")
    return {(str(row["metric"]), str(row["segment"])): {str(k): v for k, v in row.items()} for row in rows}
