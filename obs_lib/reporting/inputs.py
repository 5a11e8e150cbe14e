"""Everything that a day's report is made from."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from obs_lib.catalogue import INTERACTION_METRICS, occasional
from obs_lib.catalogue.gpu import GPU
from obs_lib.catalogue.labelled import LABELLED
from obs_lib.catalogue.quality import QUALITY
from obs_lib.catalogue.stages import STAGE_METRICS
from obs_lib.records import ALL, STAGE_SEGMENTS, STAGES, AlertState, DriftVerdict, Metric, MetricStatus, StepState
from obs_lib.reporting.numbers import number

Row = Mapping[str, Any]


@dataclass(frozen=True)
class ReportInputs:
    """The day's tables as they stand in the lake, and what the report says about how they were made.

    day : the day, UTC.
    metrics : rows of tables.METRICS of the trailing days, `day` included. May be empty.
    drift : rows of tables.DRIFT of `day`; rows of earlier days, where given, become the history in the drift charts.
    alerts : rows of tables.ALERTS of `day`.
    examples : one mapping an example: evaluator, rank, and the payload (request_id, segment, prompt, response, value,
        note, evidence).
    reasons : (evaluator, status, note, n) of scores that are SKIPPED or FAILED.
    versions : (segment, model_version, n) of `day`.
    repairs : (rule, what it does, n) of values that were repaired in n interactions.
    quarantine_count, quarantine : rejected input rows: how many, and some of them as (file, line, reason).
    steps : (step, state, note) of the day; state is a StepState.
    objectives : metric name to the limit in force. A metric that is not in it has no objective.
    provenance : how the report was made, as label -> value. `evaluator:<name>` describes an evaluator, `model:<name>` a
        model, `digest:<table>` names the data; any other label is shown as it is.
    traces : the slowest traces, slowest first, each the payload of its sketch (summaries/slow_traces.py).
    labelled : what people's labels say, one mapping a metric (pipeline/calibrate.py, `label_rows`).
    biases : how judges err where people have judged as well, one mapping a judge (there, `bias_rows`).
    evaluators : rows of tables.EVALUATOR_CHANGES of `day`. anchors : (evaluator, anchors on which a person says what is right,
        how many of them the evaluator gets right).
    segments : segments in the order in which to show them; those of the metrics where empty.
    """

    day: dt.date
    metrics: pd.DataFrame
    drift: pd.DataFrame
    alerts: pd.DataFrame
    examples: Sequence[Row] = ()
    reasons: Sequence[tuple[str, str, str, int]] = ()
    versions: Sequence[tuple[str, str, int]] = ()
    repairs: Sequence[tuple[str, str, int]] = ()
    quarantine_count: int = 0
    quarantine: Sequence[tuple[str, int | None, str]] = ()
    steps: Sequence[tuple[str, str, str]] = ()
    objectives: Mapping[str, float] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    segments: Sequence[str] = ()
    traces: Sequence[Row] = ()
    labelled: Sequence[Row] = ()
    biases: Sequence[Row] = ()
    evaluators: Sequence[Row] = ()
    anchors: Sequence[tuple[str, int, int]] = ()

    @property
    def iso(self) -> str:
        """The day as ISO text, as the tables have it."""
        return self.day.isoformat()

    def days(self, n: int) -> tuple[dt.date, ...]:
        """The trailing `n` days, oldest first, this one last, whether or not they have data."""
        return tuple(self.day - dt.timedelta(days=back) for back in range(n - 1, -1, -1))

    @cached_property
    def measured(self) -> dict[tuple[str, str, str], Row]:
        """Rows of `metrics` by (day, metric, segment)."""
        return {(r["day"], r["metric"], r["segment"]): r for r in rows(self.metrics)}

    @cached_property
    def quality(self) -> tuple[Metric, ...]:
        """The quality metrics, those of judges that these days have at the end."""
        return QUALITY + occasional(name for _, name, _ in self.measured)

    @cached_property
    def interaction_metrics(self) -> tuple[Metric, ...]:
        """The metrics of `all` and of the segments by tag."""
        return INTERACTION_METRICS + self.quality[len(QUALITY) :]

    @cached_property
    def catalogue(self) -> tuple[Metric, ...]:
        """The metrics that these days can have: those of GPUs and stages only where a GPU was sampled, a
        request traced, an answer labelled.
        """
        of_traces = STAGE_METRICS if self.stages else ()
        names = {metric.name for metric in self.quality}
        of_labels = tuple(metric for metric in LABELLED if metric.name.partition(":")[0] in names)
        return (
            self.interaction_metrics
            + (GPU if self.gpu_segments else ())
            + of_traces
            + (of_labels if self.labelled else ())
        )

    @cached_property
    def gpu_segments(self) -> list[str]:
        """`all` and each GPU that has a number in these days; empty where none was sampled."""
        names = {metric.name for metric in GPU}
        found = {
            segment for (_, name, segment), row in self.measured.items() if name in names and row["status"] == "OK"
        }
        return sorted(found, key=lambda segment: (segment != ALL, segment))

    @cached_property
    def distances(self) -> dict[tuple[str, str, str], Row]:
        """Rows of `drift` by (day, name, segment)."""
        return {(r["day"], r["name"], r["segment"]): r for r in rows(self.drift)}

    @cached_property
    def incidents(self) -> list[Row]:
        """Rows of `alerts`: open before resolved, worst first, new before ongoing, then by fingerprint."""
        order = {AlertState.NEW: 0, AlertState.ONGOING: 1, AlertState.RESOLVED: 2}

        def rank(row: Row) -> tuple[bool, str, int, str]:
            return (
                row["state"] == AlertState.RESOLVED,
                row["severity"],
                order.get(row["state"], 3),
                row["fingerprint"],
            )

        return sorted(rows(self.alerts), key=rank)

    @cached_property
    def shown_segments(self) -> list[str]:
        """Segments of interactions in order: the whole first, then as given, then any other that has numbers today."""
        of_gpus = {metric.name for metric in GPU}
        today = sorted(
            {segment for day, name, segment in self.measured if day == self.iso and name not in of_gpus}
            - set(STAGE_SEGMENTS)
        )
        return list(dict.fromkeys([ALL, *self.segments, *today]))

    @cached_property
    def stages(self) -> list[str]:
        """Stages of the day's traces, in the order of a request; empty where nothing was traced."""
        seen = {segment for day, metric, segment in self.measured if day == self.iso and metric == "stage_error_rate"}
        return [stage for stage, segment in zip(STAGES, STAGE_SEGMENTS, strict=True) if segment in seen]

    @property
    def failures(self) -> list[tuple[str, str]]:
        """(step, note) of steps that failed on the day."""
        return [(step, note) for step, state, note in self.steps if state == StepState.FAILED]

    @property
    def without_data(self) -> bool:
        """Whether there was nothing to measure on the day."""
        if any(state == StepState.NO_DATA for _, state, _ in self.steps):
            return True
        return not any(day == self.iso and r["status"] == MetricStatus.OK for (day, _, _), r in self.measured.items())

    @property
    def too_early(self) -> bool:
        """Whether comparisons were tried and none of them had enough to stand on."""
        verdicts = [r["verdict"] for (day, _, _), r in self.distances.items() if day == self.iso]
        return bool(verdicts) and all(verdict == DriftVerdict.TOO_FEW for verdict in verdicts)

    def value(self, metric: str, segment: str, day: dt.date | None = None) -> float | None:
        """One number of a day (this one by default); None where there is none."""
        row = self.measured.get(((day or self.day).isoformat(), metric, segment))
        return number(row["value"]) if row is not None else None

    def trend(self, metric: str, segment: str, n: int, column: str = "value") -> tuple[float | None, ...]:
        """A column of one metric over the trailing `n` days."""
        found = (self.measured.get((day.isoformat(), metric, segment)) for day in self.days(n))
        return tuple(number(row[column]) if row is not None else None for row in found)

    def change(self, metric: str, segment: str) -> Row | None:
        """The comparison of a metric with its baseline; None where none was made."""
        return self.distances.get((self.iso, f"change:{metric}", segment))

    def token_adjusted(self, metric: str, segment: str) -> Row | None:
        """The same with the length of prompts and answers taken out; None where tokens do not explain the metric."""
        return self.distances.get((self.iso, f"token_adjusted:{metric}", segment))


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table with None wherever pandas says NaN, NaT or NA."""
    columns = {
        str(name): frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in frame.columns
    }
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def parsed(text: object) -> Any:
    """JSON text as what it holds; the value itself where it is no JSON text."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
