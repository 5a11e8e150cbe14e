"""What the lake's days say, for a gate to hold answers against: scores of the same requests, and numbers of the days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from obs_lib.bench.gate_suite import Request
from obs_lib.drift.baseline import Measured, measured_in
from obs_lib.lake.tables import METRICS, SCORES
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, Evaluator, Metric, MetricStatus, ScoreStatus
from obs_lib.stats.intervals import Floats


@dataclass(frozen=True)
class Baseline:
    """Days of the lake, oldest first.

    metrics : rows of the table of these days in one segment. scored : evaluator -> request -> score, by evaluators of today's
    version; a request that names no day has the score of its last one. other_versions : evaluator -> days on which another
    version of it scored, which are not comparable.
    """

    days: tuple[Day, ...]
    metrics: pd.DataFrame
    scored: Mapping[str, Mapping[Request, float]]
    other_versions: Mapping[str, frozenset[str]]

    def logged_values(self, metric: Metric, requests: Sequence[Request]) -> Floats:
        """What enters the metric of the logged answers to these requests; NaN where one has no score."""
        scores = self.scored.get(str(metric.evaluator), {})
        return metric.averaged(np.array([scores.get(request, np.nan) for request in requests], dtype=np.float64))

    def day_values(self, metric: Metric) -> list[Measured]:
        """The metric on each comparable day that has it."""
        away = self.other_versions.get(str(metric.evaluator), frozenset())
        return measured_in(self.metrics[(self.metrics["metric"] == metric.name) & ~self.metrics["day"].isin(away)])


def read_baseline(
    ws: Workspace, days: Sequence[Day], segment: str, evaluators: Sequence[Evaluator], requests: Sequence[Request]
) -> Baseline:
    """What the lake has of these days."""
    there = tuple(record.day for record in ws.lake.records(sorted(set(days)), "summarise") if record.readable)
    metrics = ws.lake.read(METRICS, there, where={"segment": [segment]})
    metrics = metrics[metrics["status"] == MetricStatus.OK.value]
    versions = {evaluator.name: evaluator.version for evaluator in evaluators}
    names = {name for _, name in requests}
    scored: dict[str, dict[Request, float]] = {name: {} for name in versions}
    other: dict[str, frozenset[str]] = dict.fromkeys(versions, frozenset())
    for day in there:
        columns = ["day", "request_id", "evaluator", "version", "status", "value"]
        rows = ws.lake.read(SCORES, [day], columns, where={"evaluator": list(versions)})
        ours = rows["version"] == rows["evaluator"].map(versions)
        for name in rows.loc[~ours, "evaluator"].unique():
            other[name] |= {str(day)}
        kept = rows[ours & (rows["status"] == ScoreStatus.SCORED.value) & rows["request_id"].isin(names)]
        for request, name, value in kept[["request_id", "evaluator", "value"]].itertuples(index=False, name=None):
            scored[name] |= {(str(day), request): value, (None, request): value}
    return Baseline(there, metrics, scored, other)
