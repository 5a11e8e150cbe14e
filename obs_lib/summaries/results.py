"""What a measure gives, and the record that it becomes."""

from __future__ import annotations

from typing import NamedTuple

from obs_lib.records import Day, MetricStatus, MetricValue
from obs_lib.stats.intervals import Estimate


class Result(NamedTuple):
    """One metric in one segment. `estimate` is None for NO_DATA; n rows entered, n_skipped lacked the field."""

    estimate: Estimate | None
    n: int
    n_skipped: int
    note: str = ""


def metric_value(day: Day, metric: str, segment: str, result: Result, n_failed: int = 0) -> MetricValue:
    """The record of a result."""
    estimate, n, n_skipped, note = result
    if estimate is None:
        return MetricValue(
            day, metric, segment, MetricStatus.NO_DATA, None, None, None, None, None, n, n_skipped, n_failed, note
        )
    return MetricValue(day, metric, segment, MetricStatus.OK, *estimate, n, n_skipped, n_failed, note)


def absent(what: str, n_skipped: int) -> Result:
    """No value, since no row has what the metric needs."""
    return Result(None, 0, n_skipped, f"no {what} in the logs" if n_skipped else "no interactions")
