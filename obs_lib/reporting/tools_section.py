"""What each tool that answers call does: its calls, their arguments, its failures."""

from __future__ import annotations

from collections.abc import Iterator

from obs_lib import catalogue
from obs_lib.records import TOOL_SEGMENT, Metric
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Block, Heading, TableBlock
from obs_lib.reporting.cells import Cell, Column, RowGroup
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.metric_tables import measured_cell
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import line
from obs_lib.reporting.tone import Tone


def tools_section(inputs: ReportInputs, options: ReportOptions) -> Iterator[Block]:
    """Nothing at all on a day without a tool that is called or traced."""
    tools = inputs.tool_segments
    if not tools:
        return
    shown = tools[: options.max_rows]
    metrics = [metric for metric in _metrics() if any(inputs.value(metric.name, tool) is not None for tool in tools)]
    body = tuple(_row(inputs, tool, metrics) for tool in shown)
    changed = sum("changed" in cell.mark for row in body for cell in row)
    yield Heading(
        "Tools",
        "tools",
        lead="The tools that answers call most, each with its 95% intervals over calls. Failures are those that the tools' own "
        "spans tell.",
    )
    yield TableBlock(
        "Calls by tool",
        (Column("Tool", "head"), *(Column(metric.short_title, "number") for metric in metrics)),
        (RowGroup("", body),),
        summary=numbers.plural(changed, "change") if changed else "",
        tone=Tone.SERIOUS if changed else Tone.PLAIN,
        note=f"{numbers.plural(len(tools) - len(shown), 'more tool')} left out for length; `obs metrics` lists them."
        if len(tools) > len(shown)
        else "",
    )


def _metrics() -> tuple[Metric, ...]:
    return tuple(metric for group in catalogue.groups("tools") for metric in group.metrics)


def _row(inputs: ReportInputs, tool: str, metrics: list[Metric]) -> tuple[Cell, ...]:
    name = line(tool.removeprefix(TOOL_SEGMENT), 80) or "(no name)"
    return (Cell(name), *(measured_cell(inputs, metric, tool) for metric in metrics))
