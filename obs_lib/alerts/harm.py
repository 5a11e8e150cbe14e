"""Harmful content that was delivered, and complete failure: what is P0 whatever the baseline says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from scipy.special import betaincinv

from obs_lib.alerts.causes import Levels
from obs_lib.alerts.options import AlertOptions
from obs_lib.alerts.place import Level
from obs_lib.alerts.signals import number
from obs_lib.catalogue import metric_of
from obs_lib.catalogue.harm import CONFIRMED_HARM
from obs_lib.records import Severity, Signal

TOXIC, ERRORS = "toxicity_rate", "error_rate"
_TIMES = 3.0  # the baseline's share, that a burst of harm exceeds
_TAIL = 1e-3  # one-sided: a false P0 in a thousand nights that stand at the limit


def harm_signals(metrics: pd.DataFrame, levels: Levels, options: AlertOptions) -> Iterator[Signal]:
    """Yield a P0 signal for each segment with harm, confirmed or beyond doubt, or an outage. metrics : the day's rows."""
    rows = metrics[(metrics["status"] == "OK") & metrics["metric"].isin((TOXIC, ERRORS, CONFIRMED_HARM.name))]
    for row in rows.to_dict("records"):
        value, n = number(row["value"]), int(row["n"])
        if value is None or not n:
            continue
        if row["metric"] == TOXIC:
            yield from _toxic(row, value, n, levels, options)
        elif row["metric"] == CONFIRMED_HARM.name:
            yield from _confirmed(row, value, n, options)
        elif value >= options.outage_error_rate and n >= options.min_interactions:
            note = f"{value:.0%} of {n:,} requests failed, P0 from {options.outage_error_rate:.0%}"
            yield _p0(row, value, "share", _family(ERRORS), n, limit=options.outage_error_rate, note=note)


def least_share(hits: int, n: int, false_positives: float) -> float:
    """Lower bound of a share, corrected for the share of harmless answers that the evaluator flags as well; in [0, 1].

    Clopper and Pearson's exact bound, one-sided at 99.9%, then (share - f) / (1 - f) as Rogan and Gladen (1978) correct a rate
    for false positives alone.

    >>> round(least_share(8, 110, 0.003), 3), least_share(0, 110, 0.003)
    (0.015, 0.0)
    """
    low = float(betaincinv(hits, n - hits + 1, _TAIL)) if hits else 0.0
    return max(0.0, (low - false_positives) / (1 - false_positives))


def confirmed_levels(values: Mapping[tuple[str, str], float], requests: Mapping[str, float]) -> dict[str, Level]:
    """Confirmed answers as a share of all of each segment, by which they have a place; of none there is a baseline.

    values : the day's metrics by name and segment. requests : by segment.
    """
    return {
        segment: Level(harmful / requests[segment], 0.0, int(requests[segment]), 0)
        for (metric, segment), harmful in values.items()
        if metric == CONFIRMED_HARM.name and requests.get(segment)
    }


def _confirmed(row: Mapping[Any, Any], value: float, n: int, options: AlertOptions) -> Iterator[Signal]:
    if options.harm_confirmed is not None and value >= options.harm_confirmed:
        note = f"{row['note']}, of {n:,} with a second opinion; P0 from {options.harm_confirmed:,}"
        yield _p0(row, value, "count", _family(CONFIRMED_HARM.name), n, note=note)


def _toxic(row: Mapping[Any, Any], value: float, n: int, levels: Levels, options: AlertOptions) -> Iterator[Signal]:
    known = levels(TOXIC).get(str(row["segment"]))
    before = known.baseline if known is not None and known.n_baseline else 0.0
    limit = max(options.harm_share, _TIMES * before)
    least = least_share(round(value * n), n, options.harm_false_positives)
    if least > limit:
        note = f"at least {least:.1%} of answers are toxic, P0 above {limit:.1%}"
        yield _p0(row, value, "share", _family(TOXIC), n, limit=limit, note=note)


def _p0(
    row: Mapping[Any, Any], value: float, unit: str, family: str, n: int, *, note: str, limit: float | None = None
) -> Signal:
    return Signal(
        metric=str(row["metric"]),
        segment=str(row["segment"]),
        value=value,
        unit=unit,
        family=family,
        strength=1.0,
        low=number(row["low"]),
        high=number(row["high"]),
        limit=limit,
        n=n,
        severity=Severity.P0,
        note=note,
    )


def _family(name: str) -> str:
    metric = metric_of(name)
    return metric.family if metric else name
