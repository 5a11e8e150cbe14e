"""Calls of tools: whether they are what the tools take, what came of them, and how many steps a task needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from obs_lib import catalogue
from obs_lib.catalogue.groups import MeasuredMetric, MetricGroup
from obs_lib.records import TOOL_SEGMENT, Day, Metric, MetricValue
from obs_lib.stats.intervals import Estimate, share, weighted_mean
from obs_lib.summaries.arrays import UNKNOWN, Codes
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.results import Result, metric_value
from obs_lib.summaries.segments import Segments
from obs_lib.summaries.tool_use import ToolUse, read_tool_use
from obs_lib.summaries.turns import Positions

_LONGEST = 100  # characters of a segment's name; a model may call a tool by any name

Measure = Callable[[ToolUse], Result]


@dataclass(frozen=True, slots=True)
class OfEachCall:
    """A measure that is the share of some calls, spans or answers, so that these can be found.

    part : where they stand in ToolUse. verdict : which of its arrays says so. hit : the value that is counted.
    """

    part: Literal["calls", "runs", "choices"]
    verdict: str
    hit: int
    why_none: str

    def __call__(self, use: ToolUse) -> Result:
        """Return the share of those that are known."""
        verdicts = self._verdicts(use)
        known = verdicts[verdicts != UNKNOWN]
        if not len(known):
            return Result(None, 0, len(verdicts), self.why_none)
        return Result(share(known == self.hit), len(known), len(verdicts) - len(known))

    def hits(self, use: ToolUse) -> tuple[Positions, Codes]:
        """The interaction of each (-1 for none), and 1 for those that are counted, 0, or UNKNOWN."""
        verdicts = self._verdicts(use)
        counted = np.where(verdicts == UNKNOWN, UNKNOWN, verdicts == self.hit).astype(np.int8)
        return getattr(use, self.part).row, counted

    def _verdicts(self, use: ToolUse) -> Codes:
        verdicts: Codes = getattr(getattr(use, self.part), self.verdict)
        return verdicts


def tool_metrics(
    day: Day, interactions: pd.DataFrame, spans: pd.DataFrame | None, segments: Segments, options: SummaryOptions
) -> list[MetricValue]:
    """Every metric of tools in every segment, and in `tool=<name>` for the tools that are used most.

    Nothing on a day without a call, a span of a tool or a reference that names one. Arguments as of `summarise_day`.
    """
    use = read_tool_use(interactions, spans)
    if not (len(use.calls) or len(use.runs) or len(use.choices)):
        return []
    values = []
    for number, (segment, positions) in enumerate(segments):
        inside = np.zeros(len(interactions) + 1, dtype=bool)  # the last is for spans of no interaction
        inside[positions] = True
        inside[-1] = number == 0
        values += _values(day, segment, _within(use, inside))
    for segment, of_tool in _by_tool(use, options.max_tools):
        if segment not in segments.labels:  # which a tag may have taken
            values += _values(day, segment, of_tool)
    return values


def _values(day: Day, segment: str, use: ToolUse) -> list[MetricValue]:
    return [
        metric_value(day, member.metric.name, segment, member.measure(use))
        for group in catalogue.groups("tools")
        for member in group.members
    ]


def _within(use: ToolUse, inside: np.ndarray) -> ToolUse:
    calls, runs, tasks, choices = (
        part.take(inside[part.row]) for part in (use.calls, use.runs, use.tasks, use.choices)
    )
    return ToolUse(calls, runs, tasks, choices)  # type: ignore[arg-type]


def _by_tool(use: ToolUse, most: int) -> Iterator[tuple[str, ToolUse]]:
    """The tools used most, each with its segment."""
    counted = Counter([*use.calls.tool, *use.runs.tool])
    ranked = sorted(sorted(counted, key=lambda tool: (-counted[tool], tool))[:most])
    segments: dict[str, list[str]] = {}
    for tool in ranked:
        segments.setdefault(f"{TOOL_SEGMENT}{tool}"[:_LONGEST], []).append(tool)
    for segment, tools in segments.items():
        yield segment, of_tools(use, tools)


def of_tools(use: ToolUse, tools: Collection[str]) -> ToolUse:
    """The calls and spans of some tools; tasks and choices are of no single one."""
    names = list(tools)
    return ToolUse(
        use.calls.take(np.isin(use.calls.tool, names)),
        use.runs.take(np.isin(use.runs.tool, names)),
        use.tasks.take(np.zeros(len(use.tasks), dtype=bool)),
        use.choices.take(np.zeros(len(use.choices), dtype=bool)),
    )


def _count(use: ToolUse) -> Result:
    return Result(Estimate(float(len(use.calls))), len(use.calls), 0)


def _steps(use: ToolUse) -> Result:
    if not len(use.tasks):
        return Result(None, 0, 0, "no calls of tools in a session or a trace")
    value, low, *rest = weighted_mean(use.tasks.steps)
    return Result(Estimate(value, None if low is None else max(low, 1.0), *rest), len(use.tasks), 0)


def _metric(
    name: str, titles: tuple[str, str], formula: str, smallest: float, complaint: str, *, better: bool = False
) -> Metric:
    """A share of calls or spans. titles : in full, and at the head of a narrow column."""
    way: Literal["higher_is_better", "lower_is_better"] = "higher_is_better" if better else "lower_is_better"
    family = "failed tools" if name in ("tool_failure_rate", "tool_recovery_rate") else "tool calls"
    title, short = titles
    return Metric(
        name,
        title,
        "share",
        way,
        None,
        formula,
        short_title=short,
        family=family,
        smallest_effect=smallest,
        complaint=complaint,
    )


TOOLS: MetricGroup[Measure] = MetricGroup(
    "Tools",
    "tools",
    (
        MeasuredMetric(
            Metric(
                "tool_calls",
                "Calls of tools",
                "count",
                None,
                None,
                "calls of tools in the answers of the day",
                short_title="Calls",
            ),
            _count,
        ),
        MeasuredMetric(
            _metric(
                "tool_argument_error_rate",
                ("Calls with broken arguments", "Broken arguments"),
                "share of calls whose arguments are no JSON object",
                0.02,
                "Calls of tools have broken arguments",
            ),
            OfEachCall("calls", "parsed", 0, "no calls of tools"),
        ),
        MeasuredMetric(
            _metric(
                "tool_schema_error_rate",
                ("Arguments against the schema", "Against schema"),
                "share of calls with an object as arguments that does not fit the JSON schema (draft 2020-12, without "
                "`pattern`) with which the tool was offered",
                0.02,
                "Arguments of tools do not fit their schemas",
            ),
            OfEachCall("calls", "fit", 0, "no schemas of tools in the logs"),
        ),
        MeasuredMetric(
            _metric(
                "tool_unknown_rate",
                ("Calls of unknown tools", "Not offered"),
                "share of calls of a tool that the request did not offer, where the log says what it offered",
                0.01,
                "Tools are called that are not there",
            ),
            OfEachCall("calls", "offered", 0, "the logs do not say which tools were offered"),
        ),
        MeasuredMetric(
            _metric(
                "tool_repeat_rate",
                ("Calls made again", "Again"),
                "share of calls that the same turn has made before, with the same arguments",
                0.03,
                "The same calls are made again and again",
            ),
            OfEachCall("calls", "repeated", 1, "no calls of tools"),
        ),
        MeasuredMetric(
            _metric(
                "tool_failure_rate",
                ("Tools that fail", "Failed"),
                "share of the spans of the stage `tool` that end in an error",
                0.02,
                "Tools fail",
            ),
            OfEachCall("runs", "failed", 1, "no spans of tools"),
        ),
        MeasuredMetric(
            _metric(
                "tool_recovery_rate",
                ("Failures recovered", "Recovered"),
                "share of failed spans of tools after which the same tool succeeds in the same trace",
                0.1,
                "Failed tools are not recovered",
                better=True,
            ),
            OfEachCall("runs", "recovered", 1, "no tool failed"),
        ),
        MeasuredMetric(
            Metric(
                "task_steps",
                "Steps a task",
                "count",
                "lower_is_better",
                None,
                "mean calls to the model in a turn that calls a tool, of sessions or else traces",
                family="steps",
                extensive=False,
                complaint="Tasks take more steps",
            ),
            _steps,
        ),
        MeasuredMetric(
            _metric(
                "tool_call_accuracy",
                ("Right calls", "Right"),
                "share of answers that make exactly the calls of one of their references (name and arguments, in any order), "
                "where a reference is a call or a list of calls as JSON",
                0.03,
                "The wrong tools are called",
                better=True,
            ),
            OfEachCall("choices", "right", 1, "no reference names a call"),
        ),
    ),
)
