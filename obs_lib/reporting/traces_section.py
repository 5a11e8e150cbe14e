"""Where the time of the day's requests went: the stages in numbers, and the slowest traces as waterfalls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from obs_lib import catalogue
from obs_lib.excerpts import SlowSpan, SlowTrace
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Block, Heading, TableBlock
from obs_lib.reporting.cells import Cell, Column, RowGroup, Stretch, Trend
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.metric_tables import measured_cell
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import line
from obs_lib.reporting.tone import Tone

_LEVELS = 6  # how far spans are set in: deeper ones would leave their names no room
_CLIPPED = 0.01  # ms by which a span is cut before it is worth a word: clocks tick in microseconds


def traces_section(inputs: ReportInputs, options: ReportOptions) -> Iterator[Block]:
    """Nothing at all on a day without spans."""
    if not inputs.stages:
        return
    yield Heading(
        "Stages",
        "stages",
        lead="Each stage with its 95% intervals. Time is self time, without that of inner spans; the critical path is what "
        "the request waited for: shortening anything else makes no request faster.",
    )
    yield _stages(inputs, options)
    traces = inputs.traces[: options.max_traces]
    if traces:
        yield Heading(
            "Slowest traces",
            "slowest-traces",
            3,
            "Bars show when each span ran; the line below a bar marks its part of the critical path.",
        )
    for rank, trace in enumerate(traces):
        yield waterfall(trace, options, folded=rank > 0)


def _stages(inputs: ReportInputs, options: ReportOptions) -> TableBlock:
    columns = (
        Column("Stage", "head"),
        *(Column(metric.short_title, "number") for metric in catalogue.stages()),
        Column("Spans", "number"),
        Column("Trend of p95", "figure"),
    )
    body = tuple(_stage(inputs, stage, options) for stage in inputs.stages)
    changed = sum("changed" in cell.mark for row in body for cell in row)
    return TableBlock(
        "Stages of a request",
        columns,
        (RowGroup("", body),),
        summary=numbers.plural(changed, "change") if changed else "",
        tone=Tone.SERIOUS if changed else Tone.PLAIN,
        note="Spans inside another span of the same stage count with it.",
    )


def _stage(inputs: ReportInputs, stage: str, options: ReportOptions) -> tuple[Cell, ...]:
    segment = f"stage={stage}"
    history = inputs.trend("stage_duration_p95", segment, options.trend_days)
    known = [value for value in history if value is not None]
    words = (
        f"p95 between {numbers.write(min(known), 'ms')} and {numbers.write(max(known), 'ms')}" if known else "no data"
    )
    counted = inputs.today("stage_error_rate", segment)
    return (
        Cell(_title(stage)),
        *(measured_cell(inputs, metric, segment) for metric in catalogue.stages()),
        Cell(numbers.count(counted["n"] if counted else None)),
        Cell("", figure=Trend(history, words, inputs.objectives.get("stage_duration_p95"))),
    )


def waterfall(trace: SlowTrace, options: ReportOptions, folded: bool) -> TableBlock:
    """The longest spans of one trace, each below what it stands in."""
    shown = _longest(trace.spans, options.max_rows)
    left_out = trace.left_out + len(trace.spans) - len(shown)
    path: dict[int, list[tuple[float, float]]] = {}
    for at, begun, ended in trace.path:
        path.setdefault(at, []).append((begun, ended))
    duration = numbers.write(trace.duration_ms, "ms")
    columns = (
        Column("Span", "head"),
        Column("Duration", "number", lead=True),
        Column("Start", "number"),
        Column("Critical path", "number"),
        Column("Stage", "text"),
        Column(f"0 to {duration}", "figure"),
    )
    about = [line(trace.segment, 80), numbers.plural(len(trace.spans) + trace.left_out, "span")]
    return TableBlock(
        f"{duration}, trace {line(trace.trace_id, 60)}",
        columns,
        (RowGroup("", tuple(_span(trace, at, tuple(path.get(at, ()))) for at in shown)),),
        summary=", ".join(filter(None, about)),
        folded=folded,
        note=f"{numbers.plural(left_out, 'shorter span')} left out for length." if left_out else "",
        style="waterfall",
    )


def _span(trace: SlowTrace, at: int, path: tuple[tuple[float, float], ...]) -> tuple[Cell, ...]:
    span, total = trace.spans[at], trace.duration_ms
    critical = (
        (numbers.write(span.critical_ms, "ms") if span.critical_ms else "inner spans only") if span.critical else ""
    )
    start, end = numbers.write(span.start_ms, "ms"), numbers.write(span.start_ms + span.duration_ms, "ms")
    words = f"from {start} to {end} of {numbers.write(total, 'ms')}"
    words += f", on the critical path: {critical}" if critical else ", not on the critical path"
    error = line(span.error, 200)
    failed = (Tone.SERIOUS, "failed") if span.error is not None else (Tone.PLAIN, "")
    return (
        Cell(line(span.name, 80) or "(no name)", (error,) if error else (), level=_level(trace.spans, at)),
        Cell(numbers.write(span.duration_ms, "ms"), _clipped(span)),
        Cell(start),
        Cell(critical),
        Cell(_title(span.stage), (), *failed),
        Cell("", figure=Stretch(span.start_ms, span.duration_ms, total, span.stage, path, words)),
    )


def _clipped(span: SlowSpan) -> tuple[str, ...]:
    if span.logged_ms is None:
        return ("no duration logged",)
    cut = abs(span.logged_ms - span.duration_ms) > _CLIPPED
    return (f"logged {numbers.write(span.logged_ms, 'ms')}, cut to its parent",) if cut else ()


def _longest(spans: Sequence[SlowSpan], most: int) -> list[int]:
    """Positions of the longest spans in their order; of equally long ones the first, which holds the others."""
    ranked = sorted(range(len(spans)), key=lambda at: (-spans[at].duration_ms, at))
    return sorted(ranked[:most])


def _level(spans: Sequence[SlowSpan], at: int) -> int:
    """How many spans this one stands in; parents come before it."""
    level, parent = 0, spans[at].parent
    while parent is not None and level < _LEVELS:
        level, parent = level + 1, spans[parent].parent
    return level


def _title(stage: str) -> str:
    return stage.replace("_", " ").capitalize()
