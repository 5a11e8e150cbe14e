"""What the stages of requests cost, stage by stage: durations, shares of the time, error rates and critical paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from obs_lib import catalogue
from obs_lib.catalogue.groups import MeasuredMetric, MetricGroup
from obs_lib.records import STAGES as STAGE_NAMES
from obs_lib.records import Day, Metric, MetricValue
from obs_lib.stats.intervals import Estimate, Floats, quantile, share, weighted_mean
from obs_lib.summaries.results import Result, metric_value
from obs_lib.summaries.stages import Times, Traces


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage in a day's traces."""

    durations: Floats
    """Of each span of the stage that stands in no other span of it, in ms; NaN where the log does not say."""
    failed: NDArray[np.bool_]
    """Of the same spans, whether it ended in an error."""
    own: Floats
    """Microseconds of the stage's spans without their children's, a trace a row, beside those of the other stages."""
    critical: Floats
    """The same of the time on the critical paths."""
    number: int
    """The column of this stage in both."""


Measure = Callable[[Stage], Result]


def stage_metrics(day: Day, traces: Traces, times: Times) -> list[MetricValue]:
    """Every stage metric of each stage that the day's spans name, in the segment `stage=<name>`; none without spans."""
    durations, failed = traces.durations, traces.rows["error"].notna().to_numpy(dtype=bool)
    values = []
    for number in np.unique(traces.stage).tolist():
        runs = times.outermost & (traces.stage == number)
        stage = Stage(durations[runs], failed[runs], times.own, times.critical, number)
        values += [
            metric_value(day, member.metric.name, f"stage={STAGE_NAMES[number]}", member.measure(stage))
            for group in catalogue.groups("spans")
            for member in group.members
        ]
    return values


def _duration(q: float) -> Measure:
    def measure(stage: Stage) -> Result:
        known = stage.durations[~np.isnan(stage.durations)]
        n_skipped = len(stage.durations) - len(known)
        if not len(known):
            return Result(None, 0, n_skipped, "no duration in the logs")
        estimate, enough = quantile(np.sort(known), q)
        return Result(estimate, len(known), n_skipped, "" if enough else "too few values for a full 95% interval")

    return measure


def _error_rate(stage: Stage) -> Result:
    return Result(share(stage.failed), len(stage.failed), 0)


def _share(stage: Stage) -> Result:
    return _part(stage.own, stage.number)


def _critical_share(stage: Stage) -> Result:
    return _part(stage.critical, stage.number)


def _part(times: Floats, number: int) -> Result:
    """The stage's part of all the time: a ratio of sums over traces, so the traces' times are the weights of its parts."""
    total = times.sum(axis=1)
    some = total > 0
    n = int(some.sum())
    if not n:
        return Result(None, 0, len(total), "no trace took any time")
    value, low, high, error, _ = weighted_mean(times[some, number] / total[some], total[some])
    if low is None or high is None:
        return Result(Estimate(value), n, len(total) - n)
    return Result(Estimate(value, min(max(low, 0.0), value), max(min(high, 1.0), value), error), n, len(total) - n)


STAGES: MetricGroup[Measure] = MetricGroup(
    "Stages of traces",
    "spans",
    (
        MeasuredMetric(
            Metric(
                "stage_duration_p50",
                "Stage duration, p50",
                "ms",
                "lower_is_better",
                None,
                "median of duration_ms over the spans of the stage that stand in no other span of it",
                quantile=0.5,
                short_title="p50",
                severe_effect=0.0,
                complaint="A stage of the pipeline is slow",
            ),
            _duration(0.5),
        ),
        MeasuredMetric(
            Metric(
                "stage_duration_p95",
                "Stage duration, p95",
                "ms",
                "lower_is_better",
                None,
                "95th percentile of duration_ms over the spans of the stage that stand in no other span of it",
                quantile=0.95,
                short_title="p95",
                severe_effect=0.0,
                complaint="A stage of the pipeline is slow",
            ),
            _duration(0.95),
        ),
        MeasuredMetric(
            Metric(
                "stage_share",
                "Share of the traces' time",
                "share",
                None,
                None,
                "self time of the stage's spans / self time of all spans; self time is a span's without its children's",
                short_title="Share of time",
            ),
            _share,
        ),
        MeasuredMetric(
            Metric(
                "stage_error_rate",
                "Stage error rate",
                "share",
                "lower_is_better",
                None,
                "share of the stage's spans that stand in no other span of it and end in an error",
                family="errors",
                smallest_effect=0.01,
                short_title="Error rate",
                complaint="A stage of the pipeline fails",
            ),
            _error_rate,
        ),
        MeasuredMetric(
            Metric(
                "stage_critical_share",
                "Share of the critical path",
                "share",
                None,
                None,
                "time of the stage's spans on the critical paths / time of all critical paths (walk back from the end of the "
                "root, at each point to the child that finished last)",
                short_title="Share of critical path",
            ),
            _critical_share,
        ),
    ),
)
"""Of the segments `records.STAGE_SEGMENTS` alone; no other metric has those segments."""
