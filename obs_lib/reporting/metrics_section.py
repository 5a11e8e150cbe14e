"""The numbers of the day: an overview of what has an objective, charts over days, and a table for each segment."""

from __future__ import annotations

from collections.abc import Iterator

from obs_lib import catalogue
from obs_lib.records import ALL, Metric
from obs_lib.reporting import numbers
from obs_lib.reporting.anchors import incident_anchor, told
from obs_lib.reporting.blocks import Block, Heading, Link, Links, Note, TableBlock
from obs_lib.reporting.cells import Cell, Column, RowGroup
from obs_lib.reporting.evaluators_section import evaluator_notes
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.metric_charts import objectives_chart
from obs_lib.reporting.metric_tables import gpu_tables, metric_rows, segment_table
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import segment_title
from obs_lib.reporting.standing import noteworthy, standing
from obs_lib.reporting.tone import Tone

_LINKS = 4  # incidents named beside one segment


def metrics_section(inputs: ReportInputs, options: ReportOptions) -> Iterator[Block]:
    """Heading, overview, charts, and one table a segment; segments with nothing to report are folded."""
    yield Heading(
        "Metrics",
        "metrics",
        lead="Each number with its 95% interval, the interactions behind it, its objective, and the last "
        f"{options.trend_days} days.",
    )
    yield from evaluator_notes(inputs)
    segments = inputs.shown_segments
    if any(metric_rows(inputs, segment, inputs.interaction_metrics, options) for segment in segments):
        yield from _of_interactions(inputs, segments, options)
    else:
        yield Note("No metric has a value on this day or on the days before it.", Tone.ABSENT, "No data")
    yield from gpu_tables(inputs, options)


def _of_interactions(inputs: ReportInputs, segments: list[str], options: ReportOptions) -> Iterator[Block]:
    if len(segments) > 1 and not inputs.without_data:
        yield _overview(inputs, segments[: 2 * options.max_segments])
    chart = objectives_chart(inputs, options)
    if chart.panels:
        yield chart
    shown = noteworthy(inputs, options.max_segments)
    for segment in shown:
        here = [one for one in told(inputs, options) if segment in {signal.segment or ALL for signal in one.evidence}]
        yield Links(
            "Incidents", tuple(Link(f"{one.severity} {one.short}", incident_anchor(one)) for one in here[:_LINKS])
        )
        yield segment_table(inputs, segment, options)
    if len(shown) < len(segments):
        left_out = numbers.plural(len(segments) - len(shown), "more segment")
        yield Note(f"Tables of {left_out} are left out for length; `obs metrics` lists them.")


def _overview(inputs: ReportInputs, segments: list[str]) -> TableBlock:
    """Segments against the metrics that have an objective and data."""
    limited = [
        m for m in (*inputs.quality, *catalogue.system()) if m.name in inputs.objectives and m.direction is not None
    ]
    limited = [m for m in limited if any(inputs.value(m.name, segment) is not None for segment in segments)]
    columns = (Column("Segment", "head"), *(Column(m.title, "number") for m in limited))
    body = tuple(
        (Cell(segment_title(segment)), *(_overview_cell(inputs, metric, segment) for metric in limited))
        for segment in segments
    )
    return TableBlock("Where the objectives stand", columns, (RowGroup("", body),))


def _overview_cell(inputs: ReportInputs, metric: Metric, segment: str) -> Cell:
    value = inputs.value(metric.name, segment)
    if value is None:
        return Cell("no data", tone=Tone.ABSENT)
    tone, mark = standing(inputs, metric, segment)
    return Cell(numbers.write(value, metric.unit), tone=tone, mark=mark)
