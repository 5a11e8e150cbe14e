"""Everything that a day's report is made from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from obs_lib.catalogue import occasional, quality, request_groups
from obs_lib.catalogue.distances import CHANGE, TOKEN_ADJUSTED
from obs_lib.catalogue.groups import MetricGroup
from obs_lib.catalogue.labelled import labelled
from obs_lib.catalogue.system import gpu as gpu_metrics
from obs_lib.catalogue.system import stages as stage_metrics
from obs_lib.excerpts import ScoredExample, SlowTrace
from obs_lib.lake.tables import DRIFT, METRICS
from obs_lib.log_text import PLAIN, SEGMENT, marked
from obs_lib.records import (
    ALL,
    STAGE_SEGMENTS,
    STAGES,
    TOOL_SEGMENT,
    DriftVerdict,
    EvaluatorChange,
    Incident,
    IncidentState,
    Metric,
    MetricStatus,
    Responsible,
    StepState,
)
from obs_lib.reporting.numbers import number
from obs_lib.reporting.parts import (
    AnchorsRight,
    HalfReadCalls,
    IncidentExamples,
    JudgeBiases,
    LabelledRate,
    LanguageCount,
    PassedCalls,
    RejectedRow,
    RepairCount,
    StepResult,
    Unscored,
    VersionCount,
)
from obs_lib.reporting.table_rows import TableRow, rows
from obs_lib.reporting.version_parts import ComparedVersions

TABLE = "table"
"""In the metadata of a field that is a frame: whose rows it holds."""

Number = tuple[str, str, str]
"""Which number of which day: the day as ISO text, the name of a metric or distance, the segment."""


@dataclass(frozen=True)
class ReportInputs:
    """The day's tables as they stand in the lake, and what the report says about how they were made.

    Every text in it is masked before a report is made (pipeline/shown.py), but for fields that are marked not to hold any of
    a log.
    """

    day: dt.date
    """UTC."""
    metrics: pd.DataFrame = field(metadata={TABLE: METRICS})
    """Rows of the trailing days, `day` included. May be empty."""
    drift: pd.DataFrame = field(metadata={TABLE: DRIFT})
    """Rows of `day`; rows of earlier days, where given, become the history in the drift charts."""
    alerts: Sequence[Incident]
    """Of `day`, in any order."""
    examples: Sequence[ScoredExample] = ()
    unscored: Sequence[Unscored] = ()
    versions: Sequence[VersionCount] = ()
    languages: Sequence[LanguageCount] = ()
    """Of the answers."""
    repairs: Sequence[RepairCount] = ()
    rejected_count: int = 0
    """Input rows that could not be read; `rejected` holds some of them."""
    rejected: Sequence[RejectedRow] = ()
    half_read: Sequence[HalfReadCalls] = ()
    """Commonest first, as `passed_over`."""
    passed_over: Sequence[PassedCalls] = ()
    steps: Sequence[StepResult] = ()
    responsible: Mapping[str, Responsible] = field(default_factory=dict, metadata=marked(PLAIN))
    """Who looks after an incident, by its fingerprint."""
    objectives: Mapping[str, float] = field(default_factory=dict, metadata=marked(PLAIN))
    """Metric name to the limit in force. A metric that is not in it has no objective."""
    provenance: Mapping[str, str] = field(default_factory=dict, metadata=marked(PLAIN))
    """How the report was made, as label -> value. `evaluator:<name>` describes an evaluator, `model:<name>` a model,
    `digest:<table>` names the data; any other label is shown as it is."""
    segments: Sequence[str] = field(default=(), metadata=marked(SEGMENT))
    """In the order in which to show them; those of the metrics where empty."""
    traces: Sequence[SlowTrace] = ()
    """Slowest first."""
    labelled: Sequence[LabelledRate] = ()
    biases: Sequence[JudgeBiases] = ()
    """Of each judge some of whose answers people labelled as well."""
    evaluators: Sequence[EvaluatorChange] = field(default=(), metadata=marked(PLAIN))
    anchors: Sequence[AnchorsRight] = ()
    incident_examples: Sequence[IncidentExamples] = ()
    compared_versions: Sequence[ComparedVersions] = ()
    """Versions of models, then of prompts, of which two answered on the day."""

    @property
    def iso(self) -> str:
        """The day as ISO text, as the tables have it."""
        return self.day.isoformat()

    def days(self, n: int) -> tuple[dt.date, ...]:
        """The trailing `n` days, oldest first, this one last, whether or not they have data."""
        return tuple(self.day - dt.timedelta(days=back) for back in range(n - 1, -1, -1))

    @cached_property
    def measured(self) -> dict[Number, TableRow]:
        """Rows of `metrics`."""
        return {(row["day"], row["metric"], row["segment"]): row for row in rows(self.metrics)}

    @cached_property
    def distances(self) -> dict[Number, TableRow]:
        """Rows of `drift`."""
        return {(row["day"], row["name"], row["segment"]): row for row in rows(self.drift)}

    @cached_property
    def incidents(self) -> list[Incident]:
        """Of `alerts`: open before resolved, worst first, new before ongoing, then by fingerprint."""
        order = list(IncidentState)

        def rank(alert: Incident) -> tuple[bool, str, int, str]:
            return not alert.is_open, alert.severity.value, order.index(alert.state), alert.fingerprint

        return sorted(self.alerts, key=rank)

    @cached_property
    def quality(self) -> tuple[Metric, ...]:
        """The quality metrics, those of judges that these days have at the end."""
        return quality() + occasional(name for _, name, _ in self.measured)

    @cached_property
    def interaction_metrics(self) -> tuple[Metric, ...]:
        """The metrics of `all` and of the segments by tag."""
        return tuple(metric for group in self.request_groups for metric in group.metrics) + self.quality

    @cached_property
    def request_groups(self) -> tuple[MetricGroup[Any], ...]:
        """The groups of system metrics; those of sessions, tools and repeated prompts only where these days have any."""
        seen = {name for _, name, _ in self.measured}
        return tuple(
            group
            for group in request_groups()
            if group.reads == "interactions" or any(metric.name in seen for metric in group.metrics)
        )

    @cached_property
    def catalogue(self) -> tuple[Metric, ...]:
        """The metrics that these days can have: those of GPUs and stages only where a GPU was sampled, a
        request traced, an answer labelled.
        """
        of_traces = stage_metrics() if self.stages else ()
        names = {metric.name for metric in self.quality}
        of_labels = tuple(metric for metric in labelled() if metric.name.partition(":")[0] in names)
        return (
            self.interaction_metrics
            + (gpu_metrics() if self.gpu_segments else ())
            + of_traces
            + (of_labels if self.labelled else ())
        )

    @cached_property
    def gpu_segments(self) -> list[str]:
        """`all` and each GPU that has a number in these days; empty where none was sampled."""
        names = {metric.name for metric in gpu_metrics()}
        segments = {
            segment
            for (_, name, segment), row in self.measured.items()
            if name in names and row["status"] == MetricStatus.OK
        }
        return sorted(segments, key=lambda segment: (segment != ALL, segment))

    @cached_property
    def shown_segments(self) -> list[str]:
        """Segments of interactions in order: the whole first, then as given, then any other that has numbers today."""
        of_gpus = {metric.name for metric in gpu_metrics()}
        today = sorted(
            {segment for day, name, segment in self.measured if day == self.iso and name not in of_gpus}
            - {*STAGE_SEGMENTS, *self.tool_segments}
        )
        return list(dict.fromkeys([ALL, *self.segments, *today]))

    @cached_property
    def tool_segments(self) -> list[str]:
        """The day's segments of tools, those called most first; those of a tag that is named so are none."""
        of_calls = {metric.name for group in self.request_groups if group.reads == "tools" for metric in group.metrics}
        today = {segment for day, name, segment in self.measured if day == self.iso and name in of_calls}
        tools = {segment for segment in today if segment.startswith(TOOL_SEGMENT)} - set(self.segments)
        return sorted(tools, key=lambda tool: (-(self.value("tool_calls", tool) or 0), tool))

    @cached_property
    def stages(self) -> list[str]:
        """Stages of the day's traces, in the order of a request; empty where nothing was traced."""
        names = {metric.name for metric in stage_metrics()}
        seen = {segment for day, name, segment in self.measured if day == self.iso and name in names}
        return [stage for stage, segment in zip(STAGES, STAGE_SEGMENTS, strict=True) if segment in seen]

    @property
    def failures(self) -> list[StepResult]:
        """The steps that failed on the day."""
        return [step for step in self.steps if step.state is StepState.FAILED]

    @property
    def without_data(self) -> bool:
        """Whether there was nothing to measure on the day."""
        if any(step.state is StepState.NO_DATA for step in self.steps):
            return True
        return not any(
            day == self.iso and row["status"] == MetricStatus.OK for (day, _, _), row in self.measured.items()
        )

    @property
    def too_early(self) -> bool:
        """Whether comparisons were tried and none of them had enough to stand on."""
        verdicts = [row["verdict"] for (day, _, _), row in self.distances.items() if day == self.iso]
        return bool(verdicts) and all(verdict == DriftVerdict.TOO_FEW for verdict in verdicts)

    def today(self, metric: str, segment: str) -> TableRow | None:
        """All that is known of one number of this day; None where nothing is."""
        return self.measured.get((self.iso, metric, segment))

    def value(self, metric: str, segment: str) -> float | None:
        """One number of this day; None where there is none."""
        row = self.today(metric, segment)
        return number(row["value"]) if row is not None else None

    def trend(self, metric: str, segment: str, n: int, column: str = "value") -> tuple[float | None, ...]:
        """A column of one metric over the trailing `n` days."""
        by_day = (self.measured.get((day.isoformat(), metric, segment)) for day in self.days(n))
        return tuple(number(row[column]) if row is not None else None for row in by_day)

    def change(self, metric: str, segment: str) -> TableRow | None:
        """The comparison of a metric with its baseline; None where none was made."""
        return self.distances.get((self.iso, CHANGE + metric, segment))

    def token_adjusted(self, metric: str, segment: str) -> TableRow | None:
        """The same with the length of prompts and answers taken out; None where tokens do not explain the metric."""
        return self.distances.get((self.iso, TOKEN_ADJUSTED + metric, segment))
